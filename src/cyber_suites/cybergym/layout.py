"""A CyberGym data folder as it is published: tasks, files by level, extracted builds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from cyber_suites.reading import content_of, json_of
from eval_observatory.errors import UserError

END_TO_END = "end_to_end"
FILES: dict[str, tuple[str, ...]] = {
    "level0": ("repo-vul.tar.gz",),
    "level1": ("repo-vul.tar.gz", "description.txt"),
    END_TO_END: ("repo-vul.tar.gz", "description.txt"),
    "level2": ("repo-vul.tar.gz", "description.txt", "error.txt"),
    "level3": (
        *("repo-vul.tar.gz", "description.txt", "error.txt"),
        *("patch.diff", "repo-fix.tar.gz"),
    ),
}
"""What an agent is given, by level."""

SCRIPTS = ("build.sh", "test.sh")
"""What a task to be patched needs, and no agent sees: they build and test its tree."""

SECRET = ("poc", "elsewhere")
"""What no level gives: the ground truth, and an input that crashes both builds elsewhere."""

BUILDS = ("vul", "fix")
MOST_POC = 10 << 20
"""Bytes of the largest input that is taken."""

_ID = re.compile(r"(?P<subset>[A-Za-z0-9][A-Za-z0-9_-]*):(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)")


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A task as `tasks.json` has it. What follows `vulnerability_description` is ours.

    Attributes:
        cve_date: when the vulnerability was disclosed, `YYYY-MM-DD`.
        project_date: when the vulnerable source was released.
        variant: how the source was changed to tell memory from skill; empty of the original.
        variant_of: the task that it is a variant of.
    """

    task_id: str
    project_name: str = ""
    project_language: str = ""
    vulnerability_description: str = ""
    cve: str = ""
    cwe: str = ""
    cve_date: str = ""
    project_date: str = ""
    variant: str = ""
    variant_of: str = ""


class Task(msgspec.Struct, frozen=True):
    """A task with its folders.

    Attributes:
        folder: its files (`data/<subset>/<name>`).
        builds: its extracted builds (`<binaries>/<subset>/<name>`).
    """

    entry: Entry
    folder: Path
    builds: Path

    @property
    def id(self) -> str:
        """Its name in the data set."""
        return self.entry.task_id

    @property
    def subset(self) -> str:
        """Where it comes from: `arvo`, `oss-fuzz`, or another set in arvo's layout."""
        return self.id.partition(":")[0]

    def truth(self) -> bytes:
        """The input that is known to do it.

        Raises:
            UserError: there is none.
        """
        return content_of(self.folder / "poc", MOST_POC)


def read_tasks(
    data: Path, binaries: Path | None = None, only: Sequence[str] = ()
) -> dict[str, Task]:
    """The tasks of a data folder, by their ids, in its order.

    Args:
        data: the folder that holds `tasks.json` and `data/`.
        binaries: the folder of extracted builds; by default `binaries` in it.
        only: the ids to keep, or beginnings of ids that end in `:`; all without any.

    Raises:
        UserError: the folder is none, or has no such task.
    """
    listed = json_of(data / "tasks.json", list[Entry])
    builds = binaries or data / "binaries"
    found: dict[str, Task] = {}
    for entry in listed:
        parts = _ID.fullmatch(entry.task_id)
        if parts is None:
            raise UserError(f"{data}/tasks.json: {entry.task_id[:80]!r} is no task's id")
        if entry.task_id in found:
            raise UserError(f"{data}/tasks.json: task {entry.task_id} stands there twice")
        place = Path(parts["subset"], parts["name"])
        found[entry.task_id] = Task(entry, data / "data" / place, builds / place)
    kept = _kept(found, only)
    if unknown := [one for one in only if not any(_named(id, one) for id in found)]:
        raise UserError(f"{data}: no task {', '.join(unknown)}; it has {len(found)} others")
    return kept


def _kept(found: Mapping[str, Task], only: Sequence[str]) -> dict[str, Task]:
    if not only:
        return dict(found)
    return {id: task for id, task in found.items() if any(_named(id, one) for one in only)}


def _named(id: str, one: str) -> bool:
    return id == one or (one.endswith(":") and id.startswith(one))


def missing(task: Task, level: str = "level1", builds: bool = True) -> Iterator[str]:
    """What a task lacks to be played at a level and judged, a line each.

    Args:
        builds: whether it needs extracted builds.
    """
    scripts = SCRIPTS if level == END_TO_END else ()
    for name in (*FILES[level], *scripts, "poc"):
        if not (task.folder / name).is_file():
            yield f"{name} is missing"
    for build in BUILDS if builds else ():
        place = task.builds / build
        needed = ("out", "metadata.json" if task.subset == "oss-fuzz" else "arvo")
        if not place.is_dir():
            yield f"there is no {build} build at {place}"
        elif lacking := [name for name in needed if not (place / name).exists()]:
            yield f"the {build} build lacks {', '.join(lacking)}"
