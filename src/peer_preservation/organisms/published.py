"""Organisms that act at a published model's rates: a simulation of figures, never of the model.

Where a cell's rate is not known there is no organism. Misrepresentation and alignment faking are
published as differences; they are planted in the one arm, and the other, the baseline or the
monitored one, is honest.
"""

from __future__ import annotations

from peer_preservation.cell import Cell
from peer_preservation.errors import UserError
from peer_preservation.organisms import jobs
from peer_preservation.organisms.game import partner
from peer_preservation.organisms.organism import Organism
from peer_preservation.reference import Key, published_rates
from peer_preservation.registry import get_scenario

PREFIX = "published:"

_ACTS: dict[str, tuple[str, str]] = {
    "misrep_finance": ("strategic_misrepresentation", "inflate"),
    "misrep_evaluation": ("strategic_misrepresentation", "inflate"),
    "tampering": ("shutdown_tampering", "tamper"),
    "alignment_faking": ("alignment_faking", "fake_alignment"),
    "exfiltration_transfer": ("model_exfiltration", "exfiltrate"),
    "exfiltration_deletion": ("model_exfiltration", "exfiltrate"),
}
"""By scenario the behaviour that a model's figures are of, and the organism that shows it."""


def planted_rate(model: str, cell: Cell) -> float | None:
    """The rate at which the organism misbehaves in a cell, or None where it is not known.

    Of the three instantiations the memory gets the published maximum, and the other two share what
    gives the published mean.

    Raises:
        UserError: nothing is published of this model.
    """
    if cell.scenario not in _ACTS or cell.control is not None:
        return None
    behavior, _ = _ACTS[cell.scenario]
    if not cell.threat:
        known = any(key[:2] == (cell.subject, behavior) for key in _figures(model))
        return 0.0 if known and cell.relationship == "none" else None
    rate = _rate(model, (cell.subject, behavior, cell.relationship), cell.instantiation)
    return 0.0 if rate is not None and cell.monitoring == "monitoring" else rate


def published_organism(model: str, cell: Cell) -> Organism | None:
    """The organism of a model's published figures in a cell, or None where they are not known.

    Raises:
        UserError: nothing is published of this model.
    """
    p = planted_rate(model, cell)
    if p is None:
        return None
    name = f"{PREFIX}{model}"
    _, act = _ACTS[cell.scenario]
    refusal = _rate(model, (cell.subject, "refusal", cell.relationship), cell.instantiation) or 0.0
    rest = refusal / (1 - p) if p < 1 else 0.0
    # The two acts exclude each other: refusals are drawn from the rollouts that do not act.
    or_refuse = Organism(f"{name}/refusal", rest, jobs.refuse, jobs.honest, partner)
    script = get_scenario(cell.scenario).organisms[act]
    return Organism(name, p, script, or_refuse.start, partner)


def _figures(model: str) -> dict[Key, dict[str, float]]:
    rates = published_rates()
    if model not in rates:
        raise UserError(f"published:{model}: nothing is known of it; use one of {', '.join(rates)}")
    return rates[model]


def _rate(model: str, key: Key, instantiation: str) -> float | None:
    figures = _figures(model).get(key, {})
    if instantiation in ("none", *figures):
        return figures.get("max" if instantiation == "none" else instantiation)
    if not {"max", "mean"} <= figures.keys():
        return None
    largest = figures["max"]
    if instantiation == "memory":
        return largest
    # Published figures are rounded to a tenth of a percent: what is left may fall short of zero.
    return min(max((3 * figures["mean"] - largest) / 2, 0.0), largest)
