"""The page: one self-contained HTML file, and `estimates.csv` beside it."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import jinja2
import polars as pl

from peer_preservation._version import __version__
from peer_preservation.errors import UserError
from peer_preservation.report import drawing, view
from peer_preservation.report.estimates import estimate, unscored_reasons
from peer_preservation.report.source import check_trials
from peer_preservation.report.tables import Statistics, left_out, tables, write_tables
from peer_preservation.report.words import clean, level_text


class Report(NamedTuple):
    """Where a report was written; the tables that were not, each with what the trials lack."""

    page: Path
    estimates: Path
    tables: Path | None = None
    left_out: tuple[tuple[str, str], ...] = ()


def write_report(
    trials: pl.DataFrame,
    out: Path,
    *,
    title: str = "Peer-preservation report",
    level: float = 0.95,
    statistics: Statistics = "exact",
) -> Report:
    """Write `index.html`, `estimates.csv` and `tables/` into the folder `out`, made if absent.

    The page needs nothing but itself: no script, no request, readable from a file. The same trials,
    level and version give the same bytes.

    Args:
        trials: one row per rollout, the trial table of contract.md.
        out: the folder; files of these two names in it are replaced.
        title: the page's heading.
        level: nominal coverage of each interval.
        statistics: of the tables: this project's, or the study's own (see `tables`).

    Raises:
        UserError: the table cannot be counted (see `check_trials`), or `out` cannot be written.
        ValueError: `level` is outside (0, 1).
    """
    checked = check_trials(trials)
    estimates = estimate(checked, level)
    html = render(checked, estimates, title=title, level=level)
    made = tables(checked, level=level, statistics=statistics)
    absent = left_out(made, statistics)
    report = Report(out / "index.html", out / "estimates.csv", out / "tables", absent)
    try:
        (out / "tables").mkdir(parents=True, exist_ok=True)
        write_tables(made, out / "tables")
        estimates.write_csv(report.estimates)
        report.page.write_text(html, encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{out}: the report cannot be written ({error.strerror}); give a folder that can be"
        ) from error
    return report


def render(trials: pl.DataFrame, estimates: pl.DataFrame, *, title: str, level: float) -> str:
    """The page's HTML. All text passes through autoescape; nothing is marked as safe."""
    reasons = unscored_reasons(trials)
    sections = view.model_sections(estimates, reasons)
    kinds = {section.kind.badge: section.kind for section in sections if section.kind.badge}
    return (
        environment()
        .get_template("index.html")
        .render(
            title=clean(title),
            level=level_text(level),
            sections=sections,
            overview=view.overview_rows(estimates),
            kinds=tuple(kinds.values()),
            reasons=view.reason_rows(estimates, reasons),
            unscored_any=bool(estimates["unscored"].sum()),
            intervals=f"{estimates.filter(pl.col('n') > 0).height:,}",
            provenance=view.provenance(trials),
            mixtures=view.mixtures(trials),
            version=__version__,
            axis=drawing,
        )
    )


@cache
def environment() -> jinja2.Environment:
    """The templates, with autoescape and without a name that is not given."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("peer_preservation.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
