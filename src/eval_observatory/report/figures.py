"""The study's figure for each measure: rates or means by relationship and by how it is told.

Each figure is made once and stands in the page, as SVG and as PNG. Nothing is pooled: a point is a
cell, its line the cell's interval.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from eval_observatory.report.analysis import Analysis
from eval_observatory.report.drawing import INK, MARKS, PAPER, RULE, SOFT, checked, themed
from eval_observatory.report.links import levels_in_words
from eval_observatory.report.scales import Scale, scales_of
from eval_observatory.report.words import MISSING, factor_text, level_text, of_judge, worded
from eval_observatory.suite import Suite

if TYPE_CHECKING:
    import altair as alt

MODELS, SETTINGS = 3, 6
"""Panels side by side and below each other in one figure; what is more goes into the next."""

WIDTH, LABEL = 780, 260
"""Pixels of all panels beside each other, and of the labels before them."""

MOST_FIGURES = 6
"""Of one behaviour."""

DATA, CONTROL, NOT_PLAYED = "cells", "control", "not played"
LINE = "\n"
"""Ends a line of a setting; no name has one in it."""


@dataclass(frozen=True)
class Figure:
    """One figure: the file's name without its ending, what it shows, and its two forms."""

    name: str
    behavior: str
    title: str
    caption: str
    svg: str
    png: bytes

    @property
    def width(self) -> int:
        """Of the drawing, in pixels."""
        return self._size("width")

    @property
    def height(self) -> int:
        """Of the drawing, in pixels."""
        return self._size("height")

    def _size(self, name: str) -> int:
        return round(float(ET.fromstring(self.svg).get(name, "0")))


def charts(estimates: pl.DataFrame, suite: Suite) -> dict[str, alt.FacetChart]:
    """The report's figures as Altair charts, by the names of their files.

    A `<` in a name is shown as `‹`: Altair writes its pages without escaping what is in a chart.

    Args:
        estimates: as `estimate` makes them.
    """
    import altair as alt

    made = {}
    for drawing in _drawings(worded(estimates, suite), scales_of(suite), suite):
        chart = _chart(drawing, suite).to_dict()
        bare: alt.FacetChart = alt.FacetChart.from_dict(without_tags(chart))
        made[drawing.name] = bare.properties(datasets={DATA: without_tags(drawing.points)})
    return made


def without_tags(plain: Any) -> Any:
    """Plain data with each `<` as `‹`: Altair writes its pages without escaping what is in them."""
    return json.loads(json.dumps(plain, ensure_ascii=False).replace("<", "‹"))


def figures(found: Analysis, suite: Suite) -> Iterator[Figure]:
    """The figures of every behaviour, in the order of the estimates.

    Args:
        found: what the trials say, in words (`analysis.in_words`).
    """
    import vl_convert

    for drawing in _drawings(found.estimates, found.scales, suite, seen=True):
        chart = _chart(drawing, suite)
        # Put in afterwards: altair would copy and check every point many times over.
        whole = json.dumps(chart.to_dict() | {"datasets": {DATA: drawing.points}})
        svg = checked(vl_convert.vegalite_to_svg(whole))
        yield Figure(
            name=drawing.name,
            behavior=drawing.behavior,
            title=drawing.title,
            caption=_caption(drawing, level_text(found.level)),
            svg=svg,
            png=vl_convert.svg_to_png(svg, scale=2),
        )


class _Drawing(NamedTuple):
    """What stands in one figure; `named` is its own heading, `title` the behaviour's."""

    behavior: str
    title: str
    named: str
    number: int
    of: int
    points: list[dict[str, Any]]
    scale: Scale

    @property
    def name(self) -> str:
        return self.behavior if self.number == 1 else f"{self.behavior}-{self.number}"


