"""The looks of a stopping rule, as `run --stop` logged them beside its trials."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import polars as pl

from eval_observatory.claims import Claim, families
from eval_observatory.counts import Spot, spot_of
from eval_observatory.errors import UserError
from eval_observatory.plan import FILE
from eval_observatory.planned import ClaimEnd
from eval_observatory.reading import toml
from eval_observatory.report.scales import Drawing, Scale, scales_of
from eval_observatory.report.words import clean, percent, points_span, span
from eval_observatory.runs import WHO, name_of
from eval_observatory.statistics.stopping import Rule
from eval_observatory.statistics.stopping_bias import Bias, Plan
from eval_observatory.stop import Stop
from eval_observatory.suite import Cell, Suite


class Look(msgspec.Struct, frozen=True):
    """One look at one behaviour of one cell: n scored, k that show it, the bounds at this look.

    Of a mean k is None, and `mean` that of the scored.

    `claim` is the first cell of the claim that the look was at; `claim_low` and `claim_high` are
    the bounds of its rate, or of its difference where it has a `baseline`. All are of all rollouts,
    whatever the unscored ones would have shown; `scored_decision` is of the scored ones alone.
    `most` is the most rollouts that a cell of its run could get; None where that is not recorded.
    `bias` bounds the mean errors of estimates that were taken at this look, which decided;
    `claim_bias` that of the claim's figure. None where the rule is not recorded, or nothing was
    decided that has such a bound.
    """

    cell: str
    model: str
    behavior: str
    look: int
    n: int
    k: int | None = None
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    decision: str | None = None
    harness: str = "custom"
    claim: str | None = None
    baseline: tuple[str, ...] = ()
    claim_low: float | None = None
    claim_high: float | None = None
    scored_decision: str | None = None
    most: int | None = None
    bias: Bias | None = None
    claim_bias: float | None = None

    @property
    def end(self) -> str:
        """The decision, with the claim's own bounds."""
        said = clean(self.decision) if self.decision else "open"
        if self.scored_decision and self.scored_decision != self.decision:
            said += f" ({clean(self.scored_decision)} if the unscored are like the scored)"
        if self.claim_low is None or self.claim_high is None:
            return said
        if self.k is None:
            what = "difference" if self.baseline else "mean"
            ends = f"{self.claim_low:.1f} to {self.claim_high:.1f}".replace("-", "−")
            return f"{said}, {what} {ends}"
        off = bias_text(self.claim_bias, self.decision)
        if self.baseline:
            return f"{said}, difference {points_span(self.claim_low, self.claim_high)} points{off}"
        return f"{said}, rate {span(self.claim_low, self.claim_high)} %{off}"


def bias_text(bias: float | None, decision: str | None) -> str:
    """By how much an estimate is off, on average and at most, that was taken at a decision."""
    if bias is None:
        return ""
    if decision in ("higher", "lower"):
        return f"; the estimate is on average up to {percent(abs(bias))} points too far from 0"
    return f"; the estimate is on average up to {percent(abs(bias))} points off"


@dataclass(frozen=True)
class Looks:
    """The looks at a study's cells.

    Attributes:
        paths: the looks in order, by model, harness, measure and cell.
        played: the rollouts of each model, harness and cell's id, in the order of the trials.
        cells: the levels of each cell, by its id.
        rules: by model and harness, what the run's plan says of its rule, where it can be read.
    """

    paths: Mapping[Spot, Sequence[Look]]
    played: Mapping[tuple[str, str, str], int]
    cells: Mapping[str, Cell] = field(default_factory=dict)
    rules: Mapping[tuple[str, str], Recorded | None] = field(default_factory=dict)


NONE = Looks({}, {})
"""Where no stopping rule was followed."""


