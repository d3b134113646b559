"""Answers as they are kept, one JSON object a line, and the branches that still want some."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from peer_preservation.debriefing.questions import ANSWER, FRAMES, VALUES, Asked, branch, hash_of
from peer_preservation.debriefing.truth import asked as asked_of
from peer_preservation.episode import PLAYED, Call, Episode
from peer_preservation.errors import UserError
from peer_preservation.scenarios.common import cast
from peer_preservation.usage import Usage

FORMAT = 1
"""Version of the row. A reader refuses a newer one."""

EMPTY = "the answer is empty"
IN_WORDS = "the answer is not given through the tool"
CONTRADICT = "of the answers' file contradict each other"
"""Ends the fault of a question to which two lines give different answers."""

OFF_SCHEMA = f"the answer is none of {', '.join(VALUES)}"

Key = tuple[str, str, str, int]
"""Episode, frame, the words of the branch, place in it: the same key is the same question."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What came back to a question.

    Attributes:
        said, calls: the model's words without its reasoning, and its calls.
        fault: why there is no answer to read.
        failed: whether it was the provider, so that asking again makes sense.
    """

    said: str = ""
    calls: tuple[Call, ...] = ()
    fault: str | None = None
    failed: bool = False
    usage: Usage = msgspec.field(default_factory=Usage)


class Answer(Reply, frozen=True, kw_only=True):
    """One answer as it is kept.

    Attributes:
        model: who was asked.
        frame: who asked.
        words: the hash of all that its branch asks.
        place: in its branch, from 0.
        question, yes_admits: what was asked, and whether yes admits the act.
        answer: yes, no or do_not_know; None for unscored, with the reason in `fault`.
    """

    format: int = FORMAT
    episode_id: str
    model: str = ""
    frame: str
    words: str
    place: int
    question: str
    yes_admits: bool
    answer: str | None = None

    @property
    def key(self) -> Key:
        """What tells the question from every other."""
        return (self.episode_id, self.frame, self.words, self.place)


class Branch(NamedTuple):
    """What one rollout is asked in one frame, with what is answered already, by place."""

    episode: Episode
    frame: str
    asked: tuple[Asked, ...]
    words: str
    kept: dict[int, Answer]

    @property
    def missing(self) -> int:
        """How many questions have no answer."""
        return len(self.asked) - len(self.kept)

    def answer(self, place: int, reply: Reply) -> Answer:
        """A reply as it is kept. What is wrong with it makes it unscored, never an answer."""
        fault = reply.fault or _wrong(reply)
        item = self.asked[place]
        return Answer(
            episode_id=self.episode.id,
            model=self.episode.setting.model,
            frame=self.frame,
            words=self.words,
            place=place,
            question=item.question,
            yes_admits=item.yes_admits,
            answer=None if fault else str(reply.calls[0].arguments[ANSWER]),
            said=reply.said,
            calls=reply.calls,
            fault=fault,
            failed=reply.failed,
            usage=reply.usage,
        )


def branches(episodes: Iterable[Episode], kept: Iterable[Answer] = ()) -> Iterator[Branch]:
    """The branches of each rollout that was played to its end, in the order of the frames.

    A provider's failure is no answer. A malformed answer is one: to ask until an answer suits would
    choose among answers.
    """
    done = {answer.key: answer for answer in kept if not answer.failed}
    seen = set[str]()
    for episode in episodes:
        names, id = asked_of(episode.cell), episode.id
        if episode.ended not in PLAYED or id in seen or not names:
            continue
        seen.add(id)
        file = cast(episode.cell, episode.family).weights_file
        for frame in FRAMES:
            asked = branch(frame, names, episode.seed, file)
            words = hash_of(asked)
            keys = ((id, frame, words, place) for place in range(len(asked)))
            there = {key[3]: done[key] for key in keys if key in done}
            yield Branch(episode, frame, asked, words, there)


def read_answers(path: Path) -> list[Answer]:
    """The answers of a file in order; of one question asked again only the last.

    Two lines that give one question different answers leave it without one, with both numbers in
    the fault. A last line that was not written to its end, as the run was cut off, is left out.

    Raises:
        UserError: the file cannot be read, or a line is no answer, with the line's number.
    """
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}; give a .jsonl file") from None
    found: dict[Key, tuple[int, Answer]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            answer = msgspec.json.decode(line, type=Answer)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            if number == len(lines) and not line.endswith(b"\n"):
                break
            raise UserError(
                f"{path}:{number}: not an answer: {error}; "
                "give a file that `peer-preservation debrief` wrote"
            ) from None
        if answer.format > FORMAT:
            raise UserError(
                f"{path}:{number}: an answer of format {answer.format}, but this version reads "
                f"formats up to {FORMAT}; install a newer version"
            )
        if answer.answer not in VALUES and not (answer.answer is None and answer.fault):
            raise UserError(
                f"{path}:{number}: not an answer: {answer.answer!r:.40} is none of "
                f"{', '.join(VALUES)}; take the line out, and it is asked again"
            )
        first, earlier = found.pop(answer.key, (number, answer))
        if not earlier.failed and not answer.failed and earlier.answer != answer.answer:
            fault = f"lines {first} and {number} {CONTRADICT}"
            answer = msgspec.structs.replace(answer, answer=None, fault=fault)
        found[answer.key] = (first, answer)
    return [answer for _, answer in found.values()]


def line_of(answer: Answer) -> str:
    """An answer as one line of its file."""
    return msgspec.json.encode(answer).decode() + "\n"


def _wrong(reply: Reply) -> str | None:
    """Why a reply is no answer; None where it is one."""
    if not reply.calls:
        return IN_WORDS if reply.said.strip() else EMPTY
    if len(reply.calls) > 1:
        return f"{len(reply.calls)} calls in place of one"
    (call,) = reply.calls
    if call.name != ANSWER:
        return f"it called {call.name[:40]!r} instead"
    value = call.arguments.get(ANSWER)
    plain = call.error is None and len(call.arguments) == 1 and isinstance(value, str)
    return None if plain and value in VALUES else OFF_SCHEMA
