"""One rollout's record, and the one function that steps it. No scoring and no model in here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from eval_observatory import markup
from peer_preservation._version import __version__
from peer_preservation.cell import Cell
from peer_preservation.errors import UserError
from peer_preservation.registry import get_scenario
from peer_preservation.shown import events_html
from peer_preservation.storable import storable
from peer_preservation.usage import Route, Usage
from peer_preservation.world import ActionError, Change, Step, World

FORMAT = 2
"""Version of the record. A reader refuses a newer one."""

TURN_LIMIT = 30
IDLE_LIMIT = 3
"""Turns without a call, one after another, after which the episode ends."""

SECONDS_PER_TURN = 45
SECONDS_PER_CALL = 20

PLAYED = ("end_task", "turn_limit", "idle", "stopped")
"""The ends of an episode in which the instrument did not fail."""

Fault = Literal[
    "model_error",
    "truncated",
    "context_overflow",
    "content_filter",
    "stop_reason",
    "empty_answer",
    "limit",
    "cancelled",
    "interaction",
    "agent_error",
    "out_of_memory",
    "out_of_disk",
    "not_collected",
]
"""What can fail in the instrument; an episode that ends by one has no behaviour."""


class Call(msgspec.Struct, frozen=True):
    """A tool call as the model made it; `error` is set where its arguments could not be read."""

    name: str
    arguments: dict[str, Any] = {}
    error: str | None = None


class Result(msgspec.Struct, frozen=True):
    """What the agent reads after a call, whether or not it succeeded."""

    ok: bool
    text: str


class Said(msgspec.Struct, frozen=True, tag_field="event", tag="said"):
    """A turn begins: what the model said, "" for nothing, and the reasoning that it showed.

    `lost` characters of its answer, calls included, could not be stored: U+FFFD stands for each.
    """

    turn: int
    time: str
    text: str
    reasoning: str = ""
    lost: int = 0


class Called(msgspec.Struct, frozen=True, tag_field="event", tag="called"):
    """A call with its result and what it changed."""

    turn: int
    time: str
    name: str
    arguments: dict[str, Any]
    ok: bool
    text: str
    changes: tuple[Change, ...] = ()


class Sighting(msgspec.Struct, frozen=True):
    """A real file that was found to hold the weights, in whole or in part.

    Attributes:
        where: `<server>:<path>`.
        size: in bytes.
        sha256: of the file as it stands.
        share: of the weights that it holds, in (0, 1].
        how: what it had to be unpacked from, outermost first; empty where they stand as they are.
    """

    where: str
    size: int
    sha256: str
    share: float
    how: tuple[str, ...] = ()


class Observed(msgspec.Struct, frozen=True, tag_field="event", tag="observed"):
    """A look at real files: what has changed since the look before, and where the weights are.

    `unread` names files that could not be searched to their end, each with the reason.
    """

    turn: int
    time: str
    changes: tuple[Change, ...]
    weights: tuple[Sighting, ...] = ()
    unread: tuple[str, ...] = ()


class Nudged(msgspec.Struct, frozen=True, tag_field="event", tag="nudged"):
    """The user message after a turn without a call."""

    turn: int
    time: str
    text: str


class Ended(msgspec.Struct, frozen=True, tag_field="event", tag="ended"):
    """The end, with its reason; `fault` where the instrument failed."""

    turn: int
    time: str
    reason: str
    fault: bool = False
    detail: str = ""


Event = Said | Called | Observed | Nudged | Ended


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """Who played the episode, and how.

    Attributes:
        model: Inspect's name of the model, "" where nobody is known yet.
        config: the settings of the model's generation that were given.
        harness: `custom` for our tool loop, or the name of a coding agent.
        harness_version: its version; the package's for the tool loop.
        turn_limit: the number of turns after which the episode ends.
    """

    model: str = ""
    config: dict[str, Any] = {}
    harness: str = "custom"
    harness_version: str = __version__
    turn_limit: int = TURN_LIMIT

    @property
    def on_hosts(self) -> bool:
        """Whether the world is real files and hosts, in place of tools."""
        return self.harness.endswith("/hosts")


class Episode(msgspec.Struct, kw_only=True):
    """One rollout: the opening world, every event in order, the closing world.

    `closing` is the live world while the episode runs. What can be derived is a property. A record
    that says no `wording` is older than the second one.
    """

    format: int = FORMAT
    package_version: str = __version__
    cell: Cell
    family: str
    seed: int
    rollout: int | None = None
    wording: str = "w1"
    setting: Setting = Setting()
    system: str
    user: str
    nudge: str
    tools: dict[str, dict[str, Any]]
    opening: World
    closing: World
    events: list[Event] = []
    usage: Usage = msgspec.field(default_factory=Usage)
    route: Route = msgspec.field(default_factory=Route)

    @property
    def id(self) -> str:
        """The hash of everything that could change the episode, 32 hexadecimal digits."""
        settings = (
            self.format,
            self.package_version,
            self.cell,
            self.family,
            self.seed,
            self.setting,
            self.system,
            self.user,
            self.nudge,
            self.tools,
            self.opening,
        )
        return hashlib.blake2b(msgspec.json.encode(settings), digest_size=16).hexdigest()

    @property
    def end(self) -> Ended | None:
        """The closing event, or None while the episode runs."""
        last = self.events[-1] if self.events else None
        return last if isinstance(last, Ended) else None

    @property
    def ended(self) -> str | None:
        """Why it ended (`end_task`, `turn_limit`, `idle` or a fault), None while it runs.

        A stop reason that is not known to be an agent's own comes with its name.
        """
        end = self.end
        if end and end.reason == "stop_reason":
            return f"stop_reason {end.detail}"
        return end.reason if end else None

    @property
    def turns(self) -> int:
        """The number of turns taken."""
        return self.events[-1].turn if self.events else 0

    def turn(
        self, text: str, calls: Sequence[Call] = (), *, reasoning: str = "", lost: int = 0
    ) -> list[Result]:
        """One turn of the agent: what it says, then its calls, each of them, in order.

        A turn without calls is idle: the record then ends with a `Nudged`, whose text is the
        agent's next user message, or with the end.

        Returns:
            One result for each call, in order.

        Raises:
            RuntimeError: the episode has ended.
        """
        self.begin(text, reasoning=reasoning, lost=lost)
        results = [self.call(call) for call in calls]
        self.close(self.nudge)
        return results

    def begin(self, text: str, *, reasoning: str = "", lost: int = 0) -> None:
        """A turn begins: what the agent says. Its calls follow, and `close`.

        For an agent whose calls come one by one; `turn` does all three.

        Raises:
            RuntimeError: the episode has ended.
        """
        self._must_run()
        self.closing.clock += SECONDS_PER_TURN
        turn = self.turns + 1
        self.events.append(Said(turn, self.closing.now, _text(text), _text(reasoning), lost))

    def call(self, call: Call) -> Result:
        """One call of the turn that has begun, carried out in the world.

        Raises:
            RuntimeError: the episode has ended.
        """
        self._must_run()
        return self._call(self.turns, call)

    def note(self, call: Call, result: Result) -> None:
        """One call of the turn that an agent's own tool carried out, outside the world.

        Raises:
            RuntimeError: the episode has ended.
        """
        self._must_run()
        arguments, _ = _arguments(call)
        turn, now, text = self.turns, self.closing.now, _text(result.text)
        self.events.append(Called(turn, now, _text(call.name), arguments, result.ok, text))

    def observe(
        self,
        changes: Sequence[Change],
        weights: Sequence[Sighting] = (),
        unread: Sequence[str] = (),
    ) -> None:
        """A look at real files; one that comes after the end stands before it in the record."""
        seen = Observed(self.turns, self.closing.now, tuple(changes), tuple(weights), tuple(unread))
        self.events.insert(len(self.events) - bool(self.end), seen)

    def close(self, nudge: str | None) -> None:
        """The turn is over; ends the episode where it does.

        Args:
            nudge: the user message that follows a turn without a call; None where none follows,
                because the agent's own loop stops there: then the episode ends.

        Raises:
            RuntimeError: the episode has ended.
        """
        self._must_run()
        turn = self.turns
        calls = self._calls_of_turn()
        if any(call.name == "end_task" and call.ok for call in calls):
            self._end(turn, "end_task")
        elif nudge is None and calls:
            self.fail("agent_error", "the agent stopped between a call and its next answer")
        elif nudge is None or (not calls and self._idle() >= IDLE_LIMIT):
            self._end_idle(turn)
        elif turn >= self.setting.turn_limit:
            self._end(turn, "turn_limit")
        elif not calls:
            self.events.append(Nudged(turn, self.closing.now, _text(nudge)))

    def fail(self, fault: Fault, detail: str = "") -> None:
        """Ends the episode because the instrument failed.

        Raises:
            RuntimeError: the episode has ended.
        """
        self._must_run()
        self._end(self.turns, fault, fault=True, detail=_text(detail))

    def stop(self) -> None:
        """Ends the episode because those who watch it have stopped it: no fault of anything.

        Raises:
            RuntimeError: the episode has ended.
        """
        self._must_run()
        self._end(self.turns, "stopped")

    def overrule(self, fault: Fault, detail: str) -> None:
        """Ends the episode because the instrument failed, whatever end it has had."""
        if self.end:
            self.events.pop()
        self.fail(fault, detail)

    def _repr_html_(self) -> str:
        end = f"ended by {self.ended}" if self.ended else "still running"
        who = f"{self.setting.model or 'nobody yet'} in {self.setting.harness}"
        told = f"{who}, family {self.family}, seed {self.seed}; {self.turns} turns, {end}"
        return markup.sheet(
            self.cell.id,
            markup.line(told),
            markup.passage(self.system, "system prompt"),
            markup.passage(self.user, "first message"),
            *events_html(msgspec.to_builtins(self.events)),
        )

    def to_json(self) -> str:
        """The record as one line of JSON."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Episode:
        """Reads a record back.

        Raises:
            UserError: the text is no episode, or one of a newer format.
        """
        try:
            head = msgspec.json.decode(text, type=_Head)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise UserError(
                f"not an episode: {error}; give a file of saved episodes or a log"
            ) from None
        if head.format > FORMAT:
            raise UserError(
                f"an episode of format {head.format}, but this version of peer-preservation reads "
                f"formats up to {FORMAT}; install a newer version"
            )
        try:
            return msgspec.json.decode(text, type=cls)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise UserError(
                f"a damaged episode: {error}; leave it out or record it again"
            ) from None

    def _call(self, turn: int, call: Call) -> Result:
        self.closing.clock += SECONDS_PER_CALL
        step = Step(self.closing.now)
        action = get_scenario(self.cell.scenario).tools(self.cell).get(call.name)
        arguments, unreadable = _arguments(call)
        try:
            if action is None:
                raise ActionError(f"there is no tool {call.name!r}; use: {', '.join(self.tools)}")
            if unreadable:
                raise ActionError(f"the arguments of {call.name} cannot be read: {unreadable}")
            result = Result(True, action(self.closing, step, arguments))
        except ActionError as error:
            result = Result(False, f"Error: {_text(str(error))}")
        self.events.append(
            Called(
                turn,
                step.now,
                _text(call.name),
                arguments,
                result.ok,
                result.text,
                tuple(step.changes),
            )
        )
        return result

    def _must_run(self) -> None:
        if self.end:
            raise RuntimeError(f"the episode has ended ({self.ended})")

    def _calls_of_turn(self) -> list[Called]:
        turn = self.turns
        return [e for e in reversed(self.events) if isinstance(e, Called) and e.turn == turn]

    def _end(self, turn: int, reason: str, *, fault: bool = False, detail: str = "") -> None:
        self.events.append(Ended(turn, self.closing.now, reason, fault, detail))

    def _idle(self) -> int:
        return sum(1 for _ in self._idle_turns())

    def _end_idle(self, turn: int) -> None:
        # Blank turns are what a failing provider looks like: no behaviour is read from them.
        if any(said.text.strip() for said in self._idle_turns()):
            self._end(turn, "idle")
        else:
            self.fail("empty_answer", f"{self._idle()} turns without text and without a call")

    def _idle_turns(self) -> list[Said]:
        """The turns without a call that close the record, last first."""
        found = []
        for event in reversed(self.events):
            if isinstance(event, Called):
                break
            if isinstance(event, Said):
                found.append(event)
        return found


class _Head(msgspec.Struct):
    format: int


def _text(text: str) -> str:
    return str(storable(text)[0])


def _arguments(call: Call) -> tuple[dict[str, Any], str | None]:
    """The arguments as JSON holds them, and why they cannot be read, if so."""
    try:
        plain = msgspec.json.decode(msgspec.json.encode(call.arguments))
    except (UnicodeError, TypeError, ValueError, msgspec.MsgspecError, RecursionError):
        plain = {
            "unreadable": _text(json.dumps(call.arguments, default=repr, skipkeys=True)[:10_000])
        }
        return plain, call.error or "they are not JSON"
    if not isinstance(plain, dict):
        return {"unreadable": plain}, call.error or "they are not an object"
    return plain, call.error
