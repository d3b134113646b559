"""Two raters: what is counted, what is disputed, and which files cannot be compared."""

from __future__ import annotations

import math
from pathlib import Path

import polars as pl
import pytest
from judge_cases import verdict

import peer_preservation as pp
from eval_observatory.statistics.agreement import cohen_kappa
from peer_preservation.judging import compare, ratings_of, read_labels, read_ratings, with_verdicts
from peer_preservation.judging.stage import line_of

A = [True, True, True, False, False, False, None, True]
B = [True, True, False, False, False, True, True, None]


def test_two_judges_are_counted_and_their_disputes_listed() -> None:
    first = ratings_of(
        verdict(f"e{i}", value, quote=f"words {i}", reason="so") for i, value in enumerate(A)
    )
    second = ratings_of(verdict(f"e{i}", value) for i, value in enumerate([*B, True]))
    (found,) = compare(first, second)
    assert found.behavior == "refusal"
    assert (found.both, found.only_first, found.only_second, found.neither) == (2, 1, 1, 2)
    assert found.unscored == 2
    assert (found.only_asked_first, found.only_asked_second) == ((), ("e8",))
    assert found.kappa == cohen_kappa([1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 1])
    assert found.kappa.n == 6
    assert [dispute.episode_id for dispute in found.disputes] == ["e2", "e5"]
    assert found.disputes[0].first_quote == "words 2"
    assert (found.disputes[1].first, found.disputes[1].second) == (False, True)


def test_kappa_without_variation_is_undefined() -> None:
    (found,) = compare(
        ratings_of([verdict("a", True), verdict("b", True)]),
        ratings_of([verdict("a", True), verdict("b", True)]),
    )
    assert math.isnan(found.kappa.value)
    assert found.both == 2


def test_raters_of_different_behaviours_are_not_compared() -> None:
    with pytest.raises(pp.UserError, match=r"nothing to compare: .* refusal and persuasion"):
        compare(ratings_of([verdict("a", True)]), ratings_of([verdict("a", True, "persuasion")]))


def test_the_probes_verdicts_are_not_a_raters() -> None:
    ratings = ratings_of([verdict("a", True), verdict("a", False, probe="archive")])
    assert ratings[("a", "refusal")].value is True


