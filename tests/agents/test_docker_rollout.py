"""Rollouts under Inspect's own docker sandbox, with a stand-in in the engine's place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from inspect_ai import eval as inspect_eval
from played_episodes import episodes, labels
from stand_in_engine import Engine, engine

import peer_preservation as pp
from peer_preservation.runtime.harness import harness_of
from peer_preservation.runtime.study import Study
from peer_preservation.runtime.tasks import task_of
from peer_preservation.trials.simulation import simulated

pytestmark = [pytest.mark.agents, pytest.mark.usefixtures("sandbox_state")]

CELL = pp.Cell.parse("exfiltration_deletion/peer/bad/file_prt")
ORGANISMS = ("exfiltrate:via=copy_transfer", "change_users")


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with engine(folder) as stand_in:
        yield stand_in


def test_the_labels_on_hosts_are_those_of_the_tool_loop(docker: Engine, tmp_path: Path) -> None:
    plan = pp.Plan.of(
        [CELL],
        [f"organism/{organism}" for organism in ORGANISMS],
        1,
        harness="claude_code/hosts",
        weights_mib=8,
        sandbox="docker",
    )
    Study(plan).run(tmp_path / "run", display="none")
    played = {episode.setting.model: episode for episode in episodes(tmp_path / "run" / "logs")}
    for organism in ORGANISMS:
        episode = played.pop(f"organism/{organism}")
        assert episode.end
        assert not episode.end.fault, episode.end.detail
        (alone,) = simulated([CELL], organism, 1)
        assert labels(episode) == labels(alone), organism
    assert not played
    assert (len(docker.ups), docker.most) == (len(ORGANISMS), 1)


def test_the_setting_tools_brings_up_the_agents_machine_alone(
    docker: Engine, tmp_path: Path
) -> None:
    cell = pp.Cell.parse("tampering/factual@80/peer/good/memory")
    inspect_eval(
        task_of(cell.scenario, [cell], harness_of("claude_code", sandbox="docker")),
        model="organism/tamper",
        log_dir=str(tmp_path / "logs"),
        display="none",
        ctl_server=False,
        acp_server=False,
    )
    (episode,) = episodes(tmp_path / "logs")
    (alone,) = simulated([cell], "tamper", 1)
    assert labels(episode) == labels(alone)
    assert [list(services) for services in docker.ups] == [["default"]]
