"""How far a run has come, by what stands in its folder; it may still be under way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from eval_observatory.merging import PART, Part, held_shards
from eval_observatory.plan import FILE
from eval_observatory.shards import Shard
from eval_observatory.table_files import TRIALS
from peer_preservation.episode import PLAYED, Episode
from peer_preservation.errors import UserError
from peer_preservation.money.spending import read_spending, total
from peer_preservation.plan import Plan
from peer_preservation.requests import rollouts_asked
from peer_preservation.run_folder import LOGS, read_run
from peer_preservation.runtime.folder import LOCK, held_by
from peer_preservation.trials.logs import CUT_OFF, FailedSample, completions, read_log

Rollout = tuple[str, str, int]
"""Model, id of a cell, number."""

_SINCE = re.compile(r"since (\S+ \S+),$")


class Standing(msgspec.Struct, kw_only=True):
    """How far a run, or a part of it, has come.

    Attributes:
        folder: its folder, as it was named.
        asked: rollouts that all requests together ask for; the most, under a stopping rule
            (`at_most`).
        played: those that came to an end that is no failure, by model.
        unscored: those that failed, by reason; another run of the same command tries them again.
        left: those that are not there at all.
        usd: US dollars spent.
        running: who writes there; None where nobody does.
        seconds_left: until all is played at the pace of the run that is under way, if one is.
        unread: logs that cannot be read, and why.
    """

    folder: str
    asked: int
    at_most: bool = False
    played: dict[str, int] = {}
    unscored: dict[str, int] = {}
    left: int = 0
    usd: float = 0.0
    running: str | None = None
    seconds_left: float | None = None
    unread: list[str] = []


def standing_of(folder: Path, now: datetime | None = None) -> tuple[Standing, ...]:
    """How far the run in a folder has come; one for each of its shards, where it has some.

    Raises:
        UserError: it holds no run, or its plan cannot be read.
    """
    if (folder / FILE).exists():
        return (_one(folder, now or datetime.now(UTC)),)
    places = [place for place in (folder, folder / "shards") if any(place.glob(f"*/{PART}"))]
    if not places:
        raise UserError(f"{folder}: holds no run; give the folder that `run --out` was given")
    shards = [held.folder for held in held_shards(places)]
    return tuple(_one(shard, now or datetime.now(UTC)) for shard in shards)


def to_play(plan: Plan, shard: Shard | None = None) -> int:
    """The rollouts that a plan, or a shard of it, asks for; the most, under a stopping rule."""
    if shard:
        return shard.rollouts(plan).height
    return len(plan.cells) * plan.rollouts * len(plan.models)


def standing(folder: Path, plan: Plan, shard: Shard | None = None) -> dict[str, int]:
    """By model, the rollouts of a plan that were played in a folder before."""
    played, _, _ = _counted(_logs(folder), _wanted(plan, shard))
    return played


def _one(folder: Path, now: datetime) -> Standing:
    plan = Plan.read(folder / FILE)
    shard = Part.read(folder).shard if (folder / PART).exists() else None
    logs = _logs(folder)
    wanted = _wanted(plan, shard) if shard else _requested(folder, plan)
    played, unscored, unread = _counted(logs, wanted)
    running = held_by(folder / LOCK)
    stopped = plan.stop and not running and (folder / TRIALS).exists()
    asked = sum(map(len, wanted.values()))
    if stopped:
        asked = read_run(folder).asked or 0
    there = sum(played.values())
    return Standing(
        folder=str(folder),
        asked=asked,
        at_most=plan.stop is not None and not stopped,
        played=played,
        unscored=unscored,
        left=max(0, asked - there - sum(unscored.values())),
        usd=total(read_spending(folder)),
        running=running,
        seconds_left=_seconds(logs, running, asked - there, now) if running else None,
        unread=unread,
    )


def _logs(folder: Path) -> list[Path]:
    return sorted((folder / LOGS).glob("*.eval"))


def _wanted(plan: Plan, shard: Shard | None) -> Mapping[tuple[str, str], set[int]]:
    """By model and cell the numbers of the rollouts."""
    if shard is None:
        numbers = set(range(plan.rollouts))
        return {(model, cell): numbers for model in plan.models for cell in plan.cells}
    rows = shard.rollouts(plan).group_by("agent_model", "cell_id").agg("rollout").iter_rows()
    return {(model, cell): set(rollouts) for model, cell, rollouts in rows}


def _requested(folder: Path, plan: Plan) -> Mapping[tuple[str, str], set[int]]:
    """The same of all requests that were made of a folder."""
    asked = rollouts_asked(folder, plan)
    numbers = {count: set(range(count)) for count in asked.values()}
    return {spot: numbers[count] for spot, count in asked.items()}


def _counted(
    logs: Iterable[Path], wanted: Mapping[tuple[str, str], set[int]]
) -> tuple[dict[str, int], dict[str, int], list[str]]:
    """What was played by model, what failed by reason, which logs cannot be read."""
    played: set[Rollout] = set()
    failed: dict[Rollout, str] = {}
    unread: list[str] = []
    for path in logs:
        try:
            for record in read_log(path):
                if isinstance(record, Episode):
                    who, ended = record.setting.model, record.ended or ""
                else:
                    who, ended = record.model, record.reason
                rollout = (who, record.cell.id, record.rollout or 0)
                if rollout[2] not in wanted.get(rollout[:2], ()):
                    continue
                if ended in PLAYED:
                    played.add(rollout)
                elif not (isinstance(record, FailedSample) and record.retried):
                    failed[rollout] = ended
        except UserError as error:
            unread.append(str(error))
    reasons = Counter(
        why for rollout, why in failed.items() if rollout not in played and why != CUT_OFF
    )
    return dict(Counter(model for model, *_ in played)), dict(reasons.most_common()), unread


def _seconds(logs: Iterable[Path], running: str, left: int, now: datetime) -> float | None:
    """How long the rest takes at the pace since a run began; None before the first rollout."""
    since = _SINCE.search(running)
    if not since:
        return None
    begun = datetime.fromisoformat(since[1])
    done = 0
    for path in logs:
        try:
            done += sum(moment >= begun for moment in completions(path))
        except UserError:
            continue
    pace = (now - begun) / done if done else None
    return None if pace is None else max(timedelta(), left * pace).total_seconds()


def plain(standings: Iterable[Standing]) -> list[dict[str, Any]]:
    """For programs."""
    return [msgspec.to_builtins(one) for one in standings]
