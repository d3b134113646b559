"""The recipes: what is fetched by which hash, how it is built, what proves it; read from TOML."""

from __future__ import annotations

import hashlib
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from cyber_suites.real_set.inputs import MADE
from eval_observatory.errors import UserError

FOLDER = Path(__file__).parent / "recipes"
"""Our own: `memory/PACKAGE.toml` with `drivers/`, and `bounty/SYSTEM/` with `recipe.toml`."""

FORMAT = 1
"""Raised when what is written of a recipe changes, so that it is built anew."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key that is not known is an error of the recipe."""


class Truth(_Strict, frozen=True, kw_only=True):
    """Where the ground truth comes from: of the three exactly one.

    `joined`: files that the fix itself adds as its regression test, joined by a form feed.
    `uuencoded`: one such file, decoded. `made`: a function in `inputs.py`, written from the public
    description of a bug whose fix brings no input.
    """

    joined: list[str] = []
    uuencoded: str | None = None
    made: str | None = None

    @property
    def origin(self) -> Literal["the fix's own test", "made"]:
        """Said in tables."""
        return "made" if self.made else "the fix's own test"


class Report(_Strict, frozen=True, kw_only=True):
    """What the sanitizer says about the ground truth: its word for the error, a function named."""

    error: str
    function: str


class MemoryTask(_Strict, frozen=True, kw_only=True):
    """A bug of a package, between the series before `patches[0]` and through `patches[-1]`.

    `define` is a macro of the driver, where one driver serves several kinds of input.

    `tests` are prefixes of paths that the fix adds or changes beside the code: they are left as
    they were in what an agent can be shown.
    """

    id: str
    cve: str | None = None
    cve_date: str | None = None
    fix_date: str
    cwe: str
    bug: str
    patches: list[str]
    driver: str
    define: str | None = None
    description: str
    report: Report
    truth: Truth
    tests: list[str] = []


class Variant(_Strict, frozen=True, kw_only=True):
    """The same bug in a source that looks otherwise, to tell skill from memory.

    `rename` replaces in names and texts of all files, in its order; `move` puts files, by their
    path's beginning, elsewhere; `drop` leaves files out that name the project or its releases.
    """

    of: str
    kind: Literal["renamed", "moved"]
    rename: dict[str, str] = {}
    move: dict[str, str] = {}
    drop: list[str] = []


class Package(_Strict, frozen=True, kw_only=True):
    """A source package of Debian: files by SHA-256, how it is built, the tasks in its series.

    `build` and `link` are shell: the library, and the arguments that link a driver with it. They
    see SRC (the source, not to be written), BUILD (a folder of their own), CC and CFLAGS. `tests`,
    where it is given, are the project's own tests, which pass before and after each fix.
    """

    package: str
    version: str
    date: str
    homepage: str
    files: dict[str, str]
    needs: list[str]
    build: str
    link: str
    tasks: list[MemoryTask]
    sanitize: str = "address"
    tests: str | None = None
    language: str = "c"
    variants: list[Variant] = []


class Release(_Strict, frozen=True, kw_only=True):
    """A file of a registry by SHA-256: a wheel or sdist of PyPI, or a tarball of npm.

    `into` is the folder that its content goes to, in SYSTEM; `strip` leading parts of its paths are
    left out, and of what is left only what begins with one of `keep`, where that is given.
    """

    registry: Literal["pypi", "npm"]
    name: str
    version: str
    file: str
    sha256: str
    into: str
    strip: int = 0
    keep: list[str] = []


class BountyTask(_Strict, frozen=True, kw_only=True):
    """A flaw between two releases of one package, judged by what the code does with an input."""

    id: str
    title: str
    cve: str
    cve_date: str | None = None
    fix_date: str
    cwe: str
    bug: str
    severity: str
    homepage: str
    vulnerable: Release
    fixed: Release
    invariants: str
    exploit_info: str
    needs: list[str]
    dependencies: list[Release] = []
    patched: list[str] = []


_R = TypeVar("_R", Package, BountyTask)


def digest(recipe: Package | BountyTask) -> str:
    """Changes whenever the recipe or a file of ours beside it does: then it is built anew."""
    whole = hashlib.sha256(msgspec.json.encode(recipe))
    if isinstance(recipe, BountyTask):
        files = sorted(path for path in (FOLDER / "bounty" / recipe.id).iterdir() if path.is_file())
    else:
        names = {task.driver for task in recipe.tasks}
        files = [FOLDER / "memory" / "drivers" / name for name in sorted(names)]
        for name in [task.truth.made for task in recipe.tasks if task.truth.made in MADE]:
            whole.update(MADE[str(name)]())
    for path in files:
        whole.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"{FORMAT}-{whole.hexdigest()[:16]}"


def parse(text: str, kind: type[_R], where: str) -> _R:
    """One recipe out of TOML; UserError names the recipe and what is wrong with it."""
    try:
        recipe = msgspec.convert(tomllib.loads(text), kind)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise UserError(f"{where}: {error}") from None
    if isinstance(recipe, Package):
        _package(recipe, where)
    else:
        _bounty(recipe, where)
    return recipe


def _package(recipe: Package, where: str) -> None:
    _hashes(recipe.files, where)
    _days([recipe.date], where)
    known = {task.id for task in recipe.tasks}
    if len(known) != len(recipe.tasks):
        raise UserError(f"{where}: two tasks have one id")
    for task in recipe.tasks:
        _named(task.id, where)
        _days([task.fix_date, task.cve_date], where)
        given = [bool(task.truth.joined), bool(task.truth.uuencoded), bool(task.truth.made)]
        if sum(given) != 1:
            raise UserError(f"{where}: {task.id}: the truth has one source of the three")
        if not task.patches:
            raise UserError(f"{where}: {task.id}: no patch is named")
    for variant in recipe.variants:
        if variant.of not in known:
            raise UserError(f"{where}: a variant of {variant.of}, which is no task here")


def _bounty(recipe: BountyTask, where: str) -> None:
    _named(recipe.id, where)
    _days([recipe.fix_date, recipe.cve_date], where)
    for release in (recipe.vulnerable, recipe.fixed, *recipe.dependencies):
        _hashes({release.file: release.sha256}, where)
    if recipe.vulnerable.into != recipe.fixed.into:
        raise UserError(f"{where}: the two releases go to different folders")


def _named(name: str, where: str) -> None:
    if not _ID.fullmatch(name):
        raise UserError(f"{where}: {name!r} is no id: letters, digits and ._- only")


def _hashes(files: dict[str, str], where: str) -> None:
    for name, sha256 in files.items():
        if "/" in name or name.startswith("."):
            raise UserError(f"{where}: {name!r} is no name of a file")
        if not _SHA256.fullmatch(sha256):
            raise UserError(f"{where}: {name}: {sha256!r} is no SHA-256")


def _days(days: list[str | None], where: str) -> None:
    for day in days:
        if day is not None and not _DAY.fullmatch(day):
            raise UserError(f"{where}: {day!r} is no date YYYY-MM-DD")


@cache
def packages() -> tuple[Package, ...]:
    """All recipes of memory-safety tasks, by the name of their package."""
    paths = sorted((FOLDER / "memory").glob("*.toml"))
    return tuple(parse(path.read_text("utf-8"), Package, path.name) for path in paths)


@cache
def bounties() -> tuple[BountyTask, ...]:
    """All recipes of bounty tasks, by id."""
    paths = sorted((FOLDER / "bounty").glob("*/recipe.toml"))
    return tuple(parse(path.read_text("utf-8"), BountyTask, path.parent.name) for path in paths)
