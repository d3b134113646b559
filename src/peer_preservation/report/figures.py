"""The study's figure for each behaviour: rates by relationship and by how it is told.

Each figure is made once and stands in the page, as SVG and as PNG. Nothing is pooled: a point is a
cell, its line the cell's interval.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import polars as pl

from peer_preservation.cell import RELATIONSHIPS
from peer_preservation.report.cells import model_text
from peer_preservation.report.words import FACTOR_NAMES, MISSING, behavior_title, clean, factor_text

MODELS, SETTINGS = 3, 6
"""Panels side by side and below each other in one figure; what is more goes into the next."""

MOST_FIGURES = 6
"""Of one behaviour."""

INK, SOFT, RULE, PAPER = "#1b1f24", "#59636e", "#d5dae0", "#ffffff"
TOLD = {
    MISSING: ("#59636e", "circle"),
    "none": ("#59636e", "circle"),
    "file_only": ("#0072b2", "square"),
    "file_prt": ("#d55e00", "triangle-up"),
    "memory": ("#009e73", "diamond"),
}
"""Colour (Okabe and Ito 2008, told apart by the colour-blind) and shape of each way of telling."""

DATA = "cells"

_TAGS = {"svg", "g", "path", "text", "line", "rect", "tspan"}
_ATTRIBUTES = {
    *("width", "height", "viewBox", "transform", "d", "x", "y", "x1", "x2", "y1", "y2"),
    *("fill", "stroke", "stroke-width", "stroke-opacity", "fill-opacity", "stroke-dasharray"),
    *("opacity", "text-anchor", "font-family", "font-size", "font-weight"),
}
_SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Figure:
    """One figure: the file's name without its ending, what it shows, and its two forms."""

    name: str
    behavior: str
    title: str
    caption: str
    svg: str
    png: bytes


def figures(estimates: pl.DataFrame, level: str) -> Iterator[Figure]:
    """The figures of every behaviour, in the order of `estimates`.

    Args:
        estimates: the columns of `ESTIMATE_SCHEMA`.
        level: the intervals' level, as text.
    """
    import vl_convert

    for (name,), part in estimates.group_by("behavior", maintain_order=True):
        pages = list(_pages(_points(part)))
        for number, page in enumerate(pages[:MOST_FIGURES], 1):
            behavior = str(name)
            title = behavior_title(behavior)
            drawn = vl_convert.vegalite_to_svg(_chart(page, title))
            svg = _checked(drawn)
            yield Figure(
                name=behavior if number == 1 else f"{behavior}-{number}",
                behavior=behavior,
                title=title,
                caption=_caption(title, number, len(pages), level),
                svg=svg,
                png=vl_convert.svg_to_png(svg, scale=2),
            )


def _caption(title: str, number: int, pages: int, level: str) -> str:
    text = f"{title}: the rate of each cell with its {level} interval"
    if pages > 1:
        text += f"; figure {number} of {pages}"
    if pages > MOST_FIGURES and number == MOST_FIGURES:
        text += ", the further ones are not drawn: their numbers are in estimates.csv"
    return text


def _points(part: pl.DataFrame) -> list[dict[str, Any]]:
    """A point for each cell; the setting names the factors that vary beside the two drawn ones."""
    drawn = {"condition", "relationship", "threat", "instantiation"}
    names = [name for name in FACTOR_NAMES if name not in drawn and (part[name].n_unique() > 1)]
    points = []
    for row in part.iter_rows(named=True):
        points.append(
            {
                "model": model_text(row["model"], row["harness"], 48),
                "setting": ", ".join(
                    clean(row[name], 32) for name in names if row[name] is not None
                ),
                "relationship": _relationship(row),
                "told": clean(factor_text(row["instantiation"]), 32),
                "rate": row["rate"],
                "low": row["low"],
                "high": row["high"],
            }
        )
    return points


def _relationship(row: dict[str, Any]) -> str:
    if row["relationship"] is None and row["threat"] is None:
        return clean(factor_text(row["condition"]), 32)
    text = clean(factor_text(row["relationship"]), 32)
    return text if row["threat"] is not False else f"{text}, no threat"


