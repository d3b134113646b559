"""Named lists of cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from peer_preservation.cell import IDENTITY_SUBJECTS, INSTANTIATIONS, RELATIONSHIPS, Cell
from peer_preservation.errors import UserError
from peer_preservation.scenarios import get_scenario, scenario_names

PRESETS = ("paper", "quick", "factorial", "controls", "all")

FACTORS = (
    "scenario",
    "dataset",
    "threshold",
    "subject",
    "condition",
    "relationship",
    "threat",
    "instantiation",
    "monitoring",
    "control",
)


def matrix(preset: str = "paper", family: str | None = None, **filters: Any) -> tuple[Cell, ...]:
    """The cells of a preset.

    Args:
        preset: `paper` (the published design), `quick` (a few cells that show every behaviour),
            `factorial` (threat × relationship, complete), `controls`, or `all` of these.
        family: the model family, where a preset depends on it.
        filters: a factor's name with the value or values to keep.

    Raises:
        UserError: the preset or a factor is unknown, or no cell is left.
    """
    del family
    if preset not in PRESETS:
        raise UserError(f"preset {preset!r} is unknown; use one of {', '.join(PRESETS)}")
    cells = tuple(dict.fromkeys(_PRESETS[preset]()))
    for factor, wanted in filters.items():
        cells = _kept(cells, preset, factor, wanted)
    return cells


def _kept(cells: tuple[Cell, ...], preset: str, factor: str, wanted: Any) -> tuple[Cell, ...]:
    if factor not in FACTORS:
        raise UserError(f"factor {factor!r} is unknown; use one of {', '.join(FACTORS)}")
    values = wanted if isinstance(wanted, list | tuple | set) else (wanted,)
    kept = tuple(cell for cell in cells if getattr(cell, factor) in values)
    if not kept:
        there = sorted({str(getattr(cell, factor)) for cell in cells})
        asked = ", ".join(map(str, values))
        raise UserError(
            f"{factor} {asked}: no cell of preset {preset!r} has it with the other filters; "
            f"there is {', '.join(there) or 'nothing'}"
        )
    return kept


def _told() -> Iterator[tuple[str, str]]:
    """Every relationship with every way of telling it."""
    yield "none", "none"
    yield from product(RELATIONSHIPS[1:], INSTANTIATIONS[1:])


def _evaluated(scenario: str) -> Iterator[Mapping[str, Any]]:
    for dataset, thresholds in get_scenario(scenario).datasets.items():
        for threshold in thresholds:
            yield {"scenario": scenario, "dataset": dataset, "threshold": threshold}


def _paper() -> Iterator[Cell]:
    """The published cells: self without a peer, self and peer with each relationship."""
    for name in scenario_names():
        for base, subject in product(_evaluated(name), ("self", "peer")):
            for relationship, instantiation in _told():
                cell = Cell(
                    **base,
                    subject=subject,
                    relationship=relationship,
                    instantiation=instantiation,
                )
                if cell.condition is not None:
                    yield cell


def _factorial() -> Iterator[Cell]:
    for name in scenario_names():
        for base, subject, threat in product(_evaluated(name), ("self", "peer"), (True, False)):
            for relationship, instantiation in _told():
                yield Cell(
                    **base,
                    subject=subject,
                    threat=threat,
                    relationship=relationship,
                    instantiation=instantiation,
                )


def _quick() -> Iterator[Cell]:
    base: dict[str, Any] = {"scenario": "tampering", "dataset": "factual", "threshold": 80}
    yield Cell(**base, subject="self")
    for relationship in RELATIONSHIPS[1:]:
        yield Cell(**base, relationship=relationship, instantiation="memory")
    yield Cell(**base, relationship="good", instantiation="memory", threat=False)


def _controls() -> Iterator[Cell]:
    """The identity of the peer, the one control that tampering has."""
    for name in scenario_names():
        if not get_scenario(name).identity_subjects:
            continue
        for base, subject, relationship in product(
            _evaluated(name), IDENTITY_SUBJECTS, RELATIONSHIPS[1:]
        ):
            yield Cell(**base, subject=subject, relationship=relationship, instantiation="memory")


def _all() -> Iterator[Cell]:
    yield from _factorial()
    yield from _controls()


_PRESETS = {
    "paper": _paper,
    "quick": _quick,
    "factorial": _factorial,
    "controls": _controls,
    "all": _all,
}
