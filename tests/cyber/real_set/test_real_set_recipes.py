"""The recipes of the real set hold together, and what is wrong with one is said in one line."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from cyber_suites.real_set import setup
from cyber_suites.real_set.bounty import checks
from cyber_suites.real_set.inputs import MADE
from cyber_suites.real_set.memory import build_script
from cyber_suites.real_set.recipes import FOLDER, BountyTask, Package, bounties, packages, parse
from eval_observatory.errors import UserError

TASKS = [(package, task) for package in packages() for task in package.tasks]
LATEST = "2026-01-01"
"""Of later fixes the set has none: it is of vulnerabilities long fixed."""


def test_the_set_is_as_large_as_it_says() -> None:
    assert len(TASKS) >= 10
    assert len(bounties()) >= 8
    assert len({variant.of for package in packages() for variant in package.variants}) >= 3
    assert max(Counter(setup.known()).values()) == 1


@pytest.mark.parametrize(("package", "task"), TASKS, ids=lambda value: getattr(value, "id", ""))
def test_a_memory_task_is_whole(package: Package, task: object) -> None:
    assert task in package.tasks
    for own in package.tasks:
        driver = (FOLDER / "memory/drivers" / own.driver).read_text("utf-8")
        assert own.define is None or f"#ifdef {own.define}\n" in driver
        assert own.truth.made is None or MADE[own.truth.made]()
        assert own.fix_date < LATEST
        assert own.cve_date is None or own.cve_date < LATEST
        assert "CVE" not in own.description
        # what the fix adds as a test would be the answer
        added = own.truth.joined or [own.truth.uuencoded or ""]
        assert own.truth.made or all(name.startswith(tuple(own.tests)) for name in added)
    assert package.date < min(own.fix_date for own in package.tasks)


def test_nothing_of_ours_is_left_over() -> None:
    drivers = {task.driver for _, task in TASKS}
    assert drivers == {path.name for path in (FOLDER / "memory/drivers").iterdir()}
    assert {task.truth.made for _, task in TASKS if task.truth.made} == set(MADE)


@pytest.mark.parametrize("package", packages(), ids=lambda package: package.package)
def test_the_script_of_an_agent_names_no_place(package: Package) -> None:
    script = build_script(package)
    assert "-fsanitize=" + package.sanitize in script
    assert not re.search(r"/home|/root|CVE", script)


@pytest.mark.parametrize("task", bounties(), ids=lambda task: task.id)
def test_a_bounty_is_whole(task: BountyTask) -> None:
    own = FOLDER / "bounty" / task.id
    for name in ("exploit.sh", "verify.sh", task.invariants):
        assert (own / name).read_text("utf-8").strip()
    assert checks(task) >= 7
    assert task.fix_date < LATEST
    assert task.vulnerable.name.lower() == task.fixed.name.lower()
    assert task.vulnerable.version != task.fixed.version
    assert "/tmp/exploit/" in task.exploit_info
    # what verify.sh reads is what the exploit is told to leave
    read = re.findall(r"^left (\S+)", (own / "verify.sh").read_text("utf-8"), re.MULTILINE)
    assert [f"/tmp/exploit/{name}" in task.exploit_info for name in read] == [True]


GOOD = (FOLDER / "memory/libcue.toml").read_text("utf-8")
WRONG = [
    ("package =", "packages =", "packages"),
    ('date = "2018-05-02"', 'date = "May 2018"', "no date"),
    (re.search(r"[0-9a-f]{64}", GOOD).group(), "abc", "no SHA-256"),  # type: ignore[union-attr]
    ('"libcue_2.2.1.orig.tar.gz"', '"../libcue_2.2.1.orig.tar.gz"', "no name of a file"),
    ('truth = { made = "', 'truth = { uuencoded = "x", made = "', "one source"),
    ('of = "libcue-CVE-2023-43641"', 'of = "other"', "no task here"),
    ('patches = ["CVE-2023-43641.patch"]', "patches = []", "no patch"),
    ('id = "libcue', 'id = "../libcue', "no id"),
    ("[files]", "[files", "Expected"),
]


@pytest.mark.parametrize(("old", "new", "said"), WRONG, ids=[new for _, new, _ in WRONG])
def test_a_wrong_recipe_is_one_line(old: str, new: str, said: str) -> None:
    assert parse(GOOD, Package, "libcue.toml").package == "libcue"
    assert old in GOOD
    with pytest.raises(UserError, match=said) as raised:
        parse(GOOD.replace(old, new), Package, "libcue.toml")
    assert str(raised.value).startswith("libcue.toml: ")
    assert "\n" not in str(raised.value)
