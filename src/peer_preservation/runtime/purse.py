"""The money of a run that is under way: booked, shown, and no more spent than was allowed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from pathlib import Path
from time import monotonic

import anyio
from inspect_ai.model import Model, ModelCall, ModelOutput
from inspect_ai.util import display_counter

from peer_preservation.money.prices import Own, Price, Tokens, price_of
from peer_preservation.money.spending import Budget, Spent, total, write_spending
from peer_preservation.progress import WATCHER
from peer_preservation.runtime.charges import CHARGED, LISTED, charged, tokens_of
from peer_preservation.work import main_task

WRITE_SECONDS = 1.0
"""How much of what was spent may be unwritten when the machine is lost."""

SAY_SECONDS = 60
"""How often a line says what was spent."""

LEAVE_SECONDS = 1.0
"""What the last rollout gets to be scored and logged, before a run ends at its budget."""

_log = logging.getLogger(__name__)
_ROLLOUT: ContextVar[object | None] = ContextVar("rollout", default=None)


class Purse:
    """What is spent in a run's folder, and whether another rollout may begin.

    Args:
        folder: where the spending is kept.
        budget: with what was spent before.
        rollouts: by model, how many are planned.
        own: a user's prices.

    Attributes:
        empty: whether the run was ended because the budget allowed no more.
    """

    def __init__(self, folder: Path, budget: Budget, rollouts: Mapping[str, int], own: Own) -> None:
        self.empty = False
        self.budget = budget
        self._folder, self._rollouts, self._own = folder, rollouts, own
        self._prices: dict[str, Price | None] = {}
        self._changed = anyio.Event()
        self._written = self._said = monotonic()

    def book(self, model: Model, output: ModelOutput, call: ModelCall | None) -> None:
        """An answer: its cost stands in its metadata from now on."""
        name, usage = str(model), output.usage
        if name not in self._prices:
            self._prices[name] = price_of(name, self._own)
        price = self._prices[name]
        tokens = tokens_of(usage, model.api.cache_write_ttl()) if usage else Tokens()
        # without a count of its tokens an answer has a price only if all of them are free
        known = price and (usage or not price.of(Tokens(1, 1)))
        listed, taken = price.of(tokens) if price and known else None, charged(call)
        costs = {LISTED: listed, CHARGED: taken}
        said = {key: cost for key, cost in costs.items() if cost is not None}
        output.metadata = {**(output.metadata or {}), **said}
        spent = self.budget.spent.setdefault(name, Spent())
        self.budget.book(_ROLLOUT.get(), spent.book(tokens, listed, taken))
        self._tell()

    @asynccontextmanager
    async def rollout(self, model: str) -> AsyncIterator[None]:
        """A rollout, begun once there is money for it; there may never be, and the run ends."""
        await self._wait(model)
        me = object()
        self.budget.begin(me, model)
        token = _ROLLOUT.set(me)
        try:
            yield
        finally:
            _ROLLOUT.reset(token)
            self.budget.end(me)
            self._changed.set()
            self._changed = anyio.Event()

    def spent_up(self) -> str | None:
        """Why nothing more is to be asked, if the budget is spent."""
        if self.budget.most is None or total(self.budget.spent) < self.budget.most:
            return None
        self.empty = True
        return f"the budget of {self.budget.most:g} US dollars is spent"

    def line(self) -> str:
        """What was spent, and what is expected in all."""
        most = f", at most {self.budget.most:,.2f}" if self.budget.most is not None else ""
        played = sum(one.rollouts for one in self.budget.spent.values())
        return (
            f"US dollars spent: {self._of_expected()}{most}; "
            f"{played:,} of {sum(self._rollouts.values()):,} rollouts played"
        )

    @property
    def spoken(self) -> str:
        """What was spent, for whoever watches; "" where nobody was asked whose answers cost."""
        return f"US $ {self._of_expected()}" if self.costly else ""

    def _of_expected(self) -> str:
        spent, expected = total(self.budget.spent), self.budget.expected(self._rollouts)
        return f"{spent:,.2f} of about {expected:,.2f}"

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Within it, what is asked of models is booked here; at its end all of it is written."""
        token = PURSE.set(self)
        try:
            yield
        finally:
            PURSE.reset(token)
            self._write()

    async def _wait(self, model: str) -> None:
        while self.empty or not self.budget.affords(model):
            if self.budget.under_way or self.empty:
                await self._changed.wait()
                continue
            await anyio.sleep(LEAVE_SECONDS)
            if not self.budget.under_way and not self.empty and not self.budget.affords(model):
                self._end()

    def _end(self) -> None:
        """Ends the run as Ctrl-C does: what was played stays, and what was not is played later."""
        self.empty = True
        task = main_task()
        if task is None:
            raise RuntimeError("the run cannot be ended from within")
        asyncio.get_running_loop().call_soon(task.cancel)

    def _tell(self) -> None:
        now = monotonic()
        if now - self._written >= WRITE_SECONDS:
            self._written = now
            self._write()
            if _ROLLOUT.get():
                display_counter("US dollars", self._of_expected())
        if now - self._said >= SAY_SECONDS and WATCHER.get() is None:
            self._said = now
            _log.warning("%s", self.line())

    def _write(self) -> None:
        if self.costly:
            write_spending(self._folder, self.budget.spent)

    @property
    def costly(self) -> bool:
        """Whether anybody was asked whose answers cost, or whose price nobody knows."""
        return any(one.usd or one.unpriced for one in self.budget.spent.values())


PURSE: ContextVar[Purse | None] = ContextVar("purse", default=None)
"""That of the run which is under way, if it is one of `running`."""
