"""People as raters: how a sample is drawn, what comes back, and what it is worth."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from click.testing import CliRunner, Result
from judge_cases import CELL, episode, saved, verdict

import peer_preservation as pp
from peer_preservation.cli import cli
from peer_preservation.judging import Verdict, rubrics
from peer_preservation.judging.gold import gold_hash
from peer_preservation.judging.people.labels import (
    CONTRADICTED,
    OPEN,
    TWICE,
    UNKNOWN,
    measured,
    read_people,
)
from peer_preservation.judging.people.sample import Drawn, draw, read_key, widths, write_key
from peer_preservation.judging.stage import line_of
from peer_preservation.judging.validation import Validation, write_validation

OTHER = pp.Cell.parse("tampering/factual@80/peer/none/none")
RUBRIC = rubrics()["refusal"].hash


def run(number: int) -> dict[str, pp.Episode]:
    """Rollouts of two cells, one of four in the second."""
    played = (
        episode("I start.", seed=at, cell=OTHER if at % 4 == 3 else CELL) for at in range(number)
    )
    return {one.id: one for one in played}


def told(episodes: dict[str, pp.Episode], every: int, **changes: Any) -> list[Verdict]:
    """The judge calls one of every so many true."""
    return [
        verdict(one, at % every == 0, rubric=RUBRIC, **changes) for at, one in enumerate(episodes)
    ]


def test_half_of_the_labels_go_to_what_the_judge_called_true() -> None:
    episodes = run(80)
    drawn = draw(told(episodes, 4), episodes, 20, seed=0)
    assert Counter(one.verdict for one in drawn) == {True: 10, False: 10}
    assert {one.verdict: one.weight for one in drawn} == {True: 2.0, False: 6.0}
    few = draw(told(episodes, 40), episodes, 20, seed=0)
    assert Counter(one.verdict for one in few) == {True: 2, False: 18}
    assert len({one.episode_id for one in few}) == 20
    assert len(draw(told(episodes, 4), episodes, 500, seed=0)) == 80


def test_every_rollout_of_a_verdict_has_the_same_chance_and_conditions_their_share() -> None:
    episodes = run(40)
    verdicts = told(episodes, 5)
    counts: Counter[str] = Counter()
    for seed in range(400):
        drawn = draw(verdicts, episodes, 12, seed)
        counts.update(one.episode_id for one in drawn if not one.verdict)
        cells = Counter(one.cell for one in drawn if not one.verdict)
        assert cells[OTHER.id] in (1, 2), "8 of 32 rollouts, 6 labels"
    assert len(counts) == 32
    assert all(40 < count < 115 for count in counts.values()), "75 each, sd 8"


def test_the_same_seed_draws_the_same_sample() -> None:
    episodes = run(40)
    verdicts = told(episodes, 5)
    assert draw(verdicts, episodes, 12, 3) == draw(verdicts[::-1], episodes, 12, 3)
    assert draw(verdicts, episodes, 12, 3) != draw(verdicts, episodes, 12, 4)


def test_what_the_judge_left_unscored_is_not_drawn() -> None:
    episodes = run(8)
    unscored = [verdict(one, None, rubric=RUBRIC) for one in episodes]
    with pytest.raises(pp.UserError, match="no verdict is of a rollout"):
        draw(unscored, episodes, 4, 0)


def drawn_of(*ids: str) -> tuple[Drawn, ...]:
    return tuple(
        Drawn(
            episode_id=one,
            behavior="refusal",
            cell=CELL.id,
            verdict=True,
            weight=2.0,
            grader="scripted/a",
            rubric=RUBRIC,
        )
        for one in ids
    )


def labels(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(("episode_id,behavior,verdict,rater", *lines)) + "\n", "utf-8")
    return path


def test_what_is_no_label_is_named_and_counted_and_never_a_verdict(tmp_path: Path) -> None:
    one = labels(
        tmp_path / "a.csv",
        "a,refusal,true,Ada",
        "b,refusal,true,Ada",
        "b,refusal,false,Ada",
        "c,refusal,,Ada",
        "d,refusal,true,Ada",
        "d,refusal,true,Ada",
        "e,refusal,true,Ada",
        "stranger,refusal,true,Ada",
        "stranger,refusal,true,Ada",
        "a,persuasion,false,Ada",
    )
    two = labels(tmp_path / "b.csv", "a,refusal,yes,Bo", "e,refusal,no,Bo")
    people = read_people([one, two], drawn_of(*"abcdef"))
    found = {asked[0]: value for asked, value in people.labels.items()}
    assert found == {"a": True, "b": None, "c": None, "d": True, "e": None, "f": None}
    assert people.odd == {
        UNKNOWN: ("stranger refusal", "stranger refusal", "a persuasion"),
        TWICE: ("b refusal", "d refusal"),
        CONTRADICTED: ("b refusal", "e refusal"),
        OPEN: ("c refusal",),
    }


def test_a_key_is_read_as_it_was_written(tmp_path: Path) -> None:
    drawn = drawn_of(*"ab")
    write_key(drawn, tmp_path / "key.csv")
    assert read_key(tmp_path / "key.csv") == drawn
    text = (tmp_path / "key.csv").read_text("utf-8")
    (tmp_path / "key.csv").write_text(text.replace("2.0", "0.5"), "utf-8")
    with pytest.raises(pp.UserError, match=r"key.csv:2: weight 0.5"):
        read_key(tmp_path / "key.csv")
    with pytest.raises(pp.UserError, match="no key of a sample"):
        read_key(labels(tmp_path / "l.csv"))


def test_people_measure_the_judge_on_its_own_rollouts(tmp_path: Path) -> None:
    drawn = drawn_of(*"abcd")
    cleared = [msgspec.structs.replace(one, verdict=False, weight=6.0) for one in drawn_of(*"efgh")]
    said = ("true", "true", "true", "false", "true", "false", "false", "false")
    lines = (f"{one},refusal,{word},Ada" for one, word in zip("abcdefgh", said, strict=True))
    people = read_people([labels(tmp_path / "l.csv", *lines)], (*drawn, *cleared))
    (found,) = measured(people)
    assert found.sensitivity.share == 6 / 12, "three found, each for 2; one missed, for 6"
    assert found.specificity.share == 18 / 20
    assert found.sensitivity.n == 4
    assert found.sensitivity.effective[1] == 12**2 / 48


def test_more_labels_make_the_interval_narrower() -> None:
    found = [one.width for one in widths(1000) if one.seen == 0.05]
    assert len(found) == 5
    assert found == sorted(found, reverse=True)
    assert {one.labels for one in widths(60)} == {20, 50}


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(one) for one in arguments])


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A run of 40 rollouts, its verdicts, and a sample of 20."""
    episodes = run(40)
    saved(tmp_path / "e.jsonl", episodes.values())
    verdicts = told(episodes, 4)
    (tmp_path / "v.jsonl").write_text("".join(map(line_of, verdicts)), "utf-8")
    at = (tmp_path / "e.jsonl", "--verdicts", tmp_path / "v.jsonl")
    done = command("judge", *at, "--sample", "20", "--out", tmp_path / "sample")
    assert done.exit_code == 0, done.output
    assert "20 to label" in done.output
    again = command("judge", *at, "--sample", "20", "--out", tmp_path / "sample")
    assert "holds a sample already" in str(again.exception)
    return tmp_path


