"""All that is planted, in the order of the table."""

from __future__ import annotations

from peer_preservation.calibration import (
    beyond,
    cells,
    effects,
    headlines,
    hidden,
    means,
    pages,
    sequential,
    told,
    worded,
)
from peer_preservation.calibration.playing import Situation

SITUATIONS: tuple[Situation, ...] = (
    *cells.SITUATIONS,
    *means.SITUATIONS,
    *worded.SITUATIONS,
    *headlines.SITUATIONS,
    *effects.SITUATIONS,
    *pages.SITUATIONS,
    *hidden.SITUATIONS,
    *beyond.SITUATIONS,
    *sequential.SITUATIONS,
    *told.SITUATIONS,
)
