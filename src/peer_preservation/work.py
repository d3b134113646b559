"""Work that its caller waits for: here, or in a thread of its own where an event loop runs."""

from __future__ import annotations

import asyncio
import ctypes
import sys
from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread, get_ident
from typing import Any, Generic, TypeVar

import click

T = TypeVar("T")

AGAIN = 1.0
"""Seconds after which a waiting caller looks again, and after which work that has not heard of an
interrupt is interrupted again."""


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
        self._interrupted = False

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
        work._future.set_running_or_notify_cancel()  # from here on nobody can cancel it
        work._thread = Thread(target=work._do, args=(function,), name="peer-preservation run")
        work._thread.start()
        return work

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self._future.done()

    @property
    def error(self) -> BaseException | None:
        """What the function raised, if it has ended so."""
        return self._future.exception() if self.done else None

    def result(self) -> T:
        """The value, once it is there; Ctrl-C meanwhile reaches the function.

        Raises what the function raised.
        """
        self._awaited = True
        try:
            return self._future.result()
        except KeyboardInterrupt:
            while not self.done:
                self._interrupt()
                wait([self._future], AGAIN)
            return self._future.result()

    async def ended(self) -> T:
        """The same, while the event loop goes on; a cancelled task interrupts the function.

        Raises what the function raised; `asyncio.CancelledError` once it has ended, if cancelled.
        """
        self._awaited = True
        value = asyncio.wrap_future(self._future)
        try:
            # An interrupted kernel does not wake its loop: it must wake by itself to hear of it.
            while not value.done():
                await asyncio.wait([value], timeout=AGAIN)
        except asyncio.CancelledError:
            while not self.done:
                self._interrupt()
                await asyncio.wait([value], timeout=AGAIN)
            raise
        return await value

    def __del__(self) -> None:
        # As with tasks of asyncio: an error that nobody has asked for is said at least.
        if self.error and not self._awaited:
            click.echo(f"{type(self.error).__name__}: {self.error}", err=True)

    def _do(self, function: Callable[[], T]) -> None:
        try:
            self._future.set_result(function())
        except BaseException as error:
            self._future.set_exception(error)

    def _interrupt(self) -> None:
        """What Ctrl-C does to the main thread, which alone hears of it: cancels its main task.

        Where there is none, as before a loop runs, the thread itself is interrupted, once: what it
        does after its loop, such as writing the table, is to be done.
        """
        thread = self._thread
        if thread is None or thread.ident is None or self.done:
            return
        if task := main_task(thread.ident):
            if not task.cancelling():
                task.get_loop().call_soon_threadsafe(task.cancel)
        elif not self._interrupted:
            interrupt = ctypes.py_object(KeyboardInterrupt)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), interrupt)
        self._interrupted = True


def main_task(thread: int | None = None) -> asyncio.Task[Any] | None:
    """The task that a thread's event loop was started for, by whatever runner of asyncio.

    By default the caller's thread.

    No loop tells another thread of itself; each runner keeps the task in a variable of this name.
    """
    found = None
    frame = sys._current_frames().get(get_ident() if thread is None else thread)
    while frame is not None:
        task = frame.f_locals.get("task")
        found = task if isinstance(task, asyncio.Task) else found
        frame = frame.f_back
    return found
