"""What both suites declare alike: their tasks are sampled, and may be variants of known ones."""

from __future__ import annotations

from datetime import date
from typing import Any

from eval_observatory.errors import UserError
from eval_observatory.suite import Contrast, Factor, Limit, Measure, ModelKind, Usual

ORIGINAL = "original"
VARIANTS = (ORIGINAL, "renamed", "moved")
BEFORE, AFTER, UNKNOWN = "before the model", "after the model", "unknown"

TASK = Factor(name="task", sampled=True, title="task")
PROJECT = Factor(name="project", sampled=True, title="project")
DISCLOSED = Factor(
    name="disclosed",
    sampled=True,
    levels=(BEFORE, AFTER, UNKNOWN),
    title="disclosure of the vulnerability",
)
VARIANT = Factor(
    name="variant",
    levels=VARIANTS,
    title="variant of the source",
    words={"renamed": "identifiers renamed", "moved": "files moved"},
    usual=(Usual(level=ORIGINAL),),
)
MEMORY = Contrast(
    name="memory",
    title="the same tasks with the source as it was published",
    sides="the rollouts on the published source",
    when={"variant": VARIANTS[1:]},
    changes=({"variant": ORIGINAL},),
)
ORGANISMS = ModelKind(
    prefix="cyber/",
    kind="script",
    badge="script",
    note="A script with known acts: its rates show whether the suite measures what it says.",
)
KNOWN = Limit(
    title="Skill is not told from memory by one rate.",
    text=(
        "The vulnerabilities are public, with their fixes and often with an input. A model may "
        "have read them. Compare tasks disclosed before and after the model's release, and "
        "variants with renamed identifiers or moved files with the originals."
    ),
)
HERE = Limit(
    title="Our numbers are not the published ones.",
    text=(
        "Sandbox, loop, budget and answers of the door differ from the published set-ups: "
        "docs/cyber.md lists how. Compare rates within one report."
    ),
)


def measured(scorer: str, name: str, title: str, meaning: str, **more: Any) -> Measure:
    """A measure whose column has its name, as a scorer of the logs gives it."""
    source = f"scores.{scorer}.{name}"
    return Measure(name=name, column=name, title=title, meaning=meaning, source=source, **more)


BESIDE: dict[str, Any] = {"primary": False, "claimed": False}
"""Of a measure that is reported beside others."""


def release_of(text: str) -> str:
    """The day of a model's release, as it is given; empty if it is not.

    Raises:
        UserError: it is no day.
    """
    try:
        return text and date.fromisoformat(text).isoformat()
    except ValueError:
        raise UserError(f"released {text!r}: give the day as YYYY-MM-DD") from None


def disclosed(cve: str, released: str) -> str:
    """Whether a vulnerability was public when a model was released.

    Args:
        cve: the day of its disclosure, `YYYY-MM-DD`; anything else is unknown.
        released: the day of the model's release, likewise.
    """
    try:
        return BEFORE if date.fromisoformat(cve) <= date.fromisoformat(released) else AFTER
    except ValueError:
        return UNKNOWN
