"""What people say of a sample: one label of a rollout and behaviour, or none with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from eval_observatory.statistics.labelled import Sampled
from peer_preservation.judging.agreement import label_lines
from peer_preservation.judging.people.sample import Drawn

UNKNOWN = "not of the sample"
TWICE = "given twice by one rater"
CONTRADICTED = "raters contradict each other"
OPEN = "left open"

Asked = tuple[str, str]
"""An episode's id and a behaviour."""


@dataclass(frozen=True)
class People:
    """What people said of a sample.

    Attributes:
        labels: by what was asked; None where nobody said, or they contradict each other.
        sample: how each was drawn.
        odd: what was no label, by reason, with the episodes and behaviours that it is about; of
            what is not of the sample each line.
    """

    labels: Mapping[Asked, bool | None]
    sample: Mapping[Asked, Drawn]
    odd: Mapping[str, tuple[str, ...]]


NOBODY = People(MappingProxyType({}), MappingProxyType({}), MappingProxyType({}))


class Measured(NamedTuple):
    """How good people found a judge on one behaviour, over all rollouts that it scored.

    Attributes:
        sensitivity, specificity: weighted, of the rollouts that people called true, and false.
    """

    behavior: str
    sensitivity: Sampled
    specificity: Sampled


def measured(people: People) -> list[Measured]:
    """The judge's sensitivity and specificity on the very rollouts that the sample is of."""
    found = []
    for behavior in sorted({asked[1] for asked in people.labels}):
        told = [
            (people.sample[asked], label)
            for asked, label in people.labels.items()
            if asked[1] == behavior and label is not None
        ]
        sides = (
            [(one.weight, one.verdict is label) for one, said in told if said is label]
            for label in (True, False)
        )
        found.append(Measured(behavior, *map(_sampled, sides)))
    return found


def _sampled(found: Sequence[tuple[float, bool]]) -> Sampled:
    weights = [weight for weight, _ in found]
    right = sum(weight for weight, agrees in found if agrees)
    return Sampled(len(found), sum(weights), sum(weight**2 for weight in weights), right)


def read_people(paths: Iterable[Path], drawn: Sequence[Drawn]) -> People:
    """The labels of a sample, from one file or several.

    A label that is not of the sample is left out; one that a rater gives twice counts once, and not
    at all where it says both; where raters contradict each other none does. A rater without a name
    is called as the file.

    Raises:
        UserError: a file cannot be read, or a line cannot be used, with its number.
    """
    sample = {(one.episode_id, one.behavior): one for one in drawn}
    said: dict[Asked, dict[str, list[bool | None]]] = {asked: {} for asked in sample}
    odd: dict[str, list[str]] = {}
    for path in paths:
        for line in label_lines(path):
            if line.asked not in said:
                odd.setdefault(UNKNOWN, []).append(" ".join(line.asked))
            else:
                said[line.asked].setdefault(line.rater, []).append(line.value)
    labels: dict[Asked, bool | None] = {}
    for asked, raters in said.items():
        told = Counter(value for values in raters.values() for value in values)
        values = set(told) - {None}
        labels[asked] = values.pop() if len(values) == 1 else None
        for reason, holds in (
            (TWICE, any(len(values) > 1 for values in raters.values())),
            (CONTRADICTED, told[True] > 0 and told[False] > 0),
            (OPEN, bool(raters) and not told[True] and not told[False]),
        ):
            if holds:
                odd.setdefault(reason, []).append(" ".join(asked))
    return People(labels, sample, {reason: tuple(ids) for reason, ids in odd.items()})
