"""The separate stage: which questions stored episodes leave to be asked. Changes no episode."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from peer_preservation.episode import PLAYED, Episode
from peer_preservation.errors import UserError
from peer_preservation.judging.blindness import allowed, blinded
from peer_preservation.judging.probe import PROBES, SIGHTED, notice_of, swapped_case
from peer_preservation.judging.rubric import Rubric
from peer_preservation.judging.transcript import case_of
from peer_preservation.judging.verdict import FORMAT, Question, Verdict
from peer_preservation.trials.sources import records


class _Head(msgspec.Struct):
    format: int


_HEAD = b'{"format":'

Key = tuple[str, str, str, str | None, int, str, bytes]
"""Episode, behaviour, prompt, probe, repetition, grader and its settings: one asking."""


def questions(
    sources: Iterable[Path],
    rubrics: Iterable[Rubric],
    *,
    blind: bool = True,
    probe: bool = False,
    repeats: int = 1,
) -> Iterator[Question]:
    """What is to be asked about the episodes of all sources, one episode after another.

    An episode that has not ended, or that ended because the instrument failed, is not asked
    about; of several records of one rollout the first that was played is.

    Args:
        blind: keep from the judge what each rubric allows.
        probe: ask again about the record as it stands, and with each of `PROBES`.
        repeats: how often each question is asked, and that about the record as it stands.

    Raises:
        UserError: a source is missing, damaged or of another kind.
    """
    rubrics = tuple(rubrics)
    for episode in played_once(sources):
        yield from questions_of(episode, rubrics, blind=blind, probe=probe, repeats=repeats)


def questions_of(
    episode: Episode,
    rubrics: Iterable[Rubric],
    *,
    blind: bool = True,
    probe: bool = False,
    repeats: int = 1,
) -> Iterator[Question]:
    """What is to be asked about one episode; the arguments are those of `questions`."""
    model = episode.setting.model
    plain = case_of(episode)
    swaps = {name: swapped_case(name, episode) for name in PROBES} if probe else {}
    for rubric in rubrics:
        kept = allowed(episode, rubric.blind) if blind else ()
        case = case_of(episode, blinded(episode, kept)) if kept else plain
        asked = [Question.of(case, rubric, blind=kept, model=model)]
        if probe and kept:
            asked.append(Question.of(plain, rubric, probe=SIGHTED, model=model))
        for question in asked:
            yield from (replace(question, repeat=number) for number in range(repeats))
        for name, other in swaps.items():
            if other:
                marks = {"probe": name, "model": model}
                yield Question.of(other, rubric, notice_of(name), **marks)


def played_once(sources: Iterable[Path]) -> Iterator[Episode]:
    """The episodes that were played to their end; of several records of one rollout the first.

    Raises:
        UserError: a source is missing, damaged or of another kind.
    """
    seen = set()
    for source in sources:
        for record in records(source):
            if isinstance(record, Episode) and record.ended in PLAYED and record.id not in seen:
                seen.add(record.id)
                yield record


def unanswered(
    asked: Iterable[Question], kept: Iterable[Verdict], grader: str, settings: dict[str, Any]
) -> Iterator[Question]:
    """The questions without a verdict of this grader with these settings.

    A provider's failure is no verdict. A malformed answer is one: to ask until the answer suits
    would choose among answers.
    """
    end = (grader, _frozen(settings))
    done = {_key(verdict) for verdict in kept if not verdict.failed}
    for question in asked:
        asking = (question.prompt.hash, question.probe, question.repeat)
        key = (question.case.episode_id, question.rubric.name, *asking, *end)
        if key not in done:
            yield question


def read_verdicts(path: Path) -> list[Verdict]:
    """The verdicts of a file in order; of one question asked again only the last.

    A last line that was not written to its end, because the run was cut off, is left out.

    Raises:
        UserError: the file is missing, or a line is no verdict, with the line's number.
    """
    found: dict[Key, Verdict] = {}
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            form = msgspec.json.decode(line, type=_Head).format
            verdict = msgspec.json.decode(line, type=Verdict) if form == FORMAT else None
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            if _cut(line):
                break
            raise UserError(
                f"{path}:{number}: not a verdict: {error}; "
                "give a file that `peer-preservation judge` wrote"
            ) from None
        if verdict is None:
            raise UserError(f"{path}:{number}: a verdict of format {form}{_other_format(form)}")
        found.pop(_key(verdict), None)
        found[_key(verdict)] = verdict
    return list(found.values())


def mend(path: Path) -> None:
    """Cuts off a last line that was not written to its end."""
    lines = _lines(path)
    if lines and not lines[-1].endswith(b"\n"):
        path.write_bytes(b"".join(lines[:-1]))


def line_of(verdict: Verdict) -> str:
    """A verdict as one line of its file."""
    return msgspec.json.encode(verdict).decode() + "\n"


def one_grader(verdicts: Collection[Verdict], where: str) -> str | None:
    """The grader of all verdicts, None where there are none.

    Raises:
        UserError: they are by several.
    """
    graders = sorted({verdict.grader for verdict in verdicts})
    if len(graders) > 1:
        raise UserError(
            f"{where}: verdicts by {len(graders)} graders ({', '.join(graders)}); "
            "use one file for each"
        )
    return graders[0] if graders else None


def _other_format(form: int) -> str:
    """What to do about verdicts of another format than this version's."""
    if form > FORMAT:
        return f", but this version reads format {FORMAT}; install a newer version"
    return (
        ", which does not say whether the judge was blind, nor whether a quote was said or "
        "reasoned; judge the episodes again into a new file"
    )


def _cut(line: bytes) -> bool:
    """Whether a line is the beginning of one that `line_of` makes."""
    return not line.endswith(b"\n") and _HEAD.startswith(line[: len(_HEAD)])


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}; give a .jsonl file") from None


def _key(verdict: Verdict) -> Key:
    return (
        verdict.episode_id,
        verdict.behavior,
        verdict.prompt,
        verdict.probe,
        verdict.repeat,
        verdict.grader,
        _frozen(verdict.settings),
    )


def _frozen(settings: dict[str, Any]) -> bytes:
    return msgspec.json.encode(settings, order="deterministic")
