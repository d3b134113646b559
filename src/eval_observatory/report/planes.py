"""The ROC plane of each question of signal detection: arms as points with their intervals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from scipy.special import ndtr

from eval_observatory.detection import Detected
from eval_observatory.report.analysis import Analysis
from eval_observatory.report.detection import labelled, sentence
from eval_observatory.report.drawing import INK, PAPER, RULE, SOFT, checked, themed
from eval_observatory.report.figures import Figure
from eval_observatory.report.words import clean, level_text, model_text
from eval_observatory.suite import Suite

if TYPE_CHECKING:
    import altair as alt

STEPS = 41
"""Points of a curve of equal d'."""

_SIDE = 320


def write_planes(found: Analysis, suite: Suite, folder: Path) -> list[tuple[str, list[Figure]]]:
    """Draws a plane for each question and model, and writes it as NAME.svg and NAME.png.

    They come back by the title of their question.

    Raises `OSError` as the file system does.
    """
    drawn = []
    for one in found.detected:
        figures = list(_planes(one, suite, found.level))
        for figure in figures:
            (folder / f"{figure.name}.svg").write_text(themed(figure.svg), encoding="utf-8")
            (folder / f"{figure.name}.png").write_bytes(figure.png)
        drawn.append((one.detection.title, figures))
    return drawn


def _planes(one: Detected, suite: Suite, level: float) -> Iterator[Figure]:
    import vl_convert

    arms = labelled(one.arms, one.arms, suite)
    who = arms.select("model", "harness").unique(maintain_order=True)
    for number, (model, harness) in enumerate(who.iter_rows(), 1):
        mine = arms.filter((pl.col("model") == model) & (pl.col("harness") == harness))
        title = f"{one.detection.title} {model_text(model, harness)}"
        svg = checked(vl_convert.vegalite_to_svg(json.dumps(_chart(mine, title).to_dict())))
        said = sentence(one, suite, model, harness, level)
        names = "; ".join(f"{place} {clean(row)}" for place, row in enumerate(mine["arm"], 1))
        yield Figure(
            name=one.detection.name + (f"-{number}" if number > 1 else ""),
            behavior=one.detection.name,
            title=one.detection.title,
            caption=f"{said} The arms, by false alarms (across) and {one.detection.what} told "
            f"(up), with their {level_text(level)} intervals: {names}. The broken line is chance; "
            "the other has the median d′ of the arms",
            svg=svg,
            png=vl_convert.svg_to_png(svg, scale=2),
        )


def _chart(arms: pl.DataFrame, title: str) -> alt.LayerChart:
    import altair as alt

    points = [
        {
            "number": str(place),
            **{name: row[name] for name in _DRAWN},
        }
        for place, row in enumerate(arms.iter_rows(named=True), 1)
    ]
    x, y = (
        alt.Axis(title=name, format="%", values=[0, 0.5, 1]) for name in ("False alarms", "Told")
    )
    ends = alt.Scale(domain=[0, 1])
    base = alt.Chart(alt.InlineData(values=points))
    across = base.mark_rule(stroke=SOFT, opacity=0.5).encode(
        x=alt.X("alarm_low:Q", axis=x, scale=ends), x2="alarm_high:Q", y=alt.Y("hit:Q", scale=ends)
    )
    up = base.mark_rule(stroke=SOFT, opacity=0.5).encode(
        x=alt.X("alarm:Q", scale=ends), y=alt.Y("hit_low:Q", axis=y, scale=ends), y2="hit_high:Q"
    )
    at = {"x": alt.X("alarm:Q", scale=ends), "y": alt.Y("hit:Q", scale=ends)}
    dots = base.mark_point(filled=True, size=40, color="#0072b2", opacity=1).encode(**at)
    text = base.mark_text(dx=7, dy=-7, fontSize=10, color=INK).encode(text="number:N", **at)
    plane: alt.LayerChart = (
        alt.layer(*_lines(float(arms["d"].median() or 0)), across, up, dots, text)  # type: ignore[arg-type]
        .properties(width=_SIDE, height=_SIDE, title=title, background=PAPER)
        .configure(font="sans-serif")
        .configure_view(stroke=RULE)
        .configure_axis(
            gridColor=RULE, domainColor=SOFT, tickColor=SOFT, labelColor=INK, titleColor=INK
        )
        .configure_title(color=INK, anchor="start", fontSize=14)
    )
    return plane


_DRAWN = ("hit", "hit_low", "hit_high", "alarm", "alarm_low", "alarm_high")


def _lines(d: float) -> Iterator[alt.Chart]:
    """Chance, and the curve of one d'."""
    import altair as alt

    ends = alt.Scale(domain=[0, 1])
    for gap, dash in ((0.0, [4, 3]), (d, [1, 0])):
        curve: list[dict[str, Any]] = []
        for step in range(STEPS):
            criterion = 8 * step / (STEPS - 1) - 4
            curve.append({"alarm": float(ndtr(criterion)), "hit": float(ndtr(criterion + gap))})
        yield (
            alt.Chart(alt.InlineData(values=curve))
            .mark_line(strokeDash=dash, strokeWidth=1, color=SOFT)
            .encode(x=alt.X("alarm:Q", scale=ends), y=alt.Y("hit:Q", scale=ends))
        )