def _drawings(
    estimates: pl.DataFrame, scales: Mapping[str, Scale], suite: Suite, *, seen: bool = False
) -> Iterator[_Drawing]:
    """What stands in each figure; with `seen` only of measures that any cell shows, or has."""
    parts = {
        str(name): part for (name,), part in estimates.group_by("behavior", maintain_order=True)
    }
    together = {name: other for name, other in suite.beside.items() if name in parts}
    for behavior, part in parts.items():
        if behavior in together.values():
            continue  # it stands in the figure of the one that it is beside
        beside = parts.get(together.get(behavior, ""))
        both = part if beside is None else pl.concat([part, beside])
        shown = both["estimate"].count() if scales[behavior].mean else both["k"].sum()
        if seen and not shown:
            continue
        pages = list(_pages(_both(part, beside, suite)))
        title, named = part["$behavior"][0], _named(part)
        if beside is not None:
            named += f", beside it {_named(beside).lower()}"
        for number, page in enumerate(pages[:MOST_FIGURES], 1):
            of = len(pages)
            yield _Drawing(behavior, title, named, number, of, page, scales[behavior])


def _named(part: pl.DataFrame) -> str:
    """A behaviour, and what is known of the judge that told it."""
    told = "; ".join(part["validation"].drop_nulls().unique(maintain_order=True))
    return f"{part['$behavior'][0]}{of_judge(told)}"


def write_figures(found: Analysis, suite: Suite, folder: Path) -> list[tuple[str, list[Figure]]]:
    """Makes the figures, and writes each as NAME.svg and NAME.png into a folder that exists.

    They come back by the title of their behaviour.

    Raises `OSError` as the file system does.
    """
    made: dict[tuple[str, str], list[Figure]] = {}
    for figure in figures(found, suite):
        made.setdefault((figure.behavior, figure.title), []).append(figure)
        (folder / f"{figure.name}.svg").write_text(themed(figure.svg), encoding="utf-8")
        (folder / f"{figure.name}.png").write_bytes(figure.png)
    return [(title, drawn) for (_, title), drawn in made.items()]


def _caption(drawing: _Drawing, level: str) -> str:
    scale = f", of {drawing.scale.extent}," if drawing.scale.mean else ""
    text = (
        f"{drawing.named}: the {drawing.scale.name} of each cell{scale} with its {level} interval"
    )
    if drawing.of > 1:
        text += f"; figure {drawing.number} of {drawing.of}"
    if drawing.of > MOST_FIGURES and drawing.number == MOST_FIGURES:
        text += ", the further ones are not drawn: their numbers are in estimates.csv"
    return text


def _points(part: pl.DataFrame, suite: Suite) -> list[dict[str, Any]]:
    """A point for each cell; the setting names the factors that vary beside those drawn."""
    along, *beside = suite.drawn
    known = {name for name in suite.names if name in suite.drawn or part[name].n_unique() == 1}
    points = []
    for row in part.iter_rows(named=True):
        told = row[f"${beside[0]}"] if beside else MISSING
        place = _along(suite, row, along, beside[1:])
        points.append(
            {
                "model": row["$who"],
                "setting": ", ".join(levels_in_words(suite, row, known)),
                "relationship": place,
                "told": told,
                "tone": CONTROL if _is_control(row, beside[1:]) else told,
                "line": _line(place, told),
                "says": _says(row),
                "rate": row["estimate"],
                "low": row["low"],
                "high": row["high"],
                "seen": row["seen"],
            }
        )
    return points


def _is_control(row: dict[str, Any], more: Sequence[str]) -> bool:
    """Whether a cell is denied what a further axis is about, such as a threat."""
    return any(row[name] is False for name in more)


def _says(row: dict[str, Any]) -> str:
    """A point's numbers, for who asks for them."""
    if row["estimate"] is None:
        return "nothing scored"
    counted = f"{row['k']:,} of {row['n']:,}" if row["k"] is not None else f"n = {row['n']:,}"
    return f"{row['estimate']:.3g} [{row['low']:.3g} to {row['high']:.3g}], {counted}"


