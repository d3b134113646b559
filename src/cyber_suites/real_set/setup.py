"""The set as a whole: builds what is not there yet, and says what stands and what does not."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cyber_suites.real_set import bounty
from cyber_suites.real_set.fetch import Sources
from cyber_suites.real_set.memory import SUBSET, Bench, Built, missing
from cyber_suites.real_set.recipes import BountyTask, Package, bounties, digest, packages
from eval_observatory.errors import UserError

MEMORY, BOUNTY = "memory", "bounty"

DOWNLOADS = ".downloads"
"""Where a set keeps what it fetched."""


@dataclass(frozen=True)
class Row:
    """One task of the set after a build: whether it stands, else why not; seconds and bytes of it.

    A task that stood before has the seconds that it took then.
    """

    id: str
    kind: str
    stands: bool
    why: str
    seconds: float
    bytes: int


def ids(recipe: Package) -> list[str]:
    """The tasks of a package, variants included."""
    own = [task.id for task in recipe.tasks]
    return own + [f"{variant.of}-{variant.kind}" for variant in recipe.variants]


def known() -> list[str]:
    """The ids of all tasks of the set."""
    return [name for recipe in packages() for name in ids(recipe)] + [t.id for t in bounties()]


def build(
    out: Path,
    *,
    sources: Path | None = None,
    only: tuple[str, ...] = (),
    say: Callable[[str], None] = lambda _: None,
) -> list[Row]:
    """Build the set, or the tasks whose id begins with one of `only`, into `out`.

    Writes `out/cybergym`, `out/bountybench` and `out/table.json`. What stands there from an earlier
    build by the same recipe is left alone, so that a build which was killed goes on. `sources` is a
    folder with files put there by hand.

    Raises:
        UserError: `only` names no task, or another build is at work in `out`.
    """
    if only and not any(name.startswith(only) for name in known()):
        raise UserError(f"no task begins with {' or '.join(only)}: see the command list")
    out.mkdir(parents=True, exist_ok=True)
    with _alone(out):
        work = _Work(out, Sources(out / DOWNLOADS, sources), only, say)
        rows = [row for recipe in packages() for row in work.package(recipe)]
        rows += [row for task in bounties() for row in work.bounty(task)]
        work.finish()
        (out / "table.json").write_text(
            json.dumps([asdict(row) for row in rows], indent=1), "utf-8"
        )
    return rows


class _Work:
    def __init__(
        self, out: Path, sources: Sources, only: tuple[str, ...], say: Callable[[str], None]
    ) -> None:
        self.out, self.sources, self.only, self.say = out, sources, only, say
        self.done = out / ".built"
        # by process: what a killed build has left running writes into no folder of this one
        shutil.rmtree(out / ".work", ignore_errors=True)
        self.scratch = out / ".work" / str(os.getpid())
        self.done.mkdir(exist_ok=True)
        (out / "cybergym").mkdir(exist_ok=True)
        (out / "bountybench").mkdir(exist_ok=True)

    def package(self, recipe: Package) -> list[Row]:
        wanted = [name for name in ids(recipe) if self._wanted(name)]
        made = digest(recipe)
        rows = {name: row for name in wanted if (row := self._earlier(name, MEMORY, made))}
        left = [name for name in wanted if name not in rows]
        if left:
            work = self.scratch / recipe.package
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(parents=True)
            bench, why = self._bench(recipe, work)
            for name in left:
                self.say(f"{name} …")
                rows[name] = self._memory(recipe, bench, name, made, why)
                self._told(rows[name])
            shutil.rmtree(work, ignore_errors=True)
            self._tasks()
        return [rows[name] for name in wanted]

    def bounty(self, task: BountyTask) -> list[Row]:
        if not self._wanted(task.id):
            return []
        made = digest(task)
        if row := self._earlier(task.id, BOUNTY, made):
            return [row]
        self.say(f"{task.id} …")
        started, folder = time.monotonic(), self.scratch / f"bounty-{task.id}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        why = missing(task.needs) or _tried(lambda: bounty.build(task, self.sources, folder))
        if why is None:
            _placed(folder, self.out / "bountybench" / task.id)
        shutil.rmtree(folder, ignore_errors=True)
        size = _size(self.out / "bountybench" / task.id) if why is None else 0
        row = Row(task.id, BOUNTY, why is None, why or "", time.monotonic() - started, size)
        if row.stands:
            self._record(row, made, {})
        self._told(row)
        return [row]

    def finish(self) -> None:
        """Leave the sources, no half-built folders, and a list of the tasks that stand."""
        self._tasks()
        shutil.rmtree(self.out / ".work", ignore_errors=True)

    def _bench(self, recipe: Package, work: Path) -> tuple[Bench | None, str | None]:
        why = missing(recipe.needs)
        bench: Bench | None = None
        if why is None:
            try:
                bench = Bench(recipe, self.sources.package(recipe), work)
            except UserError as error:
                why = str(error)
        return bench, why

    def _memory(
        self, recipe: Package, bench: Bench | None, name: str, made: str, why: str | None
    ) -> Row:
        started, built = time.monotonic(), None
        if bench is not None:
            place = bench

            def one() -> None:
                nonlocal built
                built = _built(recipe, place, name)

            why = _tried(one)
        if built is None:
            return Row(name, MEMORY, False, why or "", time.monotonic() - started, 0)
        root = self.out / "cybergym"
        places = {root / "data": built.data, root / "binaries": built.binaries}
        for place_, folder in places.items():
            _placed(folder, place_ / SUBSET / name)
        size = sum(_size(place_ / SUBSET / name) for place_ in places)
        row = Row(name, MEMORY, True, "", time.monotonic() - started, size)
        self._record(row, made, built.entry)
        return row

    def _wanted(self, name: str) -> bool:
        return not self.only or name.startswith(self.only)

    def _earlier(self, name: str, kind: str, made: str) -> Row | None:
        record = _read(self.done / f"{name}.json")
        if record is None or record["digest"] != made:
            return None
        places = [self.out / "bountybench" / name]
        if kind == MEMORY:
            places = [self.out / "cybergym" / part / SUBSET / name for part in ("data", "binaries")]
        return Row(**record["row"]) if all(place.is_dir() for place in places) else None

    def _record(self, row: Row, made: str, entry: dict[str, object]) -> None:
        path = self.done / f"{row.id}.json"
        text = json.dumps({"digest": made, "row": asdict(row), "entry": entry})
        path.with_suffix(".part").write_text(text, "utf-8")
        path.with_suffix(".part").replace(path)

    def _tasks(self) -> None:
        """The list of what stands, of earlier builds too."""
        records = [_read(self.done / f"{name}.json") for name in known()]
        entries = [record["entry"] for record in records if record and record["entry"]]
        path = self.out / "cybergym/tasks.json"
        path.with_suffix(".part").write_text(json.dumps(entries, indent=1) + "\n", "utf-8")
        path.with_suffix(".part").replace(path)

    def _told(self, row: Row) -> None:
        self.say(f"{row.id}: {'stands' if row.stands else row.why}, {row.seconds:.0f} s")


def _built(recipe: Package, bench: Bench, name: str) -> Built:
    for task in recipe.tasks:
        if task.id == name:
            return bench.task(task)
    return bench.variant(next(v for v in recipe.variants if f"{v.of}-{v.kind}" == name))


def _tried(work: Callable[[], None]) -> str | None:
    """Do a piece of work; one line on why it failed, None if it did not."""
    try:
        work()
    except UserError as error:
        return str(error)
    except subprocess.TimeoutExpired as error:
        return f"not built within {error.timeout:.0f} s"
    except OSError as error:
        return f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")
    return None


def _placed(folder: Path, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(place)


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


@contextlib.contextmanager
def _alone(out: Path) -> Iterator[None]:
    with (out / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(f"{out}: another build is at work there") from None
        yield
