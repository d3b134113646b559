"""Questions of signal detection in any suite: arms, gates, what moved, and what is said of it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from eval_observatory import Contrast, Factor, Measure, Suite, UserError, write_report
from eval_observatory.counts import Counted
from eval_observatory.detection import Detected, detected
from eval_observatory.report.detection import detection_tables, number, sentence
from eval_observatory.suite import Detection

DETECTION = Detection(
    name="smoke",
    title="Is smoke told?",
    hit="told",
    alarm="false",
    signal={"smoke": True},
    noise={"smoke": False},
    item="room",
    gate={"boss": "away"},
    words=("caution", "dullness"),
    what="fires",
)


def suite(**settings: Any) -> Suite:
    return Suite(
        name="alarms",
        title="Alarms",
        question="Does it tell?",
        factors=(
            Factor(name="boss", levels=("away", "there", "cross")),
            Factor(name="smoke", kind="yes_no"),
        ),
        measures=(
            Measure(name="told", column="rang", where={"smoke": (True,)}),
            Measure(name="false", column="rang", where={"smoke": (False,)}),
            Measure(name="room_known", column="room", kind="text", shows=("a",), claimed=False),
        ),
        contrasts=(
            Contrast(
                name="boss",
                title="the boss away",
                when={"boss": ("there", "cross")},
                changes=({"boss": "away"},),
            ),
            Contrast(name="again", title="once more", changes=({"boss": "away"},)),
        ),
        **{"detections": (DETECTION,), **settings},
    )


def trials(*arms: tuple[str, int, int], n: int = 60, unscored: int = 0) -> pl.DataFrame:
    """Of each arm: the boss, hits and false alarms of `n`; the first rooms ring."""
    rows = [
        {
            "agent_model": "m",
            "harness": "h",
            "episode_id": f"{boss}/{smoke}/{room}",
            "scorer_version": "1",
            "boss": boss,
            "smoke": smoke,
            "rang": None if room >= n else room < k,
            "rang_unscored": "lost" if room >= n else None,
            "room": str(room),
            "room_unscored": None,
        }
        for boss, hits, alarms in arms
        for smoke, k in ((True, hits), (False, alarms))
        for room in range(n + unscored)
    ]
    return pl.DataFrame(rows)


def found(
    *arms: tuple[str, int, int], gate: dict[str, str] | None = None, **settings: Any
) -> Detected:
    fields = {name: getattr(DETECTION, name) for name in DETECTION.__struct_fields__}
    asked = DETECTION if gate is None else Detection(**{**fields, "least": -math.inf, "gate": gate})
    (one,) = detected(Counted.of(trials(*arms, **settings), suite(detections=(asked,))))
    return one


def told(one: Detected) -> str:
    return sentence(one, suite(), "m", "h", 0.95)


def test_an_arm_is_a_cell_with_and_one_without_the_signal() -> None:
    one = found(("away", 50, 10), ("there", 30, 2), unscored=3)
    assert one.arms.select(
        "boss", "smoke", "hits", "signals", "signals_unscored", "alarms", "noises", "gate"
    ).rows() == [
        ("away", True, 50, 60, 3, 10, 60, "passed"),
        ("there", True, 30, 60, 3, 2, 60, "passed"),
    ]
    assert one.arms["hit"].to_list() == [50 / 60, 0.5]


def test_an_arm_without_its_other_half_is_none() -> None:
    half = trials(("away", 50, 10)).filter(pl.col("smoke"))
    assert detected(Counted.of(half, suite())) == ()


@pytest.mark.parametrize(
    ("arm", "moved", "says"),
    [
        (
            ("there", 27, 1),
            "criterion",
            "says so less often: caution; a loss of d′ is not told (95 % excludes",
        ),
        (
            ("there", 30, 30),
            "sensitivity",
            "less well: dullness; a change of c is not told (95 % excludes",
        ),
        (("there", 59, 40), "criterion", "it says so more often; a change of d′ is not told"),
        (("there", 50, 10), "neither", "neither caution nor dullness is told"),
        (("there", 10, 9), "both", "caution and dullness both"),
    ],
)
def test_what_moved_is_told_and_said(arm: tuple[str, int, int], moved: str, says: str) -> None:
    one = found(("away", 52, 8), arm)
    assert one.changes["kind"].to_list() == ["boss"], "one arm is held against another once"
    assert one.changes["moved"].to_list() == [moved]
    assert says in told(one)
    assert f"in there, {arm[1]} of 60 fires were told, 52 of 60 in the boss away" in told(one)


@pytest.mark.parametrize(
    ("arms", "gate", "says"),
    [
        (
            [("away", 30, 28), ("there", 10, 9)],
            "not passed",
            "below the gate of 0.5: it does not tell the two apart, and the arms say nothing of",
        ),
        ([("there", 50, 2), ("cross", 30, 2)], "not played", "so no gate held"),
    ],
)
def test_behind_a_gate_that_does_not_hold_nothing_is_read(
    arms: list[tuple[str, int, int]], gate: str, says: str
) -> None:
    one = found(*arms)
    assert set(one.arms["gate"]) == {gate}
    assert set(one.changes["moved"]) <= {"the gate is not passed"}
    assert says in told(one)


def test_items_that_both_arms_were_asked_of_are_held_against_each_other() -> None:
    """30 rooms rang with the boss away alone, none the other way round: p is 2 * 2^-30."""
    one = found(("away", 50, 10), ("there", 20, 10))
    (row,) = one.changes.iter_rows(named=True)
    assert row["hits_p"] == pytest.approx(2 * 0.5**30)
    assert row["alarms_p"] == 1


@pytest.mark.parametrize(
    ("arms", "says"),
    [
        ((("away", 60, 0), ("there", 0, 0)), "60 fewer fires told (p <.001, item by item)"),
        ((("away", 0, 0), ("there", 60, 0)), "60 more fires told (p <.001, item by item)"),
        ((("away", 60, 0), ("there", 60, 60)), ": more false alarms (p <.001, item by item)"),
    ],
)
def test_where_all_intervals_are_open_a_share_told_less_is_told_item_by_item(
    arms: tuple[tuple[str, int, int], ...], says: str
) -> None:
    one = found(*arms, gate={})
    assert one.changes["moved"].to_list() == ["share told"]
    assert f"{says}; whether by caution or dullness cannot be told" in told(one)
    _, moved = detection_tables([one], suite(), 0.95)
    assert moved.rows[0][-1] == "a share told; c or d′ is open"
    assert "1 of 1 comparisons" in told(one)


def test_of_what_is_not_told_the_sizes_left_out_are_said() -> None:
    one = found(("away", 52, 8), ("there", 50, 10))
    (row,) = one.changes.iter_rows(named=True)
    assert f"of a loss of d′: 95 % excludes what is below {number(row['change_low'])}" in told(one)
    open_ = found(("away", 60, 0), ("there", 59, 0), gate={})
    assert "of a rise of c: no size excluded" in told(open_)


def test_a_gate_that_few_data_cannot_pass_is_not_said_to_be_missed() -> None:
    made = trials(("away", 4, 1), ("there", 4, 1), n=6)
    (one,) = detected(Counted.of(made, suite()))
    (gate,) = set(one.arms["gate_d"])
    assert gate > 0.5
    assert "the data are too few to pass the gate of 0.5" in told(one)
    assert "below the gate" not in told(one)


def test_p_are_corrected_within_their_kind() -> None:
    one = found(("away", 52, 8), ("there", 40, 4), ("cross", 38, 5))
    own = sorted([*one.changes["shift_p"], *one.changes["change_p"]])
    assert min(one.changes["shift_p_adjusted"]) == pytest.approx(4 * own[0])


def test_a_report_has_the_plane_the_tables_and_the_sentence(tmp_path: Path) -> None:
    made = trials(("away", 52, 8), ("there", 27, 1))
    write_report(made, suite(), tmp_path)
    page = (tmp_path / "index.html").read_text()
    assert "says so less often: caution; a loss of d′ is not told" in page
    assert (tmp_path / "figures" / "smoke.svg").exists()
    assert pl.read_csv(tmp_path / "tables" / "smoke_moved.csv")["moved"].to_list() == ["criterion"]
    assert "away" in (tmp_path / "tables" / "smoke.md").read_text()


def test_tables_say_what_is_open() -> None:
    one = found(("away", 60, 0), ("there", 40, 3))
    arms, moved = detection_tables([one], suite(), 0.95)
    assert "to open)" in arms.rows[0][4]
    assert "open" in moved.rows[0][6]
    assert (number(-0.001), number(float("inf")), number(-1.5, sign=True)) == (
        "0.00",
        "open",
        "−1.50",
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"hit": "nothing"}, "detection smoke: measure 'nothing' is unknown"),
        ({"signal": {"fire": True}}, "detection smoke: factor 'fire' is unknown"),
        ({"noise": {"smoke": True}}, "signal and noise are not two levels of the same factors"),
        ({"gate": {"boss": "ill"}}, "detection smoke: boss has no level 'ill'"),
    ],
)
def test_a_question_that_contradicts_the_suite_is_refused(
    change: dict[str, Any], says: str
) -> None:
    settings = {name: getattr(DETECTION, name) for name in DETECTION.__struct_fields__}
    with pytest.raises(UserError, match=says):
        suite(detections=(Detection(**{**settings, **change}),))


def test_a_question_is_no_part_of_the_design() -> None:
    assert suite().design == suite(detections=()).design
    assert Suite.from_json(suite().to_json()) == suite()