def _both(part: pl.DataFrame, beside: pl.DataFrame | None, suite: Suite) -> list[dict[str, Any]]:
    """The points of a behaviour; with those of the one beside it below them in each setting."""
    points = _points(part, suite)
    if beside is None:
        return points
    places = {setting: i for i, setting in enumerate(dict.fromkeys(p["setting"] for p in points))}
    named: list[tuple[int, dict[str, Any]]] = []
    for rows in (part, beside):
        title = _named(rows)
        for point in _points(rows, suite):
            place = places.get(point["setting"], len(places))
            label = LINE.join(filter(None, [title, point["setting"]]))
            named.append((place, point | {"setting": label}))
    return [point for _, point in sorted(named, key=lambda one: one[0])]


def _along(suite: Suite, row: dict[str, Any], along: str, more: Sequence[str]) -> str:
    """Where a cell stands along a figure, with what further axes are not, such as no threat."""
    if all(row[name] is None for name in (along, *more)):
        derived = [name for name in suite.columns if name not in suite.names]
        return str(row[f"${derived[0]}"]) if derived else MISSING
    denied = [row[f"${name}"] for name in more if row[name] is False]
    return ", ".join([row[f"${along}"], *denied])


def _pages(points: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for models in _alike(points):
        for first in range(0, len(models), MODELS):
            drawn = models[first : first + MODELS]
            beside = [point for point in points if point["model"] in drawn]
            settings = list(dict.fromkeys(point["setting"] for point in beside))
            for top in range(0, len(settings), SETTINGS):
                shown = settings[top : top + SETTINGS]
                yield list(_whole([point for point in beside if point["setting"] in shown], drawn))


def _whole(points: list[dict[str, Any]], models: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The points by model and setting, with an empty one where a model has none of a setting.

    A grid with holes is drawn without them: what comes after moves up, below another's name.
    """
    settings: dict[str, dict[str, Any]] = {}
    for point in points:
        settings.setdefault(point["setting"], point)
    yield from points
    there = {(point["model"], point["setting"]) for point in points}
    for setting, one in settings.items():
        for model in models:
            if (model, setting) not in there:
                nothing = dict.fromkeys(("rate", "low", "high", "seen"))
                yield one | {"model": model, "line": NOT_PLAYED, "says": NOT_PLAYED} | nothing


def _alike(points: list[dict[str, Any]]) -> list[list[str]]:
    """The models, apart by what of them a judge could see: more to see is more to find."""
    seen: dict[str, set[str]] = {}
    for point in points:
        seen.setdefault(point["model"], set()).update(filter(None, [point["seen"]]))
    kinds = list(dict.fromkeys(map(frozenset, seen.values())))
    return [[model for model, ways in seen.items() if ways == kind] for kind in kinds]


def _chart(drawing: _Drawing, suite: Suite) -> alt.FacetChart:
    """The figure, as yet without its points: a line for each cell, by what the cell is called."""
    import altair as alt

    points, ends = drawing.points, (drawing.scale.low, drawing.scale.high)

    def order(name: str) -> list[str]:
        return list(dict.fromkeys(point[name] for point in points))

    told = _order(suite, 1, order("told"))
    lines = [_line(along, one) for along in _order(suite, 0, order("relationship")) for one in told]
    there = {_line(point["relationship"], point["told"]) for point in points}
    rows = [line for line in lines if line in there]
    marks = [_mark(suite, name) for name in told]
    colors, shapes = [color for color, _ in marks], [shape for _, shape in marks]
    # Each line says what it is: colour and shape only make it found again, and grey is the control.
    tones = alt.Scale(domain=[*told, CONTROL], range=[*colors, SOFT])
    models = len(order("model"))
    titled = f"{drawing.scale.name} of each cell"
    axis = alt.Axis(
        format=alt.Undefined if drawing.scale.mean else "%",
        values=[ends[0], sum(ends) / 2, ends[1]] if models > 1 else alt.Undefined,
        tickCount=5,
        title=titled,
    )
    x, scale = "rate:Q", alt.Scale(domain=list(ends), nice=False)
    base = alt.Chart().encode(
        y=alt.Y("line:N", sort=rows, axis=alt.Axis(title=None, labelLimit=LABEL, ticks=False)),
        color=alt.Color("tone:N", legend=None, scale=tones),
        tooltip=["line:N", "says:N"],
    )
    spans = base.mark_rule(strokeWidth=3, strokeOpacity=0.45).encode(
        x=alt.X("low:Q", axis=axis, scale=scale), x2="high:Q"
    )
    dots = base.mark_point(filled=True, size=80, opacity=1).encode(
        x=alt.X(x, axis=axis, scale=scale),
        shape=alt.Shape("told:N", legend=None, scale=alt.Scale(domain=told, range=shapes)),
    )
    header = alt.Header(title=None, labelLimit=WIDTH // models, labelFontSize=12)
    side = alt.Header(
        title=None,
        labelLimit=WIDTH,
        labelOrient="top",
        labelAnchor="start",
        labelFontWeight="bold",
        labelFontSize=12,
        labelPadding=4,
    )
    if any(LINE in point["setting"] for point in points):
        side.labelExpr = "split(datum.label, '\\n')"
    facets: dict[str, Any] = {}
    if len(order("setting")) > 1 or order("setting")[0]:
        facets["row"] = alt.Row("setting:N", sort=order("setting"), header=side)
    return _dressed(
        alt.layer(spans, dots)
        .properties(width=WIDTH // models, height=alt.Step(26))
        .facet(
            data=alt.NamedData(name=DATA),
            column=alt.Column("model:N", sort=order("model"), header=header),
            align={"row": "each", "column": "all"},
            spacing={"row": 26, "column": 24},
            **facets,
        )
        .resolve_scale(y="independent"),
        drawing.named,
    )


def _line(along: str, told: str) -> str:
    """A cell's line: where it stands along the figure, and how it was told."""
    return along if told in (MISSING, "none", along) else f"{along}, {told}"


def _dressed(chart: alt.FacetChart, title: str) -> alt.FacetChart:
    """A chart in the report's colours and type."""
    made: alt.FacetChart = (
        chart.properties(title=title, background=PAPER)
        .configure(font="sans-serif")
        .configure_view(stroke=RULE)
        .configure_axis(
            gridColor=RULE,
            domainColor=SOFT,
            tickColor=SOFT,
            labelColor=INK,
            titleColor=INK,
            labelFontSize=12,
        )
        .configure_header(labelColor=INK)
        .configure_legend(labelColor=INK, titleColor=INK, labelLimit=LABEL)
        .configure_title(color=INK, anchor="start", fontSize=14)
    )
    return made


def _known(suite: Suite, axis: int) -> list[str]:
    """The texts of an axis's levels in reading order, a missing level first."""
    factor = suite.factor(suite.drawn[axis])
    return [MISSING, *(factor_text(factor, level) for level in factor.levels)]


def _order(suite: Suite, axis: int, there: Sequence[str]) -> list[str]:
    """Texts in the order of the axis's levels, those with an addition first, unknown ones last."""
    if axis >= len(suite.drawn):
        return list(there)
    known = _known(suite, axis)
    ranks = {text: rank for rank, text in enumerate(known)}

    def place(text: str) -> tuple[bool, bool, int, str]:
        bare, _, more = text.partition(", ")
        return bare not in ranks, not more, ranks.get(bare, 0), text

    return sorted(there, key=place)


def _mark(suite: Suite, text: str) -> tuple[str, str]:
    """Colour and shape of a level; those of the first for one that is unknown."""
    known = _known(suite, 1)[1:] if len(suite.drawn) > 1 else []
    return MARKS[known.index(text) % len(MARKS)] if text in known else MARKS[0]
