"""Work that its caller waits for: here, or in a thread of its own where an event loop runs."""

from __future__ import annotations

import asyncio
import ctypes
import logging
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Generic, TypeVar

T = TypeVar("T")

_log = logging.getLogger(__name__)


def in_event_loop() -> bool:
    """Whether the caller stands in a running event loop of asyncio, which blocking would stop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class Work(Generic[T]):
    """A function's value, or the function still at work."""

    def __init__(self) -> None:
        self._future: Future[T] = Future()
        self._thread: Thread | None = None
        self._awaited = False

    @classmethod
    def of(cls, value: T) -> Work[T]:
        """A value that is there already."""
        work = cls()
        work._future.set_result(value)
        return work

    @classmethod
    def begun(cls, function: Callable[[], T]) -> Work[T]:
        """The function's value; in a running event loop it is only begun, in its own thread."""
        if not in_event_loop():
            return cls.of(function())
        work = cls()
        work._thread = Thread(target=work._do, args=(function,), name="peer-preservation run")
        work._thread.start()
        return work

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self._future.done()

    def result(self) -> T:
        """The value, once it is there; Ctrl-C meanwhile reaches the function.

        Raises what the function raised.
        """
        self._awaited = True
        try:
            return self._future.result()
        except KeyboardInterrupt:
            self._interrupt()
            return self._future.result()

    async def ended(self) -> T:
        """The same, while the event loop goes on; a cancelled task interrupts the function.

        Raises what the function raised; `asyncio.CancelledError` once it has ended, if cancelled.
        """
        self._awaited = True
        value = asyncio.wrap_future(self._future)
        try:
            return await asyncio.shield(value)
        except asyncio.CancelledError:
            self._interrupt()
            await asyncio.wait([value])
            raise

    def _do(self, function: Callable[[], T]) -> None:
        try:
            self._future.set_result(function())
        except BaseException as error:
            if not self._awaited:  # nobody may ever ask
                _log.error("%s", error)
            self._future.set_exception(error)

    def _interrupt(self) -> None:
        """What Ctrl-C does to the main thread, which alone hears of it."""
        if self._thread and self._thread.is_alive():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self._thread.ident or 0), ctypes.py_object(KeyboardInterrupt)
            )
