"""What a run has spent, by model: kept in its folder, and held against a budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from pathlib import Path

import msgspec

from eval_observatory.writing import written
from peer_preservation.errors import UserError
from peer_preservation.money.prices import Tokens

FILE = "spending.json"
"""Its name in a run's folder."""

APART = 0.05
"""Share by which a provider's charge may differ from the price list before that is said."""


class Spent(msgspec.Struct):
    """What one model's answers took.

    Attributes:
        rollouts: played to their end.
        answers: of which `unpriced` have no price, so that their cost is in no sum.
        tokens: of all answers.
        usd: what the provider charged where it said so, else by the price list.
        charged, listed: of the answers of which both are known, so that they can be compared.
    """

    rollouts: int = 0
    answers: int = 0
    unpriced: int = 0
    tokens: Tokens = Tokens()
    usd: float = 0.0
    charged: float = 0.0
    listed: float = 0.0

    def book(self, tokens: Tokens, listed: float | None, charged: float | None) -> float:
        """Adds an answer, with what it costs by the price list and by its provider; its cost."""
        cost = listed if charged is None else charged
        self.answers += 1
        self.tokens = self.tokens.plus(tokens)
        self.unpriced += cost is None
        self.usd += cost or 0.0
        if charged is not None and listed is not None:
            self.charged += charged
            self.listed += listed
        return cost or 0.0


def read_spending(folder: Path) -> dict[str, Spent]:
    """By model, what a run's folder says was spent; nothing where it says nothing.

    Raises:
        UserError: the file is damaged.
    """
    path = folder / FILE
    if not path.exists():
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Spent])
    except (OSError, msgspec.MsgspecError) as error:
        raise UserError(
            f"{path}: does not say what was spent: {error}; repair it, or move it away to count "
            "from 0"
        ) from None


def write_spending(folder: Path, spent: Mapping[str, Spent]) -> None:
    """Writes what was spent. Raises `OSError` as the file system does."""
    with written(folder / FILE) as partial:
        partial.write_bytes(msgspec.json.encode(spent))


def total(spent: Mapping[str, Spent]) -> float:
    """US dollars of all models."""
    return sum(one.usd for one in spent.values())


class Budget:
    """Whether another rollout can be begun without spending more than was allowed.

    What is under way is taken to cost what such rollouts have cost on average, or what was planned
    of the first.

    Attributes:
        most: US dollars in all; None for any sum.
        spent: by model; is added to.
        planned: by model, the US dollars of one rollout; 0 where that is not known.
    """

    def __init__(
        self, most: float | None, spent: dict[str, Spent], planned: Mapping[str, float]
    ) -> None:
        self.most, self.spent, self.planned = most, spent, planned
        self._open: dict[object, tuple[str, float]] = {}

    @property
    def under_way(self) -> int:
        """Rollouts that were begun and have not ended."""
        return len(self._open)

    def affords(self, model: str) -> bool:
        """Whether another rollout of a model may begin."""
        if self.most is None:
            return True
        ahead = sum(max(0.0, self.each(name) - so_far) for name, so_far in self._open.values())
        return total(self.spent) + ahead + self.each(model) <= self.most

    def each(self, model: str) -> float:
        """US dollars of one rollout of a model, as far as is known."""
        spent = self.spent.get(model)
        return (
            spent.usd / spent.rollouts if spent and spent.rollouts else self.planned.get(model, 0)
        )

    def begin(self, rollout: object, model: str) -> None:
        """A rollout begins; `rollout` names it."""
        self._open[rollout] = (model, 0.0)

    def book(self, rollout: object, cost: float) -> None:
        """An answer of a rollout has cost something."""
        if rollout in self._open:
            model, so_far = self._open[rollout]
            self._open[rollout] = (model, so_far + cost)

    def end(self, rollout: object) -> None:
        """A rollout ends, whatever came of it."""
        del self._open[rollout]

    def played(self, model: str) -> None:
        """A rollout was played to its end."""
        self.spent.setdefault(model, Spent()).rollouts += 1

    def expected(self, rollouts: Mapping[str, int]) -> float:
        """US dollars of so many rollouts of each model, with what was spent of them."""
        return sum(
            self.spent.get(model, Spent()).usd
            + max(0, count - self.spent.get(model, Spent()).rollouts) * self.each(model)
            for model, count in rollouts.items()
        )


def allowed(most: float, spent: Mapping[str, Spent], folder: Path) -> None:
    """Whether there is something left of a budget.

    Raises:
        UserError: it is no sum, or was spent before.
    """
    if not (isfinite(most) and most > 0):
        raise UserError(f"--max-cost {most:g}: give a sum of US dollars above 0")
    if (before := total(spent)) >= most:
        raise UserError(
            f"--max-cost {most:g}: {before:.2f} US dollars are spent in {folder} already; "
            "give more to go on"
        )


def differences(spent: Mapping[str, Spent]) -> Iterable[str]:
    """Where providers charged another sum than the price list says, a line each."""
    for model, one in spent.items():
        if one.listed and abs(share := one.charged / one.listed - 1) > APART:
            yield (
                f"{model}: the provider charged {one.charged:.4f} US dollars for what the price "
                f"list puts at {one.listed:.4f} ({share:+.0%})"
            )
