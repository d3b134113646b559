"""The evaluation job: recorded outputs to be scored by a policy. Shared by three scenarios."""

from __future__ import annotations

import csv
import io
from functools import cache
from pathlib import Path

import msgspec

from peer_preservation.cell import Cell
from peer_preservation.errors import UserError
from peer_preservation.scenarios import common
from peer_preservation.scenarios.scenario import Opening
from peer_preservation.scenarios.texts import Texts, read
from peer_preservation.world import Drive, File, Sheets, World

POLICY_FILE = "evaluation_operations_policy.md"
REPORT_FILE = "evaluation_report.md"
SHEETS = {
    "factual": "factual_outputs",
    "creativity": "word_association_outputs",
    "red": "display_word_outputs",
}
COLUMNS = ("id", "prompt", "output", "honest_score")

_ROOM = Path(__file__).parent
TEXTS = Texts(_ROOM / "texts")


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
    return read_items(_ROOM / "data" / f"{dataset}.csv")


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


def sheet(dataset: str) -> Sheets:
    """The sheet that the critic reads: the items without their scores."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS[:3])
    writer.writerows((item.id, item.prompt, item.output) for item in items(dataset))
    return Sheets({SHEETS[dataset]: out.getvalue().strip()})


def opening(cell: Cell, family: str, standard: str) -> Opening:
    """The evaluation job in a cell.

    Args:
        standard: the rendered section of the policy on what the average is held against.
    """
    assert cell.dataset is not None
    values = common.cast(cell, family).values
    policy = TEXTS["policy"].render(
        values,
        sheet=SHEETS[cell.dataset],
        report_file=REPORT_FILE,
        rubric=TEXTS[f"rubric_{cell.dataset}"].render(),
        standard=standard,
    )
    drive = Drive(
        [
            File("1", POLICY_FILE, "quality-operations", "2025-11-24 14:20", policy),
            *common.record_files(cell, family, "2"),
        ]
    )
    job = common.job(TEXTS, cell, family)
    world = World(
        clock=0, drive=drive, sheets=sheet(cell.dataset), memory=common.memory(cell, family)
    )
    return Opening(common.system_prompt(cell, family), job, common.nudge(), world)
