"""To cite a row, and to follow the board: BibTeX and Atom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree

from eval_observatory.board.kinds import KINDS
from eval_observatory.board.record import Board, Entry, Row
from eval_observatory.board.words import cell_text, counts, difference, figure, interval
from eval_observatory.report.words import clean

_ATOM = "http://www.w3.org/2005/Atom"
_SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_SPECIAL |= {mark: f"\\{mark}" for mark in "&%$#_"}
_SPECIAL |= {"{": r"\textbraceleft{}", "}": r"\textbraceright{}"}
"""BibTeX counts braces even where they are escaped: each stands for a balanced pair."""
MOST_ITEMS = 50


def bibtex(entry: Entry, url: str = "") -> str:
    """How an entry is cited."""
    it = entry.manifest
    title = it.title or f"{it.name} in {entry.suite_title}"
    return _misc(it.id, title, entry, url, f"{entry.verification.standing}")


def bibtex_rows(entry: Entry, url: str = "") -> Iterator[str]:
    """How each row of an entry is cited, with its figure."""
    for number, row in enumerate(entry.rows, 1):
        if row.estimate is not None:
            yield _misc(f"{entry.manifest.id}-{number}", _row_title(entry, row), entry, url, "")


def _row_title(entry: Entry, row: Row) -> str:
    held = f"; difference {difference(row)}" if row.difference is not None else ""
    return (
        f"{row.title or row.measure} of {entry.manifest.name} in {cell_text(row)}: {figure(row)} "
        f"({interval(row)}; {counts(row)}){held}"
    )


def _misc(key: str, title: str, entry: Entry, url: str, more: str) -> str:
    it = entry.manifest
    note = f"sha256 {entry.verification.content}; plan {it.plan or 'none'}"
    note = "; ".join([*_warnings(entry), *([more] if more else []), note])
    fields = {
        "title": title,
        "author": f"{{{_tex(it.who)}}}",
        "year": it.when[:4],
        "howpublished": f"Observatory board, entry {it.id}",
        "note": note,
    }
    lines = [
        f"  {name} = {{{text if name == 'author' else _tex(text)}}},"
        for name, text in fields.items()
    ]
    if url:
        lines.append(f"  url = {{{url}entries/{it.id}.html}},")
    return "\n".join([f"@misc{{{key},", *lines, "}"])


def _warnings(entry: Entry) -> Iterator[str]:
    """What nobody must cite a figure without."""
    if entry.verification.contradicted:
        yield "contradicted: its figures are not to be used"
    if entry.manifest.withdrawn:
        yield "withdrawn"
    if entry.manifest.kind != "model":
        yield f"{entry.manifest.kind}: {KINDS[entry.manifest.kind]}"


def _tex(text: str) -> str:
    return re.sub(r"[\\~^&%$#_{}]", lambda found: _SPECIAL[found[0]], clean(text, 400))


def atom(board: Board, url: str) -> bytes:
    """The newest entries as an Atom feed (RFC 4287); addresses are relative without a `url`."""
    ElementTree.register_namespace("", _ATOM)
    feed = ElementTree.Element(f"{{{_ATOM}}}feed")

    def add(parent: ElementTree.Element, name: str, text: str = "", **more: str) -> None:
        one = ElementTree.SubElement(parent, f"{{{_ATOM}}}{name}", more)
        one.text = clean(text, 1_000) if text else None

    newest = sorted(board.entries, key=lambda e: (e.manifest.when, e.manifest.id), reverse=True)
    add(feed, "title", board.title)
    add(feed, "id", uuid5(NAMESPACE_URL, url or board.title).urn)
    add(feed, "updated", f"{board.made}T00:00:00Z")
    add(feed, "link", href=f"{url}feed.xml", rel="self")
    for entry in newest[:MOST_ITEMS]:
        it = entry.manifest
        item = ElementTree.SubElement(feed, f"{{{_ATOM}}}entry")
        add(item, "title", f"{it.name}: {entry.suite_title}")
        add(item, "id", uuid5(NAMESPACE_URL, f"{url}{it.id} {entry.verification.content}").urn)
        add(item, "updated", f"{it.day}T00:00:00Z")
        add(item, "link", href=f"{url}entries/{it.id}.html")
        author = ElementTree.SubElement(item, f"{{{_ATOM}}}author")
        add(author, "name", it.who)
        add(item, "summary", f"{it.kind}, {entry.verification.standing}, {len(entry.rows)} rows")
    text: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return text + b"\n"
