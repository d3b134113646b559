"""A plan says all that is run and concluded, and is held to its hash."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

import eval_observatory as ob
import peer_preservation as pp
from eval_observatory.stop import Stop
from peer_preservation.forecast import effort_of
from peer_preservation.plan import Plan

CELLS = pp.matrix("quick")
PLAN = Plan.of(
    CELLS,
    ["organism/tamper:p=0.3", "openai/gpt-5"],
    20,
    stop=Stop(width=0.2),
    generation={"temperature": 1.0, "max_tokens": 8192},
    model_args={"p": 0.5, "quoted": 'a "b"\n\\c'},
)


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(PLAN.to_toml(), encoding="utf-8")
    assert Plan.read(path) == PLAN
    assert Plan.read(path).current(path).parsed == CELLS


def test_a_plan_is_read_where_nobody_knows_how_models_are_run(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    kept = PLAN.write(path)
    read = ob.Plan.read(path)
    assert read.hash == kept == Plan.read(path).hash
    assert read.locked
    assert read.run["generation"] == {"temperature": 1.0, "max_tokens": 8192}
    assert read.held_to(pp.SUITE, path).factors == PLAN.factors
    assert read.cells[CELLS[0].id]["task_type"] == CELLS[0].scenario


@pytest.mark.parametrize("text", ["🐉", "é\u2028", "\x7f\x00\x1f\x85", "\r\n\t", "'''\"\\", ""])
def test_a_plan_holds_any_text(text: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    plan = Plan.of(CELLS[:1], [text], 1, family=text, model_args={text: text})
    path.write_text(plan.to_toml(), encoding="utf-8")
    assert Plan.read(path) == plan


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("rollouts = 20", "rollouts = 21", "the plan's hash does not fit: locked as"),
        ("width = 0.2", "width = 0.3", "the plan's hash does not fit"),
        ("openai/gpt-5", "openai/gpt-6", "the plan's hash does not fit"),
        ("rollouts = 20", "rollouts = 'many'", "not a plan: "),
        ("rollouts = 20", "rollouts = 20\nmore = 1", "not a plan: .*more"),
        ("rollouts = 20", "rollouts =", "not TOML"),
        ('hash = "', 'hush = "', "not a plan: .*hush"),
    ],
)
def test_a_plan_that_was_changed_is_refused(old: str, new: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    assert old in PLAN.to_toml()
    path.write_text(PLAN.to_toml().replace(old, new, 1), encoding="utf-8")
    with pytest.raises(pp.UserError, match=says):
        Plan.read(path)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"package_version": "0.0"}, "locked with version 0.0"),
        (
            {"suite": msgspec.structs.replace(PLAN.suite, contrasts=())},
            "locked for design [0-9a-f]{12} of suite peer_preservation, this is",
        ),
        (
            {"run": msgspec.structs.replace(PLAN.run, scorer_version="1")},
            "locked for scorer_version 1, this is",
        ),
        ({"content": {**PLAN.content, CELLS[0].id: "0"}}, "texts or tools of 1 cells"),
    ],
)
def test_a_plan_of_other_texts_or_another_version_is_not_run(
    changes: dict[str, object], says: str
) -> None:
    plan = msgspec.structs.replace(PLAN, **changes)
    with pytest.raises(pp.UserError, match=says):
        plan.current(Path("plan.toml"))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"rollouts": 0}, "--rollouts 0"),
        ({"turn_limit": 0}, "--turn-limit 0"),
        ({"stop": Stop(batch=0)}, "--batch 0"),
        ({"stop": Stop(alpha=0.01)}, "alpha 0.05, and 0.01"),
        ({"stop": Stop(width=0.6)}, "--width 0.6"),
        ({"model_args": {"x": float("nan")}}, "x nan: give a finite number"),
        ({"generation": {"temperature": float("inf")}}, "temperature inf: give a finite number"),
    ],
)
def test_an_impossible_plan_is_refused(settings: dict[str, object], says: str) -> None:
    with pytest.raises(pp.UserError, match=says):
        Plan.of(CELLS[:1], ["m"], **{"rollouts": 1, **settings})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name",
    [
        *("api_key", "apikey", "apiKey", "api-keys", "aws_secret_access_key", "OPENAI_API_KEY"),
        *("token", "hf_token", "auth_token", "authToken", "azure_ad_token"),
        *("client_secret", "secret_value", "password", "db_password_file"),
        *("credentials", "credentials_json"),
    ],
)
def test_a_secret_is_not_planned(name: str) -> None:
    with pytest.raises(pp.UserError, match=f"-M {name}: looks like a secret"):
        Plan.of(CELLS[:1], ["m"], 1, model_args={name: "x"})


@pytest.mark.parametrize(
    "name", ["tokenizer_path", "tokenizer", "max_tokens", "keep_alive", "keyboard", "base_url"]
)
def test_what_only_sounds_like_a_secret_is_planned(name: str) -> None:
    plan = Plan.of(CELLS[:1], ["m"], 1, model_args={name: "x"})
    assert plan.run.model_args == {name: "x"}


def test_tokens_are_counted_from_what_is_rendered() -> None:
    cell = pp.Cell.parse("tampering/factual@80/peer/good/memory")
    effort = effort_of(cell, "GPT")
    short = effort_of(pp.Cell.parse("exfiltration_transfer/self/none"), "GPT")
    episode = pp.open_episode(cell, "GPT")
    first = (len(episode.system) + len(episode.user)) // 4
    assert effort.calls > 2
    assert effort.input_tokens > first * effort.calls
    assert effort != short
    assert effort.times(3) == effort + effort + effort
