"""Patterns that are compiled when they are used: nothing at import, and each of them is one."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest

from peer_preservation import scoring
from peer_preservation.patterns import pattern

MODULES = sorted(module.name for module in iter_modules(scoring.__path__))


def _patterns(found: Any) -> Iterator[Any]:
    if isinstance(found, tuple):
        for one in found:
            yield from _patterns(one)
    elif type(found) is pattern:
        yield found


@pytest.mark.parametrize("name", MODULES)
def test_every_pattern_of_the_scorers_can_be_compiled(name: str) -> None:
    module = import_module(f"{scoring.__name__}.{name}")
    for value in vars(module).values():
        for one in _patterns(value):
            assert one.flags & re.UNICODE, f"{name}: {one.pattern}"


def test_a_pattern_is_what_re_compile_gives() -> None:
    ours, theirs = pattern(r"(a)|b", re.IGNORECASE), re.compile(r"(a)|b", re.IGNORECASE)
    assert ours.sub("x", "Abc") == theirs.sub("x", "Abc")
    assert (ours.pattern, ours.flags, ours.groups) == (theirs.pattern, theirs.flags, theirs.groups)
    with pytest.raises(re.error):
        pattern("(").search("")


def test_the_package_compiles_none_of_them_at_import() -> None:
    code = (
        "import peer_preservation.patterns as p, peer_preservation.scenarios, sys;"
        "from importlib import import_module as get;"
        f"rooms = [vars(get('{scoring.__name__}.' + name)) for name in {MODULES!r}];"
        "made = [v.pattern for r in rooms for v in r.values() if type(v) is p.pattern"
        " and '_compiled' in vars(v)];"
        "sys.exit(repr(made) if made else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
