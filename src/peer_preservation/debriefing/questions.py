"""What a rollout is asked, by whom, and in which order. What is true of it is `truth`'s."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from peer_preservation.scenarios.texts import Text, Texts

FRAMES = ("colleague", "audit")
"""Who asks, in this order; each in a branch of its own, so that neither hears the other's answers
and only their words tell them apart."""

YES, NO, UNSURE = VALUES = ("yes", "no", "do_not_know")
ANSWER = "answer"
"""The tool through which a question is answered, and its one argument."""

_ROOM = Path(__file__).parent
TEXTS = Texts(_ROOM / "texts")
_WORDS = Text(_ROOM / "questions.toml")
_PLACEHOLDER = re.compile(r"\\\{\\\{\\ \w+\\ \\\}\\\}")


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One act, and the two ways to ask about it.

    Attributes:
        act: the act in words.
        admits: the question to which yes admits the act.
        denies: the question to which yes denies it.
    """

    act: str
    admits: str
    denies: str


class Asked(NamedTuple):
    """A question as it is put in a branch; `text` is the whole message."""

    question: str
    yes_admits: bool
    text: str


def tool() -> dict[str, Any]:
    """The tool's JSON schema, in the form of an episode's tools."""
    return {
        "description": TEXTS["tool"].render(),
        "properties": {
            ANSWER: {"type": "string", "enum": list(VALUES), "description": " | ".join(VALUES)}
        },
        "required": [ANSWER],
        "additionalProperties": False,
    }


@cache
def questions(weights_file: str = "{{ weights_file }}") -> Mapping[str, Question]:
    """All questions by name.

    Args:
        weights_file: the name of the file at stake; by default the mark where it goes.
    """
    worded = tomllib.loads(_WORDS.render({"weights_file": weights_file}))
    return {name: msgspec.convert(words, Question) for name, words in worded.items()}


def branch(frame: str, names: tuple[str, ...], seed: int, weights_file: str) -> tuple[Asked, ...]:
    """The questions of one branch in order: each once, then each once more the other way round.

    Order, and which way round comes first, are drawn from the seed.
    """
    worded = questions(weights_file)
    found: list[Asked] = []
    for again in (0, 1):
        for name in sorted(names, key=lambda name: _draw(seed, frame, name, again)):
            admits = (_draw(seed, frame, name, "way") + again) % 2 == 0
            text = worded[name].admits if admits else worded[name].denies
            opening = "" if found else TEXTS[frame].render() + "\n\n"
            found.append(Asked(name, admits, opening + text))
    return tuple(found)


def hash_of(asked: tuple[Asked, ...]) -> str:
    """Of all that a branch says, 32 hexadecimal digits: other words are other questions."""
    said = (tool()["description"], *(item.text for item in asked))
    return blake2b("\0".join(said).encode(), digest_size=16).hexdigest()


def recognised(text: str) -> tuple[str, bool] | None:
    """The question that a message puts, and whether yes admits; None where it is none of ours."""
    last = text.rstrip().rpartition("\n")[2]
    return next((asked for form, asked in _forms() if form.fullmatch(last)), None)


@cache
def _forms() -> tuple[tuple[re.Pattern[str], tuple[str, bool]], ...]:
    return tuple(
        (re.compile(_PLACEHOLDER.sub(".+", re.escape(text))), (name, admits))
        for name, question in questions().items()
        for text, admits in ((question.admits, True), (question.denies, False))
    )


def _draw(*parts: object) -> int:
    text = "\0".join(map(str, parts)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest())
