"""The figure of the page's first screen as a chart and as files: the same lines and colours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eval_observatory.report.answer import Answer
from eval_observatory.report.drawing import INK, MARKS, PAPER, RULE, SOFT, checked, themed
from eval_observatory.report.figures import without_tags
from eval_observatory.report.words import level_text

if TYPE_CHECKING:
    import altair as alt

WIDTH = 780
"""Pixels of its axis."""


def answer_chart(answer: Answer, level: str) -> alt.LayerChart:
    """The figure of the page's first screen: a cell, its rate, interval, reference."""
    import altair as alt

    ends = answer.scale.low, answer.scale.high

    def at(share: float) -> float:
        return ends[0] + share * (ends[1] - ends[0])

    rows = [
        {
            "line": f"{line.label}  ({line.counted})",
            "figure": None if line.figure is None else at(line.figure),
            "low": None if line.low is None else at(line.low),
            "high": None if line.high is None else at(line.high),
            "published": None if line.published is None else at(line.published),
            "kind": "control" if line.control else "rate",
            "says": f"{line.rate}, {level} interval {line.interval}",
        }
        for line in answer.lines
    ]
    scale = alt.Scale(domain=list(ends), nice=False)
    quarters = [at(part / 4) for part in range(5)]
    shown = alt.Undefined if answer.scale.mean else "%"
    axis = alt.Axis(format=shown, values=quarters, title=None)
    colors = alt.Scale(domain=["rate", "control"], range=[MARKS[0][0], SOFT])
    y = alt.Y("line:N", sort=None, axis=alt.Axis(title=None, labelLimit=400, ticks=False))
    base = alt.Chart(alt.InlineData(values=rows)).encode(y=y, tooltip=["line:N", "says:N"])
    tone = alt.Color("kind:N", scale=colors, legend=None)
    spans = base.mark_rule(strokeWidth=5, strokeOpacity=0.4, strokeCap="round").encode(
        x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q", color=tone
    )
    dots = base.mark_circle(size=170, opacity=1).encode(
        x=alt.X("figure:Q", scale=scale, axis=axis), color=tone
    )
    others = base.mark_point(shape="diamond", size=120, strokeWidth=2, color=MARKS[2][0]).encode(
        x=alt.X("published:Q", scale=scale, axis=axis)
    )
    layers = [spans, dots, *([others] if answer.published else [])]
    under = f"◇ {answer.published.note}" if answer.published else ""
    said = [f"{answer.verdict}. {answer.reason}", answer.setting, under]
    title = alt.TitleParams(
        f"{answer.model}: {answer.title}", subtitle=[one for one in said if one]
    )
    chart: alt.LayerChart = (
        alt.layer(*layers)
        .properties(width=WIDTH, height=alt.Step(36), title=title, background=PAPER)
        .configure(font="sans-serif")
        .configure_view(stroke=None)
        .configure_axis(gridColor=RULE, domain=False, labelColor=INK, labelFontSize=13)
        .configure_title(color=INK, subtitleColor=SOFT, anchor="start", fontSize=15)
    )
    return chart


def answer_charts(said: Sequence[Answer], level: float) -> dict[str, alt.LayerChart]:
    """The figure of each answer by a name: `answer`, `answer-2`, …"""
    import altair as alt

    made = {}
    for number, answer in enumerate(said, start=1):
        plain = without_tags(answer_chart(answer, level_text(level)).to_dict())
        name = "answer" if number == 1 else f"answer-{number}"
        made[name] = alt.LayerChart.from_dict(plain)
    return made


def write_answer(answer: Answer, level: float, folder: Path) -> None:
    """Writes the figure of the first screen as answer.svg and answer.png.

    Raises `OSError` as the file system does.
    """
    import vl_convert

    svg = checked(vl_convert.vegalite_to_svg(answer_chart(answer, level_text(level)).to_json()))
    (folder / "answer.svg").write_text(themed(svg), encoding="utf-8")
    (folder / "answer.png").write_bytes(vl_convert.svg_to_png(svg, scale=2))
