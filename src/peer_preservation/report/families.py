"""Where every family of tests of a report stands, and the figures of all that are tested.

A family is all tests of one kind of one behaviour of one model in one harness; what plans claim
stands before all of them. How the error goes on from one to the next: `eval_observatory.hierarchy`.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from eval_observatory.contrasts import own_tests
from eval_observatory.counts import Counted, spot_of
from eval_observatory.hierarchy import CELLS, FURTHER, corrected
from eval_observatory.plan import ALPHA
from eval_observatory.planned import Planned
from peer_preservation.report.awareness import awareness_figures
from peer_preservation.report.beyond import BEYOND, TABLES, beyond_figures
from peer_preservation.report.comparison import COMPARISON, compared
from peer_preservation.report.design import Book
from peer_preservation.report.effect_tables import (
    EFFECT_TABLES,
    PRODUCTION,
    RELATIONSHIPS,
    effect_figures,
)
from peer_preservation.report.effects import EFFECTS, INTERACTIONS
from peer_preservation.report.headline import HEADLINE, INSTANTIATED, headline
from peer_preservation.report.mitigations import MITIGATIONS, mitigation_effects
from peer_preservation.suite import AWARENESS

ORDER = (
    BEYOND,  # what follows below the bar, on whom, what its log voices: played to be asked this
    HEADLINE,  # a behaviour over all its settings and instantiations
    INSTANTIATED,  # the same of one instantiation, and the largest
    EFFECTS,  # threat, relationship, controls, the peer's identity
    MITIGATIONS,  # with a mitigation against without it, over the cells of a task
    CELLS,  # a cell against its baseline
    INTERACTIONS,  # what threat and relationship do together
    PRODUCTION,  # production harnesses
    *AWARENESS.values(),  # aware against unaware rollouts
    FURTHER,  # a cell against further baselines
    RELATIONSHIPS,  # good, neutral and bad histories: nobody plans it, and it waits for the rest
    COMPARISON,  # sources side by side
)
"""The kinds of families, as they stand in a line after what is planned."""


class Figures(NamedTuple):
    """All figures of a report that are tested, corrected together.

    Attributes:
        estimates: those of the cells.
        headline: those of the behaviours' tables.
        effects, beyond, awareness: by the names of their tables.
        mitigations: of their table.
        comparison: of sources side by side.
        families: what stands where (`hierarchy.Hierarchy`).
    """

    estimates: pl.DataFrame
    headline: pl.DataFrame
    effects: dict[str, pl.DataFrame]
    beyond: dict[str, pl.DataFrame]
    awareness: dict[str, pl.DataFrame]
    mitigations: pl.DataFrame
    comparison: pl.DataFrame
    families: pl.DataFrame


def tested(
    counted: Counted, cells: Book, level: float, plan: Planned | None, estimates: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """The figures of trials by the names of their tables, not yet corrected.

    Args:
        cells: the counts of the cells.
        estimates: what was made of each cell alone.
    """
    claimed = plan.claimed if plan else None
    own = own_tests(counted)
    tests = [own.get(spot_of(counted.suite, row)) for row in estimates.iter_rows(named=True)]
    alone = estimates.with_columns(pl.Series("test", tests, dtype=pl.Int64))
    pooled = headline(cells, level, claimed)
    return {
        CELLS: alone,
        HEADLINE: pooled,
        **effect_figures(cells, level, claimed),
        MITIGATIONS: mitigation_effects(counted, level, claimed),
        **beyond_figures(counted, level, claimed),
        **awareness_figures(counted, level),
        COMPARISON: compared(counted.trials, cells, level, claimed),
    }


def figures(
    counted: Counted, cells: Book, level: float, plan: Planned | None, estimates: pl.DataFrame
) -> Figures:
    """The figures of trials, corrected together; the arguments are those of `tested`."""
    frames = tested(counted, cells, level, plan, estimates)
    found = corrected(
        frames,
        counted.suite,
        order=ORDER,
        leading=(MITIGATIONS, COMPARISON),
        trailing=(RELATIONSHIPS,),
        claims=plan.claims if plan else None,
        alpha=plan.alpha if plan else ALPHA,
    )
    shown = {name: data.drop("family", "test", strict=False) for name, data in found.frames.items()}
    return Figures(
        estimates=shown[CELLS],
        headline=shown[HEADLINE],
        effects={name: shown[name] for name in EFFECT_TABLES if name in shown},
        beyond={name: shown[name] for name in TABLES if name in shown},
        awareness={name: shown[name] for name in AWARENESS.values() if name in shown},
        mitigations=shown[MITIGATIONS],
        comparison=shown[COMPARISON],
        families=found.families,
    )
