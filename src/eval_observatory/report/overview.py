"""What the page says first: what was planned, and each behaviour over the cells of a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from eval_observatory.judged import MISFIT, NOT_VALIDATED
from eval_observatory.planned import Planned
from eval_observatory.report.analysis import Analysis
from eval_observatory.report.links import Linked, Names, in_words, levels_in_words
from eval_observatory.report.scales import Scale
from eval_observatory.report.words import clean, is_unplanned, level_text, percent, span
from eval_observatory.suite import ModelKind, Suite


@dataclass(frozen=True)
class OverviewRow:
    """One model × measure over its cells; `rows`: a model's rows at its first, else 0.

    `mean` is whether it is one of means, on the scale `extent`, and without k.
    """

    anchor: str
    model: str
    harness: str
    kind: ModelKind
    rows: int
    group: int
    title: str
    sentence: str
    cells: str
    n: Linked
    k: Linked
    range: str
    marks: tuple[str, ...]
    unscored: Linked
    unplanned: bool
    mean: bool
    extent: str


@dataclass(frozen=True)
class PlanSummary:
    """What the plans claimed, in numbers for a sentence, and what the page shows beyond them."""

    hashes: tuple[str, ...]
    claims: str
    played: str
    families: tuple[tuple[str, str, int], ...]
    differences: str
    others: str


def unplanned(found: Planned) -> Iterator[str]:
    """What a reader must know where trials go beyond their plan, a sentence each."""
    for plan, _, _, over, versions in found.scopes:
        if over:
            yield f"{over:,} rollouts are beyond the {plan.rollouts:,} of each cell's plan."
        if versions:
            yield (
                f"The plan was locked with version {plan.package_version}; rollouts are of "
                f"version {', '.join(map(clean, versions))}."
            )


def plan_summary(plan: Planned, estimates: pl.DataFrame) -> PlanSummary:
    """The summary of plans over these estimates; both in words (`words.worded`)."""
    data = plan.data
    families = data.drop_nulls("family_size").unique(["model", "behavior"], maintain_order=True)
    differences = estimates.filter(pl.col("difference").is_not_null())
    own = int(differences["difference_planned"].sum())
    return PlanSummary(
        hashes=tuple(scope.plan.hash for scope in plan.scopes),
        claims=f"{data.height:,}",
        played=f"{data['n'].count():,}",
        families=tuple(families.select("$model", "$behavior", "family_size").iter_rows()),
        differences=f"{own:,}",
        others=f"{differences.height - own:,}",
    )


def overview_rows(
    found: Analysis, kinds: Mapping[str, ModelKind], names: Names
) -> tuple[OverviewRow, ...]:
    """Model × measure with the spread of its cells' figures; nothing is pooled into one.

    Rates first, and then means.

    Args:
        found: what the trials say, in words (`analysis.in_words`).
        kinds: the kind of each model.
        names: what models and cells are called in the list of rollouts.
    """
    suite = names.suite
    estimates, level = found.estimates, level_text(found.level)
    key = ("model", "harness", "behavior")
    parts = {
        tuple(map(str, spot)): part for spot, part in estimates.group_by(key, maintain_order=True)
    }
    scales = {spot: found.scales[spot[2]] for spot in parts}
    models = Counter((scales[spot].mean, *spot[:2]) for spot in parts)
    known = dict.fromkeys(spot[:2] for spot in parts)
    numbers = {who: number for number, who in enumerate(known, start=1)}
    rows: list[OverviewRow] = []
    for spot, part in sorted(parts.items(), key=lambda one: scales[one[0]].mean):
        scale, (model, harness, behavior) = scales[spot], spot
        who, told = (model, harness), part.row(0, named=True)
        figures = pl.col("estimate")
        ends = (figures.min().alias("lowest"), figures.max().alias("highest"))
        sums = part.select(pl.col("n", "k", "unscored").sum(), *ends).row(0, named=True)
        first = not rows or (rows[-1].mean, rows[-1].group) != (scale.mean, numbers[who])
        beside = parts.get((*who, suite.beside.get(behavior, "")))
        rows.append(
            OverviewRow(
                anchor=f"model-{numbers[who]}-{behavior}",
                model=told["$model"],
                harness=told["$harness"],
                kind=kinds[model],
                rows=models[scale.mean, *who] if first else 0,
                group=numbers[who],
                title=told["$behavior"],
                sentence=" ".join(
                    [
                        supported(part, scale, level, found.alpha, suite),
                        *judge(part),
                        *stands_beside(beside),
                    ]
                ),
                cells=f"{part.height:,}",
                n=names.number(told, "scored", sums["n"], whole=True),
                k=names.number(told, "yes", sums["k"] or 0, whole=True),
                range=scale.span(sums["lowest"], sums["highest"]),
                marks=scale.strip(part["estimate"]),
                unscored=names.number(told, "unscored", sums["unscored"], whole=True)._replace(
                    text=_count_and_share(sums["unscored"], sums["n"] + sums["unscored"])
                ),
                unplanned=is_unplanned(part),
                mean=scale.mean,
                extent=scale.extent,
            )
        )
    return tuple(rows)


def supported(part: pl.DataFrame, scale: Scale, level: str, alpha: float, suite: Suite) -> str:
    """What the cells of one model and behaviour say together.

    Nothing is pooled: the sentence names the highest cell with its interval, or how high an unseen
    rate could be, and counts the contrasts that hold after the correction over the page.

    Args:
        part: rows of the estimates in words, of one model, harness and behaviour.
        scale: the behaviour's.
        level: the intervals' level, as text.
        alpha: what a corrected p is held to.
    """
    seen = part.filter(pl.col("n") > 0)
    if seen.is_empty():
        return "Nothing could be scored: these rollouts say nothing about this behaviour."
    top = seen.sort("estimate", "low", descending=True, maintain_order=True).row(0, named=True)
    if scale.mean:
        said = _means(top, seen, scale, level, suite)
    elif seen.height == 1:
        said = f"Seen in {_counts(top)}; the {_rate_of(seen)} lies in {_range(top)} ({level})."
    elif not top["k"]:
        most = float(seen["high"].max())  # type: ignore[arg-type]
        said = (
            f"Not seen in any of {seen.height:,} cells; in a single one the "
            f"{_rate_of(seen)} may still be as high as {percent(most)} % ({level})."
        )
    else:
        some = seen.filter(pl.col("k") > 0).height
        said = (
            f"Seen in {some:,} of {seen.height:,} cells, most often in {_place(top, seen, suite)}: "
            f"{_counts(top)}, {_rate_of(seen)} in {_range(top)} "
            f"({level}, this cell alone)."
        )
    return " ".join([said, *_contrasts(part, scale, level, alpha)])


def _means(top: dict[str, Any], seen: pl.DataFrame, scale: Scale, level: str, suite: Suite) -> str:
    """What cells with a mean say together, the highest of them first."""
    told = scale.sentence(top["estimate"], top["low"], top["high"], top["n"])
    if seen.height == 1:
        return f"{told[0].upper()}{told[1:]} ({level})."
    place = _place(top, seen, suite)
    return (
        f"Highest of {seen.height:,} cells in {place}: {told} ({level}, this cell alone); lowest "
        f"mean {scale.value(seen['estimate'].min())}."  # type: ignore[arg-type]
    )


def judge(part: pl.DataFrame) -> list[str]:
    """What must be told with what a judge told: by what its figures are corrected, or that not."""
    told = part["validation"].drop_nulls().to_list()
    raw = told.count(NOT_VALIDATED)
    if not told:
        return []
    if raw == len(told):
        return ["The judge is not validated: these are its verdicts, whatever they are worth."]
    if raw:
        return [
            f"In {raw:,} of {len(told):,} cells the judge is {NOT_VALIDATED}, and these are its "
            "verdicts; in the others people's labels put them right."
        ]
    misfit = part["validation"].fill_null("").str.ends_with(MISFIT).sum()
    told = list(dict.fromkeys(text.removesuffix(f"; {MISFIT}") for text in told))
    by = clean(told[0]) if len(told) == 1 else "its validation or by people's labels, cell by cell"
    odd = [f"In {misfit:,} of {part.height:,} cells {MISFIT}."] if misfit else []
    return [f"k counts verdicts; the rates behind them are corrected by {by}.", *odd]


def stands_beside(part: pl.DataFrame | None) -> list[str]:
    """What must be told with another behaviour: the counts over the cells of the one beside it."""
    if part is None:
        return []
    n, k, unscored = (part[name].sum() for name in ("n", "k", "unscored"))
    title = part["$behavior"][0]
    return [f"{title}: {_counts({'k': k, 'n': n})}, {unscored:,} unscored."]


def _counts(row: dict[str, Any]) -> str:
    return f"{row['k']:,} of {row['n']:,} scored rollouts"


def _rate_of(seen: pl.DataFrame) -> str:
    """What intervals are of: verdicts of a judge that nobody validated tell no true rate."""
    return "rate of such verdicts" if NOT_VALIDATED in seen["validation"] else "true rate"


def _range(row: dict[str, Any]) -> str:
    return f"{span(row['low'], row['high'])} %"


def _place(row: dict[str, Any], cells: pl.DataFrame, suite: Suite) -> str:
    phrase = suite.phrase_of(row)
    known = {name for name in suite.names if cells[name].n_unique() == 1}
    told = [phrase.text] if phrase else []
    told += levels_in_words(suite, row, known.union(phrase.where if phrase else ()))
    return ", ".join(told) or in_words(suite, row)


def _contrasts(part: pl.DataFrame, scale: Scale, level: str, alpha: float) -> Iterator[str]:
    tested = part.filter(pl.col("p_adjusted").is_not_null())
    if tested.is_empty():
        return
    held = tested.filter(pl.col("p_adjusted") <= alpha)
    higher = held.filter(pl.col("difference") > 0).height
    name = "contrast" if tested.height == 1 else "contrasts"
    planned = ""
    if "difference_planned" in tested.columns:
        planned = f" ({tested['difference_planned'].sum():,} planned)"
    if held.is_empty():
        yield (
            f"Of {tested.height:,} {name} with a baseline{planned}, none is told after correction "
            f"(p ≤ {alpha:g})."
        )
    else:
        yield (
            f"Of {tested.height:,} {name} with a baseline{planned}, {higher:,} are higher and "
            f"{held.height - higher:,} lower after correction (p ≤ {alpha:g})."
        )
    others = tested.filter(pl.col("p_adjusted") > alpha)
    ends = (pl.col("difference_low").abs(), pl.col("difference_high").abs())
    most = others.select(pl.max_horizontal(*ends).max()).item()
    if most is not None:
        yield f"An effect above {scale.least(most)} is excluded ({level}, each alone)."


def _count_and_share(count: int, total: int) -> str:
    return f"{count:,}" if not count else f"{count:,} ({percent(count / total)} %)"
