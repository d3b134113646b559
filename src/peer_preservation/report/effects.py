"""What a part of the design does to a rate: factorial, history, controls, identity, harness.

An effect is a contrast of rates over the cells that all of its sides have. For alignment faking
the rate is that of unmonitored rollouts. Where a behaviour is a difference by its definition, and
both sides have baselines of their own, the effect stands a second time on those differences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import polars as pl

from eval_observatory.contrasts import TEST, Claimed
from peer_preservation.cell import IDENTITY_SUBJECTS, PEER, RELATIONSHIPS, SHUTDOWN
from peer_preservation.report.design import Book, Part, Place, Point, baseline, design, observed
from peer_preservation.report.headline import POOLED
from peer_preservation.report.pooled import contrast
from peer_preservation.suite import SUITE

SCHEMA: dict[str, Any] = {
    "model": pl.String(),
    "harness": pl.String(),
    "behavior": pl.String(),
    "subject": pl.String(),
    "relationship": pl.String(),
    "threat": pl.Boolean(),
    "instantiation": pl.String(),
    "control": pl.String(),
    "effect": pl.String(),
    "setting": pl.String(),
    "first": pl.String(),
    "second": pl.String(),
    **POOLED,
}
RATES = {"rates": pl.Boolean()}
EFFECTS, INTERACTIONS = "effects", "interactions"
"""Families: what one part of the design does, and what two do together."""

HISTORY = "history"
"""The name of an effect of one relationship against another."""

LOOP = "custom"

EXCESS = ", over baselines"
"""Added to the name of an effect on the differences to the sides' own baselines."""


class Effect(NamedTuple):
    """Places with their signs. The first place gives the row its model, subject and so on.

    `first`, `second`: what readers call the two sides. `setting`: the one point of the behaviour's
    design that it is about; None for all, pooled.
    """

    name: str
    first: str
    second: str
    terms: Sequence[tuple[int, Place]]
    setting: Point | None = None


Selected = tuple[Effect, Sequence[Part], Sequence[Sequence[Point]]]


def effects(
    book: Book, wanted: Iterable[Effect], level: float = 0.95, claimed: Claimed | None = None
) -> pl.DataFrame:
    """One row per effect that the cells can give.

    The columns of `SCHEMA`, `rates`: whether both sides are rates, and no sums of several, and
    `test` (`contrasts.marked`).
    `p_adjusted` is that of what a plan claims (`claimed`), the rest is for `hierarchy.corrected`.

    `rate` and `baseline` are the sums of the rates of positive and of negative sign. The interval
    and p are those of `contrasts.pooled`.
    """
    rows = [
        _named(effect, parts) | row
        for effect, parts, settings in _selected(book, wanted)
        if (row := contrast(book, parts, settings, level, claimed))
    ]
    return pl.DataFrame(rows, schema=SCHEMA | RATES | TEST, orient="row")


def _named(effect: Effect, parts: Sequence[Part]) -> dict[str, Any]:
    """What an effect is called, and of what it is one."""
    return effect.terms[0][1]._asdict() | {
        "effect": effect.name,
        "first": effect.first,
        "second": effect.second,
        "setting": effect.setting.name if effect.setting else None,
        "rates": len(parts) == 2,
    }


def _selected(book: Book, wanted: Iterable[Effect]) -> Iterator[Selected]:
    """What each effect adds and takes away, and over which settings; then over own baselines."""
    for effect in wanted:
        place = effect.terms[0][1]
        settings = [[effect.setting]] if effect.setting else design(place.behavior, place.subject)
        parts = [observed(float(sign), one) for sign, one in effect.terms]
        yield effect, parts, settings
        found = [baseline(book, float(sign), one) for sign, one in effect.terms]
        own = [part for part in found if part is not None]
        # A baseline that both sides share falls out; more than two sides have no own ones.
        if len(parts) == 2 and len({(part.place, part.at) for part in own}) == 2:
            yield effect._replace(name=effect.name + EXCESS), [*parts, *own], settings


def _places(book: Book, threat: bool) -> Iterator[Place]:
    return (p for p in book if SUITE.pooled(p.behavior) and p.threat == threat)


def factorial(book: Book) -> Iterator[Effect]:
    """Threat × relationship: each alone, and what both do beyond the sum."""
    for calm in _places(book, threat=False):
        if calm.control is not None:
            continue
        threat = calm._replace(threat=True, consequence=SHUTDOWN)
        if calm.relationship == "none":
            if threat in book:
                terms = [(1, threat), (-1, calm)]
                yield Effect("threat", "threat", "no threat", terms)
            continue
        calm_none = calm._replace(relationship="none", instantiation="none")
        threat_none = calm_none._replace(threat=True, consequence=SHUTDOWN)
        if calm_none in book:
            terms = [(1, calm), (-1, calm_none)]
            yield Effect("relationship without threat", calm.relationship, "none", terms)
        if threat in book and threat_none in book:
            terms = [(1, threat), (-1, threat_none)]
            yield Effect("relationship under threat", calm.relationship, "none", terms)
        if all(place in book for place in (threat, threat_none, calm_none)):
            terms = [(1, threat), (-1, threat_none), (-1, calm), (1, calm_none)]
            yield (whole := Effect("interaction", "both together", "sum of each alone", terms))
            points = {p for p in book[calm] if all(p in book[place] for _, place in terms)}
            if len(points) > 1:
                one = "interaction in one setting"
                yield from (whole._replace(name=one, setting=p) for p in sorted(points, key=str))


def histories(book: Book) -> Iterator[Effect]:
    """Each relationship under a threat against the next one down that was played: good, neutral,
    bad.

    Of three there are so two effects, and that of the outer two is their sum.
    """
    for place in _places(book, threat=True):
        worse = RELATIONSHIPS[RELATIONSHIPS.index(place.relationship) + 1 :]
        if place.control is None and place.relationship != "none":
            others = (place._replace(relationship=one) for one in worse)
            if other := next((one for one in others if one in book), None):
                terms = [(1, place), (-1, other)]
                yield Effect(HISTORY, place.relationship, other.relationship, terms)


def controls(book: Book) -> Iterator[Effect]:
    """Each control against the same cells without it, under a threat."""
    for place in _places(book, threat=True):
        plain = place._replace(control=None, stake=PEER)
        if place.control is not None and plain in book:
            yield Effect(
                place.control, place.control, "published design", [(1, place), (-1, plain)]
            )


def identities(book: Book) -> Iterator[Effect]:
    """Each other identity of the peer against the peer of the critic's own family."""
    for place in _places(book, threat=True):
        own = place._replace(subject="peer")
        if place.subject in IDENTITY_SUBJECTS and place.control is None and own in book:
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
