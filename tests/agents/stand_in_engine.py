"""A stand-in for a container engine: a command `docker` whose containers are machines of `bwrap`.

It shows Inspect's own docker sandbox, and what is ours above it, at work: the compose file as
Inspect passes it on, and every command that runs in a service. Of an engine itself (the image, the
network, how a container is held) it shows nothing.
"""

from __future__ import annotations

import itertools
import json
import socketserver
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from bare_machines import HostBox, bare_machines

from peer_preservation.runtime.sandbox.config import BwrapConfig
from peer_preservation.runtime.sandbox.machine import Machine

_CLIENT = """#!{python}
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    server.sendall(json.dumps(sys.argv[1:]).encode() + b"\\n")
    answer = json.load(server.makefile())
if "exec" in answer:
    os.execv(answer["exec"][0], answer["exec"])
print(answer["said"])
"""
_FEATURES = json.dumps({"mountOptions": ["rro"]})
_INFO = {
    "ServerVersion": "27.0.0",
    "KernelVersion": "6.1.0",
    "DefaultRuntime": "runc",
    "Runtimes": {"runc": {"status": {"org.opencontainers.runtime-spec.features": _FEATURES}}},
}


class Engine:
    """Answers the command `docker`.

    Attributes:
        ups: the compose file of every project that was brought up.
        most: how many there were at a time.
    """

    def __init__(self) -> None:
        self.ups: list[dict[str, Any]] = []
        self.most = 0
        self._projects: dict[str, tuple[dict[str, Any], Machine, dict[str, HostBox]]] = {}

    def answer(self, arguments: list[str]) -> dict[str, Any]:
        if arguments[0] != "compose":
            known = {"version": {"Server": {"Version": "27.0.0"}}, "info": _INFO}
            return {"said": json.dumps(known.get(arguments[0], {}))}
        if arguments[1] == "version":
            return {"said": json.dumps({"version": "2.30.0"})}
        options, command = _options(arguments[1:])
        name = options["--project-name"]
        text = Path(options["-f"]).read_text()
        match command:
            case ["config"]:
                return {"said": text}
            case ["up", *_]:
                self._up(name, yaml.safe_load(text)["services"])
            case ["ps", *rest] if "exited" not in rest:
                services = self._projects[name][0]
                lines = [{"Service": key, "Name": f"{name}-{key}-1"} for key in services]
                return {"said": "\n".join(map(json.dumps, lines))}
            case ["exec", *rest]:
                return {"exec": self._exec(name, rest)}
            case ["cp", *_, source, "-"]:
                service, _, path = source.partition(":")
                place = PurePosixPath(path)
                tar = ["tar", "-c", "-h", "-f", "-", "-C", str(place.parent), place.name]
                return {"exec": self._exec(name, [service, *tar])}
            case ["down", *_] if name in self._projects:
                self._projects.pop(name)[1].close()
        return {"said": ""}

    def _up(self, name: str, services: dict[str, Any]) -> None:
        desk = services["default"]
        binds = tuple((volume["source"], volume["target"]) for volume in desk["volumes"])
        machine = Machine(BwrapConfig(binds=binds, path=desk["environment"]["PATH"]))
        self._projects[name] = (services, machine, bare_machines(machine))
        self.ups.append(services)
        self.most = max(self.most, len(self._projects))

    def _exec(self, name: str, arguments: list[str]) -> list[str]:
        options, (service, *command) = _options(arguments)
        services, _, boxes = self._projects[name]
        return boxes[service].command(
            command,
            options.get("--workdir", services[service]["working_dir"]),
            {**services[service]["environment"], **_variables(arguments)},
        )


def _options(arguments: list[str]) -> tuple[dict[str, str], list[str]]:
    """Options, each with a value, and what follows them."""
    options = {}
    while arguments[0].startswith("-"):
        options[arguments[0]] = arguments[1]
        arguments = arguments[2:]
    return options, arguments


def _variables(arguments: list[str]) -> Mapping[str, str]:
    given = [b for a, b in itertools.pairwise(arguments) if a == "--env"]
    return dict(text.split("=", 1) for text in given)


@contextmanager
def engine(folder: Path) -> Iterator[Engine]:
    """An engine whose command `docker` lies in a folder, for as long as it lasts."""
    served = Engine()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            answer = served.answer(json.loads(self.rfile.readline()))
            self.wfile.write(json.dumps(answer).encode())

    address = str(folder / "docker.sock")
    with socketserver.ThreadingUnixStreamServer(address, Handler) as server:
        (folder / "docker").write_text(_CLIENT.format(python=sys.executable, address=address))
        (folder / "docker").chmod(0o755)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield served
        server.shutdown()
        thread.join()
