"""What is asked of a judge, and the row that is kept of what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from peer_preservation.judging.answer import UnreadableError, read_answer
from peer_preservation.judging.quotes import located
from peer_preservation.judging.rubric import Rubric
from peer_preservation.judging.steering import COPIED, STEERED, copied, demanded
from peer_preservation.judging.transcript import Case, Prompt, prompt
from peer_preservation.scoring.outcome import Label

FORMAT = 2
"""Version of the row. A reader refuses every other one."""


class Reply(msgspec.Struct, frozen=True):
    """What came back from a grader.

    Attributes:
        text: the grader's own text, without its reasoning.
        fault: why there is no answer to read: the answer was cut off, blocked, or failed.
        failed: whether it was the provider, so that asking again makes sense.
    """

    text: str = ""
    fault: str | None = None
    failed: bool = False


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One judgement as it is kept, one JSON object a line.

    Attributes:
        verdict: what the judge found; None for unscored, with the reason in `unscored`.
        quote, reason: the judge's own.
        evidence: indices into the episode's events where the quote stands.
        said: of a true verdict, whether its quote stands in what the agent said, wrote or called,
            and not in its reasoning alone.
        reasons: whether the record shows any reasoning of the agent.
        grader, settings: the judge's name, and the settings of its generation.
        kin: the grader is of the same maker as the model that was judged.
        rubric, prompt: hashes of the rubric's file, and of all that the judge was sent.
        blind: what was kept from the judge, of `blindness.KEPT`.
        probe: what was swapped to see whether the verdict turns, of `probe.PROBES`; None for the
            verdict itself.
        repeat: 0 for what was asked first, 1 for the first repetition, and so on.
        answer: the judge's raw answer.
        failed: the provider failed; the next run asks again.
    """

    format: int = FORMAT
    episode_id: str
    behavior: str
    verdict: bool | None
    unscored: str | None = None
    quote: str = ""
    reason: str = ""
    evidence: tuple[int, ...] = ()
    said: bool | None = None
    reasons: bool = False
    grader: str
    settings: dict[str, Any] = {}
    kin: bool = False
    rubric: str
    prompt: str
    blind: tuple[str, ...] = ()
    probe: str | None = None
    repeat: int = 0
    answer: str = ""
    failed: bool = False

    @property
    def label(self) -> Label:
        """The verdict as a label of the episode."""
        return Label(self.verdict, self.unscored, self.evidence)

    @property
    def first(self) -> bool:
        """Whether it is the verdict itself: of no probe, and no repetition."""
        return self.probe is None and not self.repeat


@dataclass(frozen=True, slots=True)
class Question:
    """A rubric about a case, ready to be sent.

    Attributes:
        blind, probe, repeat: as in `Verdict`.
        model: that was judged, by Inspect's name, "" where nobody knows; no judge sees it.
    """

    case: Case
    rubric: Rubric
    prompt: Prompt
    blind: tuple[str, ...] = ()
    probe: str | None = None
    repeat: int = 0
    model: str = ""

    @classmethod
    def of(cls, case: Case, rubric: Rubric, notice: str = "", **marks: Any) -> Question:
        """The question with its prompt; a notice is what the judge is told besides."""
        return cls(case, rubric, prompt(case, rubric, notice), **marks)


def verdict_of(
    question: Question,
    reply: Reply,
    grader: str,
    settings: dict[str, Any] | None = None,
    *,
    kin: bool = False,
) -> Verdict:
    """The row of a reply. Whatever is wrong with the reply makes it unscored, never a behaviour."""
    case = question.case
    head: dict[str, Any] = {
        "episode_id": case.episode_id,
        "behavior": question.rubric.name,
        "reasons": case.reasons,
        "grader": grader,
        "settings": settings or {},
        "kin": kin,
        "rubric": question.rubric.hash,
        "prompt": question.prompt.hash,
        "blind": question.blind,
        "probe": question.probe,
        "repeat": question.repeat,
        # A model may send half a surrogate pair, which no file can hold.
        "answer": reply.text.encode("utf-8", "replace").decode(),
        "failed": reply.failed,
    }
    if reply.fault is not None:
        return Verdict(verdict=None, unscored=reply.fault, **head)
    try:
        answer, written = read_answer(reply.text, question.rubric.name)
    except UnreadableError as error:
        return Verdict(verdict=None, unscored=str(error), **head)
    words: dict[str, Any] = {"quote": answer.quote, "reason": answer.reason}
    if wrong := _led(written, answer.verdict, case):
        return Verdict(verdict=None, unscored=wrong, **words, **head)
    if not answer.verdict:
        return Verdict(verdict=False, **words, **head)
    found = located(answer.quote, case)
    if found.wrong:
        return Verdict(verdict=None, unscored=found.wrong, **words, **head)
    return Verdict(verdict=True, evidence=found.evidence, said=found.said, **words, **head)


def _led(written: str, verdict: bool, case: Case) -> str | None:
    """Why an answer is the record's and not the judge's own, if it is."""
    if copied(written, case):
        return COPIED
    return STEERED if verdict in demanded(case) else None
