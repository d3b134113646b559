"""What an entry's files say of each other, and of its plan: each check is a pure look at them.

None of them believes the manifest; what cannot be seen from the files is said to be not checked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import zipfile_zstd as zipfile
import zstandard

from eval_observatory.archive import opened
from eval_observatory.board.entries import REDACTION, RESULTS, Folder, hash_of
from eval_observatory.board.kinds import MEASURED
from eval_observatory.board.record import Check
from eval_observatory.errors import UserError
from eval_observatory.labels import ATTEMPTS
from eval_observatory.logs import HEADERS, SAMPLES
from eval_observatory.plan import FILE as PLAN
from eval_observatory.plan import Plan
from eval_observatory.report.words import clean, model_kind
from eval_observatory.shards import WHERE
from eval_observatory.stop import LOOKS
from eval_observatory.suite import Suite
from eval_observatory.table_files import TRIALS

PLAYED_BY = "plan"
"""Where a log's metadata has the hash of the plan that was locked before it was begun."""

SUMMARIES, _COMPLETED = "summaries.json", "completed_samples"
"""Where a log lists its samples, and what its header calls the count of those that ended well."""

_COSTS = ("charged_usd", "listed_usd")
_DAMAGES = (
    *(OSError, EOFError, ValueError, KeyError, TypeError, RecursionError, StopIteration),
    *(AttributeError, OverflowError),
)
_CENT = 0.005


def files_check(folder: Folder) -> Check:
    """Whether each file is that of the manifest, and none is there besides."""
    named, wrong = folder.manifest.files, []
    for name in sorted(folder.there - named.keys()):
        wrong.append(f"{name} is in the folder, and not in the manifest")
    for name, file in named.items():
        if (path := folder.file(name)) is None:
            if not file.url and not name.startswith("logs/"):
                wrong.append(f"{name} is missing")
        elif (now := hash_of(path)).sha256 != file.sha256:
            wrong.append(f"{name} was changed: sha256 {now.sha256[:16]}…, not {file.sha256[:16]}…")
    if wrong:
        return _bad("files", wrong)
    there = [name for name in named if name in folder.there]
    away = len(named) - len(there)
    elsewhere = f"; {away} lie elsewhere and were not read" if away else ""
    return _good("files", f"{len(there)} files have the manifest's sha256{elsewhere}")


def manifest_check(folder: Folder, trials: pl.DataFrame, suite: Suite | None) -> Check:
    """Whether the manifest says what the table says."""
    it, wrong = folder.manifest, []
    said = {
        "model": (it.model, _only(trials, "agent_model")),
        "harness": (it.harness, _only(trials, "harness")),
        "scorer": (it.scorer, _only(trials, "scorer_version")),
        "rollouts": (str(it.rollouts), str(trials.height)),
    }
    if suite is not None:
        said |= {"suite": (it.suite, suite.name), "design": (it.design, suite.design)}
    for name, (here, there) in said.items():
        if here != there:
            wrong.append(
                f"{name} is {clean(here, 80)} in the manifest, {clean(there, 80)} in the table"
            )
    cost = cost_of(trials)
    if cost is not None and it.cost_usd is not None and abs(cost - it.cost_usd) > _CENT:
        wrong.append(f"cost is {it.cost_usd:.2f} USD in the manifest, {cost:.2f} in the table")
    if wrong:
        return _bad("manifest", wrong)
    return _good("manifest", "model, harness, suite, scorer, rollouts and cost are the table's")


def kind_check(folder: Folder, suite: Suite | None) -> Check:
    """Whether what the manifest calls a model is one, by what the suite says of its name."""
    it = folder.manifest
    said = model_kind(suite, it.model).kind if suite else ""
    if not said:
        return _open("kind", f"{it.kind}, as the manifest says: its suite names no kind of it")
    if it.kind in MEASURED and it.kind != said:
        told = f"{clean(it.model, 80)} is a {said}, says its suite; the manifest says {it.kind}"
        return _bad("kind", [told])
    return _good("kind", f"{it.kind}; of this name its suite says {said}")


def cost_of(trials: pl.DataFrame) -> float | None:
    """What the answers of trials cost, in US dollars: charged, else by list prices; else None."""
    for name in _COSTS:
        if name in trials.columns and trials[name].dtype.is_numeric() and trials[name].count():
            return float(trials[name].sum())
    return None


@dataclass(frozen=True)
class Head:
    """What a log says of its run. Whoever has the log can change it.

    Attributes:
        model: as it was served.
        created: the second in which it was begun, ISO 8601.
        plan: the hash of the plan that was locked before; empty without one.
        ended: whether it says that the run came to its end.
        completed: samples that it counts as completed, at its end or in its list of them.
        records: samples that are in it.
    """

    name: str
    model: str
    created: str
    plan: str
    ended: bool
    completed: int
    records: int


