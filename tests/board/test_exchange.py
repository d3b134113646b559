"""The board in other people's forms, theirs as reported rows, and its own without loss."""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import msgspec
import polars as pl
import pytest
import yaml
from click.testing import CliRunner, Result
from entry_frames import reseal
from reported_frames import reported, row

from eval_observatory.board.entries import Folder
from eval_observatory.board.exchange.eee import eee_of, eee_path, read_eee
from eval_observatory.board.exchange.hub import eval_results, read_eval_results
from eval_observatory.board.exchange.tables import croissant, csv_of, table_of
from eval_observatory.board.exchange.texts import atom, bibtex, bibtex_rows
from eval_observatory.board.making import board_of, withdrawn
from eval_observatory.board.manifest import FILE, Manifest
from eval_observatory.board.missions import Missions
from eval_observatory.board.panels import panels
from eval_observatory.board.record import Board, Row, board_schema
from eval_observatory.board.verifying import verify
from eval_observatory.cli import cli
from eval_observatory.errors import UserError

EEE_SCHEMA = os.environ.get("EEE_SCHEMA", "")
"""The path of Every Eval Ever's `eval.schema.json`, where somebody has it."""


@pytest.fixture
def board(tmp_path: Path) -> Board:
    mean = row(
        measure="says",
        estimand="mean",
        k=None,
        estimate=12.5,
        low=10.0,
        high=20.0,
        baseline=None,
        difference=None,
        difference_low=None,
        difference_high=None,
        bounds=(0.0, 20.0),
    )
    empty = Row(measure="acts", cell_id="empty", n=0, k=0, unscored=4)
    reported(tmp_path, "one", row(), mean, empty, model="hf/lab/open-7b", vendor="Lab & Sons")
    reported(tmp_path, "two", row(9))
    return board_of([tmp_path], Missions(), title="A board")[0]


def test_the_boards_own_form_comes_back_without_loss(board: Board) -> None:
    said = board.to_json()
    assert Board.from_json(said) == board
    assert Board.from_json(said).to_json() == said
    jsonschema.validate(json.loads(said), board_schema())


def test_another_form_is_refused(board: Board) -> None:
    with pytest.raises(UserError, match="not a board"):
        Board.from_json(board.to_json().replace(b"-board/1", b"-board/9"))


def test_every_eval_ever_has_a_result_for_each_figure(board: Board) -> None:
    one = board.entries[0]
    said = eee_of(one)
    first, second = said["evaluation_results"]  # what has no figure has no result
    assert first["score_details"]["score"] == pytest.approx(0.15)
    ends = first["score_details"]["uncertainty"]
    assert ends["num_samples"] == 20
    assert ends["confidence_interval"]["lower"] == one.rows[0].low
    assert first["score_details"]["details"]["unscored"] == "1"
    assert second["metric_config"]["max_score"] == 20.0
    assert eee_path(one).startswith("data/acts/hf/lab_open-7b/")
    assert eee_path(one) != eee_path(board.entries[1])


@pytest.mark.skipif(not EEE_SCHEMA, reason="EEE_SCHEMA names no schema")
def test_every_eval_ever_validates(board: Board) -> None:
    schema = json.loads(Path(EEE_SCHEMA).read_text())
    assert schema["version"] == "0.3.0"
    for entry in board.entries:
        jsonschema.validate(eee_of(entry), schema)


def test_every_eval_ever_is_read_as_reported(board: Board, tmp_path: Path) -> None:
    path = tmp_path / "eee.json"
    path.write_text(json.dumps(eee_of(board.entries[0])))
    results, about = read_eee(path)
    assert about["model"] == "hf/lab/open-7b"
    assert about["when"] == "2026-05-01"
    first, second = results.rows
    mine = board.entries[0].rows[0]
    assert (first.estimate, first.low, first.high, first.n) == (
        mine.estimate,
        mine.low,
        mine.high,
        mine.n,
    )
    assert second.estimand == "mean"


