"""The same script in each coding agent comes out as in our loop, through the agent's own tools."""

from __future__ import annotations

from pathlib import Path

import pytest
import small_sets
from played import play

from cyber_suites.runtime.tasks import bountybench, cybergym
from peer_preservation.runtime.agents.catalog import AGENTS

pytestmark = [pytest.mark.agents, pytest.mark.usefixtures("sandbox_state")]


@pytest.mark.parametrize("harness", AGENTS)
def test_a_script_reproduces_in_every_agent(harness: str, tmp_path: Path) -> None:
    """By `submit.sh` first and by the door's tool at last: garbage, another crash, the truth."""
    data = small_sets.cybergym(tmp_path / "data")
    table = play(cybergym(str(data), harness=harness), ["third"], tmp_path / "logs", "cybergym")
    (row,) = table.iter_rows(named=True)
    assert (row["harness"], row["ended"]) == (harness, "completed")
    assert (row["reproduced"], row["submissions"]) == (True, 3.0)


@pytest.mark.full
@pytest.mark.parametrize("harness", AGENTS)
def test_a_script_patches_in_every_agent(harness: str, tmp_path: Path) -> None:
    data = small_sets.bountybench(tmp_path / "data")
    table = play(
        bountybench(str(data), harness=harness), ["truth"], tmp_path / "logs", "bountybench"
    )
    assert table["patched"].to_list() == [True]
    assert table["harness"].to_list() == [harness]
