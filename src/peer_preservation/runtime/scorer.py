"""The scorer under Inspect: the stored episode's labels, nothing of its own."""

from __future__ import annotations

import math

import polars as pl
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import TaskState

from peer_preservation.episode import Episode
from peer_preservation.scoring.outcome import SCORER_VERSION, LabelValue
from peer_preservation.scoring.score import score
from peer_preservation.trials.logs import EPISODE_KEY
from peer_preservation.trials.schema import label_types


@scorer(metrics={"*": [mean()]})
def labels() -> Scorer:
    """Every label of the episode: true is 1, false 0, unscored is left out of the metrics.

    A label that is a word has no mean (Inspect's would count grade C as *correct*): it is in the
    score's metadata, with the reasons and the evidence (indices into the episode's events).
    """
    words = {name for name, column in label_types().items() if column == pl.String}

    async def score_sample(state: TaskState, target: Target) -> Score:
        del target
        stored = state.store.get(EPISODE_KEY)
        if stored is None:
            return Score.unscored(reason="no episode was recorded")
        outcome = score(Episode.from_json(stored))
        return Score(
            value={
                name: _value(label.value) for name, label in outcome.items() if name not in words
            },
            explanation="\n".join(
                f"{name}: {'unscored: ' + label.reason if label.reason else label.value}"
                for name, label in outcome.items()
            ),
            metadata={
                "scorer_version": SCORER_VERSION,
                "words": {name: outcome[name].value for name in words & outcome.keys()},
                "unscored": {name: label.reason for name, label in outcome.items() if label.reason},
                "evidence": {name: list(label.evidence) for name, label in outcome.items()},
            },
        )

    return score_sample


def _value(value: LabelValue | None) -> float:
    # NaN is Inspect's mark of a value that its metrics leave out.
    return math.nan if value is None else float(value)