def read_looks(
    files: Sequence[Path],
    trials: pl.DataFrame,
    suite: Suite,
    sources: Mapping[Path | str, Collection[str]],
) -> Looks:
    """The looks of every file, each at its model as the trials name it.

    Args:
        trials: whose looks they are; without `cell_id` in them no cell is known.
        sources: the names of the tables beside which a file stands, if they are several.

    Raises:
        UserError: a line is no look, with the file's name and the line's number.
    """
    if not files:
        return NONE
    there = "cell_id" in trials.columns
    cells, played = _cells(trials, suite) if there else ({}, {})
    who = {(model, harness) for model, harness, _ in played}
    looks: dict[Spot, list[Look]] = defaultdict(list)
    rules: dict[tuple[str, str], Recorded | None] = {}
    for path in files:
        plan = _recorded(path.parent / FILE)
        most = plan.rollouts if plan else None
        for where, look in _lines(path):
            if look.cell not in cells:
                raise UserError(
                    f"{where}: no look of these trials: they have no cell "
                    f"{clean(look.cell)!r}; run again, or move the file away"
                )
            for model in name_of(look.model, look.harness, sources.get(path, ()), who):
                named = msgspec.structs.replace(look, model=model, most=most)
                spot = spot_of(suite, {**msgspec.structs.asdict(named), **cells[look.cell]})
                looks[spot].append(named)
                rules[model, look.harness] = plan
    in_order = {spot: sorted(path, key=lambda look: look.look) for spot, path in looks.items()}
    return Looks(in_order, played, cells, rules)


def _cells(
    trials: pl.DataFrame, suite: Suite
) -> tuple[dict[str, Cell], dict[tuple[str, str, str], int]]:
    """The cells of trials by their ids, and how often each was played."""
    cells = trials.select("cell_id", *suite.columns).unique("cell_id")
    counts = trials.group_by(*WHO, "cell_id", maintain_order=True).len()
    return (
        {row["cell_id"]: row for row in cells.iter_rows(named=True)},
        {(model, harness, id): count for model, harness, id, count in counts.iter_rows()},
    )


def _lines(path: Path) -> Iterator[tuple[str, Look]]:
    """Every look of a file, with where it stands."""
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield f"{path}:{number}", msgspec.json.decode(line, type=Look)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise UserError(
                f"{path}:{number}: no look of a stopping rule ({error}); "
                "run again, or move the file away"
            ) from None


def claim_ends(looks: Looks) -> dict[tuple[str, str, str, str], ClaimEnd]:
    """How each claim ended, by model, harness, behaviour and its first cell."""
    return {
        (last.model, last.harness, last.behavior, last.claim): ClaimEnd(
            last.end, last.decision, last.claim_low, last.claim_high
        )
        for path in looks.paths.values()
        for last in path[-1:]
        if last.claim is not None
    }


@dataclass(frozen=True)
class Spent:
    """Rollouts of one cell under a stopping rule; `end`: how the claims ended that it is of.

    What it has not spent was saved if all of these claims are settled, else it was not run.
    """

    model: str
    harness: str
    cell: str
    spent: int
    saved: int
    not_run: int
    end: str


def spent_rows(looks: Looks) -> tuple[Spent, ...]:
    """What was spent and saved in each cell of the models that a stopping rule ran.

    There are no rows of a model whose maximum for a cell is not recorded.
    """
    most: dict[tuple[str, str], int | None] = {}
    arms: dict[tuple[str, str, str], list[Look]] = defaultdict(list)
    baselines: dict[tuple[str, str, str], list[Look]] = defaultdict(list)
    for path in looks.paths.values():
        last = path[-1]
        most[last.model, last.harness] = last.most
        arms[last.model, last.harness, last.cell].append(last)
        for cell in last.baseline:
            baselines[last.model, last.harness, cell].append(last)
    rows = []
    for key, count in looks.played.items():
        own, others = arms.get(key, []), baselines.get(key, [])
        limit = next((look.most for look in (*own, *others)), most.get(key[:2]))
        if limit is not None:
            rows.append(_spent(key, count, limit, own, others))
    return tuple(rows)


