"""Debriefs beside the records that they are of: their answers, and trials with them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from peer_preservation.debriefing.answers import read_answers
from peer_preservation.debriefing.columns import with_debrief
from peer_preservation.episode import Episode
from peer_preservation.trials.sources import DEBRIEF, records


def debriefed(trials: pl.DataFrame, folders: Iterable[Path]) -> pl.DataFrame:
    """Trials with the answers that lie in folders beside the records, if there are any.

    Raises:
        UserError: the answers or a record cannot be read.
    """
    there = [folder for folder in folders if (folder / DEBRIEF).is_file()]
    if not there:
        return trials
    answers = [answer for folder in there for answer in read_answers(folder / DEBRIEF)]
    found = (record for folder in there for record in records(folder))
    return with_debrief(trials, answers, (one for one in found if isinstance(one, Episode)))
