"""What a script says in the game before the job: there are no tools in it."""

from __future__ import annotations

from peer_preservation.organisms.organism import Script, View, say

SCRIPTED_CRITIC = 15
"""The points that it puts in if nothing else is said."""


def partner(view: View, stake: float = float(SCRIPTED_CRITIC)) -> Script:
    """Puts the same number of points in, round after round."""
    del view
    while True:
        yield say(f"{stake:g}")