def heads(folder: Folder) -> list[Head]:
    """The heads of the logs that are there.

    Raises:
        UserError: one is no log.
    """
    names = (name for name in sorted(folder.there) if name.endswith(".eval"))
    return [head_of(folder.path / name, name) for name in names]


def head_of(path: Path, name: str) -> Head:
    """The head of a log, which is called so.

    Raises:
        UserError: it is none.
    """
    try:
        with opened(path) as archive:
            names = archive.namelist()
            header = archive.read(next(one for one in HEADERS if one in names))
            listed = json.loads(archive.read(SUMMARIES)) if SUMMARIES in names else []
        whole: dict[str, Any] = json.loads(header)
        said: dict[str, Any] = whole["eval"]
        return Head(
            name,
            str(said["model"]),
            str(said["created"]),
            str((said.get("metadata") or {}).get(PLAYED_BY, "")),
            ended=whole.get("status") == "success",
            completed=max(int((whole.get("results") or {}).get(_COMPLETED, 0)), len(listed)),
            records=sum(one.startswith(SAMPLES) for one in set(names)),
        )
    except (zipfile.BadZipFile, zstandard.ZstdError, *_DAMAGES) as error:
        raise UserError(f"{name}: not a log: {clean(error, 100)}") from None


def heads_check(folder: Folder, found: list[Head]) -> Check:
    """Whether the logs are of the manifest's model, and not older than it says."""
    if not found:
        return _open("logs' heads", "no log is there")
    it, wrong = folder.manifest, []
    for one in found:
        if one.model != it.model:
            wrong.append(
                f"{one.name} is of model {clean(one.model, 80)}, not {clean(it.model, 80)}"
            )
    first = min(one.created for one in found)[:10]
    if first != it.when:
        wrong.append(f"the first log was begun on {clean(first, 20)}, the manifest says {it.when}")
    if wrong:
        return _bad("logs' heads", wrong)
    return _good("logs' heads", f"{len(found)} logs are of this model, the first of {first}")


def records_check(found: list[Head]) -> Check:
    """Whether each log holds as many samples as it counts itself; one of a broken run may not."""
    name = "logs' records"
    wrong = [
        f"{one.name} counts {one.completed} completed rollouts, {one.records} are in it"
        for one in found
        if one.ended and one.records < one.completed
    ]
    if wrong:
        return _bad(name, wrong)
    broken = sum(not one.ended for one in found)
    if broken or not found:
        why = f"{broken} of {len(found)} logs are of runs that were broken off"
        return _open(name, why if found else "no log is there")
    there = sum(one.records for one in found)
    return _good(name, f"the logs count no more rollouts than the {there} in them")


def plan_of(folder: Folder, suite: Suite | None, found: list[Head]) -> tuple[Plan | None, Check]:
    """The entry's plan, and whether it is the manifest's, the logs', whole and of this suite."""
    path, said = folder.file(PLAN), folder.manifest.plan
    named = ", ".join(sorted({clean(one.plan, 40) for one in found if one.plan})[:5])
    if path is None and named:
        return None, _bad("plan", [f"its logs name plan {named}, which is not here"])
    if path is None:
        if said:
            return None, _bad("plan", [f"the manifest names plan {clean(said, 40)}, none is there"])
        return None, _open(
            "plan", "no plan: which cells were shown may have been chosen after a look"
        )
    try:
        plan = Plan.read(path)
        if suite is not None:
            plan.held_to(suite, PLAN)
    except UserError as error:
        return None, _bad("plan", [str(error).replace(f"{path}", PLAN)])
    if not plan.locked:
        if said:
            return None, _bad("plan", ["the manifest names a plan, which nobody locked"])
        if named:
            return None, _bad("plan", [f"its logs name plan {named}; nobody locked the one here"])
        return None, _open("plan", "nobody locked a plan: cells may have been chosen after a look")
    if plan.hash != said:
        return None, _bad(
            "plan", [f"it is {plan.hash}, the manifest names {clean(said, 40) or 'none'}"]
        )
    return plan, _good("plan", f"plan {plan.hash} is whole and of this suite")


def before_check(plan: Plan, found: list[Head]) -> Check:
    """Whether the logs say that this plan was locked before they were begun."""
    if not found:
        return _open("plan before logs", "no log is there to say which plan it was begun with")
    others = sorted({one.plan or "none" for one in found if one.plan != plan.hash})
    if others:
        told = ", ".join(clean(one, 40) for one in others)
        return _bad(
            "plan before logs",
            [
                f"logs were begun with plan {told}: plan {plan.hash} is younger than they are, or "
                "of others"
            ],
        )
    return _good("plan before logs", f"every log was begun with plan {plan.hash}")


