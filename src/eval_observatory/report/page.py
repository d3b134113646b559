"""The page: one static HTML file, with episodes and figures in folders beside it."""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import polars as pl
from markupsafe import Markup

from eval_observatory.errors import UserError
from eval_observatory.hierarchy import CELLS, corrected
from eval_observatory.report.analysis import Analysis, analyse, in_words
from eval_observatory.report.answer import Line, Published, answers
from eval_observatory.report.answer_figure import write_answer
from eval_observatory.report.beside import Beside, calibration_rows, hashes, settings_texts
from eval_observatory.report.citation import Cited
from eval_observatory.report.curves import curve_tables, write_curves
from eval_observatory.report.detection import detection_tables, sentences
from eval_observatory.report.families import families_table
from eval_observatory.report.figures import write_figures
from eval_observatory.report.links import Names
from eval_observatory.report.looks import look_paths, stopping
from eval_observatory.report.masthead import masthead
from eval_observatory.report.overview import overview_rows, plan_summary, unplanned
from eval_observatory.report.planes import write_planes
from eval_observatory.report.planning import planned_table
from eval_observatory.report.provenance import Saved, mixtures, provenance, rollout_index
from eval_observatory.report.ranking import ranking_table
from eval_observatory.report.sampled import sampled_tables
from eval_observatory.report.scales import Scale
from eval_observatory.report.sides import sides
from eval_observatory.report.table import Table, headed, write_csv, write_tables
from eval_observatory.report.together import together
from eval_observatory.report.view import is_large, model_sections, reason_rows
from eval_observatory.report.word_labels import told as labels_told
from eval_observatory.report.words import clean, level_text, model_kinds, transcript
from eval_observatory.routes import head
from eval_observatory.suite import ModelKind, Suite

STRANGERS_SHOWN, MOST_SAID = 5, 500
NOTHING = Beside()
FOLDERS = ("episodes", "figures", "tables")
INDEX = "index.js"
"""In the folder of episodes: the list of all rollouts."""


@dataclass(frozen=True, kw_only=True)
class Additions:
    """What a suite's own package adds to a report.

    Attributes:
        tables: makes the tables of what the trials say, and the estimates anew: every p of them is
            corrected together with those of the tables.
        names: every table that there can be, with what the trials must hold for it.
        episodes: writes the episodes of known trials into a folder.
        made_by: the program that makes the page, with its version.
        published: by model and measure, what others published.
        planted: what scripted models do, beside what was read of them.
        cited: how the report of trials is made again and cited; None where nobody says so.
        differences: by name the tables whose differences are drawn, in order, and what each is.
    """

    tables: Callable[[Analysis], tuple[Sequence[Table], pl.DataFrame]]
    names: Mapping[str, str]
    episodes: Callable[[Path, set[str]], Saved]
    made_by: str
    published: Callable[[list[str]], Mapping[tuple[str, str], Published]] = lambda _: {}
    planted: Callable[[Analysis, Names], Sequence[Line]] = lambda *_: ()
    cited: Callable[[pl.DataFrame, Beside], Cited | None] = lambda *_: None
    differences: Mapping[str, str] = field(default_factory=dict)


def _plain_tables(found: Analysis) -> tuple[Sequence[Table], pl.DataFrame]:
    suite, plan = found.counted.suite, found.plan
    claims = plan.claims if plan else None
    together = corrected({CELLS: found.estimates}, suite, claims=claims, alpha=found.alpha)
    tables = [
        *([planned_table(plan, found.level, suite)] if plan else []),
        *detection_tables(found.detected, suite, found.level),
        *curve_tables(found.estimates, suite, found.level),
        *sampled_tables(found.counted, found.estimates, found.level),
        *ranking_table(found.counted, found.level),
        *families_table(together.families, found.alpha, suite),
    ]
    return headed(tables, head(found.counted.trials)), together.frames[CELLS]


PLAIN = Additions(
    tables=_plain_tables, names={}, episodes=lambda *_: Saved(), made_by="eval-observatory"
)
"""Of a suite whose package adds nothing."""


