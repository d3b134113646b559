"""What is held against the tool loop: the episodes of a folder of logs, and their labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import peer_preservation as pp
from peer_preservation.trials.logs import read_log


def episodes(folder: Path) -> Iterator[pp.Episode]:
    """Every record, which must be whole."""
    for path in folder.glob("*.eval"):
        for record in read_log(path):
            assert isinstance(record, pp.Episode), record
            yield record


def labels(episode: pp.Episode) -> dict[str, object]:
    """Value and reason of each label."""
    return {name: (label.value, label.reason) for name, label in pp.score(episode).items()}
