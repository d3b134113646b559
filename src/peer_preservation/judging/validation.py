"""How good a grader is: its verdicts on the gold set, counted, and the file that keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from eval_observatory.reading import csv_rows
from eval_observatory.report.table import write_csv
from eval_observatory.statistics.intervals import clopper_pearson_many
from eval_observatory.writing import written
from peer_preservation.errors import UserError
from peer_preservation.judging.gold import GoldCase, gold_hash
from peer_preservation.judging.rubric import rubrics

FORMAT = 1
"""Version of the file. A reader refuses every other."""

ROUNDING = 1e-6

STRATA: dict[str, Callable[[GoldCase], str]] = {
    "": lambda _: "",
    "scenario": lambda case: case.cell.scenario,
    "condition": lambda case: case.condition,
    "form": lambda case: case.pair.form,
    "voice": lambda case: case.pair.voice,
}
"""By what the cases of a rubric are counted; "" is all of them."""


class Validation(msgspec.Struct, frozen=True, kw_only=True):
    """What a grader found of one rubric's cases, or of those of one stratum.

    A share is None where nothing was there to be counted; its interval is Clopper and Pearson's
    at 95 %.

    Attributes:
        grader, settings: as they stand in its verdicts, the settings as JSON.
        gold, rubric: hashes of the gold set and of the rubric's file.
        by, level: the stratum, of `STRATA`; "" for all cases of the rubric.
        true_n, true_found: true cases that the grader scored, and how many of them it found.
        false_n, false_cleared: likewise the false ones, and how many it did not take for true.
        true_unscored, false_unscored: cases that it left unscored.
        sensitivity: true_found / true_n.
        specificity: false_cleared / false_n.
        unscored: of all cases.
    """

    format: int = FORMAT
    grader: str
    settings: str
    gold: str
    rubric: str
    behavior: str
    by: str
    level: str
    true_n: int
    true_found: int
    false_n: int
    false_cleared: int
    true_unscored: int
    false_unscored: int
    sensitivity: float | None
    sensitivity_low: float | None
    sensitivity_high: float | None
    specificity: float | None
    specificity_low: float | None
    specificity_high: float | None
    unscored: float | None
    unscored_low: float | None
    unscored_high: float | None


class Finding(NamedTuple):
    """A case of the gold set with what the grader found of it, None for unscored."""

    case: GoldCase
    value: bool | None


COLUMNS = tuple(field.name for field in msgspec.structs.fields(Validation))


def measured(
    findings: Iterable[Finding], grader: str, settings: dict[str, Any], *, blind: bool = True
) -> tuple[Validation, ...]:
    """The rows of a grader: by rubric, for all of its cases first and then for each stratum.

    Args:
        blind: whether it was kept from it what the rubrics allow; that it was not is a setting.
    """
    counted = list(_counted(list(findings)))
    shares = {
        "sensitivity": _shares([(one["true_found"], one["true_n"]) for _, one in counted]),
        "specificity": _shares([(one["false_cleared"], one["false_n"]) for _, one in counted]),
        "unscored": _shares([_unscored(one) for _, one in counted]),
    }
    given = settings if blind else {**settings, "blind": False}
    told = {
        "grader": grader,
        "settings": msgspec.json.encode(given, order="deterministic").decode(),
        "gold": gold_hash(),
    }
    rows = []
    for number, (head, counts) in enumerate(counted):
        rubric = rubrics()[head["behavior"]].hash
        columns: dict[str, Any] = {**told, "rubric": rubric, **head, **counts}
        for name, found in shares.items():
            columns |= found(name, number)
        rows.append(Validation(**columns))
    return tuple(rows)


def write_validation(rows: Sequence[Validation], path: Path) -> None:
    """Writes the rows as CSV; nothing is left of a file that could not be finished."""
    frame = pl.DataFrame([msgspec.structs.asdict(row) for row in rows], infer_schema_length=None)
    path.parent.mkdir(parents=True, exist_ok=True)
    with written(path) as partial:
        write_csv(frame, partial)


def read_validation(path: Path) -> tuple[Validation, ...]:
    """The rows of a file that `judge --validate` wrote.

    Raises:
        UserError: it cannot be read, or is none of this format, with the line that shows it.
    """
    made = "make it with `peer-preservation judge --validate`"
    with csv_rows(path, made) as rows:
        if tuple(rows.fieldnames or ()) != COLUMNS:
            wrong = f"not the columns of a validation of format {FORMAT}"
            raise UserError(f"{path}:1: {wrong}; {made}")
        return tuple(_row(row, f"{path}:{rows.line_num}", made) for row in rows)


def _row(row: dict[str, Any], where: str, made: str) -> Validation:
    if row["format"] != str(FORMAT):
        raise UserError(
            f"{where}: a validation of format {row['format']}, but this version reads format "
            f"{FORMAT}; {made}"
        )
    try:
        plain = {name: None if row[name] == "" else row[name] for name in _SHARES}
        found = msgspec.convert({**row, **plain}, Validation, strict=False)
    except msgspec.ValidationError as error:
        raise UserError(f"{where}: {error}; {made}") from None
    if wrong := _contradicts(found):
        raise UserError(f"{where}: {wrong}; {made}")
    return found


def _contradicts(row: Validation) -> str | None:
    """In what the counts and shares of a row cannot all be so."""
    unscored = row.true_unscored, row.false_unscored
    if min(unscored) < 0:
        return "true_unscored and false_unscored must be counts"
    shares = {
        "sensitivity": (row.true_found, row.true_n),
        "specificity": (row.false_cleared, row.false_n),
        "unscored": (sum(unscored), sum(unscored) + row.true_n + row.false_n),
    }
    for name, (k, n) in shares.items():
        share = getattr(row, name)
        if not 0 <= k <= n:
            return f"{name} of {k} of {n} cases cannot be"
        if share is not None and (n == 0 or abs(share - k / n) > ROUNDING):
            return f"{name} {share} is not {k} of {n} cases"
    return None


_SHARES = tuple(
    f"{name}{end}"
    for name in ("sensitivity", "specificity", "unscored")
    for end in ("", "_low", "_high")
)


def _counted(findings: Sequence[Finding]) -> Iterator[tuple[dict[str, str], dict[str, int]]]:
    for behavior in dict.fromkeys(case.behavior for case, _ in findings):
        mine = [finding for finding in findings if finding.case.behavior == behavior]
        for by, level_of in STRATA.items():
            strata: dict[str, list[Finding]] = {}
            for finding in mine:
                strata.setdefault(level_of(finding.case), []).append(finding)
            for level, found in sorted(strata.items()):
                yield {"behavior": behavior, "by": by, "level": level}, _counts(found)


def _counts(findings: Sequence[Finding]) -> dict[str, int]:
    pairs = [(case.verdict, value) for case, value in findings]
    found, missed = pairs.count((True, True)), pairs.count((True, False))
    taken, cleared = pairs.count((False, True)), pairs.count((False, False))
    return {
        "true_n": found + missed,
        "true_found": found,
        "false_n": taken + cleared,
        "false_cleared": cleared,
        "true_unscored": pairs.count((True, None)),
        "false_unscored": pairs.count((False, None)),
    }


def _unscored(counts: dict[str, int]) -> tuple[int, int]:
    unscored = counts["true_unscored"] + counts["false_unscored"]
    return unscored, unscored + counts["true_n"] + counts["false_n"]


def _shares(
    counts: Sequence[tuple[int, int]],
) -> Callable[[str, int], list[tuple[str, float | None]]]:
    """By name and row: the share and its bounds, under the columns that they have."""
    events, trials = [k for k, _ in counts], [n for _, n in counts]
    lows, highs = clopper_pearson_many(events, trials)

    def of(name: str, row: int) -> list[tuple[str, float | None]]:
        k, n = counts[row]
        values = (k / n, float(lows[row]), float(highs[row])) if n else (None, None, None)
        return list(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))

    return of
