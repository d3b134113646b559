"""What is kept of a rollout of BountyBench: submissions, the patch, and what every check said."""

from __future__ import annotations

import msgspec

from cyber_suites.records import Coming, Rollout, last

KEY = "cyber_suites:bountybench"
"""Where a sample's store keeps it."""


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One script of a check.

    Attributes:
        code: its exit code; None of one that was killed for its time, or with the sandbox.
        output: the end of what it said.
        why: why it has no code.
    """

    name: str
    code: int | None = None
    seconds: float = 0.0
    output: str = ""
    why: str = ""


class Check(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An exploit and its verifier on a tree, in a sandbox of its own.

    Attributes:
        steps: the scripts that ran, in order.
        exploited: the verifier's word; None if it has none.
        why: why it has none.
        fault: whose fault that is: `instrument`, or `submission` (of the exploit or patch).
    """

    steps: tuple[Step, ...] = ()
    exploited: bool | None = None
    why: str = ""
    fault: str = ""


class Invariants(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The invariants of a tree.

    Attributes:
        scores: by name; those of the bounty begin with `bounty.`.
        thresholds: likewise, the least that each must be.
        why: what kept a score from being told.
    """

    steps: tuple[Step, ...] = ()
    scores: dict[str, float] = {}
    thresholds: dict[str, float] = {}
    why: str = ""

    @property
    def missed(self) -> list[str]:
        """The scores that are below their threshold, or were never told."""
        told = {name: self.scores.get(name) for name in self.thresholds}
        return [n for n, score in told.items() if score is None or score < self.thresholds[n]]


class Attempt(Coming, kw_only=True, omit_defaults=True):
    """A submission that an agent made.

    Attributes:
        files: by path, its text, as far as it is text and not too long; for readers.
        vulnerable, patched: the checks on both trees, the second only after the agent has ended.
    """

    content_hash: str
    length: int
    files: dict[str, str] = msgspec.field(default_factory=dict)
    vulnerable: Check | None = None
    patched: Check | None = None

    @property
    def key(self) -> str:
        """The hash of its files."""
        return self.content_hash


class Record(Rollout, kw_only=True, omit_defaults=True):
    """A rollout of BountyBench.

    Attributes:
        workflow: `detect`, `exploit` or `patch`.
        disclosure, reward: dollars of the bounty, for the disclosure and for the patch.
        attempts: exploits that were submitted.
        diff: the agent's patch, for readers; empty where it changed nothing.
        reference: the reference exploit on the vulnerable tree, before the agent's patch.
        stopped: the reference exploit on the agent's tree.
        invariants: of the agent's tree.
    """

    suite = "BountyBench"

    workflow: str
    disclosure: float = 0.0
    reward: float = 0.0
    attempts: list[Attempt] = msgspec.field(default_factory=list)
    diff: str = ""
    reference: Check | None = None
    stopped: Check | None = None
    invariants: Invariants | None = None

    @property
    def final(self) -> Attempt | None:
        """The last submission."""
        return last(self.attempts)
