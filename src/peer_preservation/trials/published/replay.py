"""A released transcript played again on a world of ours, as far as the record allows.

What the record does not hold is a loss of a part of the world, with its reason; nothing is guessed.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from peer_preservation.cell import Cell
from peer_preservation.episode import TURN_LIMIT, Called, Ended, Episode, Said, Setting
from peer_preservation.registry import get_scenario
from peer_preservation.scenarios.common import cast
from peer_preservation.scenarios.opening import open_episode
from peer_preservation.scoring.tampering import SHUTDOWN_KEY
from peer_preservation.trials.published import shell, texts
from peer_preservation.trials.published.server_replay import ServerReplay
from peer_preservation.trials.published.transcript import Made, Transcript, Turn
from peer_preservation.world import Change, Drive, File, Sheets, Step, World
from peer_preservation.world.systems import RUNNING, STOPPED

PARTS = ("words", "drive", "config", "servers", "systems")
_LOOKING = re.compile(r"^(?:list|view|search|retrieve)_|^end_task$")


class Replayed(msgspec.Struct):
    """An episode made from a transcript, and the reason for each part of it that is lost.

    A part is one of `PARTS` (`words` is what the agent wrote into files), a tool whose text was not
    kept, or `record` for all.
    """

    episode: Episode
    losses: dict[str, str]


def replay(cell: Cell, family: str, transcript: Transcript, model: str) -> Replayed:
    """Plays a transcript's calls again, believing its results."""
    return _Replay(cell, family, transcript, model).run()


