"""The recipes of docs/cluster.md: each is run, or held against the schema of what runs it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import dask
import kubernetes_validate
import pytest
import yaml

from eval_observatory.cluster.queues import QUEUES
from eval_observatory.shards import Shard

RECIPES = Path(__file__).parent.parent / "docs" / "recipes"
PAGE = RECIPES.parent / "cluster.md"

STAND_IN = """#!/bin/bash
[ "$1" = run ] && [ "$(cat "$2")" = "the plan" ] && [ "$3" = --shard ] && [ "$5" = --out ] || exit 9
mkdir -p "$6"
echo "$4 ${SLURM_ARRAY_TASK_ID:-} ${JOB_COMPLETION_INDEX:-}" >> "$6/tries"
case "${STAND_IN:-}$4" in fails2/*) exit 1;; esac
"""
"""In the place of the command: it keeps which shard it was asked for, and where."""

SSH = """#!/bin/bash
[ "$1" = -n ] && shift
cd "$HOSTS/$1" && exec bash -c "$2"
"""
"""In the place of ssh: a host is a folder."""

RAY = """
import sys
class Task:
    def __init__(self, function): self.function = function
    def remote(self, *arguments): return self.function(*arguments)
def remote(**options): return Task
def init(address): assert address == "auto"
def get(values): return values
"""


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """An environment in which the command is a stand-in; the plan is there."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (("peer-preservation", STAND_IN), ("ssh", SSH)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    (programs / "ray.py").write_text(RAY)
    (tmp_path / "plan.toml").write_text("the plan")
    return {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(programs)}


def played(out: Path) -> dict[str, list[str]]:
    """The shards that were asked for, by the folder's name, as the command would read them."""
    found = {}
    for path in sorted(out.glob("*/tries")):
        tries = [line.split(" ") for line in path.read_text().splitlines()]
        found[path.parent.name] = [
            str(Shard.of(text, {"SLURM_ARRAY_TASK_ID": task, "JOB_COMPLETION_INDEX": index}))
            for text, task, index in tries
        ]
    return found


def test_a_task_of_the_array_plays_its_shard(machine: dict[str, str], tmp_path: Path) -> None:
    recipe = RECIPES / "slurm.sbatch"
    (first, last) = map(int, re.findall(r"--array=(\d+)-(\d+)", recipe.read_text())[-1])
    for task in (first, 7, last):
        command = [str(recipe), str(tmp_path / "plan.toml"), str(tmp_path / "run")]
        told = {"SLURM_ARRAY_TASK_ID": str(task), "SLURM_ARRAY_TASK_COUNT": str(last)}
        subprocess.run(command, env={**machine, **told}, check=True)
    assert played(tmp_path / "run") == {
        f"shard-{n}": [f"{n}/{last}"] for n in sorted((first, 7, last), key=str)
    }


def job() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((RECIPES / "kubernetes.yaml").read_text())
    return content


def test_the_job_of_kubernetes_is_of_its_schema() -> None:
    kubernetes_validate.validate(job(), "1.33", strict=True)
    wrong = job()
    wrong["spec"]["completions"] = "sixteen"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.33", strict=True)


def test_an_index_of_the_job_plays_its_shard(machine: dict[str, str], tmp_path: Path) -> None:
    spec = job()["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    assert spec["completions"] == spec["maxFailedIndexes"] == 16
    for index in (0, 15):
        (words,) = container["args"]
        here = words.replace("/plan/", f"{tmp_path}/").replace("/runs/", f"{tmp_path}/run/")
        told = {"JOB_COMPLETION_INDEX": str(index)}
        subprocess.run([*container["command"], here], env={**machine, **told}, check=True)
    assert played(tmp_path / "run") == {"shard-1": ["1/16"], "shard-16": ["16/16"]}


@pytest.mark.parametrize("fails", ["", "fails"])
def test_hosts_by_ssh_play_a_shard_each(
    fails: str, machine: dict[str, str], tmp_path: Path
) -> None:
    hosts = ["one", "two", "three"]
    for host in hosts:
        (tmp_path / "hosts" / host).mkdir(parents=True)
    done = subprocess.run(
        [str(RECIPES / "ssh.sh"), str(tmp_path / "plan.toml"), str(tmp_path / "run"), *hosts],
        env={**machine, "HOSTS": str(tmp_path / "hosts"), "STAND_IN": fails},
        capture_output=True,
        text=True,
        check=False,
    )
    assert played(tmp_path / "run") == {f"shard-{n}": [f"{n}/3"] for n in (1, 2, 3)}
    assert done.returncode == bool(fails)
    assert done.stderr == ("shard 2/3 on two: exit code 1\n" if fails else "")


@pytest.mark.parametrize("fails", ["", "fails"])
def test_tasks_of_ray_play_a_shard_each(
    fails: str, machine: dict[str, str], tmp_path: Path
) -> None:
    """By a stand-in of Ray that does each task where it is asked for."""
    words = [str(tmp_path / "plan.toml"), str(tmp_path / "run"), "3"]
    command = [sys.executable, str(RECIPES / "ray_shards.py"), *words]
    done = subprocess.run(command, env={**machine, "STAND_IN": fails}, check=False)
    tries = 3 if fails else 1
    assert played(tmp_path / "run") == {
        "shard-1": ["1/3"],
        "shard-2": ["2/3"] * tries,
        "shard-3": ["3/3"],
    }
    assert done.returncode == bool(fails)


def test_the_queue_of_dask_takes_its_settings() -> None:
    settings = yaml.safe_load((RECIPES / "jobqueue.yaml").read_text())
    whole = dask.config.merge(dask.config.config, settings)
    with dask.config.set(whole), QUEUES["slurm"](n_workers=0) as cluster:
        script = cluster.job_script()
    assert "#SBATCH --mem=4G" in script
    assert "#SBATCH -t 24:00:00" in script
    assert ". venv/bin/activate" in script


def test_the_page_names_every_recipe_and_commands_that_there_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for recipe in RECIPES.iterdir():
        assert f"(recipes/{recipe.name})" in page
    for line in re.findall(r"^(peer-preservation .*)$", page, re.MULTILINE):
        words = shlex.split(line)
        if "--shard" in words and "$" not in line:
            Shard.of(words[words.index("--shard") + 1], {"JOB_COMPLETION_INDEX": "0"})
