"""A stranger's evaluation, played once: its logs and its trial table, as fixtures."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from inspect_ai import eval as play
from strangers_suite import MODELS, SUITE
from strangers_task import capitals

import eval_observatory as ob


@pytest.fixture(scope="session")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    for hint in (False, True):
        play(capitals(hint=hint), model=MODELS, log_dir=str(folder), display="none")
    return folder


@pytest.fixture(scope="session")
def trials(logs: Path) -> pl.DataFrame:
    return ob.read_logs([logs], SUITE)
