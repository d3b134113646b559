"""What the logs of an entry say of their run, and of the plan that they were begun with.

Whoever has a log can change it: what its parts, their order and their days say is held against each
other, and no more is claimed for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import zipfile_zstd as zipfile

from eval_observatory.archive import DAMAGES, opened
from eval_observatory.board.entries import Folder
from eval_observatory.board.outcomes import bad, differs, good, unchecked
from eval_observatory.board.record import Check
from eval_observatory.board.words import many
from eval_observatory.errors import UserError
from eval_observatory.logs import HEADERS, SAMPLES
from eval_observatory.plan import Plan
from eval_observatory.report.words import clean

PLAYED_BY = "plan"
"""Where a log's metadata has the hash of the plan that was locked before it was begun."""

SUMMARIES, _COMPLETED = "summaries.json", "completed_samples"
"""Where a log lists its samples, and what its header calls the count of those that ended well."""

_QUARTER, _MOST_ZONE = 900, 14 * 3600
"""Seconds of the steps of time zones, and of the farthest one: archives tell local time."""

_SLACK = 150
"""Seconds by which a part may be written after what it tells."""


@dataclass(frozen=True)
class Head:
    """What a log says of its run. Whoever has the log can change it.

    Attributes:
        model: as it was served.
        created: the second in which it was begun, ISO 8601.
        plan: the hash of the plan that was locked before; empty without one.
        ended: whether it says that the run came to its end.
        completed: samples that it counts as completed, at its end or in its list of them.
        asked: samples for which it says that it was begun, each of its ids once an epoch.
        records: samples that are in it.
        changed: what its end says of its run otherwise than its beginning, a line each.
        anew: how it was written otherwise than part by part as it was played; empty where nothing
            shows that it was.
    """

    name: str
    model: str
    created: str
    plan: str
    ended: bool
    completed: int
    asked: int
    records: int
    changed: tuple[str, ...] = ()
    anew: str = ""


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
            said = [json.loads(archive.read(one)) for one in HEADERS if one in names]
            listed = json.loads(archive.read(SUMMARIES)) if SUMMARIES in names else []
        whole: dict[str, Any] = said[0]
        run: dict[str, Any] = whole["eval"]
        return Head(
            name,
            str(run["model"]),
            str(run["created"]),
            _plan_of(run),
            ended=whole.get("status") == "success",
            completed=max(int((whole.get("results") or {}).get(_COMPLETED, 0)), len(listed)),
            asked=_asked(run),
            records=sum(one.startswith(SAMPLES) for one in set(names)),
            changed=_changed(run, said[-1]["eval"]),
            anew=_anew(path, whole),
        )
    except DAMAGES as error:
        raise UserError(f"{name}: not a log: {clean(error, 100)}") from None


def _plan_of(run: Mapping[str, Any]) -> str:
    return str((run.get("metadata") or {}).get(PLAYED_BY, ""))


def _asked(run: Mapping[str, Any]) -> int:
    ids, config = (run.get("dataset") or {}).get("sample_ids") or (), run.get("config") or {}
    if config.get("limit") or config.get("sample_id"):
        return 0
    return len(ids) * int(config.get("epochs") or 1)


def _changed(end: Mapping[str, Any], begin: Mapping[str, Any]) -> tuple[str, ...]:
    """How the two records of a run in its log differ: one is written first, the other last."""
    if (now := _plan_of(end)) != (before := _plan_of(begin)):
        told = [clean(one or "none", 40) for one in (before, now)]
        return (f"it begins with plan {told[0]} and ends with plan {told[1]}",)
    others = sorted(one for one in {*end, *begin} if end.get(one) != begin.get(one))
    return tuple(f"its {clean(one, 40)} is another at its end" for one in others)


