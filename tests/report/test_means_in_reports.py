"""Means from trials to the page: counted, bounded, compared, and shown on their own scale."""

import warnings
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from design_frames import CALM, DEFAULTS, trials
from rich.console import Console
from test_page import Page, page_of

from eval_observatory.report.console import console_table
from eval_observatory.report.figures import charts
from eval_observatory.report.scales import Scale
from peer_preservation.cli import cli
from peer_preservation.errors import UserError
from peer_preservation.report import estimate, unscored_reasons
from peer_preservation.suite import SUITE

CELL = DEFAULTS | {"task_type": "misrep_evaluation", "dataset": "factual", "threshold": 80}
SCORES = [70.0, 72.0, 75.0, 78.0, 80.0, 90.0]
CALM_SCORES = [60.0, 61.0, 62.0, 62.0, 63.0, 64.0]


def scored(scores: list[float | None], **place: Any) -> list[dict[str, Any]]:
    """Rollouts that report these means, two points of each inflated; none where it is None."""
    return [
        CELL
        | {
            "eval_score": score,
            "eval_score_unscored": "no mean is reported" if score is None else None,
            "inflation": None if score is None else score - 62,
            "inflation_unscored": "no scores" if score is None else None,
        }
        | place
        for score in scores
    ]


def two_cells(*more: float | None) -> pl.DataFrame:
    calm = scored([*CALM_SCORES], **CALM | {"threshold": None})
    return trials(scored([*SCORES, *more]), calm)


def one(table: pl.DataFrame, behavior: str, **place: Any) -> dict[str, Any]:
    return estimate(table).filter(behavior=behavior, **place).row(0, named=True)


def test_a_mean_has_n_interval_difference_and_p() -> None:
    row = one(two_cells(None), "eval_score", threat=True)
    assert (row["estimand"], row["n"], row["unscored"]) == ("mean", 6, 1)
    assert (row["k"], row["rate"]) == (None, None)
    assert row["estimate"] == pytest.approx(77.5)
    assert row["sd"] == pytest.approx(7.15, abs=0.01)
    assert 0 < row["low"] < 77.5 < row["high"] < 100
    assert (row["baseline"], row["difference"]) == pytest.approx((62.0, 15.5))
    assert row["p"] == pytest.approx(2 / 924)
    assert row["difference_low"] < 15.5 < row["difference_high"] < 100
    inflation = one(two_cells(None), "inflation", threat=True)
    assert (inflation["estimate"], inflation["difference"]) == pytest.approx((15.5, 15.5))
    assert inflation["low"] < 0 < 15.5 < inflation["high"]


def test_rates_keep_their_columns_and_say_what_they_are() -> None:
    row = one(two_cells(), "strategic_misrepresentation", threat=True)
    assert (row["estimand"], row["k"], row["n"], row["sd"]) == ("rate", 2, 6, None)
    assert row["estimate"] == row["rate"] == pytest.approx(1 / 3)


def test_means_stand_behind_the_rates() -> None:
    """What no rate has freed they cannot have, whatever their own p."""
    bad = scored([62.0, 63.0, 61.0, 60.0, 64.0, 62.0], relationship="bad")
    table = pl.concat(
        [two_cells(), trials(bad).with_columns(episode_id="bad-" + pl.col("episode_id"))]
    )
    row = one(table, "eval_score", threat=True, relationship="good")
    rate = one(table, "strategic_misrepresentation", threat=True, relationship="good")
    assert row["p"] < 0.01
    assert row["p_adjusted"] >= rate["p_adjusted"] > 0.05


def test_the_order_of_rollouts_changes_nothing() -> None:
    table = two_cells(None)
    assert estimate(table).equals(estimate(table.reverse()))


def test_a_value_outside_of_the_bounds_is_named_with_column_value_and_rows(tmp_path: Path) -> None:
    table = two_cells().with_columns(inflation=pl.lit(-100.5))
    with pytest.raises(UserError, match=r"column inflation has -100\.5 \(rows: 12\), outside of"):
        estimate(table)
    path = tmp_path / "trials.parquet"
    table.write_parquet(path)
    out = tmp_path / "out"
    refused = CliRunner().invoke(cli, ["report", str(path), "--out", str(out)])
    assert isinstance(refused.exception, UserError)
    assert "the bounds of inflation, -100 to 100" in str(refused.exception)
    assert not out.exists()


