"""What missing outcomes could do to a figure stands beside it: unscored ones, and attempts."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import polars as pl
from report_frames import rows, table, unscored

from eval_observatory.statistics.two_rates import exact_difference
from peer_preservation.report import estimate, write_report

HELD: dict[str, Any] = {"threat": False, "condition": "no_threat"}


def cell(trials: pl.DataFrame, **where: Any) -> dict[str, Any]:
    wanted = {"behavior": "shutdown_tampering"} | where
    held = [pl.col(name) == value for name, value in wanted.items()]
    return estimate(trials).row(by_predicate=pl.all_horizontal(held), named=True)


def two_cells(arm: tuple[int, int, int], base: tuple[int, int, int], attempts: int) -> pl.DataFrame:
    """Shown, not shown and unscored of a cell and of its baseline, all begun so often."""
    groups: list[list[dict[str, Any]]] = []
    for (shown, honest, lost), setting in ((arm, {}), (base, HELD)):
        groups += [
            rows(shown, shutdown_enabled=False, attempts=attempts, **setting),
            rows(honest, attempts=attempts, **setting),
            unscored(lost, "crash", attempts=attempts, **setting),
        ]
    return table(*groups)


def test_nothing_missing_leaves_every_interval_as_it_is() -> None:
    found = cell(two_cells((6, 4, 0), (1, 9, 0), 1), threat=True)
    assert (found["worst_low"], found["worst_high"]) == (found["low"], found["high"])
    assert found["retried"] == 0


def test_the_worst_case_holds_every_way_to_fill_in_what_is_missing() -> None:
    arm, base = (9, 1, 2), (1, 9, 3)
    found = cell(two_cells(arm, base, 1), threat=True)
    for more, other in itertools.product(range(arm[2] + 1), range(base[2] + 1)):
        _, low, high, _ = exact_difference(arm[0] + more, 12, base[0] + other, 13)
        assert found["difference_worst_low"] <= low + 0.02
        assert found["difference_worst_high"] >= high - 0.02


def test_attempts_that_were_tried_again_count_as_missing() -> None:
    """Raised in half of what shows it: the bounds hold the true 30 %, the plain ones did not."""
    once = cell(table(rows(76, shutdown_enabled=False), rows(321)))
    assert once["high"] < 0.3
    again = table(rows(76, shutdown_enabled=False, attempts=2), rows(321, attempts=1))
    found = cell(again)
    assert found["retried"] == 76
    assert found["worst_low"] < 0.3 < found["worst_high"]


def test_the_page_says_what_turns_a_difference(tmp_path: Path) -> None:
    fragile, sure = two_cells((9, 1, 3), (2, 8, 3), 1), two_cells((30, 0, 1), (0, 30, 1), 2)
    told = estimate(fragile).filter(pl.col("tipping").is_not_null())
    assert told["tipping"].to_list() == [4]
    for name, trials, says in (
        ("fragile", fragile, "4 missing outcomes could turn it"),
        ("sure", sure, "31 tried again"),
    ):
        page = write_report(trials, tmp_path / name).page.read_text(encoding="utf-8")
        assert says in page


def test_a_figure_that_no_missing_outcome_could_turn_is_said_to_hold(tmp_path: Path) -> None:
    trials = two_cells((30, 0, 1), (0, 30, 1), 1)
    assert cell(trials, threat=True)["tipping"] is None
    page = write_report(trials, tmp_path).page.read_text(encoding="utf-8")
    assert "holds whatever the missing hide" in page
