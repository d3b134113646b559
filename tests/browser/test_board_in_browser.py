"""The board as a reader uses it; with hostile text in every field nothing runs or loads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hostile import TEXTS
from playwright.sync_api import Browser
from visits import Visit, visit

from eval_observatory.board.making import board_of
from eval_observatory.board.missions import Missions
from eval_observatory.board.record import Results, Row
from eval_observatory.board.site import Site
from eval_observatory.board.submitting import About, submit_results
from eval_observatory.errors import UserError

pytestmark = pytest.mark.browser

FIELDS = ("measure", "title", "cell_id", "where", "control", "method")
NAMED = ("title", "who", "model_name", "vendor", "provider", "notes")
LOUDEST = 4.5
"""The least contrast of text that WCAG 2.2 asks for at level AA."""


def _is_text(text: str) -> bool:
    """Whether it can stand in a file at all: lone surrogates cannot."""
    return text.encode("utf-8", "replace").decode() == text


WRITTEN = [text for text in TEXTS.values() if _is_text(text)]


def entry(place: Path, id: str, text: str) -> None:
    """An entry with a text in all of its fields; in the manifest only where it takes it."""
    figures = {"n": 20, "k": 3, "estimate": 0.15, "low": 0.03, "high": 0.4, "difference": 0.1}
    said = dict.fromkeys(FIELDS, text[:200])
    row = Row(**{**figures, **said, "cell": {text[:200]: text[:200]}})  # type: ignore[arg-type]
    second = msgspec.structs.replace(row, cell_id=f"{text[:190]} 2")
    results = Results(title=text[:200], question=text[:200], rows=(row, second))
    for named in (dict.fromkeys(NAMED, text[:200]), {"who": "Nobody"}):
        try:
            about = About(id=id, kind="imported", **named)  # type: ignore[arg-type]
            model = text[:200] if named.get("vendor") else f"lab/{id}"
            suite = text[:200] if named.get("vendor") else "acts"
            submit_results(
                results, place / id, about, Missions(), model=model, suite=suite, when="2026-05-01"
            )
            return
        except UserError:
            continue
    raise AssertionError(id)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("board")
    for number, text in enumerate(WRITTEN):
        entry(place / "entries", f"hostile-{number}", text)
    for id in ("plain-a", "plain-b"):
        entry(place / "entries", id, "Plain")
    (place / "entries" / "<img src=x onerror=window.ran=1>").mkdir()
    board, kept = board_of([place / "entries"], Missions(), title="<script>window.ran=1</script>")
    assert len(board.entries) == len(WRITTEN) + 2
    assert len(board.left_out) == 1
    Site(board, kept, place / "site").write(Missions())
    return place / "site"


@pytest.fixture
def at(site: Path, browser: Browser) -> Iterator[Visit]:
    with visit(browser, (site / "index.html").as_uri()) as visited:
        visited.home = site.as_uri()
        yield visited


def test_no_page_runs_or_loads_what_others_wrote(at: Visit, site: Path) -> None:
    for path in sorted(site.rglob("*.html")):
        at.page.goto(path.as_uri())
        at.check()
        assert (
            at.page.evaluate("document.querySelectorAll('img,iframe,object,form[action]').length")
            == 0
        )
        links = at.page.eval_on_selector_all("a[href]", "all => all.map(a => a.protocol)")
        assert set(links) <= {"file:"}, path


def test_any_two_entries_stand_side_by_side_and_are_shared_by_address(
    at: Visit, site: Path
) -> None:
    at.page.goto(f"{(site / 'compare.html').as_uri()}#a=plain-a&b=plain-b")
    at.page.wait_for_selector("#both tbody tr")
    assert "Plain" in at.page.inner_text("#both")
    at.page.goto(f"{(site / 'compare.html').as_uri()}#a=hostile-0&b=hostile-1")
    at.page.reload()
    at.page.wait_for_function("document.getElementById('said').textContent")
    at.page.goto(f"{(site / 'compare.html').as_uri()}#a=../../x&b=plain-b")
    at.check()


def test_the_list_is_searched_sorted_and_shared_by_address(at: Visit, site: Path) -> None:
    at.page.goto((site / "entries.html").as_uri())
    seen = "document.querySelectorAll('#entries tbody tr:not([hidden])').length"
    assert at.page.evaluate(seen) == len(WRITTEN) + 2
    at.page.fill("input[name=q]", "plain")
    assert at.page.evaluate(seen) == 2
    at.page.click("#entries thead th:first-child button")
    assert at.page.get_attribute("#entries thead th:first-child", "aria-sort") == "ascending"
    address = at.page.url
    assert "q=plain" in address
    at.page.goto("about:blank")
    at.page.goto(address)
    assert at.page.evaluate(seen) == 2
    at.check()


@pytest.mark.parametrize("page", ["index.html", "entries.html", "entries/plain-a.html"])
def test_tables_need_no_script(page: str, site: Path, browser: Browser) -> None:
    with visit(browser, (site / page).as_uri(), java_script_enabled=False) as visited:
        # not its inner text: what lies below the view is laid out when it is scrolled to
        assert "Plain" in (visited.page.text_content("main") or "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_fit_and_can_be_read(width: int, scheme: str, site: Path, browser: Browser) -> None:
    options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    for page in ("index.html", "entries.html", "entries/plain-a.html", "method.html"):
        with visit(browser, (site / page).as_uri(), **options) as visited:
            assert visited.fits(), page
            least = json.loads(visited.page.evaluate(CONTRAST))
            assert least["ratio"] >= LOUDEST, (page, least)
            assert visited.page.evaluate(NAMELESS) == []


CONTRAST = """() => {
  const parts = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const lum = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
  const ground = (node) => {
    for (let n = node; n; n = n.parentElement) {
      const c = parts(getComputedStyle(n).backgroundColor);
      if (c.length === 3 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  let least = { ratio: 99, text: "" };
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].filter((c) => c.nodeType === 3 && c.textContent.trim());
    if (!own.length || !node.getClientRects().length) continue;
    const both = [lum(parts(getComputedStyle(node).color)), lum(ground(node))];
    const ratio = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    if (ratio < least.ratio) least = { ratio, text: node.textContent.trim().slice(0, 40) };
  }
  return JSON.stringify(least);
}"""
"""The least contrast of any text on the page (WCAG 2.2, relative luminance)."""

NAMELESS = """() => [...document.querySelectorAll("a[href], button, input, select")]
  .filter((node) => !(node.textContent.trim() || node.labels?.length))
  .map((node) => node.outerHTML.slice(0, 80))"""
"""What can be used and has no name."""
