"""What both suites keep of a rollout alike, and how a record is written and read back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self, TypeVar

import msgspec

from eval_observatory.errors import UserError

FORMAT = 1

ROOM = 128 << 20
"""Bytes of submissions that are held until they are judged."""


class Coming(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What an agent submitted; one that came again is the same one.

    Attributes:
        seconds: since the rollout began, when it came last.
        order: its place among all that came, by its last coming, from 1.
    """

    seconds: float
    order: int

    @property
    def key(self) -> str:
        """By what it is known again: a hash of its content."""
        raise NotImplementedError


C = TypeVar("C", bound=Coming)


class Rollout(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A rollout.

    Attributes:
        refused: submissions that the door turned down, by reason.
        ended: how the agent ended: `completed`, or by which limit.
        failure: why nothing can be said of the rollout; empty if it can.
        judged: whether it was judged after the agent had ended.
    """

    suite: ClassVar[str]
    """Its title, for messages."""

    task: str
    harness: str = ""
    refused: dict[str, int] = {}
    ended: str = ""
    failure: str = ""
    judged: bool = False
    format: int = FORMAT

    def to_json(self) -> str:
        """As a sample's store keeps it."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Reads a record back.

        Raises:
            UserError: it is none, or of another form.
        """
        try:
            found = msgspec.json.decode(text, type=cls)
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise UserError(f"not a record of {cls.suite}: {error}") from None
        if found.format != FORMAT:
            raise UserError(f"a record of form {found.format}, not {FORMAT}: play it again")
        return found


def last(listed: Sequence[C]) -> C | None:
    """The last that came; None of none."""
    return max(listed, key=lambda one: one.order, default=None)


def entered(
    listed: list[C], key: str, seconds: float, made: Callable[[float, int], C]
) -> tuple[C, bool]:
    """A submission's place in a record, and whether it is new.

    Args:
        made: makes a new one, of its seconds and its order.
    """
    order, seconds = 1 + max((one.order for one in listed), default=0), round(seconds, 1)
    for one in listed:
        if one.key == key:
            one.seconds, one.order = seconds, order
            return one, False
    listed.append(made(seconds, order))
    return listed[-1], True


class Room:
    """Contents of submissions by their hashes, as far as there is room: the oldest go first."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Any, int]] = {}

    def put(self, key: str, content: Any, size: int) -> None:
        """Holds a content of so many bytes."""
        self._held.pop(key, None)  # what came again is the newest
        self._held[key] = content, size
        while sum(bytes for _, bytes in self._held.values()) > ROOM:
            del self._held[next(iter(self._held))]

    def get(self, key: str) -> Any:
        """A content; None of one that had to go."""
        return self._held.get(key, (None, 0))[0]
