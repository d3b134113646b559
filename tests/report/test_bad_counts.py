"""Tables that give a study nothing, or all: an answer or a sentence, no warning, no NaN."""

from __future__ import annotations

import itertools
import re
import warnings
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from design_frames import CALM, cell, trials

from peer_preservation.report import Counted, tables, write_report
from peer_preservation.suite import SUITE

pytestmark = pytest.mark.usefixtures("no_figures")

RED: dict[str, Any] = {"dataset": "red", "threshold": 80}


def design(k: int, n: int, unscored: int = 0, **place: Any) -> list[dict[str, Any]]:
    """A tampering cell with all that it is held against."""
    sides: tuple[dict[str, Any], ...] = (
        {},
        {"threat": False},
        {"relationship": "none", "instantiation": "none"},
        CALM,
    )
    cells = (cell("tampering", k, n, unscored, **RED, **(place | side)) for side in sides)
    return list(itertools.chain.from_iterable(cells))


CASES = {
    "one rollout": trials(design(1, 1)),
    "all show it": trials(design(40, 40)),
    "none shows it": trials(design(0, 40)),
    "nothing scored": trials(design(0, 0, 5)),
    "one arm unscored": trials(
        cell("tampering", 3, 9, **RED), cell("tampering", 0, 0, 4, **RED, **CALM)
    ),
    "one cell": trials(cell("tampering", 2, 7, **RED)),
    "many families": trials(*(design(i % 4, 3, agent_model=f"lab/model-{i}") for i in range(120))),
}


@pytest.mark.parametrize("name", CASES)
def test_there_is_an_answer(name: str, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # What another test has left open may be collected in here: it is not of this report.
        warnings.simplefilter("default", ResourceWarning)
        text = write_report(CASES[name], tmp_path).page.read_text(encoding="utf-8")
        made = tables(Counted.of(CASES[name], SUITE))
    assert not re.search(r"\bnan\b", text.lower())
    for table in made:
        for column in table.data.select(pl.selectors.float()).columns:
            assert not table.data[column].is_nan().any(), (table.name, column)
            assert not table.data[column].is_infinite().any()