def _anew(path: Path, whole: Mapping[str, Any]) -> str:
    """How a log was written otherwise than it is when it is played, by its order and its days.

    Inspect writes the beginning first, samples as they end, the end last, each with its local time.
    """
    if not zipfile.is_zipfile(path):
        return ""
    with zipfile.ZipFile(path) as archive:
        parts = sorted(archive.infolist(), key=lambda one: int(one.header_offset))
    names = [one.filename for one in parts]
    if not {*HEADERS} <= {*names}:
        return ""
    if names[0] != HEADERS[1] or names[-1] != HEADERS[0]:
        return "its parts are in another order than they are when it is played"
    stats = whole.get("stats") or {}
    told = (whole["eval"]["created"], stats.get("completed_at"))
    for part, day in zip((parts[0], parts[-1]), told, strict=True):
        if not day or part.date_time[0] <= 1980:
            continue
        written = datetime(*part.date_time).replace(tzinfo=UTC)
        after = (written - datetime.fromisoformat(str(day))).total_seconds()
        beyond = (after + _SLACK) % _QUARTER
        if abs(after) > _MOST_ZONE + _SLACK or beyond > 2 * _SLACK:
            at = f"{written:%Y-%m-%d %H:%M}"
            return f"{clean(part.filename, 40)} was written at {at}, not when it says"
    return ""


def written_check(found: list[Head]) -> Check:
    """Whether each log says the same at its beginning and its end, and was written as it is played.

    A log that is scored again is written anew, honestly; then its order proves nothing.
    """
    name = "logs as written"
    if not found:
        return unchecked(name, "no log is there")
    if wrong := [f"{one.name}: {line}" for one in found for line in one.changed]:
        return bad(name, wrong)
    if anew := [f"{one.name}: {one.anew}" for one in found if one.anew]:
        return differs(name, [*anew, "what stands in them may have come in then"])
    return good(name, f"{many(len(found), 'log')}: the same at beginning and end")


def heads_check(folder: Folder, found: list[Head]) -> Check:
    """Whether the logs are of the manifest's model, and not older than it says."""
    if not found:
        return unchecked("logs' heads", "no log is there")
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
        return bad("logs' heads", wrong)
    return good("logs' heads", f"{many(len(found), 'log')} of this model, the first of {first}")


def records_check(found: list[Head]) -> Check:
    """Whether each log holds as many samples as it counts itself; one of a broken run may not."""
    name = "logs' records"
    wrong = [
        f"{one.name} counts {one.completed} completed rollouts, {one.records} are in it"
        for one in found
        if one.ended and one.records < one.completed
    ]
    if wrong:
        return bad(name, wrong)
    fewer = [
        f"{one.name} was begun for {one.asked} rollouts, {one.records} are in it"
        for one in found
        if one.ended and one.records < one.asked
    ]
    if fewer:
        return differs(name, fewer)
    broken = sum(not one.ended for one in found)
    if broken or not found:
        why = f"{broken} of {len(found)} logs are of runs that were broken off"
        return unchecked(name, why if found else "no log is there")
    there = sum(one.records for one in found)
    return good(name, f"the logs count no more rollouts than the {there} in them")


def before_check(plan: Plan, found: list[Head], earlier: Mapping[str, int]) -> Check:
    """Whether the logs say that this plan was locked before they were begun.

    Args:
        earlier: by log, how many of its samples were begun before it was.
    """
    name = "plan before logs"
    if not found:
        return unchecked(name, "no log is there to say which plan it was begun with")
    others = sorted({one.plan or "none" for one in found if one.plan != plan.hash})
    if others:
        told = ", ".join(clean(one, 40) for one in others)
        line = f"plan {plan.hash} is younger than they are, or of others"
        return bad(name, [f"logs were begun with plan {told}: {line}"])
    late = [f"{log}: {count} rollouts were begun before it was" for log, count in earlier.items()]
    if late:
        return differs(name, [*late, "no log here tells with which plan"])
    if anew := [one for one in found if one.anew]:
        return differs(name, [f"{len(anew)} logs were written anew: the hash may be younger"])
    return good(
        name, f"every log says that it was begun with plan {plan.hash}; logs are not signed"
    )
