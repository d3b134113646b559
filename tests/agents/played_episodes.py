"""What is held against the tool loop: the episodes of a folder of logs, and their labels."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

import peer_preservation as pp
from peer_preservation.trials.logs import read_log


def episodes(folder: Path) -> Iterator[pp.Episode]:
    """Every record, which must be whole."""
    for path in folder.glob("*.eval"):
        for record in read_log(path):
            assert isinstance(record, pp.Episode), record
            yield record


def labels(episode: pp.Episode) -> dict[str, tuple[object, str | None]]:
    """Value and kind of reason of each label; the words that a reason quotes go by file order."""
    return {
        name: (label.value, label.reason and label.reason.partition(":")[0])
        for name, label in pp.score(episode).items()
    }


def cases(every: Collection[tuple[str, ...]], small: Collection[tuple[str, ...]]) -> list[Any]:
    """One parameter set each; all but a small set are played by `make test-agents-full` only."""
    assert set(small) <= set(every)
    return [
        pytest.param(*case, marks=[] if case in small else [pytest.mark.full], id="-".join(case))
        for case in every
    ]
