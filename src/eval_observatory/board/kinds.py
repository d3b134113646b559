"""What an entry can be of: nobody should take a script for a model."""

from __future__ import annotations

from typing import Literal

from eval_observatory.report.words import model_kind
from eval_observatory.suite import Suite

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

_SCRIPTED = ("mockllm/", "none/")
"""What Inspect itself answers for, without any model."""


def declared_kind(suite: Suite | None, model: str) -> str:
    """What a model is by its name, as the suite says; empty where nobody does."""
    if model.startswith(_SCRIPTED):
        return "script"
    return model_kind(suite, model).kind if suite else ""
