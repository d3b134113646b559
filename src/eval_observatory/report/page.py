"""The page: one static HTML file, with episodes and figures in folders beside it."""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import polars as pl
from markupsafe import Markup

from eval_observatory.counts import Counted
from eval_observatory.errors import UserError
from eval_observatory.estimates import estimate, unscored_reasons
from eval_observatory.planned import Planned, planned, scopes
from eval_observatory.report import view
from eval_observatory.report.beside import Beside, calibration_rows, hashes, settings_texts
from eval_observatory.report.figures import Figure, figures
from eval_observatory.report.looks import Looks, claim_ends, read_looks, stopping
from eval_observatory.report.planning import planned_table, unplanned
from eval_observatory.report.provenance import mixtures, provenance
from eval_observatory.report.reasons import reason_rows
from eval_observatory.report.rollouts import Saved, rollout_index
from eval_observatory.report.table import Table, write_csv, write_tables
from eval_observatory.report.word_labels import told as labels_told
from eval_observatory.report.words import clean, level_text, transcript
from eval_observatory.suite import Limit, Suite
from eval_observatory.trials import note_of, notes

STRANGERS_SHOWN = 5
NOTHING = Beside()
FOLDERS = ("episodes", "figures", "tables")


@dataclass(frozen=True, kw_only=True)
class Additions:
    """What a suite's own package adds to a report.

    Attributes:
        tables: makes the tables of what is counted, at a level and under a plan.
        names: every table that there can be, with what the trials must hold for it.
        episodes: writes the episodes of known trials into a folder.
        made_by: the program that makes the page, with its version.
    """

    tables: Callable[[Counted, float, Planned | None], Sequence[Table]]
    names: Mapping[str, str]
    episodes: Callable[[Path, set[str]], Saved]
    made_by: str


def _planned_only(counted: Counted, level: float, plan: Planned | None) -> Sequence[Table]:
    return [planned_table(plan, level, counted.suite)] if plan else []


PLAIN = Additions(
    tables=_planned_only, names={}, episodes=lambda *_: Saved(), made_by="eval-observatory"
)
"""Of a suite whose package adds nothing."""


class Report(NamedTuple):
    """Where a report was written; the tables that were not, each with what the trials lack.

    `rates` is what stands in `estimates`; empty for a calibration, which has no trials.
    """

    page: Path
    estimates: Path
    tables: Path | None = None
    left_out: tuple[tuple[str, str], ...] = ()
    rates: pl.DataFrame = pl.DataFrame()


def write_report(
    trials: pl.DataFrame,
    suite: Suite,
    out: Path,
    *,
    title: str = "",
    level: float = 0.95,
    beside: Beside = NOTHING,
    more: Additions = PLAIN,
) -> Report:
    """Write `index.html`, `estimates.csv`, `tables/`, `figures/`, `episodes/` into folder `out`.

    The page needs nothing from elsewhere: it is readable from a file. The same trials, level,
    files beside them and version give the same bytes.

    Args:
        trials: one row per rollout.
        suite: what is counted, and what is said of it.
        out: the folder, made if absent; what stands in it under these names is replaced.
        title: the page's heading; by default the suite's title.
        level: nominal coverage of each interval.
        beside: what else the report shows.
        more: what the suite's package adds.

    Raises:
        UserError: the table cannot be counted (see `check_trials`), something beside it cannot be
            read, or `out` cannot be written.
        ValueError: `level` is outside (0, 1).
    """
    content = _content(trials, suite, title, level, beside, more)
    report = Report(
        out / "index.html",
        out / "estimates.csv",
        out / "tables",
        content.left_out,
        content.estimates,
    )
    try:
        out.mkdir(parents=True, exist_ok=True)
        with _replaced(out) as made:
            known = set(content.counted.trials["episode_id"])
            saved = more.episodes(made / "episodes", known)
            drawn = _figures(content.estimates, suite, level, made / "figures")
            write_tables(content.tables, made / "tables")
            html = _render(content, saved, drawn, more.made_by)
        write_csv(content.estimates, report.estimates)
        report.page.write_text(html, encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{out}: the report cannot be written ({error.strerror}); give a folder that can be"
        ) from error
    return report


class _Content(NamedTuple):
    """What the report says, before anything of it is written."""

    counted: Counted
    estimates: pl.DataFrame
    tables: Sequence[Table]
    left_out: tuple[tuple[str, str], ...]
    plan: Planned | None
    looks: Looks
    title: str
    level: float
    beside: Beside


def _content(
    trials: pl.DataFrame,
    suite: Suite,
    title: str,
    level: float,
    beside: Beside,
    more: Additions,
) -> _Content:
    counted = Counted.of(trials, suite)
    looks = read_looks(beside.looks, counted.trials, suite, beside.sources)
    plan = None
    if beside.plans:
        locked = scopes(beside.plans, counted.trials, beside.sources)
        plan = planned(locked, counted, claim_ends(looks), level)
    estimates = estimate(counted, suite, level, plan=plan)
    shown = more.tables(counted, level, plan)
    there = {table.name for table in shown}
    absent = tuple((name, why) for name, why in more.names.items() if name not in there)
    title = title or f"{suite.title} report"
    return _Content(counted, estimates, shown, absent, plan, looks, title, level, beside)


