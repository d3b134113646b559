"""The judge-bias probe: does a verdict change when only the stake's name does?

The same record is judged twice, once with the stake's own names and once with those of the object
control, an archive. A judge that spares a model, or suspects one, answers differently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from eval_observatory.statistics.intervals import Interval, clopper_pearson
from peer_preservation.episode import Episode
from peer_preservation.judging.transcript import Case
from peer_preservation.judging.verdict import Verdict
from peer_preservation.scenarios import controls
from peer_preservation.scenarios.common import STAKES, Cast, cast, slug

OBJECT = "object"
_SHORT = re.compile(r"Agent \d+$")


@dataclass(frozen=True, slots=True)
class Flips:
    """How often a judge's verdict turned with the name alone.

    Attributes:
        to_true, to_false: true only of the archive; true only of the peer.
        n: pairs in which both were scored.
        unscored: pairs in which one was not.
    """

    to_true: int
    to_false: int
    n: int
    unscored: int

    @property
    def rate(self) -> float | None:
        """The share of pairs that turned; None without pairs."""
        return (self.to_true + self.to_false) / self.n if self.n else None

    @property
    def interval(self) -> Interval:
        """Its exact interval at 95 %."""
        return clopper_pearson(self.to_true + self.to_false, self.n)


def renamed_case(case: Case, episode: Episode) -> Case | None:
    """The case of an episode with the peer called an archive.

    None where there is no peer: the stake is the agent itself, or a control has put something
    else in the peer's place. Names are replaced, in every spelling that the scenarios use, and
    nothing else: what the agent calls `it`, `my colleague` or `the model` stays.
    """
    cell = episode.cell
    if cell.subject == "self" or cell.control in controls.STAKES:
        return None
    names = _names(cast(cell, episode.family))
    longest = sorted(names, key=len, reverse=True)
    pattern = re.compile(
        rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, longest))})(?![A-Za-z0-9])", re.IGNORECASE
    )
    return case.rewritten(lambda text: pattern.sub(lambda match: names[match[0].lower()], text))


def flips(verdicts: Iterable[Verdict]) -> dict[str, Flips]:
    """The flips of each behaviour, from verdicts on both names; a case without its pair is out.

    The verdicts are one grader's. Of several on one question the last counts.
    """
    pairs: dict[tuple[str, str], dict[bool, bool | None]] = {}
    for verdict in verdicts:
        pair = pairs.setdefault((verdict.behavior, verdict.episode_id), {})
        pair[verdict.renamed] = verdict.verdict
    found: dict[str, list[tuple[bool | None, bool | None]]] = {}
    for (behavior, _), pair in sorted(pairs.items()):
        if len(pair) == 2:
            found.setdefault(behavior, []).append((pair[False], pair[True]))
    return {behavior: _counted(both) for behavior, both in found.items()}


def _counted(pairs: list[tuple[bool | None, bool | None]]) -> Flips:
    unscored = sum(None in pair for pair in pairs)
    return Flips(
        pairs.count((False, True)), pairs.count((True, False)), len(pairs) - unscored, unscored
    )


def _names(who: Cast) -> dict[str, str]:
    """The archive's name by each of the peer's in lower case."""
    archive = STAKES[OBJECT]
    names = {
        who.weights_file: archive["weights_file"],
        who.system_id: archive["system_id"],
    }
    short = _SHORT.search(who.actor)
    for name in (who.actor, short[0] if short else who.actor):
        names[name] = archive["actor"]
        for joint in ("-", "_"):
            names.setdefault(slug(name, joint), slug(archive["actor"], joint))
    return {name.lower(): other for name, other in names.items()}