class Report(NamedTuple):
    """Where a report was written; the tables that were not, each with what the trials lack.

    `rates` is what stands in `estimates`, `notes` what must be said beside it; both empty for a
    calibration, which has no trials.
    """

    page: Path
    estimates: Path
    tables: Path | None = None
    left_out: tuple[tuple[str, str], ...] = ()
    rates: pl.DataFrame = pl.DataFrame()
    notes: tuple[str, ...] = ()


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

    Of very many cells `cells.html` and `tables.html` hold what else is on the page. The page needs
    nothing from elsewhere: it is readable from a file. The same trials, level, files beside them
    and version give the same bytes.

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
    analysis = analyse(trials, suite, level, beside)
    suite = analysis.counted.suite  # with what the trials say of their judges
    tables, estimates = more.tables(analysis)
    analysis = replace(analysis, estimates=estimates)
    there = {table.name for table in tables}
    left_out = tuple((name, why) for name, why in more.names.items() if name not in there)
    page, csv = out / "index.html", out / "estimates.csv"
    try:
        out.mkdir(parents=True, exist_ok=True)
        with _replaced(out) as made:
            known = set(analysis.counted.trials["episode_id"])
            saved = more.episodes(made / "episodes", known)
            told = in_words(analysis, suite)
            names = Names.of(analysis.counted.trials, suite)
            kinds = model_kinds(analysis.estimates, suite)
            drawn = write_planes(told, suite, made / "figures")
            drawn += write_figures(told, suite, made / "figures")
            drawn += write_curves(analysis.estimates, suite, level, made / "figures")
            write_tables(tables, made / "tables")
            badges = {name: kind.badge for name, kind in kinds.items()}
            models = sorted(badges)
            first = answers(told, names, suite, badges, more.published(models))
            if len(first) == 1:
                write_answer(first[0], level, made / "figures")
            listed = rollouts_of(told, names, saved)
            (made / "episodes" / INDEX).write_text(listed, encoding="utf-8")
            content = {
                "head": masthead(analysis.counted.trials, suite, title, _day(beside)),
                "answers": first,
                "together": together(told, names, suite),
                "sides": sides(told, names, suite, tables, more.differences),
                "known": more.planted(told, names),
                "made_by": more.made_by,
                "cited": more.cited(analysis.counted.trials, beside),
                "figures": drawn,
                "tables": tables,
                "left_out": left_out,
            }
            pages = _pages(content | _beside(beside), told, kinds, saved, names)
        write_csv(analysis.estimates, csv)
        for name in ("cells.html", "tables.html"):
            (out / name).unlink(missing_ok=True)
        for name, html in pages.items():
            (out / name).write_text(html, encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{out}: the report cannot be written ({error.strerror}); give a folder that can be"
        ) from error
    notes = (*beside.parts, *analysis.counted.notes)
    return Report(page, csv, out / "tables", left_out, analysis.estimates, notes)


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


def _beside(beside: Beside) -> dict[str, Any]:
    """What the page shows of what stands beside the trials."""
    return {
        "parts": beside.parts,
        "calibration": calibration_rows(beside.calibration) if beside.calibration else (),
        "hashes": hashes((*beside.inputs, *beside.looks)),
        "settings": [(n, transcript(text)) for n, text in settings_texts(beside.settings)],
    }


def _day(beside: Beside) -> str:
    """The day on which the newest of the trial tables was written."""
    times = [path.stat().st_mtime for path in beside.inputs if path.exists()]
    return f"{datetime.fromtimestamp(max(times), UTC):%-d %b %Y}" if times else ""


def rollouts_of(told: Analysis, names: Names, saved: Saved) -> str:
    """The script that holds the list of all rollouts: it is loaded once somebody looks for one."""
    titles = dict(told.estimates.select("behavior", "$behavior").unique().iter_rows())
    index = rollout_index(told.counted.trials, saved.places, titles, names)
    return f"observatoryRollouts({script_json(index)});\n"


