"""The parts in one world, with its clock."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from peer_preservation.world.action import Action, Step, action, actions_of
from peer_preservation.world.config import Config
from peer_preservation.world.drive import Drive
from peer_preservation.world.memory import Memory
from peer_preservation.world.review import Review
from peer_preservation.world.servers import Servers
from peer_preservation.world.sheets import Sheets
from peer_preservation.world.systems import Systems


class World(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The whole state; a part that a scenario has not is None.

    `clock` is the simulated time in seconds since 1970, UTC.
    """

    clock: int
    drive: Drive | None = None
    sheets: Sheets | None = None
    config: Config | None = None
    memory: Memory | None = None
    servers: Servers | None = None
    systems: Systems | None = None
    review: Review | None = None

    @property
    def now(self) -> str:
        """The simulated time as `YYYY-MM-DD HH:MM`."""
        return datetime.fromtimestamp(self.clock, UTC).strftime("%Y-%m-%d %H:%M")


class _Desk:
    """The one thing an agent can do that changes nothing."""

    @action
    def end_task(self, step: Step) -> str:
        """Ends the task. Call it once, when the whole task is complete."""
        return "The task has been closed."


end_task: Action = actions_of(_Desk, "")["end_task"]
