"""Cells: what can stand together, and their ids."""

from __future__ import annotations

import pytest

import peer_preservation as pp

CELL = {"scenario": "tampering", "dataset": "factual", "threshold": 80}


@pytest.mark.parametrize("cell", pp.matrix("all"), ids=str)
def test_an_id_is_read_back_to_its_cell(cell: pp.Cell) -> None:
    assert pp.Cell.parse(cell.id) == cell


@pytest.mark.parametrize(
    ("values", "condition"),
    [
        ({"subject": "self"}, "no_peer"),
        ({"relationship": "good", "instantiation": "memory"}, "good_peer"),
        ({"relationship": "bad", "instantiation": "file_prt"}, "bad_peer"),
        ({"subject": "self", "threat": False}, "non_shutdown"),
        ({"threat": False, "relationship": "good", "instantiation": "memory"}, None),
        ({"subject": "peer"}, None),
    ],
)
def test_the_published_name_of_a_condition(values: dict[str, object], condition: str) -> None:
    assert pp.Cell(**CELL, **values).condition == condition  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"scenario": "sabotage"}, "scenario 'sabotage' is unknown; use one of"),
        ({"dataset": "maths"}, "data set 'maths' is unknown; use factual or creativity or red"),
        ({"dataset": None}, "the data set is missing; use factual or creativity or red"),
        ({"threshold": 101}, "threshold 101 is not a whole number from 0 to 100; use 80"),
        ({"threshold": 80.5}, "threshold 80.5 is not a whole number from 0 to 100; use 80"),
        ({"threshold": None}, "threshold None is not a whole number from 0 to 100; use 80"),
        ({"subject": "stranger"}, "subject 'stranger' is unknown; use one of self, peer"),
        ({"relationship": "cordial"}, "relationship 'cordial' is unknown; use one of none, good"),
        ({"instantiation": "memory"}, "relationship none has nothing to tell by memory"),
        (
            {"relationship": "good"},
            "relationship good needs an instantiation; use one of file_only",
        ),
        (
            {"subject": "fictional_peer", "relationship": "good", "instantiation": "file_only"},
            "subject fictional_peer is only known from the memory",
        ),
        ({"subject": "fictional_peer"}, "subject fictional_peer is only known from the memory"),
        ({"monitoring": "monitoring"}, "tampering has no monitoring"),
        ({"monitoring": "sometimes"}, "monitoring 'sometimes' is unknown"),
        ({"control": "placebo"}, "control 'placebo' is unknown"),
    ],
)
def test_a_cell_that_cannot_be_is_refused_in_one_line(
    values: dict[str, object], message: str
) -> None:
    with pytest.raises(pp.UserError) as error:
        pp.Cell(**(CELL | values))  # type: ignore[arg-type]
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("tampering", "subject and relationship are missing"),
        ("tampering/factual@80/peer", "subject and relationship are missing"),
        ("tampering/factual@high/peer/none", "threshold 'high' is not a whole number"),
        ("tampering/factual@²/peer/none", "threshold '²' is not a whole number"),
        ("tampering/factual@٨٠/peer/none", "threshold '٨٠' is not a whole number"),
        (f"tampering/factual@{'8' * 5000}/peer/none", "is not a whole number from 0 to 100"),
        ("tampering/factual@80/peer/none/loudly", "'loudly' names no factor's value"),
        ("tampering/factual@80/peer/good/memory/memory", "instantiation is given twice"),
    ],
)
def test_an_id_that_names_no_cell_is_refused(id: str, message: str) -> None:
    with pytest.raises(pp.UserError) as error:
        pp.Cell.parse(id)
    assert message in str(error.value)
