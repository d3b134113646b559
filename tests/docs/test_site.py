"""The built site: offline, whole, and with a reference of all that there is. After `make docs`."""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path

import pytest

import eval_observatory as ob
import peer_preservation as pp
from eval_observatory.cli import cli as observatory
from peer_preservation.cli import cli as mission

ROOT = Path(__file__).parents[2]
SITE = ROOT / "build" / "docs"
sys.path.insert(0, str(ROOT / "docs"))

from _sphinx.commands import walk  # noqa: E402  (it lies beside the pages)

pytestmark = pytest.mark.docs


def read(page: str) -> str:
    return (SITE / page).read_text(encoding="utf-8")


def test_nothing_is_loaded_from_elsewhere() -> None:
    loads = re.compile(r"<(?:script|img|iframe)[^>]* src=\"(?:https?:)?//|@import|url\(.?http")
    style = re.compile(r"<link[^>]* rel=\"(?:stylesheet|preload|icon|preconnect)\"[^>]*//")
    for file in [*SITE.rglob("*.html"), *SITE.rglob("*.css")]:
        text = file.read_text(encoding="utf-8")
        assert not loads.search(text), file
        assert not style.search(text), file


def test_every_page_is_in_the_navigation() -> None:
    start = read("index.html")
    pages = {f"{page.stem}.html" for page in (ROOT / "docs").glob("*.md")}
    notebooks = (ROOT / "docs" / "notebooks").glob("*.ipynb")
    pages |= {f"notebooks/{notebook.stem}.html" for notebook in notebooks}
    linked = set(re.findall(r'class="reference internal" href="([^"#]+)', start))
    assert pages - {"index.html"} <= linked


def test_every_command_and_option_is_in_the_reference() -> None:
    page = html.unescape(re.sub(r"<[^>]+>", "", read("cli.html")))
    count = 0
    for group, name in ((mission, "peer-preservation"), (observatory, "eval-observatory")):
        for path, command in walk(group, name):
            assert f"{path}" in page
            for parameter in command.params:
                hidden = getattr(parameter, "hidden", False)
                if parameter.param_type_name == "option" and not hidden:
                    assert parameter.opts[0] in page, (path, parameter.opts)
                    count += 1
    assert count > 100


def test_every_public_name_is_in_the_reference() -> None:
    """A name that both packages have stands where it is from."""
    page = read("api.html")
    for name in (*ob.__all__, *pp.__all__):
        ours = f'id="eval_observatory.{name}"' in page or f'id="peer_preservation.{name}"' in page
        assert ours, name


def test_notebooks_show_what_they_found() -> None:
    shown = read("notebooks/first_results.html")
    assert "100 of 100 rollouts played" in shown
    assert "<svg" in shown
    assert read("notebooks/gallery.html").count("<svg") >= 2
