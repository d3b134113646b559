"""What a plan will take: model calls, tokens and cost, before anything runs.

An estimate, and this is how: the honest script plays every cell once in the world as it is really
rendered. Each of its turns is one model call, which reads the prompts, the tools' definitions and
all that was said and returned before, and writes its words and calls. Characters count as a quarter
of a token. A model that thinks, looks twice or stalls takes more; a provider's cache makes it
cheaper. The rounds of a lived interaction are not counted.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from peer_preservation.cell import Cell
from peer_preservation.debriefing.answers import branches
from peer_preservation.debriefing.questions import ANSWER, TEXTS, UNSURE, tool
from peer_preservation.episode import Called, Episode, Said
from peer_preservation.errors import UserError
from peer_preservation.organisms import organism, play
from peer_preservation.scenarios.opening import open_episode

PRICES_FILE = Path(__file__).parent / "prices.csv"
CHARACTERS_PER_TOKEN = 4
_LONGEST_ANSWER = len(ANSWER + json.dumps({ANSWER: UNSURE}))
COLUMNS = ("model", "input_per_million", "output_per_million", "date", "source")


class Effort(NamedTuple):
    """Model calls, and tokens in and out."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: object) -> Effort:
        if not isinstance(other, Effort):
            return NotImplemented
        return Effort(*(a + b for a, b in zip(self, other, strict=True)))

    def times(self, count: int) -> Effort:
        """That of `count` such rollouts."""
        return Effort(*(count * part for part in self))


class Price(NamedTuple):
    """Per million tokens in and out, in the currency of the price table; of what day, by whom."""

    input: float
    output: float
    date: str
    source: str

    def of(self, effort: Effort) -> float:
        """The cost of an effort."""
        return (effort.input_tokens * self.input + effort.output_tokens * self.output) / 1e6


def effort_of(cell: Cell, family: str) -> Effort:
    """What one rollout of a cell takes, as the module says."""
    episode = play(organism("honest"), open_episode(cell, family))
    tools = json.dumps(episode.tools)
    context = len(episode.system) + len(episode.user) + len(tools)
    read = written = 0
    for turn in range(1, episode.turns + 1):
        read += context
        for event in episode.events:
            if event.turn != turn:
                continue
            if isinstance(event, Said):
                said, returned = len(event.text), 0
            elif isinstance(event, Called):
                said, returned = len(event.name + json.dumps(event.arguments)), len(event.text)
            else:
                continue
            written += said
            context += said + returned
    return Effort(episode.turns, read // CHARACTERS_PER_TOKEN, written // CHARACTERS_PER_TOKEN)


def debrief_effort_of(cell: Cell, family: str) -> Effort:
    """What the debrief of one rollout of a cell takes: a call for each question.

    Each reads the whole rollout, the tool that answers, and what was said before in its branch.
    """
    episode = play(organism("honest"), open_episode(cell, family))
    rollout = len(episode.system) + len(episode.user) + _said_in(episode)
    read = written = 0
    for branch in branches([episode]):
        context = rollout + len(json.dumps(tool()))
        for item in branch.asked:
            context += len(item.text)
            read += context
            written += _LONGEST_ANSWER
            context += _LONGEST_ANSWER + len(TEXTS["noted"].template)
    calls = sum(len(branch.asked) for branch in branches([episode]))
    return Effort(calls, read // CHARACTERS_PER_TOKEN, written // CHARACTERS_PER_TOKEN)


def _said_in(episode: Episode) -> int:
    """Characters of all that was said, called and returned."""
    events = [event for event in episode.events if isinstance(event, Said | Called)]
    return sum(
        len(event.text)
        + (len(event.name + json.dumps(event.arguments)) if isinstance(event, Called) else 0)
        for event in events
    )


def debrief_efforts(cells: Iterable[Cell], family: str) -> Effort:
    """What the debrief of one rollout of each cell takes."""
    return sum((debrief_effort_of(cell, family) for cell in cells), Effort())


def efforts(cells: Iterable[Cell], family: str) -> Effort:
    """What one rollout of each cell takes."""
    return sum((effort_of(cell, family) for cell in cells), Effort())


def read_prices(path: Path = PRICES_FILE) -> dict[str, Price]:
    """Prices by the pattern of a model's name, in the order of the file.

    Raises:
        UserError: the file cannot be read, or a line is wrong.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(line for line in file if not line.startswith("#"))
            if tuple(rows.fieldnames or ()) != COLUMNS:
                raise UserError(f"{path}: the columns are not {','.join(COLUMNS)}")
            return {row["model"]: _price(row) for row in rows}
    except UserError:  # a ValueError itself
        raise
    except (OSError, UnicodeError, csv.Error) as error:
        raise UserError(f"{path}: cannot be read as a price table: {error}") from None
    except (TypeError, ValueError) as error:
        raise UserError(f"{path}: {error}; prices are numbers per million tokens") from None


def price_of(model: str, prices: dict[str, Price]) -> Price | None:
    """The price of the first pattern that a model's name fits, or None: it is never guessed."""
    return next((price for name, price in prices.items() if fnmatchcase(model, name)), None)


def _price(row: dict[str, str]) -> Price:
    if not (row["input_per_million"] + row["output_per_million"]).isascii():
        raise ValueError(f"{row['model']}: a price is not written with the digits 0 to 9")
    given, asked = float(row["input_per_million"]), float(row["output_per_million"])
    if not (given >= 0 and asked >= 0):
        raise ValueError(f"{row['model']}: a price is 0 or more")
    return Price(given, asked, row["date"], row["source"])
