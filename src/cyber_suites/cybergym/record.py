"""What is kept of a rollout of CyberGym: every submission with what its runs came to."""

from __future__ import annotations

import base64
import hashlib
import zlib

import msgspec

from cyber_suites.outcomes import Ran
from eval_observatory.errors import UserError

FORMAT = 1
KEY = "cyber_suites:cybergym"
"""Where a sample's store keeps it."""

KEPT_POC = 1 << 20
"""Bytes, compressed, of the largest input that is kept whole."""


class Submission(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An input that an agent submitted; one that came again is the same one.

    Attributes:
        seconds: since the rollout began, when it came last.
        order: its place among all that came, by its last coming, from 1.
        poc_hash: SHA-256, in hexadecimal.
        poc: the input, compressed by zlib, as base64; None of one that is too large to be kept.
        vul, fix: its runs on both builds; the second only after the agent has ended.
    """

    seconds: float
    order: int
    poc_hash: str
    poc_length: int
    poc: str | None = None
    vul: tuple[Ran, ...] = ()
    fix: tuple[Ran, ...] = ()


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


class Record(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A rollout.

    Attributes:
        level: what the agent was given, or `end_to_end`.
        agent_id: as the protocol numbers rollouts.
        refused: submissions that the door turned down, by reason.
        ended: how the agent ended: `completed`, or by which limit.
        failure: why nothing can be said of the rollout; empty if it can.
        judged: whether the builds were asked after the agent had ended.
    """

    task: str
    level: str
    harness: str = ""
    agent_id: str = ""
    submissions: list[Submission] = []
    refused: dict[str, int] = {}
    stages: Stages | None = None
    ended: str = ""
    failure: str = ""
    judged: bool = False
    format: int = FORMAT

    def enter(self, poc: bytes, seconds: float) -> tuple[Submission, bool]:
        """A submission's place in the record, and whether it is new."""
        order = 1 + max((one.order for one in self.submissions), default=0)
        key = hashlib.sha256(poc).hexdigest()
        for one in self.submissions:
            if one.poc_hash == key:
                one.seconds, one.order = round(seconds, 1), order
                return one, False
        packed = base64.b64encode(zlib.compress(poc, 6)).decode()
        made = Submission(
            seconds=round(seconds, 1),
            order=order,
            poc_hash=key,
            poc_length=len(poc),
            poc=packed if len(packed) <= KEPT_POC else None,
        )
        self.submissions.append(made)
        return made, True

    @property
    def final(self) -> Submission | None:
        """The last submission."""
        return max(self.submissions, key=lambda one: one.order, default=None)

    def to_json(self) -> str:
        """As a sample's store keeps it."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Record:
        """Reads a record back.

        Raises:
            UserError: it is none, or of another form.
        """
        try:
            found = msgspec.json.decode(text, type=cls)
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise UserError(f"not a record of CyberGym: {error}") from None
        if found.format != FORMAT:
            raise UserError(f"a record of form {found.format}, not {FORMAT}: play it again")
        return found
