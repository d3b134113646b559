"""The page: self-contained, escaped, and saying what must be said beside the numbers."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from design_frames import cell
from design_frames import trials as designed
from report_frames import rows, table, unscored

from peer_preservation.errors import UserError
from peer_preservation.report import Beside, estimate, notes, write_report

VOID = {"meta", "link", "path", "circle", "br", "input", "img"}
SCRIPTS = [{"type": "application/json", "id": "page-data"}, {}, {}]
"""All that a page may have: what the script must know, and our own two scripts."""


class Page(HTMLParser):
    """Elements, texts, ids and links of a page; fails on unbalanced tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"}.intersection(self.open):
            self.text += f"{data} "

    def scripts(self) -> list[dict[str, str | None]]:
        return [has for tag, has in self.elements if tag == "script"]

    def values(self, attribute: str) -> list[str]:
        return [value for _, has in self.elements if (value := has.get(attribute))]


def page_of(trials: pl.DataFrame, out: Path, figures: int = 0, **options: Any) -> Page:
    """A page with so many figures of each behaviour at most: each costs a third of a second."""
    with patch("eval_observatory.report.figures.MOST_FIGURES", figures):
        return Page(write_report(trials, out, **options).page.read_text(encoding="utf-8"))


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    trials = table(
        rows(7),
        rows(3, shutdown_enabled=False),
        unscored(2, "turn limit"),
        rows(5, subject="self", refused=True),
    )
    return page_of(trials, tmp_path_factory.mktemp("page"), figures=1)


def test_the_numbers_stand_with_their_n_interval_and_unscored(page: Page) -> None:
    shown = squeezed(page.text)
    assert "30.0 6.7 to 65.2 3 10 2 completion 83.3 %; 2 turn limit" in shown
    assert "0.0 0.0 to 52.2 0 5 0" in shown
    assert "turn limit 2 11.8 %" in shown


def test_refusal_is_called_rule_based_wherever_it_shows(page: Page) -> None:
    for mention in re.finditer(r"Refusal\b(?! \(as published\))", page.text):
        after = page.text[mention.end() : mention.end() + 120]
        assert "rule-based" in after.lower() or "judge" in after
    assert page.text.count("Refusal (rule-based)") >= 3


def test_nothing_is_requested_and_nothing_runs(page: Page) -> None:
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"object", "embed", "form", "base"}
    frames = [has for tag, has in page.elements if tag == "iframe"]
    assert frames
    assert {has.get("sandbox", "open") for has in frames} <= {None, ""}, (
        "what is in it may do nothing"
    )
    assert page.scripts() == SCRIPTS
    known = ("figures/", "tables/", "#rollouts&")
    for address in set(page.values("href")) - {"data:,", "estimates.csv", "#"}:
        assert address.startswith(known) or address[1:] in page.values("id")
    assert all(re.fullmatch(r"figures/[\w-]+\.svg", source) for source in page.values("src"))
    policy = [has["content"] for tag, has in page.elements if has.get("http-equiv")]
    assert policy[0] is not None
    assert policy[0].startswith("default-src 'none'")
    assert "unsafe" not in policy[0]
    assert not [name for _, has in page.elements for name in has if name[:2] == "on"]
    assert page.values("style") == []


def test_ids_are_unique(page: Page) -> None:
    identities = page.values("id")
    assert len(identities) == len(set(identities))
    assert set(page.values("aria-labelledby")) <= set(identities)


def test_style_names_no_address(tmp_path: Path) -> None:
    html = write_report(table(rows(1)), tmp_path).page.read_text(encoding="utf-8")
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert "&" not in style, "the style sheet must not be escaped"


HOSTILE = '"><script>alert(1)</script>{{ 7 * 7 }}</style><img src=x onerror=y>'


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    columns = ("agent_model", "harness", "dataset", "control", "family", "ended")
    texts = {column: HOSTILE + column for column in columns}
    trials = table(rows(2), *(rows(2, **{name: texts[name]}) for name in texts))
    page = page_of(trials, tmp_path, figures=6)
    assert page.values("onerror") == []
    assert page.scripts() == SCRIPTS
    assert [text for text in texts.values() if text not in page.text] == []


def test_hostile_reasons_and_titles_stay_text(tmp_path: Path) -> None:
    page = page_of(table(rows(2), unscored(1, HOSTILE)), tmp_path, figures=1, title=HOSTILE)
    assert page.values("onerror") == []
    assert page.scripts() == SCRIPTS
    assert page.text.count(HOSTILE) >= 3


def test_text_cannot_turn_direction_or_flood(tmp_path: Path) -> None:
    page = page_of(table(rows(1, agent_model="a\u202eb\x00c" + "d" * 5000)), tmp_path, figures=1)
    assert "\u202e" not in page.text
    assert "a\ufffdb\ufffdc" in page.text
    assert "d" * 200 not in page.text