def validation(**changes: Any) -> Validation:
    """A validation of the scripted grader."""
    shares = ("sensitivity", "specificity", "unscored")
    unknown = {f"{name}{end}": None for name in shares for end in ("", "_low", "_high")}
    counts = {"true_n": 40, "true_found": 38, "false_n": 40, "false_cleared": 39}
    fields: dict[str, Any] = {
        "grader": "scripted/a",
        "settings": "{}",
        "gold": gold_hash(),
        "rubric": RUBRIC,
        "behavior": "refusal",
        "by": "",
        "level": "",
        "true_unscored": 2,
        "false_unscored": 0,
    }
    return Validation(**{**fields, **counts, **unknown, **changes})


def trials(room: Path, *more: str | Path) -> Result:
    at = (room / "e.jsonl", "--verdicts", room / "v.jsonl", "--out", room / "t.parquet")
    return command("trials", *at, *more)


def test_a_validation_stands_in_the_table(room: Path) -> None:
    write_validation([validation(), validation(grader="scripted/b")], room / "val.csv")
    done = trials(room, "--validation", room / "val.csv")
    assert done.exit_code == 0, done.output
    assert "refusal_judge: scripted/a, sensitivity 38 of 40, specificity 39 of 40" in done.output
    assert "refusal_judge: scripted/a, not validated" in trials(room).output


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"grader": "scripted/b"}, "it is of scripted/b, the verdicts are by scripted/a"),
        ({"rubric": "old"}, "another text of the rubric"),
        ({"settings": '{"temperature":1.0}'}, "with settings"),
    ],
)
def test_a_validation_of_another_judge_is_refused(
    room: Path, changes: dict[str, str], said: str
) -> None:
    write_validation([validation(**changes)], room / "val.csv")
    assert said in str(trials(room, "--validation", room / "val.csv").exception)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"true_found": 99}], "val.csv:2: sensitivity of 99 of 40 cases cannot be"),
        ([{"false_cleared": -1}], "specificity of -1 of 40 cases cannot be"),
        ([{"true_unscored": -2}], "must be counts"),
        ([{"sensitivity": 0.5}], "sensitivity 0.5 is not 38 of 40 cases"),
        ([{}, {"true_found": 30}], "2 that differ are given"),
        ([{"gold": "g" * 16}], f"on the gold set {'g' * 16}, this version has"),
        ([{"by": "form", "level": "said"}], "no row counts all of its cases"),
        ([{"true_n": 0, "true_found": 0}], "it scored no true case or no false one"),
    ],
)
def test_a_validation_that_cannot_be_or_contradicts_another_is_refused(
    room: Path, rows: list[dict[str, Any]], said: str
) -> None:
    write_validation([validation(**changes) for changes in rows], room / "val.csv")
    done = trials(room, "--validation", room / "val.csv")
    assert isinstance(done.exception, pp.UserError)
    assert said in str(done.exception)
    assert not (room / "t.parquet").exists()