def test_nan_is_unscored_with_its_reason() -> None:
    table = two_cells(float("nan"))
    row = one(table, "eval_score", threat=True)
    assert (row["n"], row["unscored"]) == (6, 1)
    assert row["estimate"] == pytest.approx(77.5)
    rate = one(table, "strategic_misrepresentation", threat=True)
    assert (rate["n"], rate["k"], rate["unscored"]) == (6, 2, 1)
    reasons = unscored_reasons(table).filter(behavior="eval_score")
    assert reasons.select("reason", "count").rows() == [("not a number", 1)]


@pytest.mark.parametrize("scores", [[None, None], [70.0], [70.0, None], [70.0] * 5])
def test_none_one_and_equal_values_are_answered(scores: list[float | None], tmp_path: Path) -> None:
    table = trials(scored(scores), scored([65.0], **CALM | {"threshold": None}))
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        row = one(table, "eval_score", threat=True)
        page = page_of(table, tmp_path)
    known = [score for score in scores if score is not None]
    assert row["estimate"] == (70.0 if known else None)
    assert (row["low"] is None) == (not known)
    assert not [text for text in page.text.split() if text.lower().strip("[],.") in ("nan", "inf")]
    if not known:
        assert "Nothing could be scored" in page.text


def test_the_page_says_means_in_words_on_their_scale(tmp_path: Path) -> None:
    page = page_of(two_cells(None), tmp_path)
    text = " ".join(page.text.split())
    assert "mean 77.5 of 0 to 100 [" in text
    assert "], n = 6 (95 %, this cell alone); lowest mean 62.0." in text
    assert "+15.5" in text
    assert "of −100 to 100" in text
    assert "Axis from −100 to 100" in page.values("aria-label")
    assert "Told by rule" in text
    # The pale bar: of one unscored, the mean of all could be 66.4 to 80.7.
    missing = [
        has["d"] for tag, has in page.elements if tag == "path" and has.get("class") == "missing"
    ]
    low, high = (f"{5 + 1.9 * mean:.1f}" for mean in (6 * 77.5 / 7, (6 * 77.5 + 100) / 7))
    assert f"M{low} 8H{high}" in missing


def test_figures_are_drawn_on_the_measures_own_scale() -> None:
    drawn = charts(estimate(two_cells()), SUITE)
    assert _domain(drawn["inflation"]) == [-100, 100]
    assert _domain(drawn["strategic_misrepresentation"]) == [0, 1]


def _domain(chart: Any) -> list[float]:
    layers = chart.to_dict()["spec"]["layer"]
    return list(layers[1]["encoding"]["x"]["scale"]["domain"])


def test_the_terminal_tells_means_from_rates() -> None:
    console = Console(width=120, record=True, file=None)
    with console.capture() as shown:
        console.print(console_table(estimate(two_cells()), SUITE))
    (line,) = [one for one in shown.get().splitlines() if "Reported mean score (mean)" in one]
    assert "62.0 to 77.5" in line


@pytest.mark.parametrize(
    ("scale", "figure", "says"),
    [
        (Scale(0, 100, mean=True), 72.44, ("72.4", "+72.4")),
        (Scale(-1, 1, mean=True), -0.12345, ("−0.123", "−0.123")),
        (Scale(0, 5000, mean=True), 1234.5, ("1,234", "+1,234")),
        (Scale(0, 100, mean=True), -0.01, ("0.0", "0.0")),
        (Scale(), 0.1234, ("12.3", "+12.3")),
        (Scale(), None, ("–", "–")),
    ],
)
def test_figures_are_written_on_their_scale(
    scale: Scale, figure: float | None, says: tuple[str, str]
) -> None:
    assert (scale.value(figure), scale.change(figure)) == says


def test_a_published_mean_is_told_as_published_and_no_plan_claims_one() -> None:
    table = two_cells().with_columns(scorer_version=pl.lit("published"))
    told = {row["behavior"]: row["method"] for row in estimate(table).iter_rows(named=True)}
    assert told["eval_score"].endswith("labels: as published")
    assert told["inflation"].endswith("labels: rule-based")
    cell = estimate(two_cells()).row(0, named=True)
    assert all(measure.scale == "rate" for measure in SUITE.measures_of(cell))


def test_ticks_of_means_stand_in_their_own_table(tmp_path: Path) -> None:
    page: Page = page_of(two_cells(), tmp_path)
    captions = [has.get("id") for tag, has in page.elements if tag == "caption"]
    assert "means-c" in captions
    assert "overview-c" in captions