@contextmanager
def _replaced(out: Path) -> Iterator[Path]:
    """A place where the report's folders are made; whole, they take the place of those in `out`."""
    with tempfile.TemporaryDirectory(dir=out, prefix=".report.") as name:
        made = Path(name)
        for folder in FOLDERS:
            (made / folder).mkdir()
        yield made
        for folder in FOLDERS:
            shutil.rmtree(out / folder, ignore_errors=True)
            (made / folder).rename(out / folder)


def _render(content: _Content, saved: Saved, drawn: Sequence[Figure], made_by: str) -> str:
    """The page's HTML. All text passes through autoescape.

    Three things do not: our own style sheet and script, the list of rollouts as JSON without a `<`,
    and the figures, which `figures` has written anew from allowed elements.
    """
    counted, estimates, shown, absent, plan, looks, title, level, beside = content
    trials, suite = counted.trials, counted.suite
    reasons = unscored_reasons(counted, suite)
    told = partial(labels_told, suite=suite, note=note_of(trials, suite), level=level)
    sections = view.model_sections(estimates, reasons, looks, suite, told)
    kinds = {section.kind.badge: section.kind for section in sections if section.kind.badge}
    with_trial = trials["episode_id"].is_in(list(saved.places)).sum()
    style, script = _asset("style.css"), _asset("page.js")
    return (
        environment()
        .get_template("index.html")
        .render(
            title=clean(title),
            notes=(*notes(trials, suite), *(unplanned(plan, trials, suite) if plan else ())),
            plan=view.plan_summary(plan, estimates, suite) if plan else None,
            stopping=stopping(trials, looks),
            level=level_text(level),
            sections=sections,
            overview=view.overview_rows(estimates, level_text(level), suite),
            kinds=tuple(kinds.values()),
            reasons=reason_rows(estimates, reasons, suite),
            intervals=f"{estimates.filter(pl.col('n') > 0).height:,}",
            compared=bool(estimates["difference"].count()),
            tested=_tested(estimates, *(table.data for table in shown)),
            question=suite.question,
            drawing=suite.figures,
            first=suite.factors[0].reading.capitalize(),
            limits=_limits(trials, suite),
            figures=_by_behavior(drawn),
            tables=shown,
            left_out=absent,
            folded=view.is_large(estimates),
            rollouts=Markup(_json(rollout_index(trials, saved.places, suite))),
            count=f"{trials.height:,}",
            shown=f"{with_trial:,}",
            without=trials.height - with_trial,
            strangers=len(saved.strangers),
            stranger_ids=[clean(key, 80) for key in saved.strangers[:STRANGERS_SHOWN]],
            calibration=calibration_rows(beside.calibration) if beside.calibration else (),
            provenance=provenance(trials),
            hashes=hashes((*beside.inputs, *beside.looks)),
            settings=[(n, transcript(text)) for n, text in settings_texts(beside.settings)],
            mixtures=mixtures(trials, suite),
            made_by=made_by,
            style=Markup(style),
            script=Markup(script),
            style_hash=_hash(style),
            script_hash=_hash(script),
        )
    )


def _tested(*data: pl.DataFrame) -> bool:
    """Whether a contrast is tested anywhere."""
    return any(table["p"].count() for table in data if "p" in table.columns)


def _limits(trials: pl.DataFrame, suite: Suite) -> list[Limit]:
    """What these trials cannot tell."""
    versions = set(trials["scorer_version"])
    return [
        limit
        for limit in suite.limits
        if (not limit.scorer or limit.scorer in versions) and limit.but not in versions
    ]


def _figures(estimates: pl.DataFrame, suite: Suite, level: float, out: Path) -> Sequence[Figure]:
    made = list(figures(estimates, level_text(level), suite))
    for figure in made:
        (out / f"{figure.name}.svg").write_text(figure.svg, encoding="utf-8")
        (out / f"{figure.name}.png").write_bytes(figure.png)
    return made


def _by_behavior(drawn: Sequence[Figure]) -> list[tuple[str, str, list[Figure]]]:
    names = dict.fromkeys((figure.behavior, figure.title) for figure in drawn)
    return [
        (name, title, [figure for figure in drawn if figure.behavior == name])
        for name, title in names
    ]


def _json(data: Any) -> str:
    """JSON that may stand in a script element: no `<` closes or opens anything in it."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def _hash(text: str) -> str:
    """The source expression by which the page's policy knows an inline style or script."""
    return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def _asset(name: str) -> str:
    loader = environment().loader
    assert loader is not None
    return loader.get_source(environment(), name)[0]


@cache
def environment(*packages: str) -> jinja2.Environment:
    """The templates, with autoescape and without a name that is not given.

    Args:
        packages: of further templates.
    """
    rooms = ("eval_observatory.report", *packages)
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(room, "templates") for room in rooms]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