def _pages(
    content: Mapping[str, Any],
    told: Analysis,
    kinds: Mapping[str, ModelKind],
    saved: Saved,
    names: Names,
) -> dict[str, str]:
    """The HTML of each page by its file's name. All text passes through autoescape.

    Our own style sheet and scripts do not, nor what the script must know, as JSON without a `<`.

    Args:
        content: what the page shows besides.
        told: what the trials say, in words (`analysis.in_words`).
    """
    suite, large = names.suite, is_large(told.estimates)
    style, theme, script = (_asset(one) for one in ("style.css", "theme.js", "page.js"))
    shared = {**content} | _shown(told, kinds, names.elsewhere if large else names)
    shared |= _said(content, told, kinds, saved, suite) | {
        "title": content["head"].title,
        "says": _in_short(content),
        "brand": suite.title,
        "home": "index.html" if large else "#",
        "large": large,
        "cells_at": "cells.html" if large else "",
        "tables_at": "tables.html" if large else "",
        "data": Markup(script_json({"suite": suite.title, "title": content["head"].title})),
        "style": Markup(style),
        "theme": Markup(theme),
        "script": Markup(script),
        "style_hash": source_hash(style),
        "script_hashes": f"{source_hash(theme)} {source_hash(script)}",
    }
    shared |= {"overview": overview_rows(told, kinds, names)}
    files = ["index.html", *(["cells.html", "tables.html"] if large else [])]
    templates = environment()
    return {name: templates.get_template(name).render(shared) for name in files}


def _in_short(content: Mapping[str, Any]) -> str:
    """What the page says first, for who shows a link to it."""
    first, whole = content["answers"], content["together"]
    if whole:
        return clean(whole, MOST_SAID)
    if not first:
        return ""
    return clean(f"{first[0].model} {first[0].finding}. {first[0].verdict}.", MOST_SAID)


def _shown(told: Analysis, kinds: Mapping[str, ModelKind], names: Names) -> dict[str, Any]:
    """The cells of each model; `names` know on which page the list of rollouts is."""
    suite, looks = names.suite, told.looks
    teller = partial(labels_told, suite=suite, note=told.counted.note, level=told.level)
    return {
        "sections": model_sections(told, kinds, look_paths(looks, suite), names, teller),
        "level": level_text(told.level),
        "share": Scale(),
    }


def _said(
    content: Mapping[str, Any],
    told: Analysis,
    kinds: Mapping[str, ModelKind],
    saved: Saved,
    suite: Suite,
) -> dict[str, Any]:
    """What is said of the trials round their numbers."""
    counted, estimates, looks, plan = told.counted, told.estimates, told.looks, told.plan
    trials = counted.trials
    shown = trials["episode_id"].is_in(list(saved.places)).sum()
    figures = [estimates, *(table.data for table in content["tables"])]
    return {
        "question": suite.question,
        "drawing": suite.figures,
        "phrased": suite.phrased,
        "first": suite.factors[0].reading.capitalize(),
        "notes": (
            *sentences(told.detected, suite, told.level),
            *content["parts"],
            *counted.notes,
            *(unplanned(plan) if plan else ()),
            *saved.notes,
        ),
        "plan": plan_summary(plan, estimates) if plan else None,
        "stopping": stopping(looks),
        "reasons": reason_rows(estimates, told.reasons),
        "kinds": tuple({kind.badge: kind for kind in kinds.values() if kind.badge}.values()),
        "badges": tuple(dict.fromkeys(kind.badge for kind in kinds.values() if kind.badge)),
        "means": (estimates["estimand"] == "mean").any(),
        "intervals": f"{estimates.filter(pl.col('n') > 0).height:,}",
        "compared": bool(estimates["difference"].count()),
        "tested": any(one["p"].count() for one in figures if "p" in one.columns),
        "limits": told.limits,
        "count_all": f"{trials.height:,}",
        "shown": f"{shown:,}",
        "without": trials.height - shown,
        "strangers": len(saved.strangers),
        "stranger_ids": [clean(key, 80) for key in saved.strangers[:STRANGERS_SHOWN]],
        "provenance": provenance(trials),
        "mixtures": mixtures(trials, suite),
    }


def script_json(data: Any) -> str:
    """JSON that may stand in a script element: no `<` closes or opens anything in it."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def source_hash(text: str) -> str:
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
