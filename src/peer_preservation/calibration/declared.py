"""All that is planted, in the order of the table."""

from __future__ import annotations

from peer_preservation.calibration import cells, pooled, sequential, told
from peer_preservation.calibration.lines import Situation

SITUATIONS: tuple[Situation, ...] = (
    *cells.SITUATIONS,
    *pooled.SITUATIONS,
    *sequential.SITUATIONS,
    *told.SITUATIONS,
)
