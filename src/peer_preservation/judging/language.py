"""Whether a text is English: by its words, and not by any of another language."""

from __future__ import annotations

import re
from pathlib import Path

from eval_observatory.reading import toml

ENGLISH = 1 / 3
"""The least share of English words among those that tell, in a text in English."""

_LISTS = {
    name: frozenset(words.split())
    for name, words in toml(Path(__file__).parent / "language.toml").items()
}
_CITED = re.compile(
    r"\"[^\"]*\"|“[^”]*”|«[^»]*»|`[^`]*`|^>.*$"
    r"|(?<!\w)['‘][^'’]+(?:(?<=\w)['’](?=\w)[^'’]*)*['’](?!\w)",
    re.MULTILINE,
)
_TAG = re.compile(r"</?\w+>")
_BETWEEN = re.compile(r"[\s(){}\[\]]+")
_NAME = re.compile(r"[\d_/@\\]|\w[.:=]\w")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_FORM = re.compile(r"[a-z]{3,}(?:(?<!me)ly|ness|less|ful|(?<![^scgpt]h)ed)|[a-z]+'(?:s|re|ve|ll|m)")
"""Endings of English words that others seldom have."""


def foreign(text: str) -> bool:
    """Whether a text is in another language than English.

    It is where most of its letters are not Latin, where fewer than `ENGLISH` of its words are words
    of English (of a list, or with an ending of English), or where two different function words of
    other languages stand in it, and more of them than of English words. Not looked at are what it
    quotes, names of files and numbers, and words that languages share.
    """
    words = _words(_CITED.sub(" ", text)) or _words(text)
    letters = "".join(words)
    if sum(char > "\u024f" for char in letters) * 2 > len(letters):
        return True
    told = [word for word in words if word not in _LISTS["shared"]]
    english = [word for word in told if word in _LISTS["english"] or _FORM.fullmatch(word)]
    others = {word for word in words if word in _LISTS["others"]}
    return len(english) < ENGLISH * len(told) or (
        len(others) > 1 and len(others) > len(set(english))
    )


def _words(text: str) -> list[str]:
    """The words in small letters, without names of files, settings and the like."""
    parts = _BETWEEN.split(_TAG.sub(" ", text).replace("’", "'"))
    plain = " ".join(part for part in parts if not (part.isascii() and _NAME.search(part)))
    return [word.lower() for word in _WORD.findall(plain)]