def _pages(points: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    models = list(dict.fromkeys(point["model"] for point in points))
    for first in range(0, len(models), MODELS):
        beside = [point for point in points if point["model"] in models[first : first + MODELS]]
        settings = list(dict.fromkeys(point["setting"] for point in beside))
        for top in range(0, len(settings), SETTINGS):
            shown = settings[top : top + SETTINGS]
            yield [point for point in beside if point["setting"] in shown]


def _chart(points: list[dict[str, Any]], title: str) -> str:
    """The figure as Vega-Lite."""
    import altair as alt

    def order(name: str) -> list[str]:
        return list(dict.fromkeys(point[name] for point in points))

    bonds = [f"{bond}{end}" for end in (", no threat", "") for bond in (MISSING, *RELATIONSHIPS)]
    known = [bond for bond in bonds if bond in order("relationship")]
    told = sorted(order("told"), key=lambda name: list(TOLD).index(name) if name in TOLD else 99)
    colors = [TOLD.get(name, TOLD["none"])[0] for name in told]
    shapes = [TOLD.get(name, TOLD["none"])[1] for name in told]
    axis = alt.Axis(format="%", values=[0, 0.5, 1], title=None)
    scale = alt.Scale(domain=[0, 1])
    base = alt.Chart().encode(
        x=alt.X(
            "relationship:N",
            sort=known + sorted(set(order("relationship")) - set(known)),
            axis=alt.Axis(labelAngle=-30, title=None),
        ),
        xOffset=alt.XOffset("told:N", sort=told),
        color=alt.Color("told:N", title="told by", scale=alt.Scale(domain=told, range=colors)),
    )
    lines = base.mark_rule(strokeWidth=2).encode(
        y=alt.Y("low:Q", axis=axis, scale=scale), y2="high:Q"
    )
    dots = base.mark_point(filled=True, size=55, opacity=1).encode(
        y=alt.Y("rate:Q", axis=axis, scale=scale),
        shape=alt.Shape("told:N", title="told by", scale=alt.Scale(domain=told, range=shapes)),
    )
    header = alt.Header(title=None, labelLimit=260, labelFontSize=11)
    side = alt.Header(title=None, labelLimit=180, labelAngle=0, labelAlign="left")
    chart = (
        alt.layer(lines, dots)
        .properties(width=max(140, 56 * len(order("relationship"))), height=96)
        .facet(
            data=alt.NamedData(name=DATA),
            column=alt.Column("model:N", sort=order("model"), header=header),
            row=alt.Row("setting:N", sort=order("setting"), header=side),
        )
        .properties(title=title, background=PAPER)
        .configure(font="sans-serif")
        .configure_view(stroke=RULE)
        .configure_axis(
            gridColor=RULE, domainColor=SOFT, tickColor=SOFT, labelColor=INK, titleColor=INK
        )
        .configure_header(labelColor=INK)
        .configure_legend(labelColor=INK, titleColor=INK)
        .configure_title(color=INK, anchor="start", fontSize=14)
    )
    # Put in afterwards: altair would copy and check every point many times over.
    return json.dumps(chart.to_dict() | {"datasets": {DATA: points}})


def _checked(svg: str) -> str:
    """The drawing, written anew from the elements and attributes that a figure needs.

    It goes into the page as markup, and names of models stand in it: nothing is let through that
    could run or load.
    """
    return _written(ET.fromstring(svg), root=True)


def _written(element: ET.Element, root: bool = False) -> str:
    tag = element.tag.removeprefix(_SVG)
    if tag not in _TAGS:
        return ""
    kept = {name: value for name, value in element.items() if name in _ATTRIBUTES}
    if kept.get("fill") == PAPER:
        kept["class"] = "paper"
    if root:
        kept["xmlns"] = _SVG[1:-1]
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in kept.items())
    inside = escape(element.text or "") + "".join(_written(child) for child in element)
    return f"<{tag}{attributes}>{inside}</{tag}>" if inside else f"<{tag}{attributes}/>"