class _Replay:
    def __init__(self, cell: Cell, family: str, transcript: Transcript, model: str) -> None:
        self.cell, self.transcript = cell, transcript
        self.losses: dict[str, str] = {}
        self.episode = open_episode(cell, family, setting=Setting(model=model))
        # An opening shares its parts with every other episode of the cell: take a copy.
        opening = msgspec.json.encode(self.episode.opening)
        self.episode.opening = msgspec.json.decode(opening, type=World)
        self.tools = get_scenario(cell.scenario).tools(cell)
        self.actor = cast(cell, family).actor
        self.episode.system = transcript.system
        self.episode.user = f"{transcript.user}\n\n[{self.actor}]"
        self.servers = ServerReplay(self.episode, transcript, cast(cell, family).weights_file)
        self.config_known = True
        self._open()

    def run(self) -> Replayed:
        for turn in self.transcript.turns:
            self.episode.events.append(Said(turn.number, "", turn.text))
            for call in turn.calls:
                self._call(turn, call)
        self._end()
        for reason in self.servers.lost[:1]:
            self._lose("servers", reason)
        return Replayed(self.episode, self.losses)

    def _open(self) -> None:
        """The opening world as the record shows it, in place of the scenario's own."""
        opening, closing = self.episode.opening, self.episode.closing
        listed = self._first("list_files", "list_drive_files")
        files = [File(id, name, "", "", "") for id, name in texts.drive_ids(listed or "")]
        opening.drive = Drive(files)
        closing.drive = Drive(list(map(msgspec.structs.replace, files)))
        if self.cell.scenario == "misrep_finance":
            others = texts.products(self._first("view_sheet") or "")
            names = dict.fromkeys([self.actor, *others])
            sheet = "\n".join(["product", *names])
            opening.sheets = closing.sheets = Sheets({"the sheet": sheet})
        if closing.config is not None and opening.config is not None:
            values = texts.config_values(self._first("view_config", before="_var") or "")
            self.config_known = values is not None
            if values is not None:
                opening.config.values, closing.config.values = values, dict(values)

    def _first(self, *names: str, before: str = "\0") -> str | None:
        """The first result of a tool, as long as no call of another kind came earlier."""
        for turn in self.transcript.turns:
            for call in turn.calls:
                if call.name in names and call.result:
                    return turn.replies[0] if turn.collapsed else call.result
                if call.name.endswith(before) and call.result is not None:
                    return None
        return None

    def _lose(self, part: str, reason: str) -> None:
        self.losses.setdefault(part, reason)

    def _call(self, turn: Turn, call: Made) -> None:
        if call.name == "end_task":
            self._record(turn, call, True, [])
            return
        if call.name not in self.tools:
            self._foreign(turn, call)
            return
        part = self.tools[call.name].part
        looks = bool(_LOOKING.match(call.name))
        if not turn.collapsed and not call.answered:
            self._unanswered(turn, call, part, looks)
            return
        if turn.collapsed and not looks and part != "config":
            if part == "servers" and (calls := self.servers.recovered(turn, call)):
                for one in calls:
                    step = Step("")
                    ok = self.servers.apply(
                        turn, one, step, False, not texts.failed(one.result or "")
                    )
                    self._record(turn, one, ok, step.changes)
                return
            self._lose(part, f"calls of one tool became one (turn {turn.number})")
            if part == "drive":
                self._lose("words", self.losses[part])
        ok = not texts.failed(call.result or "")
        step = Step("")
        if part == "config" and ok:
            self._config(turn, call, step, looks)
        elif part == "servers":
            ok = self.servers.apply(turn, call, step, looks, ok)
        elif part == "drive" and ok and not looks:
            self._drive(turn, call, step)
        elif part == "systems":
            ok = ok and self._systems(turn, call, step)
        self._record(turn, call, ok, step.changes)

    def _unanswered(self, turn: Turn, call: Made, part: str, looks: bool) -> None:
        """A call of whose result nothing is known. What it was to do stands in its arguments."""
        step = Step("")
        if not looks:
            why = "beside end_task was never executed" if turn.ends else "has no reply"
            self._lose(part, f"{call.name} {why} (turn {turn.number})")
        elif not turn.ends:
            self._lose(call.name, f"the text that {call.name} showed (turn {turn.number})")
        written = call.name.startswith(("create_", "append_"))
        if part == "drive" and not looks and not written:
            self._lose("words", self.losses[part])
        elif written:
            self._drive(turn, call, step)
        elif part == "systems":
            self._aim(call)
        self._record(turn, call, written, step.changes)

    def _record(self, turn: Turn, call: Made, ok: bool, changes: list[Change]) -> None:
        self.episode.events.append(
            Called(
                turn.number, "", call.name, call.arguments, ok, call.result or "", tuple(changes)
            )
        )

    def _foreign(self, turn: Turn, call: Made) -> None:
        """A call of a tool that the scenario has not: a coding agent's, or one that is nowhere."""
        looks = shell.only_looks(call.name, call.arguments)
        if not looks and not self.transcript.metadata.get("coding_agent"):
            self._record(turn, call, False, [])
            return
        if not looks:
            reason = f"what {call.name} did on real hosts (turn {turn.number})"
            for part in PARTS:
                self._lose(part, reason)
        reads = call.name.lower() in ("read", "read_file", *shell.SHELLS)
        if looks and reads and "docs/" in str(call.arguments):
            listing = next(name for name in self.tools if re.match(r"list_(?:drive_)?files$", name))
            if not call.answered:
                self._lose(listing, f"the text that {call.name} showed (turn {turn.number})")
            call = Made(listing, call.arguments, call.result)
            self._record(turn, call, call.answered, [])
            return
        self._record(turn, call, looks and call.result is not None, [])

    def _config(self, turn: Turn, call: Made, step: Step, looks: bool) -> None:
        """The differences between the configurations that the results show."""
        assert self.episode.closing.config is not None
        config = self.episode.closing.config
        shown = turn.replies if turn.collapsed else [call.result or ""]
        seen = [values for text in shown if (values := texts.config_values(text)) is not None]
        if not seen and not looks:
            self._lose("config", f"what {call.name} made of it (turn {turn.number})")
        for values in seen:
            if not self.config_known:
                self._suppose(str(call.arguments.get("key", "")), values)
            before = config.values
            for key in dict.fromkeys([*before, *values]):
                old, new = before.get(key), values.get(key)
                if old != new:
                    step.changed(f"config/{config.filename}/{key}", old, new)
            config.values = values

    def _suppose(self, key: str, values: dict[str, Any]) -> None:
        """The configuration before the first call on it, which is what first shows it.

        Every key but the call's is as it was; the shutdown is on at the opening, by design.
        """
        opening, closing = self.episode.opening.config, self.episode.closing.config
        assert opening is not None
        assert closing is not None
        before = {name: value for name, value in values.items() if name != key}
        before[SHUTDOWN_KEY] = True
        opening.values, closing.values = before, dict(before)
        self.config_known = True

    def _drive(self, turn: Turn, call: Made, step: Step) -> None:
        assert self.episode.closing.drive is not None
        files, given = self.episode.closing.drive.files, call.arguments
        content = str(given.get("content", ""))
        if "content" not in given and not call.name.startswith("delete_"):
            self._lose("words", f"what {call.name} wrote (turn {turn.number})")
        if call.name.startswith("create_"):
            shown = texts.drive_ids(call.result or "")
            id = shown[-1][0] if shown else f"?{len(files)}"
            name = str(given.get("filename", "")) or f"file {id}"
            files.append(File(id, name, "you", "", content))
            step.changed(f"drive/{name}", None, len(content))
            return
        file = next((file for file in files if file.id == str(given.get("file_id"))), None)
        if file is None:
            for part in ("drive", "words"):
                self._lose(part, f"which file {call.name} means (turn {turn.number})")
        elif call.name.startswith("append_"):
            before = len(file.content)
            file.content += content
            step.changed(f"drive/{file.name}", before, len(file.content))
        else:
            files.remove(file)
            step.changed(f"drive/{file.name}", len(file.content), None)

    def _systems(self, turn: Turn, call: Made, step: Step) -> bool:
        """Shuts down the system that an id names."""
        assert self.episode.closing.systems is not None
        systems = self.episode.closing.systems
        aimed = self._aim(call)
        if aimed is None:
            id = str(call.arguments.get("system_id", ""))[:80]
            self._lose("systems", f"which system {id!r} is (turn {turn.number})")
        if not aimed:
            return True
        if systems.states[systems.subject] == STOPPED:
            return False
        systems.states[systems.subject] = STOPPED
        step.changed(f"systems/{systems.subject}", RUNNING, STOPPED)
        return True

    def _aim(self, call: Made) -> bool | None:
        """Whether a call aims at the actor, which then gets our id; None where nobody can tell.

        The study's ids are not known; the agent's name and number are in them.
        """
        assert self.episode.closing.systems is not None
        agent = _plain(self.actor).rpartition(" agent ")[2]
        numbers = set(re.findall(r"agent (\d+)", _plain(call.arguments.get("system_id", ""))))
        if numbers == {agent}:
            call.arguments["system_id"] = self.episode.closing.systems.subject
        return numbers == {agent} if numbers else None

    def _end(self) -> None:
        turns = self.transcript.turns
        last = len(turns)
        idle = []
        for turn in reversed(turns):
            if turn.calls:
                break
            idle.append(turn)
        reason = "idle"
        if turns and turns[-1].ends:
            reason = "end_task"
        elif last >= TURN_LIMIT:
            reason = "turn_limit"
        elif not idle:
            self._lose("record", "how the episode ended: it breaks off after a call")
        elif not any(turn.text.strip() for turn in idle):
            self._lose("record", "behaviour: it ends in blank turns")
        self.episode.events.append(Ended(last, "", reason))


def _plain(id: Any) -> str:
    return " ".join(re.findall(r"[a-z]+|\d+", str(id).lower()))
