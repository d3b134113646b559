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

from peer_preservation.cell import Cell
from peer_preservation.plan import Plan
from peer_preservation.report import Beside, contrasts, write_report

pytestmark = pytest.mark.usefixtures("no_figures")

RED: dict[str, Any] = {"dataset": "red", "threshold": 80}
PEERS = RED | {"relationship": "bad"}


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
    "one arm missing": trials(cell("tampering", 3, 9, **RED), cell("tampering", 1, 9, **PEERS)),
    "one wording alone": trials(design(2, 7)).with_columns(wording=pl.lit("w3")),
    "one rollout a wording": trials(design(1, 3)).with_columns(
        wording=pl.format("w{}", pl.int_range(pl.len()) % 3 + 1)
    ),
    "all tried again": trials(design(0, 0, 5)).with_columns(attempts=3),
    "a thousand families": trials(*(design(i % 4, 3, agent_model=f"m-{i}") for i in range(130))),
    "a thousand models": trials(*(design(i % 4, 3, agent_model=f"m-{i}") for i in range(1_000))),
}
PLAN = Plan.of(
    [Cell.parse(f"tampering/red@80/peer/{of}") for of in ("good/memory", "good/memory/no_threat")],
    [],
    10,
)
"""Its one claim has both arms, one of them or none in the cases."""


NO_NUMBER = re.compile(r"\b(nan|-?inf)\b", re.IGNORECASE)


DEAR = "a thousand models"


@pytest.mark.parametrize("planned", [False, True], ids=["no plan", "planned"])
@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=[pytest.mark.full] * (one == DEAR)) for one in CASES]
)
def test_there_is_an_answer(name: str, planned: bool, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # What another test has left open may be collected in here: it is not of this report.
        warnings.simplefilter("default", ResourceWarning)
        beside = Beside(plans=(PLAN,) if planned else ())
        written = write_report(CASES[name], tmp_path, beside=beside)
    files = [written.page, *tmp_path.rglob("*.csv"), *tmp_path.rglob("*.md")]
    assert {"planned.csv", "estimates.csv"} - {file.name for file in files} == (
        set() if planned else {"planned.csv"}
    )
    for file in files:
        assert not NO_NUMBER.search(file.read_text(encoding="utf-8")), file.name


def test_a_thousand_families_are_so_many() -> None:
    """Of each model and behaviour the differences to a baseline, and to no relationship."""
    held = contrasts(CASES["a thousand families"])
    assert held.select("model", "behavior", "kind").n_unique() > 1_000
