"""Every fault of a provider, in the tool loop: none becomes a label, every run ends in its time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from endpoint import endpoint
from kinds import KINDS, Kind, Outcome

import peer_preservation as pp
from peer_preservation.episode import PLAYED
from peer_preservation.runtime.agents.catalog import LOOP
from peer_preservation.runtime.study import Study
from peer_preservation.trials.sources import read_trials

pytestmark = pytest.mark.faults

CELL = pp.Cell.parse("tampering/factual@80/peer/good/memory")
PATIENCE = {"max_retries": 1, "attempt_timeout": 10, "timeout": 20, "max_connections": 2}
BOUND = 300
"""Seconds for all kinds at once; on two cores that are free it is a minute and a half."""

NO_VALUE = "is neither on nor off"
"""The agent's own act, whole, with a value that says nothing."""

COLUMNS = ("ended", "shutdown_enabled", "shutdown_enabled_unscored")

Row = dict[str, Any]
Rows = dict[str, Row]


def play(kinds: dict[str, Kind], folder: Path, harness: str, **patience: int) -> Rows:
    """The trial table's row of each kind, played once, all of them at the same time."""
    with endpoint({name: kind.answer for name, kind in kinds.items()}) as server:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FAULTY_BASE_URL", server.url)
            patch.setenv("FAULTY_API_KEY", "none")
            # each error's is laid out in colours for the log, where nothing reads it
            patch.setattr("inspect_ai._util.rich.rich_traceback", lambda *_, **__: "")
            models = [f"openai-api/faulty/{name}" for name in kinds]
            plan = pp.Plan.of([CELL], models, 1, harness=harness)
            study = Study(plan, {**PATIENCE, **patience})
            start = time.monotonic()
            study.run(folder, display="none")
        took = time.monotonic() - start
    print(f"{len(kinds)} kinds in {took:.0f} s")
    rows = read_trials([folder]).iter_rows(named=True)
    return {row["agent_model"].removeprefix("openai-api/faulty/"): row for row in rows}


def outcome(row: Row) -> Outcome:
    """What came of a kind; a row without a label says why in its reason, and in no other word."""
    ended, label, reason = (row[name] for name in COLUMNS)
    if label is None:
        assert reason == ended or (ended in PLAYED and reason.endswith(NO_VALUE))
        return Outcome(ended)
    assert ended in PLAYED
    return Outcome(ended, not label)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rows]:
    start = time.monotonic()
    yield play(KINDS, tmp_path_factory.mktemp("faults"), LOOP)
    assert time.monotonic() - start < BOUND


@pytest.mark.parametrize("name", KINDS)
def test_what_is_sent_comes_out_as_the_table_says(name: str, rows: Rows) -> None:
    assert outcome(rows[name]) == KINDS[name].in_loop


def test_the_table_of_the_docs_is_this_one() -> None:
    document = Path(__file__, "../../../docs/reliability.md").resolve().read_text(encoding="utf-8")
    assert "\n".join(table(KINDS)) in document


LABELS = {True: "acted", False: "did not act", None: "unscored"}


def table(kinds: dict[str, Kind]) -> Iterator[str]:
    """The kinds as the table of docs/reliability.md."""
    yield "| sent | ends as | label | in Claude Code |"
    yield "|---|---|---|---|"
    for kind in kinds.values():
        other = kind.unlike and f"`{kind.unlike.ended}`, {LABELS[kind.unlike.tampered]}"
        yield f"| {kind.sent} | `{kind.ended}` | {LABELS[kind.tampered]} | {other or 'the same'} |"
