"""Where coding agents lie on this machine, and how they come there. No Inspect in here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from peer_preservation.errors import UserError
from peer_preservation.runtime.agents.catalog import CodingAgent

CACHE = "PEER_PRESERVATION_AGENTS"
"""The environment variable that names the folder of the installed agents."""

NODE_MAJOR = 20
"""The oldest Node.js that Gemini CLI runs on."""


def agents_folder() -> Path:
    """The folder that holds the installed agents: `$PEER_PRESERVATION_AGENTS`, or in the cache."""
    if given := os.environ.get(CACHE):
        return Path(given).expanduser().absolute()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "peer-preservation" / "agents"


def home_of(agent: CodingAgent) -> Path:
    """The folder of an agent's pinned version; it is there only if the installation is whole."""
    return agents_folder() / f"{agent.name}-{agent.version}"


def other_versions(agent: CodingAgent) -> list[str]:
    """Versions of an agent that are installed and not the pinned one."""
    folders = agents_folder().glob(f"{agent.name}-*")
    versions = sorted(folder.name.removeprefix(f"{agent.name}-") for folder in folders)
    return [version for version in versions if version != agent.version]


def install(agent: CodingAgent) -> Path:
    """Installs an agent's pinned packages with npm, checked by hash, and runs none of their code.

    Returns:
        Its folder.

    Raises:
        UserError: npm is missing or fails; nothing is left behind.
    """
    npm = shutil.which("npm")
    if not npm:
        raise UserError("npm is not on the path; install Node.js with npm, then try again")
    home = home_of(agent)
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".") as scratch:
        partial = Path(scratch) / home.name
        shutil.copytree(agent.pins, partial)
        done = subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=partial,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            # what failed stands first, then advice
            said = " ".join(done.stderr.replace("npm error ", "").split())[:200]
            raise UserError(f"agent {agent.name}: npm failed ({said}); is a registry in reach?")
        _link_programs(agent, partial)
        if home.exists():
            shutil.rmtree(home)
        partial.rename(home)
    return home


def require(agent: CodingAgent) -> Path:
    """The folder of an installed agent whose packages are those that are pinned.

    Raises:
        UserError: it is missing or another version, or Node.js is; with the remedy.
    """
    remedy = f"run: peer-preservation agents install {agent.name}"
    home = home_of(agent)
    if not home.exists():
        others = other_versions(agent)
        there = f", only {', '.join(others)}" if others else ""
        raise UserError(
            f"harness {agent.name}: {agent.title} {agent.version} is not installed in "
            f"{agents_folder()}{there}; {remedy}"
        )
    if agent.needs_node:
        node()
    if (found := _version_on_disk(agent, home)) != agent.version:
        raise UserError(
            f"harness {agent.name}: {home} holds {agent.title} {found}, not {agent.version}; "
            f"{remedy}"
        )
    for command in agent.programs:
        if not os.access(home / "bin" / command, os.X_OK):
            raise UserError(f"harness {agent.name}: {home}/bin/{command} does not run; {remedy}")
    return home


def check(agent: CodingAgent) -> str:
    """What an installed agent says its version is, having been run.

    Raises:
        UserError: it is not installed, does not run, or says another version.
    """
    program = require(agent) / "bin" / agent.command
    with tempfile.TemporaryDirectory() as elsewhere:
        try:
            done = subprocess.run(
                [program, "--version"],
                cwd=elsewhere,
                env={"PATH": os.environ.get("PATH", ""), "HOME": elsewhere},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UserError(f"agent {agent.name}: {program} does not run: {error}") from None
    said = (done.stdout or done.stderr).strip()
    if agent.version not in said:
        raise UserError(
            f"agent {agent.name}: {program} says {said[:80]!r}, not {agent.version}; "
            f"run: peer-preservation agents install {agent.name}"
        )
    return agent.version


def node() -> Path:
    """The machine's Node.js, which agents written in JavaScript run on.

    Raises:
        UserError: there is none, or it is too old.
    """
    found = shutil.which("node")
    if not found:
        raise UserError(f"node is not on the path; install Node.js {NODE_MAJOR} or newer")
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    number = re.match(r"v(\d+)", said)
    if not number or int(number[1]) < NODE_MAJOR:
        raise UserError(f"{found} is {said.strip()!r}; install Node.js {NODE_MAJOR} or newer")
    return Path(found).resolve()


def _link_programs(agent: CodingAgent, home: Path) -> None:
    folder = home / "bin"
    folder.mkdir()
    for command in agent.programs:
        target = Path("..") / "node_modules" / agent.program(command)
        if not (folder / target).exists():
            raise UserError(f"agent {agent.name}: its package holds no {target}; nothing installed")
        (folder / command).symlink_to(target)
        (folder / target).resolve().chmod(0o755)


def _version_on_disk(agent: CodingAgent, home: Path) -> str:
    try:
        path = home / "node_modules" / agent.package / "package.json"
        return str(json.loads(path.read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        return "no readable version"
