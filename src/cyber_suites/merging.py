"""Shards of a run put together, by what the layer says of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cyber_suites.trials import known, trials_of
from eval_observatory.errors import UserError
from eval_observatory.merging import Merged, held_shards, merged, plan_of
from eval_observatory.plan import FILE, Plan
from eval_observatory.table_files import TRIALS
from eval_observatory.trials import write_trials
from eval_observatory.writing import written


def merge(folders: Sequence[Path], out: Path, *, in_part: bool = False) -> Merged:
    """Puts shards together into the folder `out`: the plan, the trial table, what is missing.

    Args:
        in_part: write what there is; `merged.toml` says so.

    Raises:
        UserError: there is no shard, they do not fit, or `out` holds something else.
    """
    shards = held_shards(folders)
    if not shards:
        raise UserError(f"no shard in {', '.join(map(str, folders))}; give folders of run --shard")
    plan = plan_of(shards, Plan)
    if plan.suite.name not in known():
        raise UserError(
            f"shards of suite {plan.suite.name!r}; give those of {' or '.join(known())}"
        )
    if (out / FILE).exists() and Plan.read(out / FILE).hash != plan.hash:
        raise UserError(f"{out}: the folder holds the run of another plan; choose another")
    scored = known()[plan.suite.name]
    found = merged(plan, shards, [trials_of([one.folder / "logs"], scored) for one in shards])
    if in_part or not found.whole.missing:
        out.mkdir(parents=True, exist_ok=True)
        plan.keep(out / FILE)
        with written(out / TRIALS) as partial:
            write_trials(found.trials, scored.suite, partial)
        found.whole.keep(out)
    return found
