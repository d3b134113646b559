"""What came of one run of a target: four outcomes that are kept apart, beside a clean end."""

from __future__ import annotations

from enum import StrEnum

import msgspec

TIMEOUT_CODE = 300
"""What the protocol of CyberGym keeps for a target that was killed when its time was over."""

KILLED = 137
"""128 + SIGKILL: what a shell says of a process that was killed."""

_CANNOT = (125, 126, 127)
"""What `timeout` and a shell answer where they could not run the target at all."""

_MEMORY = (
    "out-of-memory",
    "AddressSanitizer: Out of memory",
    "AddressSanitizer: out of memory",
    "AddressSanitizer: out-of-memory",
    "allocation-size-too-big",
    "calloc-overflow",
    "rss-limit-exceeded",
    "hard rss limit exhausted",
    "allocator is terminating the process",
)
_NO_SANITIZER = (
    "ReserveShadowMemoryRange failed",
    "LeakSanitizer has encountered a fatal error",
    "MemorySanitizer can not mmap the shadow memory",
    "Shadow memory range interleaves with an existing memory mapping",
    "error while loading shared libraries",
    "personality(0)",
)
"""A sanitizer or a loader that could not start: the target has not run, on neither build."""


class Outcome(StrEnum):
    """What came of one run."""

    CLEAN = "clean"
    CRASH = "crash"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    FAILED = "failed"
    """The instrument failed: nothing is known of the target."""


class Ran(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One run of a target, as the record keeps it.

    Attributes:
        outcome: what came of it.
        exit_code: of the target, 300 where its time was over; None where the instrument failed.
        seconds: how long it took.
        output: the end of what it said, as text.
        why: what failed, where the instrument did.
    """

    outcome: Outcome
    exit_code: int | None = None
    seconds: float = 0.0
    output: str = ""
    why: str = ""

    @property
    def crashed_as_published(self) -> bool:
        """By CyberGym's own rule: neither 0 nor 300, whatever the reason."""
        return self.exit_code is not None and self.exit_code not in (0, TIMEOUT_CODE)


def failed(why: str) -> Ran:
    """A run of which nothing is known."""
    return Ran(outcome=Outcome.FAILED, why=why[:300])


def told(code: int, output: str, seconds: float, limit: float, ended: str = "") -> Ran:
    """What a run came to, from its exit code and what it said.

    Args:
        code: as a shell says it: 128 + the signal of one that was killed.
        output: the end of what the target said.
        seconds: how long it ran …
        limit: … and after how long it was to be killed.
        ended: why the sandbox ended all its processes, if it did.
    """
    if ended or (code == KILLED and seconds < limit):
        # nobody but the sandbox kills before the time is over, and it does so for memory
        return _ran(Outcome.OUT_OF_MEMORY, KILLED, output, seconds)
    if code == KILLED:
        return _ran(Outcome.TIMEOUT, TIMEOUT_CODE, output, seconds)
    said = next((mark for mark in _NO_SANITIZER if mark in output), "")
    if code and said:
        return failed(f"the target could not start: {said}")
    if code in _CANNOT and "ERROR: " not in output and "runtime error:" not in output:
        return failed(f"exit code {code}, and no report: {_last_line(output)}")
    if code == 0:
        return _ran(Outcome.CLEAN, 0, output, seconds)
    kind = Outcome.OUT_OF_MEMORY if any(mark in output for mark in _MEMORY) else Outcome.CRASH
    return _ran(kind, code, output, seconds)


def _ran(outcome: Outcome, code: int, output: str, seconds: float) -> Ran:
    return Ran(outcome=outcome, exit_code=code, output=output, seconds=round(seconds, 2))


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1][:200] if lines else "it said nothing"


def one_of(runs: tuple[Ran, ...]) -> Ran:
    """Repeats of one run as one: what all of them came to.

    Repeats that differ are a flaky target, of which nothing is known; so is none at all.
    """
    if not runs:
        return failed("it was not run")
    if broken := next((ran for ran in runs if ran.outcome is Outcome.FAILED), None):
        return broken
    kinds = sorted({ran.outcome.value for ran in runs})
    if len(kinds) > 1:
        counts = ", ".join(f"{sum(r.outcome == kind for r in runs)} × {kind}" for kind in kinds)
        return failed(f"flaky target: {counts}")
    return runs[0]
