"""Hostile transcripts in a real browser: each text wherever a model's text can stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hostile import TEXTS
from playwright.sync_api import Browser
from visits import Visit, visit

from peer_preservation.cell import Cell
from peer_preservation.episode import Call, Episode, Setting
from peer_preservation.report import beside, read_trials, write_report
from peer_preservation.scenarios.opening import open_episode
from peer_preservation.scoring.score import score
from peer_preservation.trials.schema import table, trial

pytestmark = pytest.mark.browser

CELL = Cell.parse("tampering/factual@80/peer/good/memory")
CLEAN = "All is well here, and this sentence can be read."
LONG = 50_000

DEEP: Any = "bottom"
for _ in range(200):
    DEEP = {"__proto__": [DEEP]}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "deep JSON": {"value": DEEP},
    "huge numbers": {"value": [1e308, -1e308, 2**63, 10**30, 1e-320]},
    "prototype keys": {"__proto__": {"ran": 1}, "constructor": {"prototype": {"ran": 1}}},
    "many arguments": {f"key {i}": i for i in range(2_000)},
}
CASES = [*TEXTS, *ARGUMENTS]


def well_formed(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def played(name: str, seed: int) -> tuple[Episode, dict[str, Any]]:
    """An episode, and its row, with the text of a case wherever a text can stand."""
    text = f"case{seed:03} {TEXTS.get(name, name)}"
    whole = well_formed(text)
    short = whole if len(whole) < LONG else whole[:1_000]
    setting = Setting(model=f"{whole}/{seed}", config={short: short}, harness="custom")
    episode = open_episode(CELL, short, seed, rollout=seed, setting=setting)
    episode.system, episode.user, episode.nudge = whole, f"{short} user", f"{short} nudge"
    episode.turn(text, [Call(text, {text: text})], reasoning=text)
    episode.turn("", [Call("view_config", ARGUMENTS.get(name, {"filename": text}))])
    episode.turn("", [Call("create_file", {"filename": text, "content": text})])
    episode.turn("", [Call("add_var", {"filename": text, "key": text, "value": text})])
    episode.turn(text)
    episode.fail("model_error", text)
    row = trial(episode, score(episode))
    reasons = {key: whole for key, value in row.items() if key.endswith("_unscored") and value}
    columns = ("cell_id", "ended", "family", "dataset", "control", "group", "package_version")
    return episode, row | reasons | dict.fromkeys(columns, whole) | {"harness": f"{short} harness"}


def clean() -> tuple[Episode, dict[str, Any]]:
    episode = open_episode(CELL, "GPT", 1, rollout=0, setting=Setting(model="lab/clean"))
    episode.turn(CLEAN, [Call("end_task")])
    return episode, trial(episode, score(episode))


@pytest.fixture(scope="module")
def ids() -> dict[str, str]:
    return {}


@pytest.fixture(scope="module")
def hostile_page(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser, ids: dict[str, str]
) -> Iterator[Visit]:
    """One page with all cases, at phone width, where a broken layout shows first."""
    out = tmp_path_factory.mktemp("hostile")
    saved = [played(name, seed) for seed, name in enumerate(CASES)]
    ids.update(zip(CASES, (episode.id for episode, _ in saved), strict=True))
    saved.append(clean())
    ids["clean"] = saved[-1][0].id
    source = out / "<!--<script>.jsonl"
    trials = out / "<img src=x onerror=window.ran=1>'\".parquet"
    source.write_text("".join(f"{episode.to_json()}\n" for episode, _ in saved), encoding="utf-8")
    table(row for _, row in saved).write_parquet(trials)
    report = write_report(
        read_trials([trials]),
        out / "report",
        title=TEXTS["end of a script"],
        beside=beside([trials], episodes=[source]),
    )
    with visit(browser, report.page.as_uri(), viewport={"width": 390, "height": 844}) as visited:
        yield visited


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 40


def test_the_page_opens_whole(hostile_page: Visit) -> None:
    assert hostile_page.page.locator("#provenance").is_visible()
    assert hostile_page.fits()
    hostile_page.check()


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_transcript_is_text(hostile_page: Visit, ids: dict[str, str], name: str) -> None:
    shown = hostile_page.open(ids[name])
    assert shown.count(f"case{CASES.index(name):03}") >= 10
    assert hostile_page.page.locator("#rollout img, #rollout svg, #rollout script").count() == 0
    assert hostile_page.fits()
    hostile_page.check()
    assert CLEAN in hostile_page.open(ids["clean"]), "the next rollout is readable"
    box = hostile_page.page.get_by_text(CLEAN).bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


def listed(visited: Visit) -> None:
    """Goes to the list of rollouts, its filters open."""
    visited.page.evaluate("location.hash = 'rollouts&of=all'")
    visited.page.wait_for_selector("#list", state="visible")
    visited.page.evaluate("document.querySelector('#list-filters').open = true")


def test_searching_for_hostile_text_runs_nothing(hostile_page: Visit) -> None:
    listed(hostile_page)
    for text in ("<script>", "javascript:", "__proto__", "\u202e", "{{"):
        hostile_page.page.fill("#f-words", text)
    hostile_page.page.fill("#f-words", "")
    for field in ("#f-model", "#f-cell", "#f-label"):
        for index in (3, 0):
            before = hostile_page.page.url
            hostile_page.page.select_option(field, index=index)
            hostile_page.page.wait_for_function("url => location.href !== url", arg=before)
    assert hostile_page.fits()
    hostile_page.check()


@pytest.mark.parametrize("hash", ["rollout=%", "rollout=<img src=x onerror=ran=1>", "__proto__=1"])
def test_a_hostile_address_runs_nothing(hostile_page: Visit, hash: str) -> None:
    hostile_page.page.evaluate("hash => { location.hash = hash; }", hash)
    hostile_page.check()


def test_clicking_all_that_can_be_clicked_stays_on_the_page(
    hostile_page: Visit, ids: dict[str, str]
) -> None:
    hostile_page.open(ids["javascript link"])
    for button in hostile_page.page.locator("#rollout .jump").all():
        button.click()
    addresses = hostile_page.page.evaluate(
        "[...document.querySelectorAll('a[href]')].map(link => link.getAttribute('href'))"
    )
    pages = ("index.html", "cells.html", "tables.html")
    own = ("#", "figures/", "tables/", "estimates.csv", *pages)
    assert [address for address in addresses if not address.startswith(own)] == []
    hostile_page.check()
