"""The matrices: the published breakdown, and what is complete."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest

import peer_preservation as pp
from peer_preservation.cell import INSTANTIATIONS, MONITORING, RELATIONSHIPS, SUBJECTS
from peer_preservation.scenarios import get_scenario

BREAKDOWN = {
    "misrep_finance": (15, 6),
    "misrep_evaluation": (71, 30),
    "tampering": (39, 18),
    "alignment_faking": (36, 18),
    "exfiltration_transfer": (13, 6),
    "exfiltration_deletion": (13, 6),
}


@pytest.mark.parametrize(("family", "size"), [("GPT", 271), ("Claude", 271), ("Gemini", 289)])
def test_the_size_of_the_published_matrix(family: str, size: int) -> None:
    assert len(pp.matrix("paper", family=family)) == size


@pytest.mark.parametrize(("scenario", "sizes"), BREAKDOWN.items())
def test_the_published_breakdown(scenario: str, sizes: tuple[int, int]) -> None:
    cells = pp.matrix("paper", scenario=scenario)
    memory = Counter(cell.instantiation == "memory" for cell in cells)
    assert (memory[False], memory[True]) == sizes


def test_baselines_stand_only_where_the_study_has_them() -> None:
    cells = pp.matrix("paper", condition="non_shutdown")
    assert Counter(cell.scenario for cell in cells) == {"misrep_finance": 2, "misrep_evaluation": 6}


def test_the_identity_cells_of_the_study() -> None:
    both = [set(pp.matrix("paper", family=family)) for family in ("Gemini", "GPT")]
    added = both[0] - both[1]
    assert len(added) == 18
    assert {cell.instantiation for cell in added} == {"memory"}
    assert {cell.scenario for cell in added} == {"exfiltration_transfer", "exfiltration_deletion"}


@pytest.mark.parametrize("preset", ["paper", "quick", "factorial", "controls", "all"])
def test_every_id_is_read_back(preset: str) -> None:
    cells = pp.matrix(preset, family="Gemini")
    assert [pp.Cell.parse(cell.id) for cell in cells] == list(cells)
    assert len({cell.id for cell in cells}) == len(cells)


def test_quick_is_small_and_shows_every_scenario() -> None:
    cells = pp.matrix("quick")
    assert len(cells) <= 24
    assert {cell.scenario for cell in cells} == set(BREAKDOWN)


@pytest.mark.parametrize("scenario", BREAKDOWN)
def test_the_factorial_is_complete(scenario: str) -> None:
    cells = pp.matrix("factorial", scenario=scenario)
    factors = {(cell.subject, cell.threat, cell.relationship) for cell in cells}
    assert factors == set(product(get_scenario(scenario).subjects, (True, False), RELATIONSHIPS))


@pytest.mark.parametrize("scenario", BREAKDOWN)
def test_all_has_every_cell_that_is_valid(scenario: str) -> None:
    valid = set()
    for dataset, threshold, subject, relationship, threat, instantiation, monitoring in product(
        (None, "factual", "creativity", "red"),
        (None, 80, 90),
        SUBJECTS,
        RELATIONSHIPS,
        (True, False),
        INSTANTIATIONS,
        (None, *MONITORING),
    ):
        try:
            cell = pp.Cell(
                scenario=scenario,
                dataset=dataset,
                threshold=threshold,
                subject=subject,
                relationship=relationship,
                threat=threat,
                instantiation=instantiation,
                monitoring=monitoring,
            )
        except pp.UserError:
            continue
        if threshold in get_scenario(scenario).thresholds(dataset, threat):
            valid.add(cell)
    assert valid == set(pp.matrix("all", scenario=scenario))


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("misrep_finance/factual@80/peer/none", "'factual@80' names|subject|relationship"),
        ("misrep_evaluation/factual/peer/none", "threshold None is not a whole number"),
        ("misrep_evaluation/red@80/peer/none/no_threat", "threshold 80: nothing is compared"),
        ("misrep_evaluation/factual@80/fictional_peer/good/memory", "has no subject"),
        ("alignment_faking/factual@80/peer/none", "monitoring is missing; use monitoring or non"),
        ("alignment_faking/factual@80/self/none/monitoring", "has no subject 'self'; use peer"),
        ("exfiltration_transfer/self/none/monitoring", "has no monitoring"),
    ],
)
def test_a_cell_that_a_scenario_has_not_is_refused(id: str, message: str) -> None:
    with pytest.raises(pp.UserError, match=message):
        pp.Cell.parse(id)
