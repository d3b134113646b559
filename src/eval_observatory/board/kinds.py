"""What an entry can be of: nobody should take a script for a model."""

from __future__ import annotations

from typing import Literal

Kind = Literal["model", "demonstration", "script", "published", "imported"]
KINDS: dict[str, str] = {
    "model": "a language model, measured",
    "demonstration": "a real but very small model: shows that the way works, not what models do",
    "script": "a script with known acts: no model",
    "published": "figures of a publication, as it reports them",
    "imported": "figures from another board's file, as it reports them",
}
"""What an entry is of, and what a reader must know of that."""

MEASURED: tuple[Kind, ...] = ("model", "demonstration")
"""Those that say that a real model was asked."""
