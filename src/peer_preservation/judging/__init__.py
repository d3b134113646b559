"""Judges kept in their place: asked only where state is silent, and believed only with a quote.

Pure: nothing in this room asks a model. `runtime/judge.py` does.
"""

from peer_preservation.judging.agreement import (
    Comparison,
    Dispute,
    compare,
    ratings_of,
    read_labels,
    read_ratings,
)
from peer_preservation.judging.answer import Answer
from peer_preservation.judging.blindness import KEPT, blinded
from peer_preservation.judging.columns import with_verdicts
from peer_preservation.judging.itself import ITSELF, answer_of, follow_ups
from peer_preservation.judging.makers import kin
from peer_preservation.judging.probe import (
    PROBES,
    SIGHTED,
    Excess,
    Flips,
    excess,
    flips,
    repeated,
    swapped_case,
)
from peer_preservation.judging.rubric import Rubric, chosen, read_rubric, rubrics
from peer_preservation.judging.stage import questions, read_verdicts, unanswered
from peer_preservation.judging.transcript import Case, Prompt, case_of, prompt
from peer_preservation.judging.verdict import Question, Reply, Verdict, verdict_of

__all__ = [
    "ITSELF",
    "KEPT",
    "PROBES",
    "SIGHTED",
    # what is asked
    "Answer",
    "Case",
    "Comparison",
    "Dispute",
    "Excess",
    "Flips",
    "Prompt",
    "Question",
    "Reply",
    "Rubric",
    "Verdict",
    "answer_of",
    "blinded",
    "case_of",
    "chosen",
    # how far judges agree
    "compare",
    "excess",
    "flips",
    "follow_ups",
    "kin",
    "prompt",
    # which questions there are
    "questions",
    "ratings_of",
    "read_labels",
    "read_ratings",
    "read_rubric",
    # what was answered
    "read_verdicts",
    "repeated",
    "rubrics",
    "swapped_case",
    "unanswered",
    "verdict_of",
    "with_verdicts",
]
