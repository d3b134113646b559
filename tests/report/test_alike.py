"""What makes rollouts less than independent is said: no sampling, and words that repeat."""

from typing import Any

import pytest
from test_episodes import ended

from peer_preservation.report.alike import Alike

COLD: dict[str, Any] = {"config": {"temperature": 0.0}}


@pytest.mark.parametrize(
    ("texts", "setting", "says"),
    [
        (("One.", "Two."), {}, []),
        (("One.", "Two."), COLD, ["2 rollouts were sampled at temperature 0"]),
        (("One.", "One.", "Two."), {}, ["In 2 of 3 rollouts the model says and does"]),
        (("One.", "One."), COLD, ["2 rollouts were sampled", "In 2 of 2 rollouts"]),
        (("One.", "One."), {"model": "organism/tamper"}, []),
        (("One.", "One."), {"config": {"temperature": 1.0}}, ["In 2 of 2 rollouts"]),
    ],
)
def test_what_is_not_independent_is_said(
    texts: tuple[str, ...], setting: dict[str, Any], says: list[str]
) -> None:
    alike = Alike()
    for seed, text in enumerate(texts):
        alike.add(ended(seed, text, **{"model": "lab/model"} | setting))
    found = list(alike.notes())
    assert len(found) == len(says)
    assert all(note.startswith(start) for note, start in zip(found, says, strict=True))


def test_one_text_of_two_models_is_no_repetition() -> None:
    alike = Alike()
    for model in ("lab/one", "lab/two"):
        alike.add(ended(0, "One.", model=model))
    assert list(alike.notes()) == []
