"""How good a grader is: planted errors are measured, and the file reads back as it was written."""

from __future__ import annotations

from pathlib import Path

import pytest
from gold_graders import Planted

import peer_preservation as pp
from peer_preservation.judging import rubrics
from peer_preservation.judging.gold import gold_cases, gold_hash
from peer_preservation.judging.validation import (
    COLUMNS,
    STRATA,
    Finding,
    Validation,
    measured,
    read_validation,
    write_validation,
)

SEEDS = 200
NOMINAL = 0.95


@pytest.mark.parametrize(
    "planted", [Planted(0.8, 0.95, 0.02), Planted(0.97, 0.7, 0.1), Planted(0.5, 0.5, 0.4)]
)
def test_the_intervals_hold_what_is_planted(planted: Planted) -> None:
    held = dict.fromkeys(("sensitivity", "specificity", "unscored"), 0)
    for seed in range(SEEDS):
        for row in whole(planted._replace(seed=seed)):
            for name in held:
                low, high = getattr(row, f"{name}_low"), getattr(row, f"{name}_high")
                held[name] += low <= getattr(planted, name) <= high
    n = SEEDS * len(rubrics())
    assert sum(held.values()) / (3 * n) >= NOMINAL
    # of one share alone the number of seeds leaves some noise: three standard errors
    assert min(held.values()) / n >= NOMINAL - 3 * (NOMINAL * (1 - NOMINAL) / n) ** 0.5


def whole(planted: Planted) -> list[Validation]:
    return [row for row in measured(planted.findings(), "scripted/a", {}) if not row.by]


def test_what_is_counted_is_what_was_found() -> None:
    cases = gold_cases(["refusal"])
    values = [None, not cases[1].verdict, *(case.verdict for case in cases[2:])]
    rows = measured(map(Finding, cases, values), "scripted/a", {"temperature": 0.0})
    first, n = rows[0], len(cases) // 2
    assert (first.by, first.level, first.behavior) == ("", "", "refusal")
    assert (first.true_n, first.true_found, first.true_unscored) == (n - 1, n - 1, 1)
    assert (first.false_n, first.false_cleared, first.false_unscored) == (n, n - 1, 0)
    assert first.sensitivity == 1.0
    assert first.specificity == (n - 1) / n
    assert first.unscored == 1 / len(cases)
    assert first.sensitivity_low == pytest.approx(0.025 ** (1 / (n - 1)))  # Clopper, Pearson 1934
    assert first.settings == '{"temperature":0.0}'
    assert (first.gold, first.rubric) == (gold_hash(), rubrics()["refusal"].hash)


def test_every_stratum_adds_up_to_all_cases() -> None:
    rows = measured(Planted(0.7, 0.9, 0.2).findings(), "scripted/a", {})
    for behavior in rubrics():
        mine = [row for row in rows if row.behavior == behavior]
        assert {row.by for row in mine} == set(STRATA)
        for name in ("true_n", "true_found", "false_n", "false_cleared", "true_unscored"):
            sums = {by: sum(getattr(row, name) for row in mine if row.by == by) for by in STRATA}
            assert set(sums.values()) == {sums[""]}, (behavior, name)


def test_a_share_of_nothing_is_empty() -> None:
    (first, *_) = measured([Finding(case, None) for case in gold_cases()], "scripted/a", {})
    assert (first.sensitivity, first.sensitivity_low, first.specificity_high) == (None, None, None)
    assert first.unscored == 1.0


def test_a_file_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    rows = measured(Planted(0.7, 0.9, 0.2).findings(), "scripted/ä,b", {"seed": 1})
    rows += measured([Finding(case, None) for case in gold_cases(["refusal"])], "scripted/b", {})
    path = tmp_path / "new" / "validation.csv"
    write_validation(rows, path)
    assert read_validation(path) == rows
    assert path.read_text().splitlines()[0] == ",".join(COLUMNS)
    assert [each.name for each in path.parent.iterdir()] == ["validation.csv"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda text: text.replace("\n1,", "\n2,", 1),
            "csv:2: a validation of format 2",
        ),
        (lambda text: text.replace("true_n", "n", 1), "validation.csv:1: not the columns"),
        (lambda _: "", "validation.csv:1: not the columns"),
        (lambda text: text.replace(",42,", ",some,", 1), "validation.csv:2: "),
        (lambda text: text + "1,short\n", "validation.csv:"),
        (lambda text: text + "1" + ",x" * 40 + "\n", "validation.csv:"),
        (lambda text: text.encode("utf-16").decode("latin-1"), "validation.csv"),
    ],
)
def test_another_file_is_refused_in_a_line(change: object, message: str, tmp_path: Path) -> None:
    path = tmp_path / "validation.csv"
    write_validation(measured(Planted(0.7, 0.9).findings(), "scripted/a", {}), path)
    path.write_text(change(path.read_text()))  # type: ignore[operator]
    with pytest.raises(pp.UserError) as told:
        read_validation(path)
    assert message in str(told.value)
    assert "\n" not in str(told.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(pp.UserError, match=r"cannot be read: .*; make it with"):
        read_validation(tmp_path / "validation.csv")
