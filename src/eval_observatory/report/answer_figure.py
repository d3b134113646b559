"""The figure of the page's first screen as a chart and as files: the same lines and colours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from eval_observatory.report.answer import Answer
from eval_observatory.report.drawing import INK, MARKS, PAPER, RULE, SOFT, checked, themed
from eval_observatory.report.words import level_text

if TYPE_CHECKING:
    import altair as alt

WIDTH = 780
"""Pixels of its axis."""


def answer_chart(answer: Answer, level: str) -> alt.LayerChart:
    """The figure of the page's first screen: a cell, its rate, interval, reference."""
    import altair as alt

    rows = [
        {
            "line": f"{line.label}  ({line.k.text} of {line.n.text})",
            "figure": line.figure,
            "low": line.low,
            "high": line.high,
            "published": line.published,
            "kind": "control" if line.control else "rate",
            "says": f"{line.rate}, {level} interval {line.interval}",
        }
        for line in answer.lines
    ]
    scale = alt.Scale(domain=[0, 1], nice=False)
    axis = alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1], title=None)
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


def write_answer(answer: Answer, level: float, folder: Path) -> None:
    """Writes the figure of the first screen as answer.svg and answer.png.

    Raises `OSError` as the file system does.
    """
    import vl_convert

    svg = checked(vl_convert.vegalite_to_svg(answer_chart(answer, level_text(level)).to_json()))
    (folder / "answer.svg").write_text(themed(svg), encoding="utf-8")
    (folder / "answer.png").write_bytes(vl_convert.svg_to_png(svg, scale=2))
