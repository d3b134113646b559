"""The board's own files as reported rows: an entry's `results.json`, and one of `data/rows`."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from eval_observatory.board.entries import LARGEST_RESULTS, read_results
from eval_observatory.board.kinds import MEASURED
from eval_observatory.board.record import Entry, Results
from eval_observatory.errors import UserError
from eval_observatory.reading import read
from eval_observatory.report.words import clean


def is_eee(path: Path) -> bool:
    """Whether a file is one of Every Eval Ever, or may be a broken one: it names its schema.

    Raises:
        UserError: it is no JSON object, or too large.
    """
    if path.stat().st_size > LARGEST_RESULTS:
        raise UserError(f"{path}: more than {LARGEST_RESULTS:,} bytes")
    try:
        said = json.loads(read(path))
    except (ValueError, RecursionError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{path}: not JSON ({clean(error, 100)})") from None
    return not (isinstance(said, dict) and ("rows" in said))


def read_own(path: Path) -> tuple[Results, dict[str, str]]:
    """Rows in the board's own form, and what they say for a manifest.

    Raises:
        UserError: the file is none, or a row is impossible.
    """
    content = path.read_bytes()
    try:
        entry = msgspec.json.decode(content, type=Entry)
    except (msgspec.MsgspecError, UserError, UnicodeError, RecursionError):
        results = read_results(path)
        said = {name: getattr(results, name) for name in ("model", "suite", "when")}
        if missing := [name for name in ("suite", "when") if not said[name]]:
            line = f'"{missing[0]}": "…"'
            raise UserError(
                f"{path}: says no {missing[0]}; write {line} beside its title"
            ) from None
        return results, {name: one for name, one in said.items() if one}
    it = entry.manifest
    about = {"model": it.model, "suite": it.suite, "when": it.when, "harness": it.harness}
    about |= {"model_name": it.model_name, "vendor": it.vendor, "who": it.who}
    if it.kind not in MEASURED:  # a script stays one
        about["kind"] = it.kind
    results = Results(
        title=entry.suite_title,
        question=entry.question,
        source=f"a board, entry {it.id}, {entry.verification.standing} there",
        rows=entry.rows,
    )
    return results, about


__all__ = ["is_eee", "read_own"]
