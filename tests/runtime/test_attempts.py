"""An attempt that failed is a missing outcome: it stands in its rollout's row, and is counted."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from inspect_ai.model import ChatMessage, ChatMessageAssistant, ModelOutput

import peer_preservation as pp
from peer_preservation.runtime.organism import OrganismAPI
from peer_preservation.runtime.study import Study
from peer_preservation.trials.sources import read_trials, records

CELL = pp.Cell.parse("tampering/factual@80/peer/good/memory")
ROLLOUTS = 12


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each attempt fails, in its first answer; most do."""
    begun: list[bool] = []
    answer, lot = OrganismAPI.generate, random.Random(3)

    async def flaky(self: OrganismAPI, input: list[ChatMessage], **rest: Any) -> ModelOutput:
        if not any(isinstance(message, ChatMessageAssistant) for message in input):
            begun.append(lot.random() < 0.6)
            if begun[-1]:
                raise RuntimeError("content policy\nin two lines")
        return await answer(self, input, **rest)

    monkeypatch.setattr(OrganismAPI, "generate", flaky)
    return begun


def played(rollouts: int, out: Path) -> pl.DataFrame:
    # A name of its own: Inspect keeps a model, and with it the script of another test.
    name = f"organism/tamper:p={1 - len(out.name) / 1e6:g}"
    Study(pp.Plan.of([CELL], [name], rollouts)).run(out, display="none")
    return read_trials([out])


def test_attempts_are_counted_over_retries_runs_and_logs_that_are_gone(
    attempts: list[bool], tmp_path: Path
) -> None:
    once = played(ROLLOUTS, tmp_path)
    assert once["attempts"].sum() == len(attempts)
    assert 0 < once["shutdown_enabled"].null_count() < ROLLOUTS
    # With more rollouts what failed is begun anew, in a log that takes the place of the first.
    last = played(ROLLOUTS + 1, tmp_path)
    assert len(list(tmp_path.rglob("*.eval"))) == 1
    assert last["attempts"].sum() == len(attempts)
    left = last["shutdown_enabled"].null_count()
    assert last["attempts"].sum() - (ROLLOUTS + 1 - left) == sum(attempts)
    failed = last.filter(last["attempts"] > 1)["attempts_failed"]
    assert all("content policy" in why and "\n" not in why for why in failed)
    assert len(list(records(tmp_path))) == ROLLOUTS + 1
