"""One agent's machine: a keeper, and in it a bwrap with an overlay; nothing of Inspect here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from peer_preservation.runtime.sandbox import layout
from peer_preservation.runtime.sandbox.config import UID, BwrapConfig
from peer_preservation.runtime.sandbox.keeper import ROOM, Keeper


class Machine:
    """A running sandbox, from construction to `close()`; raises `SandboxError` if it cannot run."""

    def __init__(self, config: BwrapConfig) -> None:
        self.config = config
        stage = {f"bind{i}": source for i, (source, _) in enumerate(config.binds)}
        self.keeper = Keeper(config.limits, stage, config.store == "disk")
        try:
            self.inner_pid = self._open()
            self.pid = self.keeper.outer_pid(self.inner_pid)
        except BaseException:
            self.keeper.close()
            raise

    def _open(self) -> int:
        config, keeper = self.config, self.keeper
        folders = [config.workdir[1:], *(target[1:] for _, target in config.binds)]
        layout.build(keeper, "base", layout.etc_files(config.hostname, {}), folders)
        writable = keeper.writable
        for name in ("upper", "work", "shm"):
            layout.make_folder(keeper, keeper.root / writable.removeprefix(ROOM)[1:], name)
        arguments = layout.isolation(config.hostname)
        arguments += ["--overlay-src", f"{ROOM}/base"]
        arguments += ["--overlay", f"{writable}/upper", f"{writable}/work", "/"]
        arguments += layout.system(f"{writable}/shm")
        for i, (_, target) in enumerate(config.binds):
            arguments += ["--ro-bind", f"{ROOM}/bind{i}", target]
        for name, value in config.environment().items():
            arguments += ["--setenv", name, value]
        init = layout.limited(config.limits, ["/bin/sh", "-c", layout.INIT])
        return keeper.start([*arguments, "--chdir", "/", "--", *init])

    def command(self, cmd: Sequence[str], cwd: str, env: Mapping[str, str]) -> list[str]:
        """The arguments of a process of this machine that runs `cmd` inside."""
        whole = {**self.config.environment(), **env}
        return self.keeper.enter(self.pid, cmd, cwd, whole, UID)

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
