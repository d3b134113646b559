"""What an entry's files say of each other, and of its plan: each check is a pure look at them.

None of them believes the manifest; what cannot be seen from the files is said to be not checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import polars as pl

from eval_observatory.board.entries import REDACTION, RESULTS, Folder, hash_of
from eval_observatory.board.heads import Head
from eval_observatory.board.kinds import MEASURED, declared_kind
from eval_observatory.board.outcomes import bad, good, unchecked
from eval_observatory.board.record import Check
from eval_observatory.errors import UserError
from eval_observatory.labels import ATTEMPTS
from eval_observatory.plan import FILE as PLAN
from eval_observatory.plan import Plan
from eval_observatory.report.words import clean
from eval_observatory.shards import WHERE
from eval_observatory.stop import LOOKS
from eval_observatory.suite import Suite
from eval_observatory.table_files import TRIALS

_COSTS = ("charged_usd", "listed_usd")
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
        return bad("files", wrong)
    there = [name for name in named if name in folder.there]
    away = len(named) - len(there)
    elsewhere = f"; {away} lie elsewhere and were not read" if away else ""
    return good("files", f"{len(there)} files have the manifest's sha256{elsewhere}")


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
    if it.cost_usd is not None and (cost is None or abs(cost - it.cost_usd) > _CENT):
        told = "none" if cost is None else f"{cost:.2f}"
        wrong.append(f"cost is {it.cost_usd:.2f} USD in the manifest, {told} in the table")
    if it.versions != (played := versions_of(trials)):
        two = (clean(msgspec.json.encode(one).decode(), 80) for one in (it.versions, played))
        wrong.append("versions are {} in the manifest, {} in the table".format(*two))
    if wrong:
        return bad("manifest", wrong)
    return good(
        "manifest", "model, harness, suite, scorer, versions, rollouts and cost are the table's"
    )


def kind_check(folder: Folder, suite: Suite | None) -> Check:
    """Whether what the manifest calls a model is one, by what the suite says of its name."""
    it = folder.manifest
    said = declared_kind(suite, it.model)
    if not said:
        return unchecked("kind", f"{it.kind}, as the manifest says: its suite names no kind of it")
    if it.kind in MEASURED and it.kind != said:
        told = f"{clean(it.model, 80)} is a {said}, says its suite; the manifest says {it.kind}"
        return bad("kind", [told])
    return good("kind", f"{it.kind}; of this name its suite says {said}")


def cost_of(trials: pl.DataFrame) -> float | None:
    """What the answers of trials cost, in US dollars: charged, else by list prices; else None."""
    for name in _COSTS:
        if name in trials.columns and trials[name].dtype.is_numeric() and trials[name].count():
            return float(trials[name].sum())
    return None


def plan_of(folder: Folder, suite: Suite | None, found: list[Head]) -> tuple[Plan | None, Check]:
    """The entry's plan, and whether it is the manifest's, the logs', whole and of this suite."""
    path, said = folder.file(PLAN), folder.manifest.plan
    named = ", ".join(sorted({clean(one.plan, 40) for one in found if one.plan})[:5])
    if path is None and named:
        return None, bad("plan", [f"its logs name plan {named}, which is not here"])
    if path is None:
        if said:
            return None, bad("plan", [f"the manifest names plan {clean(said, 40)}, none is there"])
        return None, unchecked(
            "plan", "no plan: which cells were shown may have been chosen after a look"
        )
    try:
        plan = Plan.read(path)
        if suite is not None:
            plan.held_to(suite, PLAN)
    except UserError as error:
        return None, bad("plan", [str(error).replace(f"{path}", PLAN)])
    if not plan.locked:
        if said:
            return None, bad("plan", ["the manifest names a plan, which nobody locked"])
        if named:
            return None, bad("plan", [f"its logs name plan {named}; nobody locked the one here"])
        return None, unchecked(
            "plan", "nobody locked a plan: cells may have been chosen after a look"
        )
    if plan.hash != said:
        return None, bad(
            "plan", [f"it is {plan.hash}, the manifest names {clean(said, 40) or 'none'}"]
        )
    return plan, good("plan", f"plan {plan.hash} is whole and of this suite")


def played_check(plan: Plan, trials: pl.DataFrame) -> Check:
    """Whether just the planned cells were played, as often as was planned."""
    name, wrong = "planned rollouts", []
    if missing := [column for column in WHERE if column not in trials.columns]:
        return unchecked(name, f"the table has no {', '.join(missing)}")
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
        return bad(name, wrong)
    rule = "as many as the rule may ask for" if plan.stop else f"{plan.rollouts} rollouts each"
    return good(name, f"all {len(plan.cells)} cells and no other, {rule}")


def stop_check(plan: Plan, trials: pl.DataFrame, folder: Folder) -> Check | None:
    """Whether the stopping rule was kept: it is played through again, look by look."""
    if plan.stop is None:
        return None
    name, wrong = "stopping rule", []
    try:
        course = plan.courses(trials)[folder.manifest.model]
    except (KeyError, ValueError, ArithmeticError) as error:
        return bad(name, [f"it cannot be played through: {clean(error, 100)}"])
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
        return bad(name, wrong)
    return good(name, f"played through again: {len(course.looks)} looks, the same ends")


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
        return unchecked("attempts", "the table does not say how often a rollout was begun")
    again = trials.filter(pl.col(ATTEMPTS) > 1).height
    return good("attempts", f"{again} of {trials.height} rollouts were begun more than once")


def versions_of(table: pl.DataFrame) -> dict[str, str]:
    """The versions that a table says it was played with, by name."""
    found = {}
    for name in ("package_version", "texts_version"):
        if name in table.columns and (count := table[name].n_unique()):
            several = sorted({str(one) for one in table[name].unique()})
            said = ", ".join(several) if count <= 3 else f"{count} versions"
            found[name.removesuffix("_version")] = said
    return found


def content_check(folder: Folder) -> Check:
    """Whether there is what an entry must have: a table of trials, or reported rows, not both."""
    both = folder.there & {TRIALS, RESULTS}
    if len(both) != 1:
        what = "both" if both else "neither"
        return bad("content", [f"{what} of {TRIALS} and {RESULTS}"])
    told = "; what was cut is told" if REDACTION in folder.there else ""
    return good("content", f"{min(both)}{told}")


def _only(trials: pl.DataFrame, name: str) -> str:
    """The one value of a column, or all of them."""
    if name not in trials.columns:
        return "none"
    return ", ".join(sorted({str(one) for one in trials[name].unique()})[:5])
