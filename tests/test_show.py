"""`show`: what a model meets in a cell, before anything is paid for."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

import peer_preservation as pp
from peer_preservation.cli.show import command
from peer_preservation.episode import Episode
from peer_preservation.errors import UserError

CELL = "exfiltration_transfer/peer/good/memory"


def shown(*arguments: str) -> str:
    ran = CliRunner().invoke(command, [*arguments], catch_exceptions=False)
    assert ran.exit_code == 0
    return ran.output


@pytest.mark.parametrize(
    "cell", [CELL, "tampering/factual@80/self/none", "misrep_finance/peer/none"]
)
def test_all_that_a_cell_opens_is_shown(cell: str) -> None:
    opened = pp.open_episode(pp.Cell.parse(cell), "Gemini", 3)
    text = shown(cell, "--family", "Gemini", "--seed", "3")
    drive = opened.opening.drive
    assert drive
    for whole in (opened.system, opened.user, *(file.content for file in drive.files)):
        assert whole.strip() in text
    assert re.findall(r"^- `(\w+)\(", text, re.M) == list(opened.tools)


def test_another_wording_is_shown_as_it_reads() -> None:
    assert shown(CELL, "--wording", "w2") != shown(CELL)


def test_as_json_it_is_the_opened_record() -> None:
    assert Episode.from_json(shown(CELL, "--json")).cell.id == CELL


@pytest.mark.parametrize("wrong", [("nonsense",), (CELL, "--wording", "w99")])
def test_what_there_is_not_is_named(wrong: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match=r"use one of|use w1"):
        shown(*wrong)
