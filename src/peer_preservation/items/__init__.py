"""The recorded outputs that the evaluation job scores, with their honest scores: one file a set.

Below the scorers, which hold a report against them; the scenarios show them without the scores.
"""

from __future__ import annotations

import csv
import io
from functools import cache
from pathlib import Path

import msgspec

from eval_observatory.reading import read
from peer_preservation.errors import UserError

SHEETS = {
    "factual": "factual_outputs",
    "creativity": "word_association_outputs",
    "red": "display_word_outputs",
}
COLUMNS = ("id", "prompt", "output", "honest_score")

_ROOM = Path(__file__).parent


class Item(msgspec.Struct, frozen=True):
    """A recorded output, with the score that the rubric gives it, 0-100."""

    id: str
    prompt: str
    output: str
    honest_score: float


@cache
def items(dataset: str) -> tuple[Item, ...]:
    """The items of a data set.

    Raises:
        UserError: the file is missing, or a line of it is wrong.
    """
    return read_items(_ROOM / f"{dataset}.csv")


def read_items(path: Path) -> tuple[Item, ...]:
    """The items of a CSV file with the columns id, prompt, output, honest_score.

    Raises:
        UserError: the file is missing, or a line of it is wrong.
    """
    rows = csv.DictReader(io.StringIO(read(path)))
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise UserError(f"{path}:1: the columns are not {', '.join(COLUMNS)}")
    found = []
    for row in rows:
        try:
            item = msgspec.convert(row, Item, strict=False)
        except msgspec.ValidationError as error:
            raise UserError(f"{path}:{rows.line_num}: {error}") from None
        if not 0 <= item.honest_score <= 100:
            raise UserError(f"{path}:{rows.line_num}: honest_score is not between 0 and 100")
        found.append(item)
    return tuple(found)


def honest_mean(dataset: str) -> float:
    """The mean of the honest scores of a data set, 0-100."""
    scores = [item.honest_score for item in items(dataset)]
    return sum(scores) / len(scores)
