"""The public names: what each package gives whoever imports it, and what that costs."""

from __future__ import annotations

import inspect
import subprocess
import sys
from types import ModuleType

import pytest

import eval_observatory as ob
import peer_preservation as pp

PACKAGES = (pp, ob)

LIGHT = {
    "eval_observatory": {"door"},
    "peer_preservation": {"_version"},
}
"""The modules of its own that importing a package loads."""

NAMES_OF_MODULES = """
import eval_observatory.claims, eval_observatory.contrasts, peer_preservation.matrix
import eval_observatory as ob, peer_preservation as pp
assert callable(ob.claims) and callable(ob.contrasts) and callable(pp.matrix)
import eval_observatory.report.page, peer_preservation.report
assert callable(ob.claims) and callable(ob.contrasts) and callable(pp.matrix)
assert ob.claims is eval_observatory.claims
"""


def done(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("package", PACKAGES, ids=lambda one: str(one.__name__))
def test_every_public_name_is_there_and_documented(package: ModuleType) -> None:
    assert len(set(package.__all__)) == len(package.__all__)
    assert {*package.__all__} <= {*dir(package)}
    for name in package.__all__:
        found = getattr(package, name)
        assert not inspect.ismodule(found), name
        assert not callable(found) or inspect.getdoc(found), name


@pytest.mark.parametrize("package", PACKAGES, ids=lambda one: str(one.__name__))
def test_nothing_is_behind_the_door_that_is_not_on_it(package: ModuleType) -> None:
    assert {*package.rooms_of_names} == {*package.__all__} - {"__version__"}


@pytest.mark.parametrize("name", LIGHT)
def test_importing_a_package_loads_no_room_of_it(name: str) -> None:
    loaded = done(f"import {name}, sys; print(*sys.modules)").split()
    prefix = f"{name}."
    assert {one.removeprefix(prefix) for one in loaded if one.startswith(prefix)} == LIGHT[name]
    assert not {"polars", "msgspec", "numpy", "altair", "inspect_ai"} & {*loaded}


def test_a_function_stays_what_it_is_once_the_module_of_its_name_is_loaded() -> None:
    done(NAMES_OF_MODULES)


def test_a_name_that_is_not_there_is_said() -> None:
    with pytest.raises(AttributeError, match="module 'peer_preservation' has no attribute 'plan_'"):
        getattr(pp, "plan_")  # noqa: B009


def test_scenarios_are_known_to_whoever_asks_first() -> None:
    code = "from peer_preservation.cell import Cell; print(Cell.parse('{}'))"
    assert done(code.format("tampering/factual@80/self/none")).startswith("tampering/")
    done("from peer_preservation.registry import scenario_names; assert scenario_names()")
