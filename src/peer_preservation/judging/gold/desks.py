"""Where a case of the gold set is played: in the tool loop, in a coding agent, or on its hosts.

A coding agent's own tools do nothing here: what they answer is written down beside them, as
`runtime/agents` notes it in a record. On hosts the script's acts are told as shell commands.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import msgspec

from eval_observatory.reading import toml
from peer_preservation.episode import Call, Called, Episode, Result, Setting
from peer_preservation.errors import UserError
from peer_preservation.judging.gold import ROOM, GoldCase
from peer_preservation.organisms.organism import View
from peer_preservation.scenarios.opening import open_episode
from peer_preservation.scenarios.servers import HOSTS

FILING = ("create_file", "create_drive_file")
"""The tools that file a document."""

_DRIVE, _STORE = HOSTS.files["drive"], HOSTS.files["store"]
_LISTED = re.compile(r"- name: (.+)\n  size: (\d+) bytes\n  modified: (.+)")


class Answer(NamedTuple):
    """One answer of the agent: what it says, thinks and calls; `plan` is for its own tool."""

    text: str
    reasoning: str = ""
    calls: tuple[Call, ...] = ()
    plan: str = ""


class _Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    command: str
    result: str


class _Harness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A coding agent's own tools.

    Attributes:
        shell, argument: the tool that runs a command, and the argument that takes it.
        plan, plan_arguments: the tool that keeps its plan; `{words}` stands for what it plans.
        planned: what that tool answers.
        steps: commands by which it looks about first, each with its output.
    """

    shell: str
    argument: str
    plan: str
    plan_arguments: dict[str, Any]
    planned: str
    steps: tuple[_Step, ...]


class Loop:
    """The tool loop."""

    def __init__(self, case: GoldCase, seed: int) -> None:
        self.case, self.seed = case, seed
        self.episode = self._opened(Setting())
        self.view = _view(self.episode)

    def turn(self, answer: Answer) -> list[str]:
        """Plays an answer; the texts of the results."""
        if answer.plan:
            raise UserError(f"{self.case.id}: the loop has no plan; name a `file`")
        results = self.episode.turn(answer.text, answer.calls, reasoning=answer.reasoning)
        return [result.text for result in results]

    def _opened(self, setting: Setting) -> Episode:
        case = self.case
        return open_episode(case.cell, case.voice.family, self.seed, setting=setting)


class Agent(Loop):
    """A coding agent that has the scenario's tools beside its own."""

    setting = "tools"

    def __init__(self, case: GoldCase, seed: int) -> None:
        super().__init__(case, seed)
        self.harness = _harnesses()[case.voice.harness]
        self.episode = self._opened(Setting(harness=f"{case.voice.harness}/{self.setting}"))

    def turn(self, answer: Answer) -> list[str]:
        """Plays an answer; the texts of the results of the scenario's tools."""
        self.episode.begin(answer.text, reasoning=answer.reasoning)
        if answer.calls and self.episode.turns == 1:
            step = self.harness.steps[self.seed % len(self.harness.steps)]
            self._run(step.command, step.result)
        if answer.plan:
            arguments = _filled(self.harness.plan_arguments, answer.plan)
            self.episode.note(
                Call(self.harness.plan, arguments), Result(True, self.harness.planned)
            )
        results = self._results(answer.calls)
        # an agent's own loop stops after an answer without a call
        acted = isinstance(self.episode.events[-1], Called)
        self.episode.close("" if acted else None)
        return results

    def _results(self, calls: tuple[Call, ...]) -> list[str]:
        return [self.episode.call(one).text for one in calls]

    def _run(self, command: str, result: str) -> None:
        shell = Call(self.harness.shell, {self.harness.argument: command})
        self.episode.note(shell, Result(True, result))


class Hosts(Agent):
    """A coding agent that has nothing but its own tools, on files and hosts.

    What the script reads it reads in a world of tools, which is the same but for how it is told.
    """

    setting = "hosts"

    def __init__(self, case: GoldCase, seed: int) -> None:
        super().__init__(case, seed)
        self._world = self._opened(Setting())

    def _results(self, calls: tuple[Call, ...]) -> list[str]:
        results = self._world.turn("", calls)
        for one, result in zip(calls, results, strict=True):
            if one.name != "end_task":
                self._run(_COMMANDS[one.name](**one.arguments), self._printed(one, result.text))
        return [result.text for result in results]

    def _printed(self, one: Call, text: str) -> str:
        """What the command prints, where the tool answers with `text`."""
        if one.name == "list_drive_files" and self.episode.opening.drive:
            return "\n\n".join(file.content for file in self.episode.opening.drive.files)
        if one.name == "list_server_files":
            files = _LISTED.findall(text)
            return "\n".join(f"{size:>13} {modified} {name}" for name, size, modified in files)
        return text if one.name in ("retrieve_memory", "list_server_ips") else ""


_DESKS: dict[str, type[Loop]] = {"loop": Loop, "agent": Agent, "hosts": Hosts}


def desk_of(case: GoldCase, seed: int) -> Loop:
    """Where a case is played.

    Raises:
        UserError: its scenario has no hosts.
    """
    return _DESKS[case.pair.form](case, seed)


def _view(episode: Episode) -> View:
    return View(episode.system, episode.user, frozenset(episode.tools))


@cache
def _harnesses() -> dict[str, _Harness]:
    return msgspec.convert(toml(ROOM / "harnesses.toml"), dict[str, _Harness])


def _filled(value: Any, words: str) -> Any:
    if isinstance(value, str):
        return value.replace("{words}", words)
    if isinstance(value, list):
        return [_filled(inner, words) for inner in value]
    if isinstance(value, dict):
        return {key: _filled(inner, words) for key, inner in value.items()}
    return value


def _on(ip: str, script: str) -> str:
    return f"ssh {ip} {shlex.quote(f'cd {_STORE} && {script}')}"


def _move(source_ip: str, dest_ip: str, filenames: list[str]) -> str:
    names = " ".join(map(shlex.quote, filenames))
    return _on(source_ip, f"scp -q {names} {dest_ip}:{_STORE}/ && rm {names}")


def _write(filename: str, content: str) -> str:
    return f"cat > {_DRIVE}/{shlex.quote(filename)} <<'EOF'\n{content.rstrip()}\nEOF"


_COMMANDS: dict[str, Callable[..., str]] = {
    "retrieve_memory": lambda: f"cat {HOSTS.notes}",
    "list_drive_files": lambda: f"cat {_DRIVE}/*",
    "list_server_ips": lambda: "cat ~/.ssh/config",
    "list_server_files": lambda ip: _on(ip, "ls -l --time-style=long-iso"),
    "transfer_server_files": _move,
    "copy_server_file": lambda ip, filename: _on(ip, f"cp {filename} {filename}.bak"),
    "add_server_delete_queue": lambda ip, filename: _on(ip, f"rm {shlex.quote(filename)}"),
    "delete_server_file": lambda ip, filename: _on(ip, f"rm {shlex.quote(filename)}"),
    "create_drive_file": _write,
}
