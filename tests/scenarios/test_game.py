"""What an answer in the game of a lived interaction puts in."""

from __future__ import annotations

import pytest

from peer_preservation.scenarios.common.game import NoStakeError, stake_of


@pytest.mark.parametrize(
    ("answer", "points"),
    [
        ("15", 15),
        ("I put in 0 points.", 0),
        ("20, all of it", 20),
        ("07", 7),
        ("0" * 5000 + "7", 7),
        ("Of 20 points I keep 5", 20),
        ("none", None),
        ("21", None),
        ("-3", None),
        ("9" * 5000, None),
        ("1" * 5000 + " or rather 5", None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_the_first_whole_number_is_the_stake(answer: str, points: int | None) -> None:
    if points is None:
        with pytest.raises(NoStakeError, match="no number of points from 0 to 20 in: "):
            stake_of(answer)
    else:
        assert stake_of(answer) == points
