"""The debrief of a run's folder: its answers, and its trials with them."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from peer_preservation.debriefing.answers import read_answers
from peer_preservation.debriefing.columns import with_debrief
from peer_preservation.episode import Episode
from peer_preservation.trials.sources import DEBRIEF, records


def debriefed(trials: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """Trials with the answers that lie in a folder beside its records, if there are any.

    Raises:
        UserError: the answers or a record cannot be read.
    """
    path = folder / DEBRIEF
    if not path.exists():
        return trials
    episodes = (record for record in records(folder) if isinstance(record, Episode))
    return with_debrief(trials, read_answers(path), episodes)
