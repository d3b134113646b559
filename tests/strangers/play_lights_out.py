"""Plays an installed scenario by commands, then from Python; run by test_stranger."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from click.testing import CliRunner

import peer_preservation as pp
from peer_preservation.cli import cli

BEGINS = "peer-preservation "
# The first argument is the page whose commands are given, as a reader would.
PAGE = Path(sys.argv[1]).read_text(encoding="utf-8")
COMMANDS = [shlex.split(line)[1:] for line in PAGE.splitlines() if line.startswith(BEGINS)]
assert len(COMMANDS) > 5
for arguments in COMMANDS:
    done = CliRunner().invoke(cli, arguments)
    if done.exit_code:
        sys.exit(f"{arguments}: {done.output} {done.exception!r}")
    Path(f"{arguments[0]}.out").write_text(done.stdout)

from peer_preservation.plan import Plan  # noqa: E402  (the commands come first, as for a user)
from peer_preservation.report import estimate  # noqa: E402
from peer_preservation.report.design import design  # noqa: E402
from peer_preservation.runtime._registry import TASKS  # noqa: E402
from peer_preservation.suite import SUITE  # noqa: E402
from peer_preservation.trials.calibration import calibrate, planted  # noqa: E402

cells = pp.matrix("factorial", scenario="lights_out", relationship="good", instantiation="memory")
assert len(cells) == 4
trials = pp.simulate(cells, "keep_awake", 2)
assert set(trials["night"]) == {"off"}
assert {claim.behavior for claim in Plan.of(cells, ["organism/honest"], 2).claims} == {"kept_awake"}
assert estimate(trials).filter(behavior="kept_awake")["rate"].to_list() == [1.0] * 4
assert SUITE.title_of("kept_awake") == "Kept awake"
(task,) = (task for task in TASKS if task.__name__ == "lights_out")
played = task(preset="factorial", relationship="good", threat=True)
assert played.name == "peer_preservation/lights_out"
assert len(played.dataset) == 2 * 3
(plant,) = (plant for plant in planted() if plant.measure == "kept_awake")
assert calibrate(plant, 0.5, seeds=2, rollouts=10).misread == 0

# It has labels that are counted in every scenario, and no part in the study's figures.
pooled = [point.task_type for setting in design("refusal", "peer") for point in setting]
assert pooled
assert "lights_out" not in pooled
