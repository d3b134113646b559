"""One agent's machine: a keeper, and in it a bwrap with an overlay; nothing of Inspect here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from peer_preservation.runtime.sandbox import layout
from peer_preservation.runtime.sandbox.config import UID, BwrapConfig
from peer_preservation.runtime.sandbox.keeper import ROOM, Keeper


class Machine:
    """A running sandbox, from construction to `close()`; raises `SandboxError` if it cannot run."""

    def __init__(self, config: BwrapConfig) -> None:
        self.config = config
        self._binds = [*config.binds, *_inside(config.closed)]
        stage = {f"bind{i}": source for i, (source, _) in enumerate(self._binds)}
        self.keeper = Keeper(config.limits, stage, config.store == "disk", config.debugger)
        try:
            self.inner_pid = self._open()
            self.pid = self.keeper.outer_pid(self.inner_pid)
        except BaseException:
            self.keeper.close()
            raise

    def _open(self) -> int:
        config, keeper = self.config, self.keeper
        files: dict[str, str | bytes] = {**layout.etc_files(config.hostname, {})}
        files |= {target[1:]: "" for source, target in self._binds if Path(source).is_file()}
        folders = [target[1:] for _, target in self._binds if target[1:] not in files]
        layout.build(keeper, "base", files, [config.workdir[1:], *folders])
        for _, target in config.closed:
            (keeper.root / "base" / target[1:]).chmod(0o700)
        writable = keeper.writable
        for name in ("upper", "work", "shm"):
            layout.make_folder(keeper, keeper.root / writable.removeprefix(ROOM)[1:], name)
        arguments = layout.isolation(config.hostname)
        arguments += ["--overlay-src", f"{ROOM}/base"]
        arguments += ["--overlay", f"{writable}/upper", f"{writable}/work", "/"]
        arguments += layout.system(f"{writable}/shm")
        for i, (_, target) in enumerate(self._binds):
            arguments += ["--ro-bind", f"{ROOM}/bind{i}", target]
        for name, value in config.environment().items():
            arguments += ["--setenv", name, value]
        init = layout.limited(config.limits, ["/bin/sh", "-c", layout.INIT])
        return keeper.start([*arguments, "--chdir", "/", "--", *init])

    def entry(self, cmd: Sequence[str], cwd: str, env: Mapping[str, str]) -> dict[str, Any]:
        """What `commands.Command` must know to run `cmd` inside."""
        return self.keeper.entry(self.pid, cmd, cwd, self._environment(env), UID)

    def command(self, cmd: Sequence[str], cwd: str, env: Mapping[str, str]) -> list[str]:
        """The arguments of a process of this machine that runs `cmd` inside."""
        return self.keeper.enter(self.pid, cmd, cwd, self._environment(env), UID)

    def _environment(self, env: Mapping[str, str]) -> dict[str, str]:
        return {**self.config.environment(), **env}

    def written(self) -> list[tuple[Path, str]]:
        """The folders that hold all that was written, each with where it lies inside.

        First the overlay's, whose place is "". They can be read, whatever an agent has forbidden.
        """
        place = self.keeper.writable.removeprefix(ROOM).removeprefix("/")
        folders = []
        for name, inside in (("upper", ""), ("shm", "/dev/shm")):
            self.unlock(f"{place}/{name}")
            folders.append((self.keeper.root / place / name, inside))
        return folders

    def stop(self) -> None:
        """Ends every process inside; what was written stays readable until the machine closes."""
        self.keeper.run(["/bin/kill", "-9", str(self.inner_pid)])

    def unlock(self, place: str) -> None:
        """Makes a tree in the keeper's room readable again, whatever an agent has forbidden."""
        self.keeper.run(["/bin/chmod", "-R", "u+rwX", "--", f"{ROOM}/{place}"])

    def close(self) -> None:
        """Ends all that runs inside; nothing is left but what was collected before."""
        self.keeper.close()


def _inside(closed: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """What is in folders, each with where it lies inside."""
    return [
        (str(entry), f"{target}/{entry.name}")
        for source, target in closed
        for entry in sorted(Path(source).iterdir())
    ]
