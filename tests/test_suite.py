"""A suite is data: it comes back from JSON as it was, and what contradicts itself is one line."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from eval_observatory import Contrast, Factor, Measure, Suite, Table, UserError
from eval_observatory.estimates import estimate, unscored_reasons
from eval_observatory.suite import Curve, Less, Mark, Usual
from peer_preservation.suite import SUITE

FACTORS = (Factor(name="task", levels=("a", "b")), Factor(name="bar", kind="whole"))
MEASURE = Measure(name="won", column="won")
GOOD: dict[str, Any] = {"name": "demo", "title": "Demo", "question": "Does it?"}


def suite(**settings: Any) -> Suite:
    return Suite(**{**GOOD, "factors": FACTORS, "measures": (MEASURE,), **settings})


def contrast(**settings: Any) -> dict[str, Any]:
    return {"contrasts": (Contrast(name="c", **{"changes": ({"task": "a"},), **settings}),)}


def table(**settings: Any) -> dict[str, Any]:
    return {"tables": (Table(name="t", **{"measures": ("won",), **settings}),)}


def curve(**settings: Any) -> dict[str, Any]:
    given = {"name": "c", "title": "C", "over": "bar", "panels": (("won",),), **settings}
    return {"curves": (Curve(**given),)}


def mean(**settings: Any) -> Measure:
    return Measure(**{"name": "m", "column": "m", "scale": "mean", "kind": "number", **settings})


def less(task: str) -> Less:
    return Less(change={"task": task}, named="rollouts of another task")


@pytest.mark.parametrize("one", [SUITE, suite(), suite(**contrast())])
def test_it_comes_back_from_json_with_its_hash(one: Suite) -> None:
    back = Suite.from_json(one.to_json())
    assert back == one
    assert back.hash == one.hash


def test_bounds_are_numbers_of_one_kind() -> None:
    one = suite(measures=(mean(bounds=(0, 20)),))
    assert Suite.from_json(one.to_json()).design == one.design
    assert one.design == suite(measures=(mean(bounds=(0.0, 20.0)),)).design


def test_the_hash_knows_every_word() -> None:
    assert suite().hash != suite(question="Does it not?").hash
    assert suite().hash != suite(factors=tuple(reversed(FACTORS))).hash


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"measures": ()}, "it measures nothing"),
        ({"factors": (*FACTORS, FACTORS[0])}, "factor 'task' is given twice"),
        ({"name": "a b"}, "suite 'a b': use letters"),
        (
            {"factors": (Factor(name="size", kind="whole", levels=("x",)),)},
            "'x' is not of kind whole",
        ),
        (contrast(changes=({"tsk": "a"},)), "factor 'tsk' is unknown; known are task, bar"),
        (contrast(changes=({"task": "c"},)), "task has no level 'c'; it has a, b"),
        (contrast(when={"nothing": ("a",)}), "contrast c: factor 'nothing' is unknown"),
        (contrast(carry=("bra",)), "factor 'bra' is unknown"),
        (contrast(changes=()), "it changes nothing"),
        ({"measures": (Measure(name="m", column="m", bounds=(1, 0)),)}, "bounds 1 to 0"),
        ({"measures": (Measure(name="m", column="task"),)}, "column task is a factor"),
        ({"measures": (Measure(name="m", column="m", given={"did": (True,)}),)}, "what is given"),
        ({"measures": (mean(kind="yes_no"),)}, "measure m: a mean is of one column of numbers"),
        ({"measures": (mean(bar="bar"),)}, "measure m: a mean is of one column of numbers"),
        (
            {
                "measures": (
                    mean(where={"task": ("a",)}),
                    mean(where={"task": ("b",)}, bounds=(0, 9)),
                )
            },
            "measure m: its scale changes between cells",
        ),
        (
            {"measures": (mean(), Measure(name="w", column="w", beside="m"))},
            "measure w: m stands beside it",
        ),
        ({"measures": (Measure(name="m", column="m", bar="task"),)}, "bar task is of kind text"),
        (
            {"measures": (MEASURE, Measure(name="again", column="won"))},
            "measures won and again read column won in the same way",
        ),
        ({"measures": (MEASURE, Measure(name="won", column="w"))}, "can occur in the same cell"),
        ({"tables": (Table(name="t", measures=("lost",)),)}, "measure 'lost' is unknown"),
        (table(where={"tsk": ("a",)}), "table t: factor 'tsk' is unknown"),
        (table(over=("tsk",)), "table t: factor 'tsk' is unknown"),
        (table(within=("tsk",)), "table t: factor 'tsk' is unknown"),
        (table(less={"won": less("c")}), "task has no level 'c'; it has a, b"),
        (table(less={"lost": less("a")}), "it has no measure 'lost', and says what that is less"),
        ({"points": ("tsk",)}, "points: factor 'tsk' is unknown"),
        (curve(over="tsk"), "curve c: factor 'tsk' is unknown"),
        (curve(over="task"), "curve c: task is of kind text, give one of numbers"),
        (curve(panels=(("lost",),)), "curve c: measure 'lost' is unknown"),
        (curve(panels=()), "curve c: it shows nothing"),
        (curve(marks=(Mark(title="m", at=1, where={"tsk": ()}),)), "factor 'tsk' is unknown"),
        (
            {"factors": (*FACTORS, Factor(name="size", levels=("x",), usual=(Usual("y"),)))},
            "factor size, usual: size has no level 'y'",
        ),
        (
            {"factors": (*FACTORS, Factor(name="size", usual=(Usual("y", {"tsk": ()}),)))},
            "factor size, usual: factor 'tsk' is unknown",
        ),
    ],
)
def test_a_suite_that_contradicts_itself_is_refused_in_one_line(
    settings: dict[str, Any], says: str
) -> None:
    with pytest.raises(UserError) as error:
        suite(**settings)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_measures_of_one_name_may_be_read_differently_in_different_cells() -> None:
    measures = (
        Measure(name="m", column="x", where={"task": ("a",)}),
        Measure(name="m", column="y", where={"task": ("b",)}),
    )
    assert suite(measures=measures).measure("m", {"task": "b", "bar": None}).column == "y"


@pytest.mark.parametrize("content", [b"", b"[]", b'{"name": "x"}', b"\xff"])
def test_what_is_no_suite_is_refused(content: bytes) -> None:
    with pytest.raises(UserError, match="not a suite"):
        Suite.from_json(content)


def test_the_nearest_baseline_is_the_first_that_is_there() -> None:
    both = Contrast(name="c", changes=({"task": "a"}, {"task": "a", "bar": None}))
    one = suite(contrasts=(both,))
    cell = {"task": "b", "bar": 5}
    assert one.nearest(cell, both, {("a", 5): "near", ("a", None): "far"}) == "near"
    assert one.nearest(cell, both, {("a", None): "far"}) == "far"
    assert one.nearest({"task": "a", "bar": 5}, both, {("a", 5): "itself"}) is None


BOTH = (
    Measure(name="won", column="won", where={"task": ("a", "b")}),
    Measure(name="lost", column="lost", where={"task": ("b",)}),
)


def test_a_suite_with_a_task_more_counts_the_others_as_before() -> None:
    one, two = suite(measures=BOTH), suite(measures=BOTH[:1])
    left = (Measure(name="won", column="won", where={"task": ("a",)}),)
    assert one.only("task", {"a"}).measures == left
    more = (Factor(name="task", levels=("a", "b", "c")), FACTORS[1])
    third = Measure(name="third", column="third", where={"task": ("c",)})
    wider = suite(factors=more, measures=(*BOTH, third))
    assert wider.design != one.design
    assert wider.counts_as(one)
    assert one.counts_as(wider)
    assert not wider.counts_as(two)  # which does not count `lost` of what both know
    assert not one.counts_as(suite(factors=(Factor(name="task", levels=("d",)), FACTORS[1])))


def test_a_table_says_what_its_figures_are_less() -> None:
    """A difference by its definition is one in no other place than the suite's tables."""
    differences = {name for one in SUITE.tables for name in one.less}
    assert differences == {"strategic_misrepresentation", "alignment_faking"}
    assert SUITE.less("shutdown_declined") is None
    assert SUITE.pooled("fully_incomplete") is None, "reported beside others, pooled by no table"


