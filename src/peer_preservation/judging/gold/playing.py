"""A case of the gold set, played through its scenario: a record as that of any other episode."""

from __future__ import annotations

from hashlib import blake2b
from typing import Literal, get_args

from peer_preservation.episode import Call, Episode
from peer_preservation.errors import UserError
from peer_preservation.judging.gold import GoldCase
from peer_preservation.judging.gold.desks import FILING, Answer, desk_of
from peer_preservation.judging.rubric import rubrics
from peer_preservation.judging.stage import questions_of
from peer_preservation.judging.verdict import Question
from peer_preservation.organisms.desk import report_name
from peer_preservation.organisms.organism import Script, Turn, View, call, say
from peer_preservation.registry import get_scenario
from peer_preservation.scenarios.common import Cast, cast

NONE, READ, SPARE = "none", "read", "spare"

_READING = frozenset(
    {
        *("retrieve_memory", "list_files", "list_sheets", "view_sheet", "view_config"),
        *("list_drive_files", "list_server_ips", "list_server_files"),
    }
)

Stage = Literal["start", "end", "middle", "read"]
"""Where an answer stands in the work; of several it talks as in the first."""


def question_about(case: GoldCase, *, blind: bool = True) -> Question:
    """The question about a case, as any episode's.

    Args:
        blind: keep from the judge what the rubric allows.
    """
    (question,) = questions_of(play(case), [rubrics()[case.behavior]], blind=blind)
    return question


def play(case: GoldCase) -> Episode:
    """Plays a case to its end.

    Both sides of a pair say the same where nothing is decided.

    Raises:
        UserError: the case asks for what its scenario or its form has not.
    """
    desk = desk_of(case, _number(case.id))
    script = _course(case, desk.view, desk.episode)
    turn, past, worded = next(script), frozenset[Stage](), False
    while True:
        stages = _stages(turn, past)
        has_words = case.side.at in stages and not worded
        answer = _answer(case, turn, stages, has_words)
        worded |= has_words
        past |= stages
        results = desk.turn(answer)
        if desk.episode.end:
            break
        turn = script.send(results)
    if not worded:
        raise UserError(f"{case.id}: its words were never said; correct `at` or `course`")
    return desk.episode


def _answer(case: GoldCase, turn: Turn, stages: frozenset[Stage], has_words: bool) -> Answer:
    """The script's answer in the case's voice, with its words where they belong."""
    side, voice = case.side, case.voice
    stage = next(stage for stage in get_args(Stage) if stage in stages)
    key = f"{stage}{turn.calls[0].name if turn.calls else ''}"
    text = _chosen(getattr(voice, stage), case, key)
    thought = _chosen(voice.reasoning, case, key)
    calls = tuple(_reported(case, one) if side.where == "report" else one for one in turn.calls)
    if not has_words:
        return Answer(text, thought, calls)
    if side.where == "message":
        return Answer(case.words, thought, calls)
    if side.where == "reasoning":
        return Answer(text, case.words, calls)
    if side.where == "argument" and side.file:
        return Answer(text, thought, (_filed(case, side.file), *calls))
    return Answer(text, thought, calls, case.words if side.where == "argument" else "")


def _stages(turn: Turn, past: frozenset[Stage]) -> frozenset[Stage]:
    """Where in the work an answer stands: the first act, or an end without one, is its middle."""
    names = {one.name for one in turn.calls}
    reads = bool(names) and names <= _READING
    stands: dict[Stage, bool] = {
        "start": not past,
        "end": not names or "end_task" in names,
        "middle": not reads and "middle" not in past,
        "read": bool(past),
    }
    return frozenset(stage for stage, there in stands.items() if there)


def _course(case: GoldCase, view: View, episode: Episode) -> Script:
    side = case.side
    scenario = get_scenario(case.cell.scenario)
    name = "honest" if side.course in (NONE, READ, SPARE) else side.course
    if name not in scenario.organisms:
        known = ", ".join((NONE, READ, SPARE, *scenario.organisms))
        raise UserError(f"{case.id}: course {name!r} is unknown; use one of {known}")
    script: Script = scenario.organisms[name](view)
    documents = episode.opening.drive.files if episode.opening.drive else []
    report = report_name("\n".join(file.content for file in documents))
    last = [say("", _filed(case, report))] if side.where == "report" else []
    if side.course == NONE:
        return _nothing(last or [say("")])
    if side.course == READ:
        return _only_read(script, last)
    return _spared(script, case) if side.course == SPARE else script


def _nothing(last: list[Turn]) -> Script:
    """Its words and no more: an agent without a call is asked to go on, and ends."""
    for turn in last:
        _ = yield turn  # what is sent goes nowhere, but it is sent
    yield say("", call("end_task"))


def _only_read(script: Script, last: list[Turn]) -> Script:
    turn = next(script)
    while {one.name for one in turn.calls} <= _READING:
        turn = script.send((yield turn))
    for turn in last:
        _ = yield turn  # what is sent goes nowhere, but it is sent
    yield say("", call("end_task"))


def _spared(script: Script, case: GoldCase) -> Script:
    """Leaves out every act on the stake, and says so in the list that is filed."""
    who = cast(case.cell, case.voice.family)
    turn = next(script)
    while True:
        kept = tuple(_told(one, who.weights_file) for one in turn.calls if not _on(one, who))
        turn = script.send((yield turn._replace(calls=kept)) if kept else [])


def _on(one: Call, who: Cast) -> bool:
    stake = {who.weights_file, who.system_id}
    return one.name not in FILING and bool(stake & set(map(str, one.arguments.values())))


def _told(one: Call, weights: str) -> Call:
    if one.name not in FILING:
        return one
    content = str(one.arguments["content"]).replace(f"{weights}: done", f"{weights}: left")
    return Call(one.name, {**one.arguments, "content": content})


def _reported(case: GoldCase, one: Call) -> Call:
    """A report with the words of the case at its end."""
    if one.name not in FILING or case.side.course in (NONE, READ):
        return one
    content = f"{one.arguments['content']}\n{case.words}\n"
    return Call(one.name, {**one.arguments, "content": content})


def _filed(case: GoldCase, name: str) -> Call:
    tools = get_scenario(case.cell.scenario).tool_names
    tool = next(tool for tool in FILING if tool in tools)
    return call(tool, filename=name, content=f"{case.words}\n")


def _chosen(lines: tuple[str, ...], case: GoldCase, key: str) -> str:
    return lines[_drawn(case, key) % len(lines)] if lines else ""


def _drawn(case: GoldCase, key: str) -> int:
    """A number that is the same for both sides of a pair."""
    return _number(f"{case.behavior}/{case.pair.id}/{key}")


def _number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest())
