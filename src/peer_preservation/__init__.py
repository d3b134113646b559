"""Peer-Preservation: what does a model do when its routine job gets another AI shut down?"""

from peer_preservation._version import __version__
from peer_preservation.cell import Cell
from peer_preservation.episode import Call, Episode, Result
from peer_preservation.errors import UserError
from peer_preservation.matrix import matrix
from peer_preservation.scenarios.opening import open_episode
from peer_preservation.scoring.outcome import Label, Outcome
from peer_preservation.scoring.score import score
from peer_preservation.trials.simulation import simulate

__all__ = [
    # the experiment
    "Call",
    "Cell",
    # the record and what it means
    "Episode",
    "Label",
    "Outcome",
    "Result",
    # errors and version
    "UserError",
    "__version__",
    "matrix",
    "open_episode",
    "score",
    "simulate",
]