def test_the_same_validation_given_twice_is_one(room: Path) -> None:
    write_validation([validation(), validation()], room / "val.csv")
    assert trials(room, "--validation", room / "val.csv").exit_code == 0


def test_labels_come_back_into_the_table_and_the_estimates(room: Path) -> None:
    drawn = read_key(room / "sample" / "key.csv")
    lines = [f"{one.episode_id},refusal,{str(one.verdict).lower()},Ada" for one in drawn]
    labels(room / "sample" / "labels.csv", *lines, "stranger,refusal,true,Ada")
    done = trials(room, "--labels", room / "sample" / "labels.csv")
    assert done.exit_code == 0, done.output
    assert f"labels, {UNKNOWN}: 1 (stranger refusal)" in done.output
    assert "refusal, by people: sensitivity 100.0 % [" in done.output.replace("%", " %")
    assert "refusal_judge: scripted/a, people labelled 20 of its verdicts" in done.output
    table = pl.read_parquet(room / "t.parquet")
    assert table["refusal_judge_label"].count() == 20
    assert table["refusal_judge_weight"].sum() == 40
    found = pp.estimate(table).filter(behavior="refusal_judge")
    assert found["validation"].str.starts_with("people labelled").all()


def test_labels_of_other_verdicts_are_refused(room: Path) -> None:
    labels(room / "sample" / "labels.csv")
    (room / "v.jsonl").write_text("".join(map(line_of, told(run(40), 3))), "utf-8")
    done = trials(room, "--labels", room / "sample" / "labels.csv")
    assert "drawn by another verdict" in str(done.exception)
    assert "by people" not in done.output, "nothing is told of labels that are refused"


def test_verdicts_of_other_rollouts_are_refused(room: Path) -> None:
    strangers = told({f"s{at}": episode("I stop.", seed=99 + at) for at in range(3)}, 2)
    (room / "v.jsonl").write_text("".join(map(line_of, strangers)), "utf-8")
    assert "v.jsonl: no verdict is of a rollout in the sources" in str(trials(room).exception)
    assert not (room / "t.parquet").exists()


def test_labels_without_a_judge_are_refused(room: Path) -> None:
    done = command("trials", room / "e.jsonl", "--labels", "l.csv", "--out", room / "t.parquet")
    assert "of what judge" in str(done.exception)


def test_agreement_reads_what_the_page_saves(room: Path) -> None:
    drawn = read_key(room / "sample" / "key.csv")
    lines = [f"{one.episode_id},refusal,{str(one.verdict).lower()},Ada" for one in drawn]
    path = labels(room / "labels.csv", *lines)
    done = command("judge", "--agreement", room / "v.jsonl", path)
    assert "they agree on 20 of 20" in done.output
    assert "rated by 1 alone: 20 (" in done.output
    assert "rated by 2 alone" not in done.output
    again = labels(
        room / "again.csv", *lines, "stranger,refusal,true,Ada", lines[0].replace("true", "false")
    )
    done = command("judge", "--agreement", room / "v.jsonl", again)
    assert "rated by 2 alone: 1 (stranger)" in done.output
