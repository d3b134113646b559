"""The house: what the imports of all files say of it; those inside functions count."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src"


def _modules() -> dict[str, Path]:
    """All modules by their full name; a package by its own."""
    found = {}
    for path in SOURCE.rglob("*.py"):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _for_types_only(tree: ast.AST) -> set[int]:
    """The lines of blocks that never run."""
    return {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for body in node.body
        for line in range(body.lineno, (body.end_lineno or body.lineno) + 1)
    }


def _imported(path: Path) -> Iterator[str]:
    """What a file imports, whatever the place: `a.b` and, of `from a import b`, `a` and `a.b`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    unseen = _for_types_only(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and node.lineno not in unseen:
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.lineno not in unseen:
            assert not node.level, f"{path}:{node.lineno}: a relative import"
            assert node.module
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _arrows() -> dict[str, set[str]]:
    """By module, the modules that it takes something from.

    `from package import module` takes the module, not what the package itself defines.
    """
    modules = _modules()
    arrows = {}
    for name, path in modules.items():
        wanted = {one for one in _imported(path) if one in modules} - {name}
        narrower = {one.rpartition(".")[0] for one in wanted}
        arrows[name] = {one for one in wanted if one not in narrower or _takes(path, one, modules)}
    return arrows


def _takes(path: Path, package: str, modules: dict[str, Path]) -> bool:
    """Whether a file takes a name that the package's own file defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(
        f"{package}.{alias.name}" not in modules
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == package
        for alias in node.names
    )


def _circles(arrows: dict[str, set[str]]) -> list[set[str]]:
    """The strongly connected parts of more than one module, by what each can reach."""
    reach = {name: _reached(name, arrows) for name in arrows}
    found = []
    for name, there in reach.items():
        circle = {other for other in there if name in reach[other]}
        if len(circle) > 1 and circle not in found:
            found.append(circle)
    return found


def _reached(name: str, arrows: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        new = arrows[waiting.pop()] - seen
        seen |= new
        waiting += new
    return seen


def test_no_module_needs_itself_by_a_detour() -> None:
    assert _circles(_arrows()) == []


LAYER = "eval_observatory"
STRANGERS = ("peer_preservation", "cyber_suites", "inspect_ai")


def _of(package: str, name: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def test_the_layer_of_measurement_knows_neither_the_mission_nor_inspect() -> None:
    taken = {
        (name, one)
        for name, path in _modules().items()
        if _of(LAYER, name)
        for one in _imported(path)
        if any(_of(stranger, one) for stranger in STRANGERS)
    }
    assert not taken


FLOORS = (
    "errors",
    "suite",
    "statistics",
    "claims",
    "course",
    "plan",
    "counts",
    "planned",
    "estimates",
)


def test_each_floor_of_the_layer_takes_only_from_those_below() -> None:
    arrows = _arrows()
    ranks = {f"{LAYER}.{name}": rank for rank, name in enumerate(FLOORS)}
    for name, rank in ranks.items():
        for other in _reached(name, arrows):
            assert ranks.get(other, -1) <= rank, f"{name} takes from {other}"


def test_nothing_of_the_record_knows_how_it_is_counted() -> None:
    """The record takes errors, files, mark-up and the words of a declaration."""
    arrows, allowed = _arrows(), {"errors", "reading", "markup", "suite"}
    for name in arrows:
        room = name.split(".")[1:2]
        if name.startswith("peer_preservation.") and room[0] in (
            *("cell", "registry", "items", "world", "episode", "shown", "scoring", "scenarios"),
        ):
            taken = {one for one in arrows[name] if _of(LAYER, one)}
            assert taken <= {f"{LAYER}.{one}" for one in allowed}, name


SHOWING = ("figures", "overview", "planning", "table", "view", "word_labels", "words")
COUNTING = ("contrasts", "estimates", "logs", "runs", "trials")


def test_what_shows_counts_nothing_again() -> None:
    """The trials are asked once; figures, sentences and tables read what came out."""
    modules = _modules()
    for room in SHOWING:
        name = f"{LAYER}.report.{room}"
        taken = {one for one in _imported(modules[name]) if one in modules}
        assert not taken & {f"{LAYER}.{one}" for one in COUNTING}, name
        asked = [
            node.lineno
            for node in ast.walk(ast.parse(modules[name].read_text(encoding="utf-8")))
            if isinstance(node, ast.Attribute) and node.attr == "trials"
        ]
        assert not asked, f"{modules[name]}:{asked[:1]}: it asks the trials"
