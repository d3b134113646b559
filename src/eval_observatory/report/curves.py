"""Measures over a factor of numbers, such as a bar: a figure and a table of each `Curve`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from eval_observatory.report.drawing import INK, MARKS, PAPER, RULE, SOFT, checked, themed
from eval_observatory.report.figures import SETTINGS, Figure
from eval_observatory.report.scales import Scale, scales_of
from eval_observatory.report.table import Table
from eval_observatory.report.words import MISSING, factor_text, level_text, model_text
from eval_observatory.suite import Curve, Mark, Suite

if TYPE_CHECKING:
    import altair as alt

FEWEST = 3
"""Levels of a curve: two are a difference, and told as one."""

APART = 0.012
"""By which share of the axis the intervals of lines stand beside each other."""

_TYPES: dict[str, Any] = {
    "model": pl.String(),
    "harness": pl.String(),
    "behavior": pl.String(),
    "n": pl.Int64(),
    "unscored": pl.Int64(),
    "estimate": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "mark": pl.Float64(),
}


class Line(NamedTuple):
    """One line of a curve: cells of a model that differ in its factor alone.

    Attributes:
        setting: where they lie, in words, `series` what else they are; `cells` both, with what all
            lines have in common.
        levels: theirs of the other factors.
        panels: of each panel the rows of estimates along the factor; none where it has no measure.
    """

    model: str
    harness: str
    setting: str
    series: str
    cells: str
    levels: dict[str, Any]
    mark: Mark | None
    panels: tuple[tuple[dict[str, Any], ...], ...]


def lines_of(estimates: pl.DataFrame, suite: Suite, curve: Curve) -> list[Line]:
    """The lines of a curve that estimates hold, in their order."""
    wanted = {name for names in curve.panels for name in names}
    others = [name for name in suite.names if name != curve.over]
    there = estimates.filter(
        pl.col("behavior").is_in(wanted), pl.col(curve.over).is_not_null(), pl.col("n") > 0
    )
    varying = [name for name in others if there[name].n_unique() > 1]
    found = []
    for key, part in there.group_by("model", "harness", *others, maintain_order=True):
        model, harness, *values = key
        levels = dict(zip(others, values, strict=True))
        rows = sorted(part.iter_rows(named=True), key=itemgetter(curve.over))
        panels = tuple(_panel(rows, names) for names in curve.panels)
        if max(map(len, panels)) >= FEWEST:
            settled = [name for name in varying if name in suite.points]
            beside = [name for name in varying if name not in suite.points]
            named = [name for name in others if name in suite.points or name in varying]
            setting, series, cells = (
                _words(suite, levels, names) for names in (settled, beside, named)
            )
            mark = next((m for m in curve.marks if _holds(m, levels)), None)
            found.append(
                Line(str(model), str(harness), setting, series, cells, levels, mark, panels)
            )
    return found


def _panel(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> tuple[dict[str, Any], ...]:
    """The rows of the first of these measures that the cells have."""
    there = {row["behavior"] for row in rows}
    name = next((one for one in names if one in there), "")
    return tuple(row for row in rows if row["behavior"] == name)


def _words(suite: Suite, levels: dict[str, Any], names: Sequence[str]) -> str:
    told = (factor_text(suite.factor(n), levels[n]) for n in names if suite.says(levels, n))
    return ", ".join(told)


def _holds(mark: Mark, levels: dict[str, Any]) -> bool:
    return all(levels.get(name) in wanted for name, wanted in mark.where.items())


def curve_tables(estimates: pl.DataFrame, suite: Suite, level: float) -> Iterator[Table]:
    """A table of the points of each curve that the estimates hold."""
    scales = scales_of(suite)
    for curve in suite.curves:
        lines = lines_of(estimates, suite, curve)
        if lines:
            titles = [suite.title_of(_told(lines, i)) for i in range(len(curve.panels))]
            marked = curve.marks[0].title if curve.marks else "mark"
            over = suite.factor(curve.over).reading
            columns = ("Model", "Cells", over, *(f"{t}, n" for t in titles), marked)
            rows = tuple(row for line in lines for row in _rows(line, curve, scales))
            note = f"{curve.meaning} Intervals: {level_text(level)}."
            data = _data(lines, suite)
            yield Table(curve.name, curve.title, note.strip(), columns, rows, data)


def _told(lines: Sequence[Line], panel: int) -> str:
    """The measure by which a panel is titled: the first that is there."""
    return next((line.panels[panel][0]["behavior"] for line in lines if line.panels[panel]), "")


def _rows(line: Line, curve: Curve, scales: dict[str, Scale]) -> Iterator[tuple[str, ...]]:
    places = sorted({row[curve.over] for panel in line.panels for row in panel})
    who = model_text(line.model, line.harness)
    mark = MISSING if line.mark is None else f"{line.mark.at:g}"
    for place in places:
        each = [next((r for r in p if r[curve.over] == place), None) for p in line.panels]
        figures = (MISSING if row is None else _figure(row, scales) for row in each)
        yield who, line.cells, f"{place:g}", *figures, mark


def _figure(row: dict[str, Any], scales: dict[str, Scale]) -> str:
    scale = scales[row["behavior"]]
    figure = f"{scale.value(row['estimate'])} [{scale.span(row['low'], row['high'])}]"
    return f"{figure}, n = {row['n']:,}"


def _data(lines: Sequence[Line], suite: Suite) -> pl.DataFrame:
    rows = [
        {**row, "mark": line.mark.at if line.mark else None}
        for line in lines
        for panel in line.panels
        for row in panel
    ]
    head, figures = list(_TYPES)[:3], list(_TYPES)[3:]
    names = [*head, *suite.names, *figures]
    table = pl.DataFrame(
        {name: [row[name] for row in rows] for name in names}, schema_overrides=_TYPES
    )
    return table.select(names)


def write_curves(
    estimates: pl.DataFrame, suite: Suite, level: float, folder: Path
) -> list[tuple[str, list[Figure]]]:
    """Makes the curves' figures, and writes each as NAME.svg and NAME.png into a folder.

    They come back by the title of their curve. Raises `OSError` as the file system does.
    """
    made = []
    for curve in suite.curves:
        drawn = list(_figures(lines_of(estimates, suite, curve), suite, curve, level))
        for figure in drawn:
            (folder / f"{figure.name}.svg").write_text(themed(figure.svg), encoding="utf-8")
            (folder / f"{figure.name}.png").write_bytes(figure.png)
        made += [(curve.title, drawn)] if drawn else []
    return made


def _figures(lines: Sequence[Line], suite: Suite, curve: Curve, level: float) -> Iterator[Figure]:
    """A figure for each model and for so many settings of it as stand below each other."""
    import vl_convert

    number = 0
    for who in dict.fromkeys((line.model, line.harness) for line in lines):
        mine = [line for line in lines if (line.model, line.harness) == who]
        settings = list(dict.fromkeys(line.setting for line in mine))
        for first in range(0, len(settings), SETTINGS):
            shown = [line for line in mine if line.setting in settings[first : first + SETTINGS]]
            number += 1
            chart = _chart(shown, suite, curve)
            svg = checked(vl_convert.vegalite_to_svg(json.dumps(chart.to_dict())))
            marks = dict.fromkeys(line.mark.title for line in shown if line.mark)
            dashed = f"; dashed: {', '.join(marks)}" if marks else ""
            yield Figure(
                name=curve.name if number == 1 else f"{curve.name}-{number}",
                behavior=curve.name,
                title=curve.title,
                caption=f"{curve.title}, {model_text(*who)}: each point is a cell, with its "
                f"{level_text(level)} interval{dashed}",
                svg=svg,
                png=vl_convert.svg_to_png(svg, scale=2),
            )


def _chart(lines: Sequence[Line], suite: Suite, curve: Curve) -> alt.VConcatChart:
    import altair as alt

    rows = []
    for setting in dict.fromkeys(line.setting for line in lines):
        mine = [line for line in lines if line.setting == setting]
        made = (_drawn(mine, i, suite, curve) for i in range(len(curve.panels)))
        panels = [panel for panel in made if panel is not None]
        named = alt.TitleParams(setting or curve.title, anchor="start", fontSize=12)
        rows.append(alt.hconcat(*panels).properties(title=named))
    chart: alt.VConcatChart = (
        alt.vconcat(*rows)
        .properties(title=model_text(lines[0].model, lines[0].harness), background=PAPER)
        .configure(font="sans-serif")
        .configure_view(stroke=RULE)
        .configure_axis(
            gridColor=RULE, domainColor=SOFT, tickColor=SOFT, labelColor=INK, titleColor=INK
        )
        .configure_legend(labelColor=INK, titleColor=INK)
        .configure_title(color=INK, anchor="start", fontSize=14)
    )
    return chart


def _drawn(
    lines: Sequence[Line], panel: int, suite: Suite, curve: Curve
) -> alt.LayerChart | alt.FacetChart | None:
    """One panel: a line for each series, its intervals, and the mark."""
    import altair as alt

    there = [line for line in lines if line.panels[panel]]
    if not there:
        return None
    rows = [row for line in there for row in line.panels[panel]]
    wide = max(row[curve.over] for row in rows) - min(row[curve.over] for row in rows)
    points = [
        _point(line, row, row[curve.over] + (i - (len(there) - 1) / 2) * APART * wide)
        for i, line in enumerate(there)
        for row in line.panels[panel]
    ]
    name = there[0].panels[panel][0]["behavior"]
    scale, over = scales_of(suite)[name], suite.factor(curve.over).reading
    marks = {line.mark.at: line.mark for line in lines if line.mark}.values()
    places = [point["x"] for point in points] + [mark.at for mark in marks]
    series = list(dict.fromkeys(point["series"] for point in points))
    looks = [MARKS[i % len(MARKS)] for i in range(len(series))]
    edge = wide * 0.04
    along = alt.X(
        "x:Q",
        title=over,
        scale=alt.Scale(domain=[min(places) - edge, max(places) + edge], nice=False),
    )
    form = alt.Undefined if scale.mean else "%"
    up: dict[str, Any] = {
        "axis": alt.Axis(format=form, title=suite.title_of(name)),
        "scale": alt.Scale(domain=[scale.low, scale.high]),
    }
    shown = alt.Scale(domain=series, range=[color for color, _ in looks])
    legend = alt.Legend(title=None) if len(series) > 1 else None
    color = alt.Color("series:N", scale=shown, legend=legend)
    base = alt.Chart(alt.InlineData(values=points)).encode(x=along, color=color)
    layers: list[alt.Chart] = [
        base.mark_line(strokeWidth=1.5).encode(y=alt.Y("y:Q", **up)),
        base.mark_rule(strokeWidth=2).encode(y=alt.Y("low:Q", **up), y2="high:Q"),
        base.mark_point(filled=True, size=45, opacity=1).encode(y=alt.Y("y:Q", **up)),
    ]
    for mark in marks:
        at = alt.Chart(alt.InlineData(values=[{"at": mark.at}]))
        dashes: dict[str, Any] = {"strokeDash": [4, 3], "color": SOFT}
        layers.append(at.mark_rule(**dashes).encode(x=alt.X("at:Q")))
        if name in mark.on:
            layers.append(at.mark_rule(**dashes).encode(y=alt.Y("at:Q")))
    return alt.layer(*layers).properties(width=300, height=170)


def _point(line: Line, row: dict[str, Any], x: float) -> dict[str, Any]:
    ends = {"y": row["estimate"], "low": row["low"], "high": row["high"]}
    return {"x": x, "series": line.series or MISSING, **ends}