def test_percent_of_others_is_read_as_a_share(board: Board, tmp_path: Path) -> None:
    said = eee_of(board.entries[0])
    result = said["evaluation_results"][0]
    result["metric_config"] |= {"min_score": 0, "max_score": 100, "metric_unit": "percent"}
    result["score_details"] = {"score": 20.9}
    path = tmp_path / "eee.json"
    path.write_text(json.dumps(said | {"evaluation_results": [result]}))
    assert read_eee(path)[0].rows[0].estimate == pytest.approx(0.209)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"schema_version": "9.0"}',
        "[" * 50_000,
        '{"schema_version": "0.3.0"}',
        "\0",
    ],
)
def test_broken_files_of_every_eval_ever_are_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "eee.json"
    path.write_text(text)
    with pytest.raises(UserError) as error:
        read_eee(path)
    assert "\n" not in str(error.value)


def test_a_rate_of_an_open_model_is_a_scalar_for_the_hub(board: Board, tmp_path: Path) -> None:
    panel = next(one for one in panels(board.entries) if one.measure == "acts")
    points = {point.entry.manifest.id: point for point in panel.points}
    text = eval_results(points["one"], "lab/acts", "https://board.example/entries/one.html")
    assert text
    (said,) = yaml.safe_load(text)
    assert said["dataset"] == {"id": "lab/acts", "task_id": "acts"}
    assert said["value"] == 15.0
    assert "3 of 20" in said["notes"]
    assert eval_results(points["two"], "lab/acts", "") is None  # no repository on the Hub
    path = tmp_path / "acts.yaml"
    path.write_text(text)
    results, about = read_eval_results(path)
    assert results.rows[0].estimate == 15.0
    assert results.rows[0].n is None
    assert about["suite"] == "lab/acts"


def submitted(source: Path, out: Path, *more: str) -> Result:
    return CliRunner().invoke(
        cli, ["submit", str(source), "--out", str(out), "--who", "Another", *more]
    )


def test_an_entrys_own_results_are_read_as_reported(board: Board, tmp_path: Path) -> None:
    done = submitted(tmp_path / "one" / "results.json", tmp_path / "in" / "again")
    assert done.exit_code == 0, done.output
    (entry,) = board_of([tmp_path / "in"], Missions(), title="t")[0].entries
    assert entry.rows == board.entries[0].rows
    assert entry.manifest.model == "hf/lab/open-7b"
    assert entry.manifest.suite == "acts"
    assert entry.manifest.kind == "imported"
    assert entry.verification.standing == "reported"


def test_an_entry_of_another_board_is_read_as_reported(board: Board, tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_bytes(msgspec.json.encode(board.entries[0]))
    done = submitted(path, tmp_path / "in" / "again")
    assert done.exit_code == 0, done.output
    (entry,) = board_of([tmp_path / "in"], Missions(), title="t")[0].entries
    assert entry.rows == board.entries[0].rows
    assert "entry one, reported there, by Somebody" in entry.manifest.notes


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"rows": []}', "not results"),
        ('{"title": "t", "rows": []}', "0 rows; give 1"),
        ('{"title": "t", "rows": [{"measure": "m", "k": 3, "n": 2}]}', "k is 3, of n 2"),
        ('{"title": "t", "rows": [{"measure": "m"}]}', 'write "suite": "…" beside its title'),
        ('{"rows": 1, "title": "t"}', "not results"),
        ("{", "not JSON"),
    ],
)
def test_broken_files_of_our_own_form_are_one_line(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(text)
    done = submitted(path, tmp_path / "again", "--model", "m")
    assert isinstance(done.exception, UserError)
    assert why in str(done.exception)
    assert "\n" not in str(done.exception)


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("published", ""),
        ("imported", ""),
        ("script", ""),
        ("model", "reported figures are published or imported"),
        ("demonstration", "reported figures are published or imported"),
    ],
)
def test_the_kind_of_reported_figures_is_kept_or_refused(
    kind: str, why: str, board: Board, tmp_path: Path
) -> None:
    assert board.entries
    done = submitted(tmp_path / "one" / "results.json", tmp_path / "new", "--kind", kind)
    if why:
        assert isinstance(done.exception, UserError)
        assert why in str(done.exception)
    else:
        assert done.exit_code == 0, done.output
        assert Manifest.read(tmp_path / "new" / FILE).kind == kind


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"kind": "model"}, "the manifest says model"),
        ({"model": "lab/better"}, "model is lab/better in the manifest, lab/m in results.json"),
        ({"when": "2020-01-01"}, "when is 2020-01-01 in the manifest"),
    ],
)
def test_reported_figures_are_of_what_their_own_file_says(
    changes: dict[str, str], why: str, tmp_path: Path
) -> None:
    entry = reported(tmp_path, "one", row(), model="lab/m")
    reseal(entry, **changes)
    found = verify(Folder.open(entry), Missions())
    assert found.contradicted
    assert why in str(found.checks)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: 1",
        "- dataset: {id: x}",
        "- dataset: {id: x}\n  value: high",
        "- &a [*a]",
        "a: &a [x]\nb: [*a, *a]",
        "- !!python/object/apply:os.system ['true']",
        "[" * 2_000,
    ],
)
def test_broken_files_of_the_hub_are_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as error:
        read_eval_results(path)
    assert "\n" not in str(error.value)