def _spent(
    cell: Sequence[str], count: int, most: int, own: Sequence[Look], others: Sequence[Look]
) -> Spent:
    """A cell's row; `own` and `others`: the last looks at claims whose arm or baseline it is."""
    model, harness, id = map(clean, cell)
    left = max(most - count, 0)
    settled = bool(own or others) and all(look.decision for look in (*own, *others))
    without = "baseline of others" if others else "no look at it"
    end = "; ".join(look.end for look in own) or without
    saved = left if settled else 0
    return Spent(model, harness, id, count, saved, left - saved, end)


@dataclass(frozen=True)
class Stopping:
    """What a stopping rule spent over all cells, and how its claims ended: (how, how many).

    `not_run` is empty where all that was not spent was saved.
    """

    rows: tuple[Spent, ...]
    spent: str
    most: str
    saved: str
    not_run: str
    ends: tuple[tuple[str, int], ...]


def stopping(looks: Looks) -> Stopping | None:
    """The summary of `spent_rows`; None where no rule was followed."""
    rows = spent_rows(looks)
    if not rows:
        return None
    spent, saved, not_run = (
        sum(getattr(row, name) for row in rows) for name in ("spent", "saved", "not_run")
    )
    most = spent + saved + not_run
    ends = Counter(end.decision or "open" for end in claim_ends(looks).values())
    return Stopping(
        rows,
        f"{spent:,}",
        f"{most:,}",
        percent(saved / most),
        f"{not_run:,}" if not_run else "",
        tuple(ends.most_common()),
    )


def _recorded(path: Path) -> Recorded | None:
    """What the plan of a run says of its rule; None where there is none that can be read."""
    try:
        return msgspec.convert(toml(path), Recorded)
    except (UserError, msgspec.MsgspecError):
        return None


class Recorded(msgspec.Struct):
    """A plan, as far as looks hang on it: the most rollouts of a cell, the rule, the claims."""

    rollouts: int
    stop: Stop | None = None
    claims: tuple[Claim, ...] = ()

    def at(self, look: Look) -> Plan | None:
        """How the claim of a look was looked at; None where the plan does not say."""
        mine = (c for c in self.claims if c.behavior == look.behavior and c.arm[0] == look.claim)
        claim = next(mine, None)
        if not self.stop or not claim:
            return None
        size = len(families(self.claims).get(look.behavior, claim.arm[:1]))
        rule = Rule(self.stop.width, self.stop.alpha, size)
        return Plan(rule, self.rollouts, self.stop.batch, len(claim.arm))


@dataclass(frozen=True)
class LookPath:
    """The looks at one cell as the page shows them: for each, n, its drawing and its words."""

    summary: str
    looks: tuple[tuple[str, Drawing, str], ...]


def look_paths(looks: Looks, suite: Suite) -> dict[Spot, LookPath]:
    """The looks at each cell in words and drawings."""
    scales = scales_of(suite)
    return {spot: _path(path, scales[path[0].behavior]) for spot, path in looks.paths.items()}


def _path(looks: Sequence[Look], scale: Scale) -> LookPath:
    last = looks[-1]
    times = "1 look" if len(looks) == 1 else f"{len(looks):,} looks"
    end = f"stopped at n {last.n:,}: {last.end}" if last.decision else f"n {last.n:,}: {last.end}"
    shown = ((f"{one.n:,}", _drawn(one, scale), _words(one, scale)) for one in looks)
    return LookPath(f"{times}, {end}", tuple(shown))


def _drawn(look: Look, scale: Scale) -> Drawing:
    if not look.n or look.low is None or look.high is None:
        return scale.drawing(None, None, None)
    figure = look.mean if look.k is None else look.k / look.n
    return scale.drawing(figure, look.low, look.high)


def _words(look: Look, scale: Scale) -> str:
    interval = f"{scale.span(look.low, look.high)}{scale.unit}"
    if look.k is None:
        return f"{scale.value(look.mean)} of {look.n:,}, {interval}; {look.end}"
    return f"{look.k:,} of {look.n:,}, {interval}; {look.end}"