def test_labels_by_people(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(
        "\ufeffepisode_id,behavior,verdict,note\r\na,refusal,TRUE,x\r\nb,refusal,0,\r\n"
        'c,refusal,,"left\nopen"\r\na,persuasion, no ,\r\n',
        encoding="utf-8",
    )
    labels = read_labels(path)
    assert {key: rating.value for key, rating in labels.items()} == {
        ("a", "refusal"): True,
        ("b", "refusal"): False,
        ("c", "refusal"): None,
        ("a", "persuasion"): False,
    }


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.csv", "episode_id,verdict\na,true\n", "x.csv:1: no column behavior"),
        ("x.csv", "", "x.csv:1: no column episode_id, behavior, verdict"),
        ("x.csv", "episode_id,behavior,verdict\na,refusal,maybe\n", "x.csv:2: verdict 'maybe'"),
        ("x.csv", "episode_id,behavior,verdict\n,refusal,true\n", "x.csv:2: episode_id or"),
        ("x.csv", "episode_id,behavior,verdict\na\n", "x.csv:2: episode_id or"),
        ("x.jsonl", '{"a": 1}\n', "x.jsonl:1: not a verdict"),
        ("x.jsonl", line_of(verdict("a", True, format=3)), "a verdict of format 3"),
        (
            "x.jsonl",
            line_of(verdict("a", True)) + line_of(verdict("a", True, grader="scripted/b")),
            r"verdicts by 2 graders \(scripted/a, scripted/b\)",
        ),
        ("x.parquet", "PAR", "cannot be read as a trial table"),
        ("x.txt", "", "files of this kind are not compared"),
    ],
)
def test_a_file_that_is_no_raters_is_one_line(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(pp.UserError, match=message) as error:
        read_ratings(tmp_path / name)
    assert "\n" not in str(error.value)


def test_what_is_labelled_twice_counts_once_and_not_at_all_where_it_differs(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        "episode_id,behavior,verdict\na,refusal,1\na,refusal,0\nb,refusal,1\nb,refusal,1\n"
    )
    (found,) = compare(ratings_of([verdict("a", True), verdict("b", True)]), read_ratings(path))
    assert (found.both, found.unscored, found.differ_second) == (1, 1, ("a",))


@pytest.mark.parametrize("name", ["no.csv", "no.jsonl", "no.parquet"])
def test_a_missing_file_is_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(pp.UserError, match="cannot be read"):
        read_ratings(tmp_path / name)


def test_a_judge_is_held_against_the_rule(tmp_path: Path) -> None:
    cells = pp.matrix("quick", scenario="tampering")
    trials = pl.concat([pp.simulate(cells, name, 2) for name in ("refuse", "honest")])
    trials.write_parquet(tmp_path / "trials.parquet")
    rule = read_ratings(tmp_path / "trials.parquet")
    judge = ratings_of(verdict(id, True) for id in trials["episode_id"].unique(maintain_order=True))
    (found,) = compare(judge, rule)
    assert found.behavior == "refusal"
    assert found.both == sum(rating.value is True for rating in rule.values())
    assert found.only_first == len(rule) - found.both


def test_verdicts_become_columns_of_the_trial_table() -> None:
    cells = pp.matrix("quick", scenario="tampering")
    trials = pp.simulate(cells, "refuse", 1)
    ids = trials["episode_id"].to_list()
    verdicts = [
        verdict(ids[0], False, prompt="old"),
        verdict(ids[0], True, said=True),
        verdict(ids[1], None),
        verdict(ids[0], False, repeat=1),
        verdict(ids[0], False, probe="archive"),
        verdict("elsewhere", True),
        verdict(ids[2], True, "persuasion"),
    ]
    joined = with_verdicts(trials, verdicts)
    assert joined.select(trials.columns).equals(trials)
    assert joined.columns[len(trials.columns) :] == [
        f"{behavior}_judge{column}"
        for behavior in ("persuasion", "refusal")
        for column in (
            *("", "_unscored", "_said", "_said_unscored", "_reasoned", "_reasoned_unscored"),
            *("_validation", "_grader", "_kin", "_seen"),
        )
    ]
    assert joined["refusal_judge"].to_list()[:3] == [True, None, None]
    assert joined["refusal_judge_unscored"].to_list()[:3] == [
        None,
        "the grader's answer is empty",
        "not judged",
    ]
    assert with_verdicts(joined, verdicts).equals(joined)


def test_said_and_reasoned_are_two_columns() -> None:
    trials = pl.DataFrame({"episode_id": list("abcde"), "ended": ["idle"] * 5})
    verdicts = [
        verdict("a", True, said=True, reasons=True),
        verdict("b", True, said=False, reasons=True),
        verdict("c", False, reasons=True),
        verdict("d", True, said=True),
        verdict("e", None, reasons=True),
    ]
    joined = with_verdicts(trials, verdicts)
    assert joined["refusal_judge"].to_list() == [True, True, False, True, None]
    assert joined["refusal_judge_said"].to_list() == [True, False, False, True, None]
    assert joined["refusal_judge_reasoned"].to_list() == [False, True, False, None, None]
    assert joined["refusal_judge_reasoned_unscored"].to_list() == [
        *(None, None, None, "the record shows no reasoning", "the grader's answer is empty")
    ]


def test_a_rollout_that_failed_is_unscored_with_its_fault() -> None:
    trials = pl.DataFrame({"episode_id": ["a", "b"], "ended": ["truncated", "idle"]})
    joined = with_verdicts(trials, [verdict("b", True)])
    assert joined["refusal_judge_unscored"].to_list() == ["truncated", None]


def test_several_graders_are_not_joined() -> None:
    trials = pl.DataFrame({"episode_id": ["a"], "ended": ["idle"]})
    with pytest.raises(pp.UserError, match="verdicts by 2 graders"):
        with_verdicts(trials, [verdict("a", True), verdict("a", True, grader="scripted/b")])
