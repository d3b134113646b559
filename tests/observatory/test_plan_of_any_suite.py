"""A stranger's suite is planned, its trials are held against the plan, and each says so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner, Result
from msgspec import structs
from strangers_suite import MODELS, SUITE

import eval_observatory as ob
from eval_observatory import cli as commands
from eval_observatory.expectations import power
from eval_observatory.report.outlook import claims_table
from eval_observatory.word_labels import Told, WordLabel, WordLabels

pytest_plugins = ["strangers_logs"]

AT = "strangers_suite:SUITE"
SOUTH = {"region": ("south",)}


def called(*arguments: str | Path) -> Result:
    return CliRunner().invoke(commands.cli, list(map(str, arguments)), catch_exceptions=True)


def refused(*arguments: str | Path) -> str:
    """The one line that refuses a command."""
    error = called(*arguments).exception
    assert isinstance(error, ob.UserError), error
    assert "\n" not in str(error)
    return str(error)


@pytest.fixture(autouse=True)
def in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    monkeypatch.chdir(tmp_path)


def plan(where: dict[str, Any] | None = None, rollouts: int = 6, **settings: Any) -> ob.Plan:
    return ob.Plan.of_suite(SUITE, ob.cells(SUITE, where), MODELS, rollouts, **settings)


def test_one_rollout_is_said_in_the_singular() -> None:
    assert claims_table(plan(SOUTH, rollouts=1)).title == "2 cells × 1 rollout = 2"


def test_from_a_plan_over_the_trials_to_the_page_by_command(logs: Path, tmp_path: Path) -> None:
    models = [part for model in MODELS for part in ("--model", model)]
    only = ("--where", "region=south", "--rollouts", "6")
    made = called("plan", "--suite", AT, *models, *only, "--out", "plan.toml")
    assert made.exit_code == 0, made.output
    said = " ".join(made.output.split())
    assert "2 cells × 6 rollouts = 12" in said
    assert "right" in said
    assert "region=south/hint=True" in said
    reached = power(plan(SOUTH))["power"][0]
    assert f"│ right │ 1 │ 0.025 │ 1 │ 6 │ {reached:.1%}" in said
    assert f"locked as {ob.Plan.read(Path('plan.toml')).hash}" in said

    assert called("trials", logs, "--suite", AT, "--out", "trials.parquet").exit_code == 0
    told = ("trials.parquet", "--plan", "plan.toml")
    assert called("estimates", *told, "--out", "estimates.csv").exit_code == 0
    assert called("report", *told, "--out", "report").exit_code == 0
    rates = pl.read_csv(tmp_path / "estimates.csv")
    assert rates.equals(pl.read_csv(tmp_path / "report" / "estimates.csv"))
    planned = rates.filter("planned")
    assert set(planned["region"]) == {"south"}
    assert set(planned["behavior"]) == {"right"}
    right = rates.filter(pl.col("p").is_not_null(), behavior="right").sort("model", "region")
    assert right["difference_planned"].to_list() == [False, True] * 2
    for p, adjusted in right.filter("difference_planned").select("p", "p_adjusted").iter_rows():
        # A family of one, the north is none of it; two models share the error alike.
        assert adjusted == pytest.approx(2 * p)

    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert ob.Plan.read(Path("plan.toml")).hash in page
    assert "What was planned" in page
    table = pl.read_csv(tmp_path / "report" / "tables" / "planned.csv")
    assert table["claim"].to_list() == ["region=south/hint=True"] * 2
    assert table["family_size"].to_list() == [1, 1]


def test_a_plan_beside_the_trials_is_found_and_without_one_nothing_is_planned(
    trials: pl.DataFrame,
) -> None:
    ob.write_trials(trials, SUITE, Path("trials.parquet"))
    assert called("estimates", "trials.parquet", "--out", "a.csv").exit_code == 0
    assert "planned" not in pl.read_csv("a.csv").columns
    plan().write(Path("plan.toml"))
    assert called("estimates", "trials.parquet", "--out", "b.csv").exit_code == 0
    found = pl.read_csv("b.csv").filter("difference_planned")
    assert found.height == 4


def test_the_same_from_python(trials: pl.DataFrame, tmp_path: Path) -> None:
    locked = tmp_path / "plan.toml"
    plan().write(locked)
    read = ob.Plan.read(locked)
    assert read == structs.replace(plan(), locked=True)
    assert [claim.id for claim in read.claims] == [
        "region=north/hint=True",
        "region=south/hint=True",
    ]
    assert {name: len(claims) for name, claims in read.families.items()} == {"right": 2}
    found = ob.planned([read], trials, SUITE)
    assert found.data["family_size"].to_list() == [2] * 4
    south = ob.estimate(trials, SUITE, plan=found).filter(
        model=MODELS[0], region="south", hint=True, behavior="right"
    )
    ((p, adjusted),) = south.select("p", "p_adjusted").iter_rows()
    assert adjusted == pytest.approx(2 * 2 * p)  # two models with two contrasts each
    more = ob.Beside(plans=(read,))
    page = ob.write_report(trials, SUITE, tmp_path / "report", beside=more).page
    assert read.hash in page.read_text(encoding="utf-8")


def test_a_stopping_rule_is_planned_and_its_way_follows_from_the_trials(
    trials: pl.DataFrame,
) -> None:
    from eval_observatory.course import replayed

    made = called("plan", "--suite", AT, "--stop", "--batch", "3", "--width", "0.3", "--out", "p")
    assert made.exit_code == 0, made.output
    assert "Looks after every 3 rollouts" in made.output
    read = ob.Plan.read(Path("p"))
    assert read.stop == ob.Stop(width=0.3, batch=3)
    mine = trials.filter(agent_model=MODELS[0]).iter_rows(named=True)
    course = replayed(read.course(), mine)
    assert {look.claim for look in course.looks} == {claim.arm[0] for claim in read.claims}


def test_a_plan_of_no_model_is_of_each_that_is_played(trials: pl.DataFrame) -> None:
    of_all = ob.Plan.of_suite(SUITE, ob.cells(SUITE), rollouts=6)
    assert set(ob.planned([of_all], trials, SUITE).data["model"]) == set(MODELS)
    of_one = structs.replace(of_all, models=tuple(MODELS[:1]))
    assert set(ob.planned([of_one], trials, SUITE).data["model"]) == set(MODELS[:1])


def test_what_a_plan_runs_and_shows_is_opaque_and_locked() -> None:
    opaque: dict[str, Any] = {
        "run": {"seed": 3, "more": {"x": [1, "two", True]}},
        "content": {"text": "0f"},
    }
    made = plan(**opaque)
    made.write(Path("plan.toml"))
    assert ob.Plan.read(Path("plan.toml")).run == opaque["run"]
    assert made.hash != plan().hash
    refused: tuple[dict[str, Any], ...] = (
        {"run": {"x": float("nan")}},
        {"content": 3},
        {"run": {"x": object()}},
    )
    for wrong in refused:
        with pytest.raises(ob.UserError, match="give a mapping of text, finite numbers"):
            plan(**wrong)


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("colour=red", "--where colour=red: factor 'colour' is unknown; known are region, hint"),
        ("region=east", "--where region=east: region has no level 'east'; use north, south"),
        ("hint=perhaps", "--where hint=perhaps: hint has no level 'perhaps'; use a level of kind"),
        ("region", "--where region: give it as factor=level"),
    ],
)
def test_cells_that_the_suite_does_not_have_are_not_planned(where: str, says: str) -> None:
    assert says in refused("plan", "--suite", AT, "--where", where, "--out", "plan.toml")
    assert not Path("plan.toml").exists()


NORTH, COLD = "region=north/hint=True", "region=north/hint=False"


@pytest.mark.parametrize(
    ("claim", "says"),
    [
        (ob.Claim("right", ("region=east/hint=True",)), "the plan has no cell region=east/hint"),
        (ob.Claim("right", (NORTH,), ("region=east",)), "the plan has no cell region=east"),
        (ob.Claim("wrong", (NORTH,)), "suite capitals has no measure wrong in cell region=north"),
        (ob.Claim("right", (NORTH,), (COLD, COLD)), "1 cells against 2"),
        (ob.Claim("right", ()), "0 cells against 0"),
    ],
)
def test_a_claim_that_the_suite_cannot_settle_is_refused(claim: ob.Claim, says: str) -> None:
    with pytest.raises(ob.UserError, match=says):
        plan(claimed=[claim])


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ({"region": "north", "hint": True, "colour": "red"}, "factor 'colour' is unknown"),
        ({"region": "north", "hint": "yes"}, "hint has no level 'yes'"),
    ],
)
def test_a_cell_that_the_suite_does_not_have_is_refused(cell: dict[str, Any], says: str) -> None:
    with pytest.raises(ob.UserError, match=says):
        ob.Plan.of_suite(SUITE, [cell], MODELS, 1)
    twice = {"a": {"region": "north", "hint": True}, "b": {"region": "north", "hint": True}}
    with pytest.raises(ob.UserError, match="cells a and b are the same"):
        ob.Plan.of_suite(SUITE, twice, MODELS, 1)


def test_own_claims_take_the_place_of_those_that_follow(trials: pl.DataFrame) -> None:
    own = plan(claimed=[ob.Claim("right", (NORTH,), (COLD,))])
    (row,) = ob.planned([own], trials, SUITE).data.filter(model=MODELS[0]).iter_rows(named=True)
    assert (row["claim"], row["against"], row["family_size"]) == (NORTH, COLD, 1)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("rollouts = 6", "rollouts = 60", "the plan's hash does not fit"),
        ("locked = true", "locked = false", "the plan's hash does not fit"),
        ("hint = true", "hint = false", "not a plan: cells .* are the same"),
        ('region = "south"', 'region = "east"', "not a plan: cell .*: region has no level 'east'"),
        ('region = "south"', 'colour = "red"', "not a plan: cell .*: factor 'colour' is unknown"),
        ('\\"north\\"', '\\"nord\\"', "not a plan: cell .*: region has no level 'north'"),
        ("declaration", "statement", "not a plan: .*"),
        (f'  "{NORTH}",', '  "region=east",', "not a plan: claim of right: the plan has no cell"),
        ("Capitals", "Cities", "the plan's hash does not fit"),
    ],
)
def test_a_plan_that_was_changed_is_refused(
    old: str, new: str, says: str, trials: pl.DataFrame
) -> None:
    ob.write_trials(trials, SUITE, Path("trials.parquet"))
    locked = Path("plan.toml")
    plan().write(locked)
    assert old in locked.read_text()
    locked.write_text(locked.read_text().replace(old, new, 1))
    with pytest.raises(ob.UserError, match=f"^plan.toml: {says}"):
        ob.Plan.read(locked)
    for command in ("estimates", "report"):
        said = refused(command, "trials.parquet", "--plan", "plan.toml", "--out", "out")
        assert re.match(f"plan.toml: {says}", said)


def test_a_plan_of_another_suite_or_design_is_not_held_against_trials(trials: pl.DataFrame) -> None:
    ob.write_trials(trials, SUITE, Path("trials.parquet"))
    for change, says in (
        ({"name": "cities"}, "a plan of suite cities, not of suite capitals"),
        ({"contrasts": ()}, "locked for design [0-9a-f]{12} of suite capitals, this is"),
    ):
        other = structs.replace(SUITE, **change)
        ob.Plan.of_suite(other, ob.cells(other), MODELS, 6).write(Path("other.toml"))
        with pytest.raises(ob.UserError, match=f"other.toml: {says}"):
            ob.beside([Path("trials.parquet")], SUITE, plan=Path("other.toml"))
    words = structs.replace(SUITE, title="Cities", question="Does it?")
    ob.Plan.of_suite(words, ob.cells(words), MODELS, 6).write(Path("words.toml"))
    assert ob.beside([Path("trials.parquet")], SUITE, plan=Path("words.toml")).plans


def test_a_plan_that_nobody_locked_is_not_held_against_trials(trials: pl.DataFrame) -> None:
    ob.write_trials(trials, SUITE, Path("trials.parquet"))
    plan().keep(Path("plan.toml"))
    assert "\nlocked = false\n" in Path("plan.toml").read_text()
    told = ("trials.parquet", "--plan", "plan.toml", "--out", "x.csv")
    assert "nobody locked this plan" in refused("estimates", *told)
    assert called("estimates", "trials.parquet", "--out", "x.csv").exit_code == 0
    assert "planned" not in pl.read_csv("x.csv").columns


def test_a_plan_of_an_older_form_is_named_with_what_to_do() -> None:
    Path("plan.toml").write_text('hash = "0"\nmodels = ["m"]\ncells = ["a"]\nrollouts = 1\n')
    with pytest.raises(ob.UserError, match=r"plan\.toml: a plan of an older form; read its run"):
        ob.Plan.read(Path("plan.toml"))


def test_a_level_may_be_needed_in_some_cells_only_and_a_mean_is_no_claim() -> None:
    place = ob.Factor(name="place", levels=("first", "last"), given={"hint": (True,)})
    words = ob.Measure(name="words", column="words", scale="mean", kind="number")
    suite = structs.replace(
        SUITE, factors=(*SUITE.factors, place), measures=(*SUITE.measures, words)
    )
    found = ob.cells(suite, SOUTH)
    assert [(cell["hint"], cell["place"]) for cell in found] == [
        (True, "first"),
        (True, "last"),
        (False, None),
    ]
    made = ob.Plan.of_suite(suite, found, MODELS, 6)
    assert {claim.behavior for claim in made.claims} == {"right"}
    made.write(Path("plan.toml"))
    assert ob.Plan.read(Path("plan.toml")).factors == made.factors
    number = structs.replace(
        SUITE, factors=(*SUITE.factors, ob.Factor(name="number", kind="whole"))
    )
    with pytest.raises(ob.UserError, match="number has no level True; use a level of kind whole"):
        ob.cells(number, {"number": (1, True)})
    free = ob.Factor(name="place")
    with pytest.raises(ob.UserError, match="factor place has no levels in the suite; name those"):
        ob.cells(structs.replace(SUITE, factors=(*SUITE.factors, free)))


def test_a_name_is_no_markup() -> None:
    named = structs.replace(SUITE, factors=(ob.Factor(name="region"), *SUITE.factors[1:]))
    made = ob.Plan.of_suite(named, ob.cells(named, {"region": ("[red]", "b")}), MODELS, 1)
    assert "\\[red]" in str(list(claims_table(made).columns[1].cells))


def judged(sensitivity: int, specificity: int, of: int) -> ob.Plan:
    """The plan where a judge tells the answers that are right, so often right itself."""
    label = WordLabel(
        name="right",
        method="judge",
        present=Told(right=sensitivity, wrong=of - sensitivity, unscored=0),
        absent=Told(right=specificity, wrong=of - specificity, unscored=0),
    )
    suite = structs.replace(SUITE, word_labels=WordLabels(labels=(label,)))
    return ob.Plan.of_suite(suite, ob.cells(suite), MODELS, 100)


def test_a_plan_knows_how_much_a_judge_leaves_of_its_power() -> None:
    sure, errs = (power(judged(*of)).row(0, named=True) for of in ((40, 40, 40), (32, 38, 40)))
    assert sure["power"] == power(plan(rollouts=100))["power"][0]
    assert errs["power"] < 0.7 * sure["power"]
    assert errs["enough"] > 1.5 * sure["enough"]
    assert errs["validation"] == "sensitivity 32 of 40, specificity 38 of 40"


def test_a_plan_names_a_judge_that_nobody_validated() -> None:
    label = WordLabel(name="right", method="judge")
    suite = structs.replace(SUITE, word_labels=WordLabels(labels=(label,)))
    made = ob.Plan.of_suite(suite, ob.cells(suite), MODELS, 100)
    assert power(made)["validation"][0] == "not validated"
    assert power(plan())["validation"][0] is None