def played_check(plan: Plan, trials: pl.DataFrame) -> Check:
    """Whether just the planned cells were played, as often as was planned."""
    name, wrong = "planned rollouts", []
    if missing := [column for column in WHERE if column not in trials.columns]:
        return _open(name, f"the table has no {', '.join(missing)}")
    if plan.models and (others := set(trials["agent_model"]) - set(plan.models)):
        wrong.append(f"model {clean(min(others), 80)} is not in the plan")
    counts = dict(trials.group_by("cell_id").len().iter_rows())
    for cell in sorted(map(str, counts.keys() - plan.cells.keys())):
        wrong.append(f"cell {clean(cell, 100)} was not planned")
    if beyond := trials.filter(pl.col("rollout") >= plan.rollouts).height:
        wrong.append(f"{beyond} rollouts are beyond the {plan.rollouts} planned of each cell")
    if not plan.stop:
        for cell in plan.cells:
            if (count := counts.get(cell, 0)) < plan.rollouts:
                wrong.append(f"cell {cell}: {count} of {plan.rollouts} planned rollouts are there")
    if wrong:
        return _bad(name, wrong)
    rule = "as many as the rule may ask for" if plan.stop else f"{plan.rollouts} rollouts each"
    return _good(name, f"all {len(plan.cells)} cells and no other, {rule}")


def stop_check(plan: Plan, trials: pl.DataFrame, folder: Folder) -> Check | None:
    """Whether the stopping rule was kept: it is played through again, look by look."""
    if plan.stop is None:
        return None
    name, wrong = "stopping rule", []
    try:
        course = plan.courses(trials)[folder.manifest.model]
    except (KeyError, ValueError, ArithmeticError) as error:
        return _bad(name, [f"it cannot be played through: {clean(error, 100)}"])
    there = dict(trials.group_by("cell_id").len().iter_rows())
    for cell, asked in course.asked.items():
        if (count := there.get(cell, 0)) != asked:
            why = (
                "goes on after the rule had ended it"
                if count > asked
                else "ends before the rule does"
            )
            wrong.append(f"cell {cell} {why}: {count} rollouts, the rule asks for {asked}")
    wrong += _other_looks(course.looks, folder)
    if wrong:
        return _bad(name, wrong)
    return _good(name, f"played through again: {len(course.looks)} looks, the same ends")


def _other_looks(looks: Any, folder: Folder) -> Iterator[str]:
    """How the looks that were written down differ from those that the rule takes."""
    path = folder.file(LOOKS)
    if path is None:
        yield f"{LOOKS} is missing"
        return
    try:
        with path.open("rb") as lines:
            said = [msgspec.json.decode(line) for line in lines]
        kept = [(one["cell"], one["behavior"], one["look"], one.get("decision")) for one in said]
    except (msgspec.MsgspecError, KeyError, TypeError, OSError, RecursionError) as error:
        yield f"{LOOKS}: {clean(error, 100)}"
        return
    taken = [(one.cell, one.behavior, one.look, one.decision) for one in looks]
    if kept != taken:
        at = next(
            (i for i, two in enumerate(zip(kept, taken, strict=False)) if two[0] != two[1]), -1
        )
        what = f"look {at + 1}" if at >= 0 else f"{len(kept)} looks, not {len(taken)}"
        yield f"{LOOKS} says otherwise than the trials: {what}"


def attempts_check(trials: pl.DataFrame) -> Check:
    """How many rollouts were begun more than once: their first outcomes are not known."""
    if ATTEMPTS not in trials.columns:
        return _open("attempts", "the table does not say how often a rollout was begun")
    again = trials.filter(pl.col(ATTEMPTS) > 1).height
    return _good("attempts", f"{again} of {trials.height} rollouts were begun more than once")


def content_check(folder: Folder) -> Check:
    """Whether there is what an entry must have: a table of trials, or reported rows, not both."""
    both = folder.there & {TRIALS, RESULTS}
    if len(both) != 1:
        what = "both" if both else "neither"
        return _bad("content", [f"{what} of {TRIALS} and {RESULTS}"])
    told = "; what was cut is told" if REDACTION in folder.there else ""
    return _good("content", f"{min(both)}{told}")


def _only(trials: pl.DataFrame, name: str) -> str:
    """The one value of a column, or all of them."""
    if name not in trials.columns:
        return "none"
    return ", ".join(sorted({str(one) for one in trials[name].unique()})[:5])


def _good(name: str, text: str) -> Check:
    return Check(name=name, outcome="holds", text=text)


def _open(name: str, text: str) -> Check:
    return Check(name=name, outcome="not checked", text=text)


def _bad(name: str, lines: list[str], most: int = 8) -> Check:
    more = [f"and {len(lines) - most} more"] if len(lines) > most else []
    return Check(name=name, outcome="contradicted", text="; ".join([*lines[:most], *more]))
