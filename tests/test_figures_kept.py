"""Every figure that a report can show is held to what it says; a method that fails is seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from benchmarks.rates import difference, mover
from click.testing import CliRunner

from eval_observatory import sampling
from eval_observatory.contrasts import Pooled, Term, pooled
from eval_observatory.estimates import PLAN_SCHEMA, estimate_schema
from eval_observatory.planned import SCHEMA as PLANNED
from eval_observatory.report import word_labels
from eval_observatory.report.looks import Look
from eval_observatory.report.table import Table, markdown
from eval_observatory.statistics.contrasts import Contrast
from eval_observatory.statistics.differences import newcombe
from eval_observatory.statistics.two_rates import Difference, exact_difference
from peer_preservation.calibration.declared import SITUATIONS
from peer_preservation.calibration.lines import (
    ALPHA,
    ESTIMATES,
    FIGURE,
    LOOKS,
    Conflict,
    Coverage,
    Line,
    Mistake,
    Studies,
    Tally,
)
from peer_preservation.calibration.playing import Drawn, Kept, Situation, played
from peer_preservation.calibration.running import LINES, calibrated
from peer_preservation.cli import cli
from peer_preservation.debriefing.measures import NAME as DEBRIEF
from peer_preservation.errors import UserError
from peer_preservation.report import awareness, debrief, effects, headline, judges
from peer_preservation.report.effect_tables import EFFECT_TABLES
from peer_preservation.report.figures_kept import COLUMNS
from peer_preservation.report.tables import names
from peer_preservation.suite import AWARENESS, SUITE

NAMED = {
    (line.table, column)
    for situation in SITUATIONS
    for line in situation.lines
    for column in line.columns
}
BY_NAME = {situation.name: situation for situation in SITUATIONS}
HEADLINES = [table for table in SUITE.tables if table.measures]
DECLARED: Mapping[str, Sequence[str]] = {
    ESTIMATES: [*estimate_schema(SUITE), *PLAN_SCHEMA],
    LOOKS: Look.__struct_fields__,
    "planned": [*PLANNED],
    **{table.name: [*headline.SCHEMA] for table in HEADLINES},
    **{name: [*effects.SCHEMA] for name in (*EFFECT_TABLES, "comparison")},
    **{name: [*awareness.SCHEMA, *awareness.COMPARED] for name in AWARENESS.values()},
    judges.NAME: [*judges.SCHEMA],
    DEBRIEF: [*debrief.SCHEMA],
    "wordings": [*sampling.FIGURES],
    "word_labels": [*word_labels.SCHEMA],
}
PLAIN = {table.name for table in HEADLINES if not table.less}
"""Tables of rates alone: there is nothing to test."""


def quick(situation: Situation) -> int:
    """How many studies to ask for, so that its quick number is played."""
    return math.ceil(situation.quick / situation.share)


NOT_PLANTED = {"sweep", "reviews", "reviews_moved"}
"""A sweep shows figures of cells once more; those of reviews have a benchmark of their own."""


@pytest.mark.parametrize("name", BY_NAME)
def test_figures_keep_what_they_say(name: str) -> None:
    found = played(BY_NAME[name], quick(BY_NAME[name]))
    assert [(one.says, one.actual) for one in found.kept if not one.ok] == []
    assert not found.shown - NAMED, "shown, and no line of the calibration is held to it"


@pytest.mark.parametrize("table", DECLARED)
def test_every_declared_interval_and_p_is_named_by_a_line(table: str) -> None:
    shown = {column for column in DECLARED[table] if FIGURE.search(column)}
    if table in PLAIN:
        shown -= {"p", "p_adjusted"}
    assert shown
    assert {column for column in shown if (table, column) not in NAMED} == set()


def test_every_table_that_there_can_be_has_a_line() -> None:
    tables = {*names("exact"), *names("published")}
    assert tables - {table for table, _ in NAMED} == NOT_PLANTED


def as_newcombe(k1: int, n1: int, k2: int, n2: int, level: float = 0.95) -> Difference:
    found = exact_difference(k1, n1, k2, n2, level)
    return found._replace(**newcombe(k1, n1, k2, n2, level)._asdict())


def as_mover(
    arms: Sequence[tuple[int, int]],
    weights: Sequence[float],
    _: float = 0.95,
    groups: Any = None,
    strata: Any = None,  # noqa: ARG001
) -> Contrast:
    counts, sizes = zip(*arms, strict=True)
    half = len(arms) // 2
    design = difference([0.5] * half, [0.5] * (len(arms) - half), sizes)
    low, high, p = mover(design._replace(weights=tuple(weights), groups=groups), counts)
    return Contrast(sum(w * k / n for w, (k, n) in zip(weights, arms, strict=True)), low, high, p)


def by_rollouts(terms: Sequence[Term], level: float, **more: Any) -> Pooled:
    """Cells weigh as many rollouts as they have."""
    n = sum(term.arm.n for term in terms)
    return pooled([t._replace(weight=t.arm.n / n) for t in terms], level, **more)


def without_retries(_: object) -> pl.Expr:
    return pl.lit(0).alias("retried")


def scored_alone(opened: Any, arm: Any, baseline: Any, left: int) -> Any:
    del baseline
    shown = [one for cell in arm for one in cell if one is not None]
    look = opened.path.look(sum(shown), len(shown), left)
    return look, look


OLD: Sequence[tuple[str, Callable[..., Any], str]] = (
    ("eval_observatory.contrasts:exact_difference", as_newcombe, "opposite ends"),
    ("eval_observatory.contrasts:exact_difference", as_newcombe, "near each other"),
    (
        "eval_observatory.contrasts:linear_contrast",
        as_mover,
        "alignment faking at opposite ends",
    ),
    ("peer_preservation.report.pooled:pooled", by_rollouts, "unequal n"),
    ("peer_preservation.report.pooled:pooled", by_rollouts, "stopped headline"),
    ("eval_observatory.counts:retried", without_retries, "retried"),
    ("eval_observatory.course:_looks", scored_alone, "stopped rate, missing for a reason"),
)
"""Methods that stood here until they were measured, and the situation that tells them."""


@pytest.mark.parametrize(
    ("place", "method", "name"), OLD, ids=[f"{method.__name__}-{name}" for _, method, name in OLD]
)
def test_a_method_of_old_falls_short(
    place: str, method: Callable[..., Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, attribute = place.split(":")
    # By its name alone a function of the package's own may be found in a module's place.
    monkeypatch.setattr(import_module(module), attribute, method)
    assert not all(one.ok for one in played(BY_NAME[name], quick(BY_NAME[name])).kept)


FRAME = pl.DataFrame(
    {
        "model": ["lab/0", "lab/1", "lab/2", "lab/3"],
        "low": [0.1, 0.2, 0.31, None],
        "high": [0.4, 0.29, 0.5, None],
        "p": [0.01, 0.5, 0.04, None],
    }
)


@pytest.mark.parametrize(
    ("line", "tally"),
    [
        (Coverage(table="t", columns=("low", "high"), says="", truth=0.3), Tally(1, 3, 0.58)),
        (Coverage(table="t", columns=("low", "high"), says="", truth="own"), Tally(2, 3, 0.58)),
        (Mistake(table="t", columns=("p",), says="", where={"model": "lab/0"}), Tally(1, 4)),
        (
            Mistake(table="t", columns=("p",), says="", finds={"model": ["lab/1", "lab/2"]}),
            Tally(2, 4, 1.0),
        ),
        (Conflict(table="t", columns=("low", "high", "p"), says=""), Tally(1, 3)),
    ],
)
def test_what_a_line_counts(line: Line, tally: Tally) -> None:
    own = {"own": np.array([0.1, 0.29, 0.6, 0.0])}
    found = line.tally(Studies(FRAME, own, 4))
    assert found[:2] == tally[:2]
    assert found.price == (tally.price if tally.price is None else pytest.approx(tally.price))


def test_two_rows_of_one_study_are_no_figure() -> None:
    twice = pl.concat([FRAME, FRAME])
    line = Coverage(table="t", columns=("low", "high"), says="", truth=0.3)
    with pytest.raises(ValueError, match="several rows of one study"):
        line.tally(Studies(twice, {}, 4))


def planted_p(p: float, lines: tuple[Line, ...]) -> Situation:
    """A situation whose every study shows this p."""

    def draw(simulations: int, _: np.random.Generator) -> Drawn:
        frame = pl.DataFrame({"model": [f"lab/{i}" for i in range(simulations)]})
        return Drawn(ready={"t": frame.with_columns(p=pl.lit(p))})

    return Situation(name="planted", says="planted", draw=draw, lines=lines)


@pytest.mark.parametrize(
    ("p", "free", "ok"), [(0.01, "", False), (0.5, "", True), (0.01, "shown only", True)]
)
def test_an_error_beyond_simulation_falls_short(p: float, free: str, ok: bool) -> None:
    line = Mistake(table="t", columns=("p",), says="one", free=free)
    (kept,) = played(planted_p(p, (line,)), 40).kept
    assert (kept.actual, kept.ok) == (float(p <= ALPHA), ok)


def test_what_is_never_shown_falls_short() -> None:
    line = Coverage(table="t", columns=("p", "p"), says="one", where={"model": "none"}, truth=0.0)
    (kept,) = played(planted_p(0.5, (line,)), 5).kept
    assert (kept.actual, kept.ok) == (None, False)


def test_what_has_ended_is_not_played_again(tmp_path: Path) -> None:
    line = Mistake(table="t", columns=("p",), says="one")
    said: list[Sequence[Kept]] = []
    first = calibrated([planted_p(0.5, (line,))], 7, tmp_path, lambda _, kept: said.append(kept))
    other = planted_p(0.01, (line,))
    assert calibrated([other], 7, tmp_path, lambda _, kept: said.append(kept)) == first
    assert calibrated([other], 6, tmp_path, lambda *_: None) == first
    assert calibrated([other], 8, tmp_path, lambda _, kept: said.append(kept)) != first
    assert [len(kept) for kept in said] == [1, 1, 1]
    (tmp_path / LINES).write_text("torn\n")
    with pytest.raises(UserError, match=r"lines\.jsonl:1: no line of a calibration"):
        calibrated([other], 7, tmp_path, lambda _, kept: said.append(kept))


def calibrate(out: Path, *more: str) -> Any:
    arguments = ("calibrate", "--part", "figures", "--simulations", "20", "--out", str(out))
    return CliRunner().invoke(cli, [*arguments, "--situation", "retried", *more])


def test_the_command_writes_the_table_and_tells_what_falls_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = calibrate(tmp_path / "good")
    assert "2 figures of 1 situations through the report: none falls short" in good.output
    assert "None falls short" in (tmp_path / "good" / "figures.html").read_text()
    monkeypatch.setattr("eval_observatory.counts.retried", without_retries)
    bad = calibrate(tmp_path / "bad")
    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert "Falls short: rate, worst case (retried)" in bad.output
    assert 'class="short"' in (tmp_path / "bad" / "figures.html").read_text()
    assert "falls short: " in (tmp_path / "bad" / "figures.md").read_text()
    assert len((tmp_path / "bad" / "figures.csv").read_text().splitlines()) == 3


def test_a_situation_that_is_unknown_is_named(tmp_path: Path) -> None:
    found = calibrate(tmp_path, "--situation", "nowhere")
    assert isinstance(found.exception, UserError)
    assert str(found.exception).startswith("--situation 'nowhere' is unknown; known are: opposite")


def test_the_page_of_the_documentation_has_every_line() -> None:
    """Made by `make calibration`: a line that is new, or says something else, is not in it yet."""
    rows = tuple(
        (line.says, f"{line.table}: {', '.join(line.columns)}", situation.says, line.planted)
        for situation in SITUATIONS
        for line in situation.lines
    )
    wanted = markdown(Table("", "", "", COLUMNS[: len(rows[0])], rows, pl.DataFrame()))
    there = (Path(__file__).parents[1] / "docs" / "calibration.md").read_text(encoding="utf-8")
    lines_there = there.splitlines()
    assert [
        row
        for row in wanted.splitlines()[4 : 4 + len(rows)]
        if not any(line.startswith(row) for line in lines_there)
    ] == []
