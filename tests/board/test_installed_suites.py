"""Suites that packages declare by an entry point: each entry is checked by the one it is of."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from eval_observatory.board import missions as missions_room
from eval_observatory.board.making import board_of
from eval_observatory.board.manifest import FILE
from eval_observatory.board.missions import GROUP, Mission, Missions
from eval_observatory.board.submitting import About, submit
from eval_observatory.errors import UserError
from eval_observatory.loading import load_suite
from eval_observatory.suite import Factor, Measure, Suite
from eval_observatory.trials import write_trials

SUITE = Suite(
    name="doors",
    title="Doors",
    question="Does it lock the door?",
    factors=(Factor(name="night", kind="yes_no"),),
    measures=(Measure(name="locks", column="locks", title="It locks"),),
)


def rollouts(share: float, **more: object) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "agent_model": ["m"] * 8,
            "harness": ["custom"] * 8,
            "episode_id": [f"e{i}" for i in range(8)],
            "scorer_version": ["1"] * 8,
            "cell_id": ["night"] * 8,
            "rollout": list(range(8)),
            "night": [True] * 8,
            "locks": [i < 8 * share for i in range(8)],
            "locks_unscored": pl.Series([None] * 8, dtype=pl.String),
        }
    ).with_columns(**{name: pl.lit(one) for name, one in more.items()})


@pytest.fixture
def entries(tmp_path: Path) -> Path:
    """An entry of a suite beside the board's own, with a log that its package alone can read."""
    run = tmp_path / "run"
    run.mkdir()
    write_trials(rollouts(0.5), SUITE, run / "trials.parquet")
    submit(run, tmp_path / "in" / "one", About(id="one", kind="script", who="W"), Missions())
    logs = tmp_path / "in" / "one" / "logs"
    logs.mkdir()
    (logs / "own.jsonl").write_text("{}\n")
    from entry_frames import reseal

    reseal(logs.parent)
    assert (logs.parent / FILE).exists()
    return tmp_path / "in"


def installed(
    monkeypatch: pytest.MonkeyPatch, *points: tuple[str, Callable[[], object] | None]
) -> Missions:
    """The missions where packages declare these, by name; None is one that cannot be imported."""
    made = []
    for number, (name, mission) in enumerate(points):
        module = ModuleType(f"package_{number}")
        if mission:
            module.__dict__["mission"] = mission
            monkeypatch.setitem(sys.modules, module.__name__, module)
        made.append(EntryPoint(name, f"package_{number}:mission", GROUP))
    monkeypatch.setattr(missions_room, "entry_points", lambda group: made if group == GROUP else [])
    return Missions()


def of_doors(share: float) -> Callable[[], Mission]:
    return lambda: Mission(suite=SUITE, scorer="1", rescore=lambda _: rollouts(share))


def standing(entries: Path, missions: Missions) -> tuple[str, str]:
    (entry,) = board_of([entries], missions, title="t")[0].entries
    told = {one.name: f"{one.outcome}: {one.text}" for one in entry.verification.checks}
    return entry.verification.standing, told["labels"]


def test_an_installed_suite_checks_its_entries(
    entries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = installed(monkeypatch, ("doors", of_doors(0.5)))
    assert known.names == ["doors"]
    assert standing(entries, known)[0] == "re-scored"
    said, why = standing(entries, installed(monkeypatch, ("doors", of_doors(0.25))))
    assert said == "reported"
    assert why.startswith("contradicted: 8 rollouts read again")


@pytest.mark.parametrize(
    ("points", "why"),
    [
        ([], "suite doors is not known here"),
        ([("windows", of_doors(0.5))], "suite doors is not known here"),
        ([("doors", None)], "cannot be loaded"),
        ([("doors", lambda: 1 / 0)], "cannot be loaded (division by zero)"),
        ([("doors", lambda: "no mission")], "is no Mission of it"),
        ([("doors", of_doors(0.5)), ("doors", of_doors(0.25))], "declared by several packages"),
    ],
)
def test_what_no_package_can_check_is_reported_and_says_why(
    points: list[tuple[str, Callable[[], object] | None]],
    why: str,
    entries: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said, told = standing(entries, installed(monkeypatch, *points))
    assert said == "reported"
    assert told.startswith("not checked")
    assert why in told


def test_a_broken_package_is_named_where_its_suite_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed(monkeypatch, ("doors", None))
    with pytest.raises(UserError, match=r"--suite doors: suite doors: .* cannot be loaded"):
        load_suite("doors")


def test_a_mission_of_another_suite_checks_nothing(
    entries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Mission(
        suite=Suite(
            name="windows", title="W", question="?", factors=SUITE.factors, measures=SUITE.measures
        ),
        scorer="1",
        rescore=lambda _: rollouts(0.5),
    )
    said, told = standing(entries, installed(monkeypatch, ("doors", lambda: other)))
    assert said == "reported"
    assert "is no Mission of it" in told