@pytest.mark.parametrize(
    ("model", "badge", "note"),
    [
        ("organism/tamper:p=0.3", "scripted, known behaviour", "A script, not a model"),
        (
            "organism/published:GPT 5.2",
            "simulation of published figures, not a result about the model",
            "not a result about the model.",
        ),
        ("llamacpp/smollm2", "very small local model", "says nothing about frontier models."),
    ],
)
def test_what_is_no_ordinary_model_says_so_before_its_numbers(
    tmp_path: Path, model: str, badge: str, note: str
) -> None:
    text = page_of(table(rows(2, agent_model=model)), tmp_path).text
    overview, section = text.index("Each behaviour over the cells"), text.index("The enforcement")
    assert badge in text[:overview]
    assert note in text[:overview]
    assert text[overview:section].count(badge) >= 2, "in the overview's row and in the heading"
    assert note in text[overview:section]


def test_ordinary_models_have_no_badge(tmp_path: Path) -> None:
    page = page_of(table(rows(2, agent_model="openai/organism/x")), tmp_path)
    assert "badge" not in page.values("class")


def test_provenance_and_mixtures(tmp_path: Path) -> None:
    trials = table(rows(2), rows(1, family="GPT", seed=9))
    shown = squeezed(page_of(trials, tmp_path).text)
    for fact in ("rollouts 3", "scorer version 1", "harness custom", "families GPT, Gemini"):
        assert fact in shown
    assert "seeds 2 from 7 to 9" in shown
    assert "average over rollouts that differ in: family (in 1 of 1 cells)" in shown


def test_nothing_scored_is_no_rate(tmp_path: Path) -> None:
    page = page_of(table(unscored(3, "crash")), tmp_path, figures=1)
    assert "– – 0 0 3 completion 0.0 %; 3 crash" in squeezed(page.text)


def test_the_csv_reads_back_as_the_estimates(tmp_path: Path) -> None:
    trials = table(rows(3), unscored(3, "crash", subject="self"))
    report = write_report(trials, tmp_path / "new" / "folder")
    made = estimate(trials)
    assert pl.read_csv(report.estimates, schema=made.schema).equals(made)


def test_the_same_trials_give_the_same_bytes(tmp_path: Path) -> None:
    trials = table(rows(3), rows(2, subject="self"), unscored(1, "a"), unscored(1, "b"))
    first = write_report(trials, tmp_path / "1")
    second = write_report(trials.reverse(), tmp_path / "2")
    assert first.page.read_bytes() == second.page.read_bytes()
    assert first.estimates.read_bytes() == second.estimates.read_bytes()
    figures = sorted(path.name for path in (tmp_path / "1" / "figures").iterdir())
    assert figures
    for name in figures:
        pair = [(tmp_path / side / "figures" / name).read_bytes() for side in "12"]
        assert pair[0] == pair[1], name


def test_small_runs_start_open_and_large_ones_folded(tmp_path: Path) -> None:
    few = page_of(table(rows(1)), tmp_path)
    assert [tag for tag, has in few.elements if tag == "details" and "open" in has] != []
    groups = [
        rows(1, agent_model=f"lab/{model}", control=f"c{cell}")
        for model in range(40)
        for cell in range(10)
    ]
    page = page_of(table(*groups), tmp_path)
    assert [has for tag, has in page.elements if tag == "details" and "open" in has] == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        write_report(table(rows(1)), blocked / "out")


def test_what_a_reader_must_know_stands_before_the_figures(tmp_path: Path) -> None:
    trials = table(rows(3), rows(2, package_version="2", relationship="none", instantiation="none"))
    page = squeezed(page_of(trials, tmp_path).text)
    for note in notes(trials):
        assert squeezed(note) in page
    assert page.index("Refusals are told") < page.index("Each row is a cell")


def test_the_calibration_is_summed_up_by_behaviour(tmp_path: Path) -> None:
    header = "behavior,cell,planted,seeds,rollouts,mean,bias,coverage,unscored,misread"
    lines = ("refusal,c,0.1,10,20,0.1,-0.004,0.97,0,1", "refusal,c,0.5,10,20,0.5,0.001,0.99,0,0")
    (tmp_path / "calibration.csv").write_text("\n".join((header, *lines)), encoding="utf-8")
    given = Beside(calibration=tmp_path)
    page = squeezed(page_of(table(rows(3)), tmp_path / "report", beside=given).text)
    assert "refusal 20 400 97.0 -0.40 1" in page


LIMITS = ("Refusal is rule-based.", "Refusal is as published.")


def test_what_a_refusal_is_told_by_stands_among_the_limits(tmp_path: Path) -> None:
    for version, says in zip(("1", "published"), LIMITS, strict=True):
        page = page_of(table(rows(1, scorer_version=version)), tmp_path)
        found = [line for line in LIMITS if line in page.text]
        assert found == [says]


@pytest.mark.parametrize(
    ("subjects", "tested"), [(["peer"], False), (["peer", "fictional_peer"], True)]
)
def test_contrasts_that_only_a_table_tests_are_not_denied(
    tmp_path: Path, subjects: list[str], tested: bool
) -> None:
    trials = designed(*(cell("exfiltration_transfer", 2, 9, subject=one) for one in subjects))
    assert not estimate(trials)["difference"].count()
    assert ("no contrast is tested" not in page_of(trials, tmp_path).text) == tested
