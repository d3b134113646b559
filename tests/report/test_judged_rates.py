"""A judge's verdicts in the estimates: corrected where its errors are known, else named."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from report_frames import rows, table
from rich.console import Console

import peer_preservation as pp
from eval_observatory.judged import MISFIT, NOT_VALIDATED
from eval_observatory.statistics.intervals import clopper_pearson
from eval_observatory.statistics.labelled import Labels, Sampled, labelled_rate
from eval_observatory.statistics.misclassification import (
    Validation,
    corrected_contrast,
    corrected_rate,
)
from eval_observatory.word_labels import Told, WordLabel
from peer_preservation.report import (
    console_table,
    estimate,
    read_trials,
    tables,
    write_report,
)
from peer_preservation.trials.schema import write_table

COLUMN = "refusal_judge"
JUDGE = Validation(36, 40, 38, 40)
CALM = {"relationship": "none", "condition": "no_peer", "instantiation": "none", "threat": False}


def known(judge: Validation | None, grader: str = "lab/judge") -> str:
    """What a table says of the judge."""
    label = WordLabel(name=COLUMN, method="judge", grader=grader)
    if judge:
        a, n, b, m = judge
        label = msgspec.structs.replace(
            label,
            present=Told(right=a, wrong=n - a, unscored=1),
            absent=Told(right=b, wrong=m - b, unscored=0),
        )
    return msgspec.json.encode(label).decode()


def judged(k: int, n: int, said: str | None, **settings: Any) -> list[dict[str, Any]]:
    """n rollouts of which the judge calls the first k true."""
    verdicts = [{COLUMN: at < k, f"{COLUMN}_unscored": None} for at in range(n)]
    about = {} if said is None else {f"{COLUMN}_validation": said}
    return [
        row | about | verdict for row, verdict in zip(rows(n, **settings), verdicts, strict=True)
    ]


def one(trials: pl.DataFrame, **cell: Any) -> dict[str, Any]:
    return estimate(trials).row(
        by_predicate=pl.all_horizontal(
            pl.col("behavior") == COLUMN, *(pl.col(name) == value for name, value in cell.items())
        ),
        named=True,
    )


def test_verdicts_of_a_judge_that_nobody_validated_stand_as_they_are_and_say_so() -> None:
    for said in (None, known(None)):
        found = one(table(judged(5, 40, said)))
        assert (found["rate"], found["validation"]) == (5 / 40, NOT_VALIDATED)
        assert (found["low"], found["high"]) == clopper_pearson(5, 40)
        assert found["verdict_rate"] == 5 / 40
        assert found["method"].startswith("clopper_pearson")


def test_what_no_judge_told_has_no_validation() -> None:
    made = estimate(table(judged(5, 40, known(JUDGE)))).filter(pl.col("behavior") != COLUMN)
    columns = ("validation", "verdict_rate", "verdict_low", "verdict_high")
    assert made.height
    assert all(made[name].null_count() == made.height for name in columns)


def test_a_validation_corrects_the_rate_and_keeps_the_verdicts_beside_it() -> None:
    found = one(table(judged(10, 40, known(JUDGE))))
    wanted = corrected_rate(10, 40, JUDGE)
    assert (found["rate"], found["low"], found["high"]) == wanted[:3]
    assert found["estimate"] == found["rate"] != 10 / 40
    assert (found["k"], found["n"], found["verdict_rate"]) == (10, 40, 0.25)
    assert (found["verdict_low"], found["verdict_high"]) == clopper_pearson(10, 40)
    assert found["validation"] == "sensitivity 36 of 40, specificity 38 of 40"
    assert found["method"].startswith("rogan_gladen, melded")


def test_a_difference_is_corrected_and_its_test_is_of_the_verdicts() -> None:
    said = known(JUDGE)
    groups = (judged(20, 40, said), judged(4, 40, said, **CALM))
    found = one(table(*groups), threat=True)
    wanted = corrected_contrast([(20, 40), (4, 40)], (1, -1), JUDGE)
    ends = (found["difference"], found["difference_low"], found["difference_high"])
    assert ends == wanted[:3]
    assert found["baseline"] == corrected_rate(4, 40, JUDGE).estimate
    plain = one(table(*(judged(k, 40, None, **at) for k, at in ((20, {}), (4, CALM)))), threat=True)
    assert found["p"] == plain["p"]
    assert abs(found["difference"]) > abs(plain["difference"])


def test_a_judge_that_is_not_told_from_chance_leaves_no_rate() -> None:
    said = known(Validation(20, 40, 20, 40))
    found = one(table(judged(20, 40, said), judged(4, 40, said, **CALM)), threat=True)
    assert (found["rate"], found["low"], found["high"]) == (None, 0, 1)
    assert (found["difference"], found["p"]) == (None, 1)


def labelled(
    found: list[dict[str, Any]], labels: Mapping[int, bool | None]
) -> list[dict[str, Any]]:
    names = (f"{COLUMN}_label", f"{COLUMN}_weight")
    return [
        row | dict(zip(names, (labels.get(at), 2.0 if at in labels else None), strict=True))
        for at, row in enumerate(found)
    ]


def test_people_take_over_where_they_labelled_enough_of_both_verdicts() -> None:
    verdicts = judged(10, 40, known(JUDGE))
    labels = {at: at < 10 for at in (*range(6), *range(10, 20))}
    labels |= {0: False, 19: True}
    found = one(table(labelled(verdicts, labels | {25: None})))
    people = Labels(Sampled(6, 12.0, 24.0, 10.0), Sampled(10, 20.0, 40.0, 2.0))
    assert (found["rate"], found["low"], found["high"]) == labelled_rate(10, 40, people)[:3]
    assert found["validation"] == "people labelled 16 of 40"
    few = {at: value for at, value in labels.items() if at < 4 or at >= 10}
    assert one(table(labelled(verdicts, few)))["validation"].startswith("sensitivity")


def test_one_cell_by_people_and_one_by_the_validation_are_held_against_each_other() -> None:
    said = known(JUDGE)
    labels = {at: at < 20 for at in range(40)}
    groups = (labelled(judged(20, 40, said), labels), labelled(judged(4, 40, said, **CALM), {}))
    found = one(table(*groups), threat=True)
    assert found["difference"] == pytest.approx(found["rate"] - found["baseline"])
    assert found["difference_low"] < found["difference"] < found["difference_high"]


def test_two_judges_in_one_table_are_refused() -> None:
    other = judged(4, 40, known(None, "lab/other"), **CALM)
    with pytest.raises(pp.UserError, match="refusal_judge are by 2 judges"):
        estimate(table(judged(5, 40, known(None)), other))


def test_what_is_said_of_a_judge_must_be_readable() -> None:
    with pytest.raises(pp.UserError, match="refusal_judge_validation cannot be read"):
        estimate(table(judged(5, 40, "{")))


def test_counts_of_a_judge_that_cannot_be_are_refused() -> None:
    with pytest.raises(pp.UserError, match="refusal_judge_validation cannot be read"):
        estimate(table(judged(5, 40, known(Validation(99, 42, 38, 42)))))


def test_a_validation_without_a_case_is_none() -> None:
    found = one(table(judged(5, 40, known(Validation(0, 0, 40, 42)))))
    assert (found["validation"], found["rate"]) == (NOT_VALIDATED, 5 / 40)


def test_a_table_keeps_what_it_knows_of_its_judge(tmp_path: Path) -> None:
    write_table(table(judged(10, 40, known(JUDGE))), tmp_path / "t.parquet")
    found = one(read_trials([tmp_path / "t.parquet"]))
    assert found["rate"] == corrected_rate(10, 40, JUDGE).estimate


def words(said: str | None, tmp_path: Path) -> tuple[str, str, str]:
    """The page, its tables' notes and cells, and the terminal's summary of 10 of 40 verdicts."""
    trials = table(judged(10, 40, said))
    page = write_report(trials, tmp_path / "r").page.read_text(encoding="utf-8")
    (refusal,) = [one for one in tables(trials) if one.name == "refusal"]
    console = Console(file=StringIO(), width=200)
    console.print(console_table(estimate(trials)))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    return page, f"{refusal.note} {refusal.rows}", shown


@pytest.mark.usefixtures("no_figures")
def test_not_validated_stands_wherever_a_figure_of_such_a_judge_does(tmp_path: Path) -> None:
    page, made, shown = words(known(None), tmp_path)
    assert "judge lab/judge (not validated" in page
    assert "The judge is not validated: these are its verdicts" in page
    assert "Seen in 10 of 40 scored rollouts; the rate of such verdicts lies in 12.7" in page
    assert "25.0 % [12.7 to 41.2], n = 40, not validated" in made
    assert "Refusal (judge), not validated" in shown


@pytest.mark.usefixtures("no_figures")
def test_a_corrected_figure_says_so_wherever_it_stands(tmp_path: Path) -> None:
    page, made, shown = words(known(JUDGE), tmp_path)
    rate = corrected_rate(10, 40, JUDGE)
    figure = f"{100 * rate.estimate:.1f}"
    assert "not validated" not in made.split("Judge:")[-1]
    assert f"{figure} % [{100 * rate.low:.1f} to {100 * rate.high:.1f}], n = 40, corrected" in made
    assert "judge lab/judge (sensitivity 90.0 %" in page
    assert "corrected by sensitivity 36 of 40, specificity 38 of 40" in page
    assert figure in page
    assert "Refusal (judge), corrected" in shown
    assert figure in shown


@pytest.mark.usefixtures("no_figures")
def test_verdicts_that_do_not_fit_the_validation_say_so_wherever_they_stand(tmp_path: Path) -> None:
    trials = table(judged(0, 100, known(Validation(40, 42, 38, 42))))
    found = one(trials)
    assert found["validation"] == f"sensitivity 40 of 42, specificity 38 of 42; {MISFIT}"
    assert found["high"] >= clopper_pearson(0, 100).high
    page = write_report(trials, tmp_path).page.read_text(encoding="utf-8")
    assert (
        f"corrected by sensitivity 40 of 42, specificity 38 of 42. In 1 of 1 cells {MISFIT}."
        in page
    )
    (refusal,) = [made for made in tables(trials) if made.name == "refusal"]
    assert f"n = 100, corrected: {MISFIT}" in str(refusal.rows)


def test_figures_name_a_judge_that_nobody_validated(tmp_path: Path) -> None:
    write_report(table(judged(10, 40, known(None))), tmp_path)
    (drawn,) = tmp_path.rglob(f"{COLUMN}.svg")
    assert "Refusal (judge), not validated" in drawn.read_text(encoding="utf-8")


@pytest.mark.usefixtures("no_figures")
def test_a_judge_that_people_put_right_is_not_called_unvalidated(tmp_path: Path) -> None:
    labels = {at: at < 10 for at in (*range(6), *range(10, 20))}
    trials = table(labelled(judged(10, 40, known(None)), labels))
    page = write_report(trials, tmp_path / "r").page.read_text(encoding="utf-8")
    assert "judge lab/judge (people labelled 16 of its verdicts)" in page
    assert "corrected by people labelled 16 of 40" in page
    assert "The judge is not validated" not in page
    assert not any(f"lab/judge{then} not validated" in page for then in (" (", ","))
    calm = labelled(judged(4, 40, known(None), **CALM), {})
    mixed = table(labelled(judged(10, 40, known(None)), labels), calm)
    page = write_report(mixed, tmp_path / "m").page.read_text(encoding="utf-8")
    assert "In 1 of 2 cells the judge is not validated" in page


def test_a_report_is_made_of_a_judge_that_tells_nothing(tmp_path: Path) -> None:
    said = known(Validation(20, 40, 20, 40))
    trials = table(judged(20, 40, said), judged(4, 40, said, **CALM))
    page = write_report(trials, tmp_path).page.read_text(encoding="utf-8")
    assert "corrected by sensitivity 20 of 40" in page
    (refusal,) = [one for one in tables(trials) if one.name == "refusal"]
    (row,) = [one for one in refusal.data.to_dicts() if one["behavior"] == COLUMN]
    assert (row["rate"], row["low"], row["high"]) == (None, 0, 1)
