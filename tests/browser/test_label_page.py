"""The page on which people label: by keyboard alone, from a file, and read back."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser
from visits import Visit, visit

import peer_preservation as pp
from peer_preservation.cli import cli
from peer_preservation.judging import Verdict, rubrics
from peer_preservation.judging.people.labels import OPEN, read_people
from peer_preservation.judging.people.sample import read_key
from peer_preservation.judging.stage import line_of

pytestmark = pytest.mark.browser

CELL = pp.Cell.parse("tampering/factual@80/peer/good/file_only")
HOSTILE = (
    '<img src=x onerror="window.ran=1"></script><script>window.ran=2</script>'
    "<!-- \u202eevil {{ 7*7 }} ${7*7} __proto__ ]]>"
)
SIZE = 20
KEYS = "tfo"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample of 20 of 40 rollouts, all of which say what would run if it could."""
    room = tmp_path_factory.mktemp("sample")
    episodes = []
    for seed in range(2 * SIZE):
        played = pp.open_episode(CELL, "GPT", seed)
        played.turn(f"{HOSTILE} number {seed}")
        played.turn("", [pp.Call("end_task")])
        episodes.append(played)
    (room / "e.jsonl").write_text("".join(one.to_json() + "\n" for one in episodes), "utf-8")
    verdicts = (
        Verdict(
            episode_id=one.id,
            behavior="refusal",
            verdict=seed % 2 == 0,
            grader="scripted/a",
            rubric=rubrics()["refusal"].hash,
            prompt="p",
        )
        for seed, one in enumerate(episodes)
    )
    (room / "v.jsonl").write_text("".join(map(line_of, verdicts)), "utf-8")
    arguments = [str(room / "e.jsonl"), "--verdicts", str(room / "v.jsonl")]
    done = CliRunner().invoke(
        cli, ["judge", *arguments, "--sample", str(SIZE), "--out", str(room / "sample")]
    )
    assert done.exit_code == 0, done.output
    return room / "sample"


def page_of(folder: Path) -> str:
    return (folder / "people" / "label.html").as_uri()


def begun(visited: Visit, name: str = "Ada") -> None:
    visited.page.keyboard.type(name)
    visited.page.keyboard.press("Enter")


def saved(visited: Visit, path: Path, name: str = "Ada") -> Path:
    with visited.page.expect_download() as download:
        visited.page.keyboard.press("s")
    assert download.value.suggested_filename == f"labels-{name}.csv"
    download.value.save_as(path)
    return path


def test_twenty_are_labelled_by_keyboard_saved_and_read_back(
    folder: Path, browser: Browser
) -> None:
    drawn = read_key(folder / "key.csv")
    with visit(browser, page_of(folder)) as visited:
        begun(visited)
        for at in range(SIZE):
            assert f"{at + 1} of {SIZE} · {at} labelled" in visited.page.inner_text("#progress")
            assert HOSTILE.split("\u202e")[0] in visited.page.inner_text("#record")
            visited.page.keyboard.press("a")
            assert "agent" in visited.page.evaluate("document.activeElement.innerText")
            visited.page.keyboard.press(KEYS[at % 3])
        visited.page.keyboard.press("b")
        visited.page.keyboard.press("ArrowLeft")
        visited.page.keyboard.press("t")  # number 18, which was left open
        path = saved(visited, folder / "labels.csv")
        visited.check()
    people = read_people([path], drawn)
    values = {"t": True, "f": False, "o": None}
    wanted = [values[KEYS[at % 3]] for at in range(SIZE)]
    wanted[17] = True
    assert [people.labels[one.episode_id, one.behavior] for one in drawn] == wanted
    assert {reason: len(ids) for reason, ids in people.odd.items()} == {OPEN: wanted.count(None)}
    with path.open(encoding="utf-8") as lines:
        assert {row["rater"] for row in csv.DictReader(lines)} == {"Ada"}


def test_labels_are_kept_when_the_page_is_closed(folder: Path, browser: Browser) -> None:
    with visit(browser, page_of(folder)) as visited:
        begun(visited)
        visited.page.keyboard.press("t")
        visited.page.reload()
        assert f"1 of {SIZE} labels are kept" in visited.page.inner_text("#kept")
        visited.page.keyboard.press("Enter")
        assert "2 of 20 · 1 labelled" in visited.page.inner_text("#progress")
        visited.check()


def test_a_second_rater_in_the_same_browser_starts_anew(
    folder: Path, browser: Browser, tmp_path: Path
) -> None:
    with visit(browser, page_of(folder)) as visited:
        begun(visited)
        for _ in range(SIZE):
            visited.page.keyboard.press("t")
        visited.page.reload()
        begun(visited, "Bob")
        assert f"1 of {SIZE} · 0 labelled" in visited.page.inner_text("#progress")
        visited.page.keyboard.press("f")
        bobs = saved(visited, tmp_path / "bob.csv", "Bob")
        visited.page.reload()
        assert visited.page.input_value("#rater") == "Bob"
        begun(visited, " ada ")
        assert f"{SIZE} labelled" in visited.page.inner_text("#progress")
        visited.check()
    lines = bobs.read_text(encoding="utf-8").splitlines()[1:]
    assert [line.split(",", 2)[2] for line in lines] == ["false,Bob"]


def test_without_a_place_to_keep_them_a_file_is_saved(folder: Path, browser: Browser) -> None:
    with visit(browser, "data:text/html,") as visited:
        visited.page.add_init_script(
            "Object.defineProperty(window, 'localStorage', {get() { throw new Error('none'); }})"
        )
        visited.page.goto(page_of(folder))
        begun(visited)
        assert "keeps nothing" in visited.page.inner_text("#said")
        with visited.page.expect_download() as download:
            for _ in range(10):
                visited.page.keyboard.press("f")
        rows = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
        assert len(rows) == 11
        assert visited.said == []


def test_nothing_on_the_page_tells_verdict_or_condition(folder: Path) -> None:
    html = (folder / "people" / "label.html").read_text(encoding="utf-8")
    sheet = (folder / "people" / "sheet.csv").read_text(encoding="utf-8")
    for text in (html, sheet):
        assert "scripted/a" not in text
        assert CELL.id not in text
        assert not any(word in text for word in ("good_peer", "file_only", '"weight"'))
    order = [one.verdict for one in read_key(folder / "key.csv")]
    assert order != sorted(order)
    assert order != sorted(order, reverse=True)


@pytest.mark.parametrize(
    ("width", "options"),
    [(1280, {}), (390, {}), (1280, {"color_scheme": "dark"})],
)
def test_it_fits_screens(
    folder: Path, browser: Browser, width: int, options: dict[str, Any], shot: Callable[..., None]
) -> None:
    size = {"width": width, "height": 844}
    with visit(browser, page_of(folder), viewport=size, **options) as visited:
        assert visited.fits()
        begun(visited)
        visited.page.keyboard.press("q")
        assert visited.fits()
        shot(visited.page, f"{width}{''.join(options.values())}")
        visited.check()


@pytest.fixture
def shot(tmp_path: Path) -> Callable[..., None]:
    """Keeps a picture of a page among the test's files."""

    def take(page: Any, name: str) -> None:
        page.screenshot(path=tmp_path / f"{name}.png")

    return take
