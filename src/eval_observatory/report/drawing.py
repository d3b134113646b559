"""How figures are drawn: the colours, and SVG that holds nothing but a drawing."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

INK, SOFT, RULE, PAPER = "#1b1f24", "#59636e", "#d5dae0", "#ffffff"
MARKS = (
    ("#0072b2", "circle"),
    ("#56b4e9", "square"),
    ("#d55e00", "triangle-up"),
    ("#009e73", "diamond"),
    ("#cc79a7", "cross"),
    ("#e69f00", "triangle-down"),
    ("#8a6100", "triangle-left"),
)
"""Colour (Okabe and Ito 2008, told apart by the colour-blind) and shape of each level in order."""

_TAGS = {"svg", "g", "path", "text", "line", "rect", "tspan"}
_ATTRIBUTES = {
    *("width", "height", "viewBox", "transform", "d", "x", "y", "dy", "x1", "x2", "y1", "y2"),
    *("fill", "stroke", "stroke-width", "stroke-opacity", "fill-opacity", "stroke-dasharray"),
    *("opacity", "text-anchor", "font-family", "font-size", "font-weight"),
}
_SVG = "{http://www.w3.org/2000/svg}"

DARK = {
    INK: "#e4e8ec",
    SOFT: "#a0abb6",
    RULE: "#39424c",
    PAPER: "#14181d",
    "#0072b2": "#56b4e9",
    "#d55e00": "#ee8a45",
    "#009e73": "#2fc598",
}


def themed(svg: str) -> str:
    """A drawing with its colours where dark ones are asked for."""
    rules = "".join(
        f'[fill="{light}"]{{fill:{dark}}}[stroke="{light}"]{{stroke:{dark}}}'
        for light, dark in DARK.items()
    )
    # Where it is shown by itself, or in a frame, it is no wider than that.
    own = ":root{max-width:100%;height:auto}"
    style = f"<style>{own}@media (prefers-color-scheme:dark){{{rules}}}</style>"
    return svg.replace(">", f">{style}", 1)


def checked(svg: str) -> str:
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
    said = element.get("aria-label") if tag == "path" else None
    inside = f"<title>{escape(said)}</title>" if said else ""
    inside += escape(element.text or "") + "".join(_written(child) for child in element)
    return f"<{tag}{attributes}>{inside}</{tag}>" if inside else f"<{tag}{attributes}/>"
