"""The one way to play a plan: its models over its cells, into a folder."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from eval_observatory.shards import Shard
from peer_preservation.errors import UserError
from peer_preservation.expectations import rollout_costs
from peer_preservation.money.prices import FREE, known_prices, read_prices
from peer_preservation.money.spending import Budget, allowed, read_spending
from peer_preservation.plan import Plan
from peer_preservation.progress import Watcher, watched_by
from peer_preservation.run_folder import Played, Run, fingerprint, of_plan, score_logs, write_looks
from peer_preservation.trials.schema import table
from peer_preservation.work import Work

if TYPE_CHECKING:
    from peer_preservation.runtime.purse import Purse
    from peer_preservation.runtime.study import Display

_TURN = Lock()
"""Inspect plays one evaluation at a time in a process."""


def run(
    plan: Plan | Path | str,
    out: Path | str,
    *,
    display: Display | None = None,
    max_samples: int | None = None,
    max_connections: int | None = None,
    max_retries: int | None = None,
    attempt_timeout: int | None = None,
    timeout: int | None = None,
    workers: int = 1,
    prices: Path | None = None,
    max_cost: float | None = None,
    shard: Shard | None = None,
    shards_at_once: int | None = None,
    watcher: Watcher | None = None,
) -> Run:
    """Plays what a plan says and is not yet in the folder `out`; failed rollouts are tried again.

    It comes back when all has ended. In a running event loop, as a notebook has one, that would
    stop everything else: there it comes back at once with the run under way, to be awaited, or
    used: what is asked of it waits. Runs of one process take turns.

    Ctrl-C, SIGTERM, or the cancellation of the task that awaits it, end a run with its table; the
    same call goes on from there.

    Args:
        plan: a plan, or its file; only one that was locked is what the report holds it to.
        out: the folder, made if absent: `plan.toml`, `logs/*.eval`, `trials.parquet`.
        display: Inspect's; by default `rich` in a terminal, else `plain`, and none if watched.
        max_samples: rollouts at a time.
        max_connections: requests to a model at a time.
        max_retries: repetitions of a request that failed.
        attempt_timeout: seconds for one attempt.
        timeout: seconds for a request, its repetitions included.
        workers: processes that score the logs; with more than one the main module must be one
            that can be imported, since each of them does.
        prices: a user's price table, CSV, which goes before the library's.
        max_cost: US dollars that may be spent in the folder, earlier calls included. No rollout is
            begun that would go beyond it, as far as is known; a larger one goes on from there.
        watcher: is told how the run comes along.

    Raises:
        UserError: a number is out of range, the plan cannot be run as it was locked, a model or
            what it needs is not there, the folder holds another run, the price table cannot be
            read; or a budget is no sum, is spent, or nobody knows a model's price.
    """
    folder = Path(out)
    chosen = plan if isinstance(plan, Plan) else Plan.read(Path(plan)).current(Path(plan))
    transport = {
        "max_connections": max_connections,
        "max_retries": max_retries,
        "attempt_timeout": attempt_timeout,
        "timeout": timeout,
    }
    given = {name: value for name, value in transport.items() if value is not None}
    more = {"max_samples": max_samples, "workers": workers, "shards_at_once": shards_at_once}
    for name, value in {**given, **more}.items():
        least = 0 if name == "max_retries" else 1
        if value is not None and value < least:
            raise UserError(f"{name} {value}: give {least} or more")
    purse = _purse(chosen, folder, prices, max_cost, shard)
    play = partial(
        _played,
        chosen,
        folder,
        purse,
        display or ("none" if watcher else "rich" if sys.stdout.isatty() else "plain"),
        transport=given,
        max_samples=max_samples,
        workers=workers,
        shard=shard,
        shards_at_once=shards_at_once,
        watcher=watcher,
    )
    return Run(folder, chosen, Work.begun(play), shard)


def _played(
    plan: Plan,
    folder: Path,
    purse: Callable[[], Purse],
    display: Display,
    *,
    transport: Mapping[str, Any],
    max_samples: int | None,
    workers: int,
    shard: Shard | None,
    shards_at_once: int | None,
    watcher: Watcher | None,
) -> Played:
    from peer_preservation.runtime.study import Study

    study = Study(plan, transport, max_samples, shard, shards_at_once)
    with _TURN, (spending := purse()).opened(), watched_by(watcher):
        ended = study.run(folder, display=display)
        if ended and plan.run.debrief and fingerprint(folder):
            ended = _debriefed(plan, folder, _connections(transport, shard, shards_at_once))
    # Interrupted before its first log, a run has nothing to score, and goes on like any other.
    trials = score_logs(folder, workers) if ended or fingerprint(folder) else table([])
    ways = plan.courses(of_plan(plan, trials), shard.cells(plan) if shard else None)
    if ways:
        write_looks(plan, ways, folder)
    budget = spending.budget
    return Played(
        trials,
        interrupted=not ended,
        courses=ways,
        spent=budget.spent,
        stopped_at=budget.most if spending.empty else None,
    )


def _purse(
    plan: Plan,
    folder: Path,
    prices: Path | None,
    max_cost: float | None,
    shard: Shard | None,
) -> Callable[[], Purse]:
    """Opens the purse of a run once its turn has come; what is wrong with it is said at once.

    Raises:
        UserError: see `run`.
    """
    own = read_prices(prices) if prices else {}
    if max_cost is not None:
        allowed(max_cost, read_spending(folder), folder)
        known_prices(plan.models, own)

    def purse() -> Purse:
        from peer_preservation.runtime.purse import Purse

        asked = any(model.split("/")[0] not in FREE for model in plan.models)
        each = rollout_costs(plan, own) if asked or max_cost is not None else {}
        budget = Budget(max_cost, read_spending(folder), each)
        mine = (shard or Shard(1, 1)).rollouts(plan)
        rollouts = {name: mine.filter(agent_model=name).height for name in plan.models}
        return Purse(folder, budget, rollouts, own)

    return purse


def _connections(transport: Mapping[str, Any], shard: Shard | None, at_once: int | None) -> int:
    from peer_preservation.runtime.drawn import CONNECTIONS

    many = int(transport.get("max_connections", CONNECTIONS))
    return shard.share(many, at_once) if shard else many


def _debriefed(plan: Plan, folder: Path, many: int) -> bool:
    """Asks the agents what they did; whether no one interrupted it."""
    from peer_preservation.runtime.debrief import debrief
    from peer_preservation.runtime.folder import LOCK, held
    from peer_preservation.runtime.purse import PURSE

    try:
        with held(folder, folder / LOCK):
            debrief(folder, plan.run.model_args, connections=many)
    except KeyboardInterrupt:
        return False
    purse = PURSE.get()
    return not (purse and purse.empty)
