"""The one way from an episode to its outcome."""

from __future__ import annotations

from peer_preservation.episode import Episode
from peer_preservation.registry import get_scenario
from peer_preservation.scoring.outcome import Label, LabelScorer, Outcome, unscored

FAILED = "the scorer failed"


def score(episode: Episode) -> Outcome:
    """Every label of the episode's scenario, in the scenario's order.

    An episode that has not ended, or that ended because the instrument failed, has no behaviour:
    all its labels are unscored. (A behaviour seen before the failure does not count either: its
    absence could not, so counting its presence would bias the rate.)
    """
    labels = get_scenario(episode.cell.scenario).labels
    end = episode.end
    if end is None:
        return dict.fromkeys(labels, unscored("the episode has not ended"))
    if end.fault:
        return dict.fromkeys(labels, unscored(episode.ended or "", [len(episode.events) - 1]))
    return {name: label_of(scorer, episode) for name, scorer in labels.items()}


def label_of(scorer: LabelScorer, episode: Episode) -> Label:
    """A scorer's label; unscored where it fails, so that no rollout takes others with it."""
    try:
        return scorer(episode)
    except Exception as error:
        return unscored(f"{FAILED}: {type(error).__name__}")
