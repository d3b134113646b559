"""Kinds of tampering with an entry: each is found, or named as not to be found at that level.

A forger reseals: the manifest is made anew with the hashes of what is there. Where one does not,
the files alone tell.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import polars as pl
import pytest
from entry_frames import ABOUT, CALM, GOOD, MODEL, log, reseal, table

import peer_preservation as pp
from eval_observatory.board.checks import versions_of
from eval_observatory.board.claims import CLAIMED, LOGS, TABLE, held
from eval_observatory.board.entries import Folder
from eval_observatory.board.making import board_of
from eval_observatory.board.manifest import Manifest
from eval_observatory.board.missions import Missions
from eval_observatory.board.submitting import submit
from eval_observatory.board.verifying import verify
from eval_observatory.trials import suite_in, write_trials
from peer_preservation.plan import Plan

pytest_plugins = ["entry_frames"]

ENABLED = r"\"shutdown_enabled\":true"
LABEL = "shutdown_enabled"
FIRST = f"samples/{GOOD}_epoch_4.json"


def flip(entry: Path) -> None:
    table(entry, lambda t: t.with_columns(pl.col(LABEL).not_()))
    reseal(entry)


def nudge(entry: Path) -> None:
    """A single number, by its last bit."""
    near = pl.col("eval_score") * (1 + 2**-52)
    table(
        entry,
        lambda t: t.with_columns(
            pl.when(pl.col("rollout") == 0).then(near).otherwise("eval_score").alias("eval_score")
        ),
    )
    reseal(entry)


def drop(entry: Path) -> None:
    table(entry, lambda t: t.filter(~((pl.col("cell_id") == GOOD) & (pl.col("rollout") == 0))))
    reseal(entry)


def double(entry: Path) -> None:
    table(entry, lambda t: pl.concat([t, t.head(3)]))
    reseal(entry)


def double_renamed(entry: Path) -> None:
    again = pl.concat_str(pl.col("episode_id"), pl.lit("x")).alias("episode_id")
    table(entry, lambda t: pl.concat([t, t.head(3).with_columns(again)]))
    reseal(entry)


def other_cells(entry: Path) -> None:
    swapped = {GOOD: CALM, CALM: GOOD}
    table(entry, lambda t: t.with_columns(pl.col("cell_id").replace(swapped)))
    reseal(entry)


def other_factor(entry: Path) -> None:
    table(entry, lambda t: t.with_columns(pl.col("threat").not_()))
    reseal(entry)


def unscored_to_label(entry: Path) -> None:
    table(
        entry,
        lambda t: t.with_columns(
            pl.lit("lost").alias("refused_unscored"), pl.lit(None, pl.Boolean).alias("refused")
        ),
    )
    reseal(entry)


def edited_record(name: str, text: str) -> str:
    return text.replace(ENABLED, ENABLED.replace("true", "false")) if name == FIRST else text


def changed_log(entry: Path) -> None:
    log(entry, edited_record)


def changed_log_resealed(entry: Path) -> None:
    log(entry, edited_record)
    reseal(entry)


def remade(entry: Path) -> None:
    """The table that follows from the logs as they are now."""
    from peer_preservation.run_folder import scored

    table(entry, lambda _: scored(entry))
    reseal(entry)


def changed_log_and_table(entry: Path) -> None:
    log(entry, edited_record)
    remade(entry)


def forged_whole(entry: Path) -> None:
    """The record, the scores that Inspect wrote, and all that follows."""

    def change(name: str, text: str) -> str:
        if name != FIRST:
            return text
        sample = json.loads(edited_record(name, text))
        value = sample["scores"]["labels"]["value"]
        from peer_preservation.episode import Episode
        from peer_preservation.scoring.score import score

        stored = sample["store"]["peer_preservation:episode"]
        value[LABEL] = float(bool(score(Episode.from_json(stored))[LABEL].value))
        return json.dumps(sample)

    log(entry, change)
    remade(entry)


def forged_manifest(entry: Path) -> None:
    reseal(entry, model="openai/gpt-5")


def swapped_name(entry: Path) -> None:
    table(entry, lambda t: t.with_columns(pl.lit("openai/gpt-5").alias("agent_model")))
    reseal(entry, model="openai/gpt-5")


def renamed_everywhere(entry: Path) -> None:
    log(entry, lambda _, text: text.replace(MODEL, "openai/gpt-5"))
    remade(entry)
    reseal(entry, model="openai/gpt-5")


def renamed_without_plan(entry: Path) -> None:
    """The plan taken out of the logs, too."""
    log(entry, lambda _, text: text.replace(Plan.read(entry / "plan.toml").hash, ""))
    (entry / "plan.toml").unlink()
    renamed_everywhere(entry)
    reseal(entry, plan="", model="openai/gpt-5")


def foreign_plan(entry: Path) -> None:
    other = Plan.of(pp.matrix("quick", scenario="tampering"), [MODEL], 4, seed=7)
    reseal(entry, plan=other.write(entry / "plan.toml"))


def late_plan(entry: Path) -> None:
    """Two cells chosen after a look, and a plan that fits them."""
    kept = [GOOD, CALM]
    chosen = [cell for cell in pp.matrix("quick", scenario="tampering") if cell.id in kept]
    log(
        entry,
        lambda n, t: (
            t
            if not n.startswith("samples/")
            or any(n.startswith(f"samples/{id}_epoch") for id in kept)
            else None
        ),
    )
    table(entry, lambda t: t.filter(pl.col("cell_id").is_in(kept)))
    reseal(entry, plan=Plan.of(chosen, [MODEL], 4).write(entry / "plan.toml"))


def edited_plan(entry: Path) -> None:
    path = entry / "plan.toml"
    path.write_text(path.read_text().replace("rollouts = 4", "rollouts = 3"))
    reseal(entry)


def unplanned_log(entry: Path) -> None:
    """The log says that it was begun without a plan."""
    log(entry, lambda _, text: text.replace(Plan.read(entry / "plan.toml").hash, ""))
    reseal(entry)


def lost_cell(entry: Path) -> None:
    log(entry, lambda n, t: None if n.startswith(f"samples/{CALM}") else t)
    table(entry, lambda t: t.filter(pl.col("cell_id") != CALM))
    reseal(entry)


def missing_log(entry: Path) -> None:
    log(entry, lambda n, t: None if n.startswith(f"samples/{CALM}") else t)
    reseal(entry)


def back_dated(entry: Path) -> None:
    reseal(entry, when="2025-01-01")


def other_rollouts(entry: Path) -> None:
    reseal(entry, rollouts=400)


def other_design(entry: Path) -> None:
    reseal(entry, design="0" * 32)


def without_plan(entry: Path) -> None:
    """The plan left out, which the logs name."""
    (entry / "plan.toml").unlink()
    reseal(entry, plan="")


def dropped_without_plan(entry: Path) -> None:
    """Rollouts left out of table and log, the plan out of the entry and the logs."""
    log(entry, lambda _, text: text.replace(Plan.read(entry / "plan.toml").hash, ""))
    log(entry, lambda n, t: None if n == FIRST else t)
    (entry / "plan.toml").unlink()
    remade(entry)
    reseal(entry, plan="")


def counted_down(entry: Path) -> None:
    """The same, and its counts and its list of samples made to fit."""

    def change(name: str, text: str) -> str:
        if name == "summaries.json":
            kept = [o for o in json.loads(text) if (o["id"], o["epoch"]) != (GOOD, 4)]
            return json.dumps(kept)
        if name == "header.json":
            head = json.loads(text)
            for one in ("completed_samples", "total_samples"):
                head["results"][one] -= 1
            return json.dumps(head)
        return text

    dropped_without_plan(entry)
    log(entry, change)
    reseal(entry)


def broken_off(entry: Path) -> None:
    dropped_without_plan(entry)
    log(
        entry,
        lambda n, t: t.replace('"success"', '"cancelled"', 1) if n == "header.json" else t,
    )
    remade(entry)
    reseal(entry, versions=versions_of(pl.read_parquet(entry / "trials.parquet")))


def called_a_model(entry: Path) -> None:
    reseal(entry, kind="model")


def called_a_small_model(entry: Path) -> None:
    reseal(entry, kind="demonstration")


def other_versions(entry: Path) -> None:
    reseal(entry, versions={"package": "99"})


def invented_cost(entry: Path) -> None:
    """A price of a table that has none."""
    costs = ("charged_usd", "listed_usd")
    table(entry, lambda t: t.with_columns(pl.lit(None, pl.Float64).alias(one) for one in costs))
    reseal(entry, cost_usd=1_000.0)


CONTRADICTED: list[tuple[Callable[[Path], None], str]] = [
    (flip, "labels"),
    (nudge, "labels"),
    (drop, "labels"),
    (double, "readable"),
    (double_renamed, "labels"),
    (other_cells, "labels"),
    (other_factor, "labels"),
    (unscored_to_label, "labels"),
    (changed_log, "files"),
    (changed_log_resealed, "labels"),
    (changed_log_and_table, "logs' own scores"),
    (forged_manifest, "manifest"),
    (swapped_name, "labels"),
    (renamed_everywhere, "planned rollouts"),
    (foreign_plan, "plan before logs"),
    (late_plan, "plan before logs"),
    (edited_plan, "plan"),
    (unplanned_log, "plan before logs"),
    (lost_cell, "planned rollouts"),
    (missing_log, "labels"),
    (back_dated, "logs' heads"),
    (other_rollouts, "manifest"),
    (other_design, "manifest"),
    (without_plan, "plan"),
    (dropped_without_plan, "logs' records"),
    (called_a_model, "kind"),
    (called_a_small_model, "kind"),
    (other_versions, "manifest"),
    (invented_cost, "manifest"),
]


def test_an_entry_that_nobody_tampered_with_is_scored_again(
    whole: Path, missions: Missions
) -> None:
    found = verify(Folder.open(whole), missions)
    assert {check.name for check in found.checks if check.outcome != "holds"} == {"claims"}
    assert found.standing == "re-scored"


def test_what_the_suite_calls_a_script_is_submitted_as_one(
    run: Path, tmp_path: Path, missions: Missions
) -> None:
    submit(run, tmp_path / "one", msgspec.structs.replace(ABOUT, kind=None), missions)
    found = Folder.open(tmp_path / "one")
    assert found.manifest.kind == "script"
    assert not verify(found, missions).contradicted


@pytest.mark.parametrize(
    ("tamper", "check"), CONTRADICTED, ids=lambda v: getattr(v, "__name__", "")
)
def test_tampering_is_found(
    tamper: Callable[[Path], None], check: str, entry: Path, missions: Missions
) -> None:
    tamper(entry)
    found = verify(Folder.open(entry), missions)
    assert check in {one.name for one in found.checks if one.outcome == "contradicted"}
    assert found.contradicted
    assert found.standing == "reported"


def test_rollouts_taken_out_with_all_counts_are_told(entry: Path, missions: Missions) -> None:
    counted_down(entry)
    told = {one.name: one for one in verify(Folder.open(entry), missions).checks}
    assert told["logs' records"].outcome == "differs"
    assert "was begun for" in told["logs' records"].text


def shortened(entry: Path) -> None:
    """The last rollouts of a cell taken out, of table and log."""
    kept = pl.col("rollout") < 3
    log(
        entry,
        lambda n, t: (
            None
            if n.startswith("samples/")
            and "#" in n
            and int(n.partition("#")[2].partition("_")[0]) >= 3
            else t
        ),
    )
    table(entry, lambda t: t.filter(kept))
    reseal(entry)


def edited_looks(entry: Path) -> None:
    path = entry / "looks.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    reseal(entry)


def without_looks(entry: Path) -> None:
    (entry / "looks.jsonl").unlink()
    reseal(entry)


@pytest.mark.parametrize("tamper", [shortened, edited_looks, without_looks])
def test_a_rule_that_was_not_kept_is_found(
    tamper: Callable[[Path], None], stopped: Path, tmp_path: Path, missions: Missions
) -> None:
    entry = Path(shutil.copytree(stopped, tmp_path / "one"))
    kept = verify(Folder.open(entry), missions)
    assert not kept.contradicted, kept.checks
    tamper(entry)
    found = verify(Folder.open(entry), missions)
    told = {one.name for one in found.checks if one.outcome == "contradicted"}
    assert "stopping rule" in told


def test_another_scorers_version_excuses_no_edited_label(
    whole: Path, entry: Path, missions: Missions, tmp_path: Path
) -> None:
    """Who claims that another version told edited labels gains nothing: the board makes them."""
    old = pl.lit("4").alias("scorer_version")
    table(entry, lambda t: t.with_columns(pl.col(LABEL).not_(), old))
    reseal(entry, scorer="4")
    found = verify(Folder.open(entry), missions)
    assert found.standing == "reported"
    (labels,) = [one for one in found.checks if one.name == "labels"]
    assert labels.outcome == "differs"
    assert "says that scorer 4 told its labels, which excuses no difference" in labels.text
    assert any(line.startswith(f"{LABEL}: 20 of 20") for line in found.differences)
    honest, _ = board_of([whole], missions, title="t")
    claimed, _ = board_of([tmp_path], missions, title="t")
    assert claimed.entries[0].rows == honest.entries[0].rows


def test_another_scorer_that_told_the_same_is_scored_again(entry: Path, missions: Missions) -> None:
    table(entry, lambda t: t.with_columns(pl.lit("4").alias("scorer_version")))
    reseal(entry, scorer="4")
    found = verify(Folder.open(entry), missions)
    assert found.standing == "re-scored"
    (labels,) = [one for one in found.checks if one.name == "labels"]
    assert "scorer 4 told its labels" in labels.text


def test_a_declaration_of_its_own_does_not_change_what_a_measure_is_called(
    whole: Path, entry: Path, missions: Missions, tmp_path: Path
) -> None:
    """Titles count for no design: a table could call its measures what it likes."""
    path = entry / "trials.parquet"
    suite = suite_in(path)
    assert suite
    measures = tuple(msgspec.structs.replace(one, title="It refuses") for one in suite.measures)
    forged = msgspec.structs.replace(suite, title="Best of all", measures=measures)
    write_trials(pl.read_parquet(path), forged, path)
    reseal(entry)
    (one,) = board_of([tmp_path], missions, title="t")[0].entries
    (other,) = board_of([whole], missions, title="t")[0].entries
    assert (one.suite_title, one.rows) == (other.suite_title, other.rows)


def test_what_is_the_submitters_word_is_told(entry: Path, missions: Missions) -> None:
    reseal(entry, vendor="A vendor", provider="a path")
    kept = verify(Folder.open(entry), missions)
    by = held(Manifest.read(entry / "entry.toml"), kept.checks)
    assert {by[name] for name in ("model", "harness", "rollouts", "plan", "when", "kind")} == {LOGS}
    assert by["versions"] == TABLE
    assert {by[name] for name in ("who", "vendor", "provider")} == {CLAIMED}
    (told,) = [one for one in kept.checks if one.name == "claims"]
    assert "who, vendor, provider: the submitter's own word" in told.text
    shutil.rmtree(entry / "logs")
    away = verify(Folder.open(entry), missions)
    by = held(Manifest.read(entry / "entry.toml"), away.checks)
    assert {by[name] for name in ("model", "rollouts")} == {TABLE}
    assert {by[name] for name in ("plan", "when")} == {CLAIMED}


NOT_FOUND = [
    (forged_whole, "a record forged with all that follows from it: only a re-run finds it"),
    (renamed_without_plan, "a model renamed everywhere, without a plan: only a re-run finds it"),
]


@pytest.mark.parametrize(("tamper", "why"), NOT_FOUND, ids=lambda v: getattr(v, "__name__", ""))
def test_what_no_scoring_can_find_is_named(
    tamper: Callable[[Path], None], why: str, entry: Path, missions: Missions
) -> None:
    tamper(entry)
    found = verify(Folder.open(entry), missions)
    assert not found.contradicted, (why, found.checks)
    assert found.standing == "re-scored"


def test_a_log_of_a_run_that_was_broken_off_is_not_contradicted(
    entry: Path, missions: Missions
) -> None:
    broken_off(entry)
    found = verify(Folder.open(entry), missions)
    assert "not checked" in {one.outcome for one in found.checks if one.name == "logs' records"}
    assert not found.contradicted, found.checks


def test_one_log_in_two_entries_is_found(entry: Path, tmp_path: Path, missions: Missions) -> None:
    second = Path(shutil.copytree(entry, tmp_path / "two"))
    reseal(second, id="two")
    board, _ = board_of([tmp_path], missions, title="t")
    assert [one.verification.contradicted for one in board.entries] == [True, True]
    reseal(second, id="two", replaces="one")
    board, _ = board_of([tmp_path], missions, title="t")
    assert [one.verification.contradicted for one in board.entries] == [False, False]


def test_a_verification_of_its_own_makes_no_entry(
    entry: Path, tmp_path: Path, missions: Missions
) -> None:
    (entry / "verification.json").write_text('{"standing": "re-run"}')
    board, _ = board_of([tmp_path], missions, title="t")
    assert not board.entries
    assert "no part of an entry" in board.left_out[0].why


def test_hashes_alone_are_reported(entry: Path, missions: Missions) -> None:
    shutil.rmtree(entry / "logs")
    found = verify(Folder.open(entry), missions)
    assert found.standing == "reported"
    assert not found.contradicted


def test_a_scorer_that_breaks_on_an_entry_ends_no_board(
    entry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(folder: Path) -> pl.DataFrame:
        raise ZeroDivisionError(folder)

    known = Missions()
    mine = known.get("peer_preservation")
    assert mine
    monkeypatch.setattr(known, "get", lambda _: replace(mine, rescore=breaks))
    board, _ = board_of([entry.parent], known, title="t")
    (one,) = board.entries
    assert one.verification.contradicted
    assert "ZeroDivisionError" in str(one.verification.checks)
