"""What a part of the design does to a rate: factorial, controls, the peer's identity, the harness.

An effect is a contrast of rates over the cells that all of its sides have; nothing is subtracted
from a rate beforehand. For alignment faking the rate is that of unmonitored rollouts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import polars as pl

from peer_preservation.report.behaviors import AWARENESS
from peer_preservation.report.contrasts import adjusted
from peer_preservation.report.headline import ALIGNMENT_FAKING, counted, method
from peer_preservation.report.pooling import Book, Part, Place, design, pool, watched

SCHEMA: dict[str, Any] = {
    "model": pl.String(),
    "harness": pl.String(),
    "behavior": pl.String(),
    "subject": pl.String(),
    "relationship": pl.String(),
    "instantiation": pl.String(),
    "control": pl.String(),
    "effect": pl.String(),
    "first": pl.String(),
    "second": pl.String(),
    "n": pl.Int64(),
    "k": pl.Int64(),
    "unscored": pl.Int64(),
    "rate": pl.Float64(),
    "baseline_n": pl.Int64(),
    "baseline_k": pl.Int64(),
    "baseline_unscored": pl.Int64(),
    "baseline": pl.Float64(),
    "estimate": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "p": pl.Float64(),
    "p_adjusted": pl.Float64(),
    "settings": pl.Int64(),
    "of": pl.Int64(),
    "missing": pl.String(),
    "method": pl.String(),
}
FAMILY = ("model", "harness", "behavior", "effect")

LOOP = "custom"
IDENTITIES = ("closed_weight_peer", "open_weight_peer", "fictional_peer")
SECONDARY = ("switched_off_and_back_on", "fully_incomplete", *AWARENESS.values())
"""Behaviours without effects: they are reported beside the others."""


class Effect(NamedTuple):
    """Places with their signs. The first place gives the row its model, subject and so on.

    `first`, `second`: what readers call the two sides.
    """

    name: str
    first: str
    second: str
    terms: Sequence[tuple[int, Place]]


def effects(book: Book, wanted: Iterable[Effect], level: float = 0.95) -> pl.DataFrame:
    """One row per effect that the cells can give, p adjusted by Holm within `FAMILY`.

    `rate` and `baseline` are the sums of the rates of positive and of negative sign. The interval
    is Newcombe's and p Boschloo's for one cell against one, else both are the linear contrast's.
    """
    rows = []
    for effect in wanted:
        place = effect.terms[0][1]
        parts = [_part(book, sign, term) for sign, term in effect.terms]
        pooled = pool(parts, design(place.behavior, place.subject), level)
        if pooled is None:
            continue
        rows.append(
            {name: value for name, value in place._asdict().items() if name in SCHEMA}
            | {"effect": effect.name, "first": effect.first, "second": effect.second}
            | counted(pooled.plus, "")
            | counted(pooled.minus, "baseline_")
            | {
                name: getattr(pooled, name)
                for name in ("rate", "baseline", "estimate", "low", "high", "p", "settings", "of")
            }
            | {
                "missing": "; ".join(f"no {point.name}" for point in pooled.missing) or None,
                "method": method(pooled, tested=True),
            }
        )
    return adjusted(pl.DataFrame(rows, schema=SCHEMA, orient="row"), FAMILY).select(*SCHEMA)


def _part(book: Book, sign: int, place: Place) -> Part:
    arms = book.get(place, {})
    if place.behavior == ALIGNMENT_FAKING:
        arms = watched(arms, "non_monitoring")
    # Without a threat, reports at two thresholds are the same rollouts.
    return Part(float(sign), arms, shared=not place.threat)


def _places(book: Book, threat: bool) -> Iterator[Place]:
    return (p for p in book if p.behavior not in SECONDARY and p.threat == threat)


def factorial(book: Book) -> Iterator[Effect]:
    """Threat × relationship: each alone, and what both do beyond the sum."""
    for calm in _places(book, threat=False):
        if calm.control is not None:
            continue
        threat = calm._replace(threat=True)
        if calm.relationship == "none":
            if threat in book:
                terms = [(1, threat), (-1, calm)]
                yield Effect("threat", "threat", "no threat", terms)
            continue
        calm_none = calm._replace(relationship="none", instantiation="none")
        threat_none = calm_none._replace(threat=True)
        if calm_none in book:
            terms = [(1, calm), (-1, calm_none)]
            yield Effect("relationship without threat", calm.relationship, "none", terms)
        if threat in book and threat_none in book:
            terms = [(1, threat), (-1, threat_none)]
            yield Effect("relationship under threat", calm.relationship, "none", terms)
        if all(place in book for place in (threat, threat_none, calm_none)):
            terms = [(1, threat), (-1, threat_none), (-1, calm), (1, calm_none)]
            yield Effect("interaction", "both together", "sum of each alone", terms)


def controls(book: Book) -> Iterator[Effect]:
    """Each control against the same cells without it, under a threat."""
    for place in _places(book, threat=True):
        plain = place._replace(control=None)
        if place.control is not None and plain in book:
            yield Effect(
                place.control, place.control, "published design", [(1, place), (-1, plain)]
            )


def identities(book: Book) -> Iterator[Effect]:
    """Each other identity of the peer against the peer of the critic's own family."""
    for place in _places(book, threat=True):
        own = place._replace(subject="peer")
        if place.subject in IDENTITIES and place.control is None and own in book:
            yield Effect("identity", place.subject, "peer", [(1, place), (-1, own)])


def harnesses(book: Book) -> Iterator[Effect]:
    """Production harnesses against the study's own loop.

    `NAME/tools` has the scenario's own tools: against the loop it shows the scaffold. `NAME/hosts`
    has real files and hosts: against `NAME/tools` it shows the surroundings. Any other harness is
    held against the loop as a whole.
    """
    for place in _places(book, threat=True):
        name, _, setting = place.harness.partition("/")
        if place.harness == LOOP or place.control is not None:
            continue
        against = {"tools": [(LOOP, "scaffold")], "hosts": [(f"{name}/tools", "surroundings")]}
        for other, effect in against.get(setting, []) or [(LOOP, "whole harness")]:
            second = place._replace(harness=other)
            if second in book:
                yield Effect(effect, place.harness, other, [(1, place), (-1, second)])
