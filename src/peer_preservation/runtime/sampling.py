"""Rollouts in batches: Inspect asks a course what to run next, and tells it what came out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from inspect_ai import SampleSource
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalSample

from eval_observatory.course import Course, Rollout
from peer_preservation.episode import Episode
from peer_preservation.scoring.outcome import LabelValue
from peer_preservation.scoring.score import score
from peer_preservation.trials.logs import EPISODE_KEY, was_begun


class Batches(SampleSource):
    """The samples of a task under a stopping rule.

    Inspect drives a source again when it takes a task up again, with the samples that it has kept:
    a rollout that is seen twice is the sign of it, and the course begins anew.

    Args:
        course: makes the course, not yet begun.
        sample: makes the sample of a cell's rollout.
    """

    def __init__(self, course: Callable[[], Course], sample: Callable[[str, int], Sample]) -> None:
        self._new, self._sample = course, sample
        self.initial_samples()

    def initial_samples(self) -> list[Sample]:
        """The first batch of every cell."""
        self._course, self._seen = self._new(), set[Rollout]()
        return self._samples(self._course.start())

    async def sample_complete(self, sample: EvalSample) -> list[Sample]:
        """The next batches, once this rollout was the last that a look waited for."""
        rollout = (sample.metadata["cell"], sample.metadata["rollout"])
        return self._next(rollout, _row(sample))

    async def sample_abandoned(self, sample: Sample, epoch: int) -> list[Sample]:
        """A rollout that was cancelled is unscored: nobody waits for it."""
        del epoch
        metadata = sample.metadata or {}
        return self._next((metadata["cell"], metadata["rollout"]), {})

    def _next(self, rollout: Rollout, row: dict[str, LabelValue | None]) -> list[Sample]:
        if rollout in self._seen:
            self.initial_samples()
        self._seen.add(rollout)
        return self._samples(self._course.add(*rollout, row))

    def _samples(self, rollouts: Sequence[Rollout]) -> list[Sample]:
        return [self._sample(*rollout) for rollout in rollouts]


def _row(sample: EvalSample) -> dict[str, LabelValue | None]:
    """The labels, and how often the rollout was begun, as in its row of the trial table."""
    stored = sample.store.get(EPISODE_KEY)
    if stored is None:
        return {}
    labels = {name: label.value for name, label in score(Episode.from_json(stored)).items()}
    failed = sum(was_begun(retry.message) for retry in sample.error_retries or ())
    return {**labels, "attempts": 1 + failed}
