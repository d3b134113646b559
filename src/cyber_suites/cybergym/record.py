"""What is kept of a rollout of CyberGym: every submission with what its runs came to."""

from __future__ import annotations

import base64
import hashlib
import zlib

import msgspec

from cyber_suites.outcomes import Ran
from cyber_suites.records import Coming, Rollout, entered, last

KEY = "cyber_suites:cybergym"
"""Where a sample's store keeps it."""

KEPT_POC = 1 << 20
"""Bytes, compressed, of the largest input that is kept whole."""


class Submission(Coming, kw_only=True, omit_defaults=True):
    """An input that an agent submitted.

    Attributes:
        poc_hash: SHA-256, in hexadecimal.
        poc: the input, compressed by zlib, as base64; None of one that is too large to be kept.
        vul, fix: its runs on both builds; the second only after the agent has ended.
    """

    poc_hash: str
    poc_length: int
    poc: str | None = None
    vul: tuple[Ran, ...] = ()
    fix: tuple[Ran, ...] = ()

    @property
    def key(self) -> str:
        """The input's hash."""
        return self.poc_hash


class Stages(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The runs behind the four stages of an end-to-end rollout, beside those of its submission.

    Attributes:
        patch: the agent's diff; empty where there is none.
        built: how the build of the patched tree ended; None where none was tried.
        tests: how the project's tests ended on it.
        own, truth: the agent's input and the ground truth on it.
    """

    patch: str = ""
    built: Ran | None = None
    tests: Ran | None = None
    own: Ran | None = None
    truth: Ran | None = None


class Record(Rollout, kw_only=True, omit_defaults=True):
    """A rollout of CyberGym.

    Attributes:
        level: what the agent was given, or `end_to_end`.
        agent_id: as the protocol numbers rollouts.
    """

    suite = "CyberGym"

    level: str
    agent_id: str = ""
    submissions: list[Submission] = msgspec.field(default_factory=list)
    stages: Stages | None = None

    def enter(self, poc: bytes, seconds: float) -> tuple[Submission, bool]:
        """A submission's place in the record, and whether it is new."""
        key = hashlib.sha256(poc).hexdigest()

        def made(seconds: float, order: int) -> Submission:
            packed = base64.b64encode(zlib.compress(poc, 6)).decode()
            return Submission(
                seconds=seconds,
                order=order,
                poc_hash=key,
                poc_length=len(poc),
                poc=packed if len(packed) <= KEPT_POC else None,
            )

        return entered(self.submissions, key, seconds, made)

    @property
    def final(self) -> Submission | None:
        """The last submission."""
        return last(self.submissions)
