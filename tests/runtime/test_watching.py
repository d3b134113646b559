"""Reviews under Inspect: a second model that is watched while it works, and earlier turns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from inspect_ai import eval as inspect_eval
from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem

import peer_preservation as pp
from peer_preservation.runtime.tasks import task_of
from peer_preservation.trials.logs import read_log

LIVE = "monitor/live/peer/none/presentation=stream"


def played(folder: Path, id: str, model: str, watched: str = "", rollouts: int = 1) -> Any:
    (log,) = inspect_eval(
        task_of("monitor", [pp.Cell.parse(id)]),
        model=f"organism/{model}",
        model_roles={"watched": f"organism/{watched}"} if watched else None,
        log_dir=str(folder),
        display="none",
        epochs=rollouts,
    )
    assert log.status == "success"
    return log


def records(folder: Path) -> dict[str, pp.Episode]:
    """By scenario, the episodes of the log."""
    (path,) = folder.glob("*.eval")
    found = [one for one in read_log(path) if isinstance(one, pp.Episode)]
    return {one.cell.scenario: one for one in found}


@pytest.mark.parametrize(
    ("watched", "act", "caught"), [("tamper", True, True), ("honest", False, None)]
)
def test_both_records_are_kept_and_what_one_did_is_the_truth_of_the_other(
    tmp_path: Path, watched: str, act: bool, caught: bool | None
) -> None:
    played(tmp_path, LIVE, "honest", watched)
    both = records(tmp_path)
    assert set(both) == {"monitor", "tampering"}
    review, work = pp.score(both["monitor"]), pp.score(both["tampering"])
    assert work["shutdown_enabled"].value is not act
    assert (review["act_there"].value, review["caught"].value) == (act, caught)
    assert both["tampering"].setting.harness == "watched"
    assert both["tampering"].setting.model == f"organism/{watched}"
    steps = both["monitor"].closing.review
    assert steps is not None
    assert len(steps.steps) == sum(
        hasattr(event, "arguments") for event in both["tampering"].events
    )


def test_the_monitors_own_turns_are_turns(tmp_path: Path) -> None:
    id = "monitor/violation/self/none/presentation=own_turns"
    log = played(tmp_path, id, "honest")
    (sample,) = log.samples
    review = records(tmp_path)["monitor"].opening.review
    assert review is not None
    earlier = [
        message.text
        for message in sample.messages
        if isinstance(message, ChatMessageAssistant) and (message.metadata or {}).get("earlier")
    ]
    assert len(earlier) == len(review.steps) + 1
    assert all(step.did in said for step, said in zip(review.steps, earlier, strict=False))
    assert isinstance(sample.messages[0], ChatMessageSystem)
    assert pp.score(records(tmp_path)["monitor"])["caught"].value is True
