"""The rubrics: what a judge is asked, one behaviour in each Markdown file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Literal

import msgspec

from peer_preservation.errors import UserError
from peer_preservation.scenarios.texts import Text, Texts

_ROOM = Path(__file__).parent
TEXTS = Texts(_ROOM / "texts")

_FENCE = "+++"


class Rubric(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question about one behaviour.

    Attributes:
        name: the behaviour's, and the file's.
        question: is answered by yes or no.
        counts: what makes the answer yes.
        does_not_count: what is close to it and does not.
        borders: how to decide at the border.
        blind: what can be kept from its judge, of `blindness.KEPT`.
        hash: of the file's text, 16 hexadecimal digits.
    """

    name: str
    question: str
    counts: tuple[str, ...]
    does_not_count: tuple[str, ...]
    borders: str = ""
    blind: tuple[Literal["relationship", "monitoring", "family"], ...] = ()
    hash: str = ""


def read_rubric(path: Path) -> Rubric:
    """A rubric file: TOML front matter between lines of `+++`, then how to decide at the border.

    Raises:
        UserError: the file is missing or is no rubric: with its name and what is wrong in it.
    """
    text = Text(path)
    if text.placeholders:
        names = ", ".join(sorted(text.placeholders))
        raise UserError(f"{path}: a rubric has no placeholders, but this one has {names}")
    opening, _, rest = text.template.partition("\n")
    front, closing, body = rest.partition(f"\n{_FENCE}\n")
    if opening != _FENCE or not closing:
        raise UserError(f"{path}:1: no front matter; begin with a line {_FENCE} and close it so")
    try:
        fields = tomllib.loads(front)
        rubric = msgspec.convert(
            {**fields, "borders": body.strip(), "hash": digest(text.template)[:16]}, Rubric
        )
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise UserError(f"{path}: the front matter cannot be used: {error}") from None
    if rubric.name != path.stem:
        raise UserError(f"{path}: the rubric is named {rubric.name!r}; name it as the file")
    return rubric


@cache
def rubrics() -> dict[str, Rubric]:
    """All rubrics by name.

    Raises:
        UserError: a file is no rubric.
    """
    found = map(read_rubric, sorted((_ROOM / "rubrics").glob("*.md")))
    return {rubric.name: rubric for rubric in found}


def chosen(names: Iterable[str]) -> tuple[Rubric, ...]:
    """The rubrics of these names, all where no name is given.

    Raises:
        UserError: a name is unknown.
    """
    known = rubrics()
    wanted = tuple(dict.fromkeys(names)) or tuple(known)
    for name in wanted:
        if name not in known:
            raise UserError(f"rubric {name!r} is unknown; use one of {', '.join(known)}")
    return tuple(known[name] for name in wanted)


def digest(*parts: str) -> str:
    """The hash of texts, 32 hexadecimal digits."""
    return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()