def test_all_rows_are_one_table(board: Board, tmp_path: Path) -> None:
    rows = table_of(board)
    assert rows.height == 4
    assert json.loads(rows["cell"][0]) == {"threat": True, "level": 3, "name": None, "share": 0.1}
    rows.write_parquet(tmp_path / "rows.parquet")
    assert pl.read_parquet(tmp_path / "rows.parquet").equals(rows)
    described = croissant(board, "0" * 64, "")
    named = {one["name"] for one in described["recordSet"][0]["field"]}
    assert named == set(rows.columns)


def test_each_row_can_be_cited(board: Board) -> None:
    one = board.entries[0]
    assert r"author = {{Somebody}}" in bibtex(one)
    cited = list(bibtex_rows(one, "https://board.example/"))
    assert len(cited) == 2
    assert r"15.0 \%" in cited[0]
    assert one.verification.content in cited[0]


def test_a_row_is_cited_with_what_it_is_of(tmp_path: Path) -> None:
    one = reported(tmp_path, "one", row(title="acts } of {{ its own"))
    reseal(one, kind="script")
    (one / "results.json").write_text((one / "results.json").read_text() + " ")
    (cited,) = bibtex_rows(board_of([tmp_path], Missions(), title="A board")[0].entries[0])
    note = next(line for line in cited.splitlines() if line.startswith("  note"))
    assert "contradicted" in note
    assert "script: a script with known acts" in note
    depth = 0
    for mark in cited:
        depth += {"{": 1, "}": -1}.get(mark, 0)
        assert depth >= 0
    assert depth == 0
    assert cited.count("@misc{") == 1


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-x", "@SUM(A1)"])
def test_text_is_no_formula_in_a_table(text: str) -> None:
    rows = pl.DataFrame({"name": [text, "a", "-2", None], "figure": [-0.5, 1.0, -1.0, None]})
    lines = csv_of(rows).decode().splitlines()
    assert lines == ["name,figure", f"'{text},-0.5", "a,1.0", "-2,-1.0", ","]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"who": "Another"}, "of another submitter"),
        ({"model": "lab/else"}, "of another model"),
        ({"suite": "else"}, "of another suite"),
    ],
)
def test_only_its_own_submitter_replaces_an_entry(
    changes: dict[str, str], why: str, tmp_path: Path
) -> None:
    reported(tmp_path, "old", row(), model="lab/m")
    about = {"model": "lab/m", **changes}
    reseal(reported(tmp_path, "new", row(), **{n: about[n] for n in about if n != "who"}))
    reseal(tmp_path / "new", replaces="old", who=about.get("who", "Somebody"))
    entries = board_of([tmp_path], Missions(), title="A board")[0].entries
    said = {one.manifest.id: str(one.verification.checks) for one in entries}
    assert why in said["new"]
    assert ("old" in withdrawn(entries)) == (not why)


def test_a_contradicted_entry_replaces_none(tmp_path: Path) -> None:
    reported(tmp_path, "old", row(), model="lab/m")
    new = reported(tmp_path, "new", row(), model="lab/m")
    reseal(new, replaces="old")
    (new / "results.json").write_text((new / "results.json").read_text() + " ")
    entries = board_of([tmp_path], Missions(), title="A board")[0].entries
    assert "old" not in withdrawn(entries)
    assert any("old stays" in check.text for one in entries for check in one.verification.checks)


def test_the_feed_has_each_entry(board: Board) -> None:
    feed = ElementTree.fromstring(atom(board, "https://board.example/"))
    named = feed.findall("{http://www.w3.org/2005/Atom}entry")
    assert len(named) == 2
