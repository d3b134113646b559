"""The recipes' days, entered by hand, held against what the sources themselves say of time.

A Debian package says in its changelog when a fix of which CVE was released there, and in the patch
when it was made upstream; a wheel says when its newest file was written, which is when the release
was packed, unless its builder writes one day for all. npm's tarballs say 1985 throughout. None of
them says when a CVE was published: its day is held between its own year and the day on which
somebody is known to have named it.
"""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple

from cyber_suites.real_set.recipes import BountyTask, MemoryTask, Package, bounties, packages
from cyber_suites.real_set.unpack import DAMAGED, in_a_line
from eval_observatory.errors import UserError

_ENTRY_END = re.compile(r"^ -- .*?  (?P<when>.+)$")
_PATCH_DATE = re.compile(r"^(?:Date|Last-Update): *(?P<when>.+)$", re.MULTILINE)
_BUILDERS_DAYS = {date(1980, 1, 1), date(2016, 1, 1), date(2020, 2, 2)}
"""What builders of wheels write into all files, so that the same tree gives the same bytes."""

_DAY = timedelta(days=1)
"""Between a day here and the same day where somebody else lives."""


class Held(NamedTuple):
    """A task's days, held against its sources.

    Attributes:
        said: what the sources say, a phrase each.
        wrong: what contradicts the recipe, a phrase each.
    """

    task: str
    said: tuple[str, ...]
    wrong: tuple[str, ...]


def held(folders: tuple[Path, ...]) -> list[Held]:
    """Every task of the set, held against the files in folders: downloads, and files put there.

    Raises:
        UserError: a file is none of what its name says.
    """
    found = []
    for recipe in packages():
        archive = _in(folders, next(name for name in recipe.files if ".debian.tar." in name))
        found += [_held(task.id, _of_package(task, recipe, archive)) for task in recipe.tasks]
    for bounty in bounties():
        found.append(_held(bounty.id, _of_bounty(bounty, _in(folders, bounty.fixed.file))))
    return found


class _Line(NamedTuple):
    said: str
    wrong: bool = False


def _held(task: str, lines: Iterator[_Line]) -> Held:
    listed = list(lines)
    return Held(
        task,
        tuple(line.said for line in listed if not line.wrong),
        tuple(line.said for line in listed if line.wrong),
    )


def _of_package(task: MemoryTask, recipe: Package, archive: Path | None) -> Iterator[_Line]:
    yield from _year(task.cve, task.cve_date)
    if archive is None:
        yield _Line(f"{recipe.package}: its sources are not at hand")
        return
    texts = texts_of(archive, {"changelog", *(f"patches/{name}" for name in task.patches)})
    named = first_named(texts.get("changelog", ""), task.cve) if task.cve else None
    if named is None:
        yield _Line("Debian's changelog does not name it")
    else:
        known = task.cve_date is None or date.fromisoformat(task.cve_date) <= named + _DAY
        yield _Line(f"Debian named it on {named}", wrong=not known)
        if date.fromisoformat(task.fix_date) > named + _DAY:
            yield _Line(f"Debian released the fix on {named}, before {task.fix_date}", wrong=True)
    days = {day for name in task.patches if (day := dated(texts.get(f"patches/{name}", "")))}
    if days:
        alike = any(abs(day - date.fromisoformat(task.fix_date)) <= _DAY for day in days)
        yield _Line(f"the patch is of {', '.join(map(str, sorted(days)))}", wrong=not alike)


def _of_bounty(task: BountyTask, archive: Path | None) -> Iterator[_Line]:
    yield from _year(task.cve, task.cve_date)
    if archive is None:
        yield _Line(f"{task.fixed.file} is not at hand")
        return
    packed = packed_on(archive)
    if packed is None:
        yield _Line(f"{task.fixed.file} says no day")
        return
    alike = abs(packed - date.fromisoformat(task.fix_date)) <= _DAY
    yield _Line(f"{task.fixed.file} was packed on {packed}", wrong=not alike)


def _year(cve: str | None, day: str | None) -> Iterator[_Line]:
    """A number is given out in its year, and published then or later."""
    if cve and day:
        early = date.fromisoformat(day).year < int(cve.split("-")[1])
        yield _Line(f"{cve} on {day}", wrong=early)


def first_named(changelog: str, cve: str) -> date | None:
    """The day of the oldest entry of a Debian changelog that names a CVE."""
    first, names = None, False
    for line in changelog.splitlines():
        if end := _ENTRY_END.match(line):
            if names:  # entries stand newest first
                first = _day(end["when"]) or first
            names = False
        elif re.search(rf"{re.escape(cve)}(?!\d)", line):
            names = True
    return first


def dated(patch: str) -> date | None:
    """The day that a patch's head says, before its first file."""
    head = re.split(r"^(?:---|diff|Index:) ", patch, maxsplit=1, flags=re.MULTILINE)[0]
    found = _PATCH_DATE.search(head)
    return _day(found["when"]) if found else None


def packed_on(archive: Path) -> date | None:
    """The day of the newest file of a wheel; None where its builder writes one day for all.

    Raises:
        UserError: it is a damaged one.
    """
    if not archive.name.endswith(".whl"):
        return None
    try:
        with zipfile.ZipFile(archive) as wheel:
            newest = max(member.date_time for member in wheel.infolist())
            found = date(*newest[:3])
    except DAMAGED as error:
        raise UserError(f"{archive.name}: cannot be read: {in_a_line(error)}") from None
    return None if found in _BUILDERS_DAYS else found


def texts_of(archive: Path, names: set[str]) -> Mapping[str, str]:
    """Texts of Debian's part of a source package, by their paths below `debian/`.

    Raises:
        UserError: it is a damaged one.
    """
    found = {}
    try:
        with tarfile.open(archive) as opened:
            for member in opened:
                name = member.name.removeprefix("./").partition("/")[2]
                if name in names and member.isfile() and (file := opened.extractfile(member)):
                    found[name] = file.read(4 << 20).decode("utf-8", errors="replace")
    except DAMAGED as error:
        raise UserError(f"{archive.name}: cannot be read: {in_a_line(error)}") from None
    return found


def _day(when: str) -> date | None:
    try:
        return date.fromisoformat(when.strip()[:10])
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(when).date()
    except (ValueError, TypeError):
        return None


def _in(folders: tuple[Path, ...], name: str) -> Path | None:
    return next((folder / name for folder in folders if (folder / name).is_file()), None)