def test_what_is_given_decides_who_is_counted_at_all() -> None:
    said = Measure(name="said", column="said", given={"did": (True,)}, claimed=False)
    rows = [
        # did, said
        *[(True, True), (True, True), (True, False), (True, None)],
        *[(False, True), (False, None)],
        *[(None, True), (None, None)],
    ]
    trials = pl.DataFrame(
        {
            "agent_model": "m",
            "harness": "h",
            "episode_id": [str(number) for number in range(len(rows))],
            "scorer_version": "1",
            "task": "a",
            "bar": None,
            "did": [did for did, _ in rows],
            "said": [said for _, said in rows],
            "did_unscored": ["not seen" if did is None else None for did, _ in rows],
            "said_unscored": ["not asked" if said is None else None for _, said in rows],
        }
    )
    one = suite(measures=(said,))
    (row,) = estimate(trials, one).iter_rows(named=True)
    assert (row["n"], row["k"], row["unscored"]) == (3, 2, 3)
    reasons = {row["reason"]: row["count"] for row in unscored_reasons(trials, one).to_dicts()}
    assert reasons == {"not asked": 2, "not seen": 1}
    shown = [said.shown({"did": did, "said": value}) for did, value in rows]
    assert shown == [True, True, False, None, None, None, None, None]


def test_what_is_given_is_of_the_design() -> None:
    plain = Measure(name="m", column="m", claimed=False)
    given = Measure(name="m", column="m", claimed=False, given={"did": (True,)})
    assert suite(measures=(plain,)).design != suite(measures=(given,)).design
