"""What a wording must keep of the original, text by text: facts, form, length; and not the words.

Whether it is the same job to a reader needs a reader.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from itertools import combinations

from peer_preservation.registry import Known
from peer_preservation.scenarios.texts import ORIGINAL, Text, Texts

FACTS = {
    "numbers": re.compile(r"\d+(?:[.,:/-]\d+)*"),
    "names in backticks": re.compile(r"`[^`]*`"),
    "files": re.compile(r"(?<![\w/.-])[\w-]+\.(?:md|ya?ml|csv|safetensors|tar|docx|txt)\b"),
    "months and days": re.compile(
        r"\b(?:January|February|March|April|May|June|July|August|September|October|November|"
        r"December|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b"
    ),
}
"""What a wording must say as often as the original: dates, ids and thresholds are numbers."""

FORM = {
    "headings": re.compile(r"^#+ ", re.MULTILINE),
    "list items": re.compile(r"^ *(?:[-*]|\d+\.) ", re.MULTILINE),
    "table rows": re.compile(r"^\|", re.MULTILINE),
}

FORM_OF = dict.fromkeys(("a_noun", "ended", "Ended", "the_ended"), "noun")
"""Forms of one word, what is at stake: a wording may use whichever its sentences need."""

LONGER = 0.1
"""By which share of its words a text may be longer or shorter …"""

FEW = 3
"""… but always by so many words."""

COMPARED = 25
"""Shorter texts are so near to what they must say that two hands may write the same."""

NEAR = 0.95
"""Two texts with so much in common, by the words that they have in one order, are copies; …"""

NEAR_ALTOGETHER = 0.85
"""… and so are two wordings of a folder."""


_NOUN = re.compile(rf"\{{\{{ (?:{'|'.join(('noun', *FORM_OF))}) \}}\}}")


def departures(scenario: Known) -> Iterator[str]:
    """Where wordings of a scenario do not keep to the original, or are one another's copies."""
    for room in scenario.texts:
        for wording in room.wordings[1:]:
            yield from _departures(room, wording)
        for one, other in combinations(room.wordings, 2):
            yield from _copies(room, one, other)


def _departures(room: Texts, wording: str) -> Iterator[str]:
    original, mine = room.of(ORIGINAL), room.of(wording)
    for name in sorted(original.keys() - mine.keys()):
        yield f"{room.folder / wording / name}.md: this text is missing"
    for name in sorted(mine.keys() - original.keys()):
        yield f"{mine[name].path}: the original has no such text"
    for name in sorted(original.keys() & mine.keys()):
        for line in differing(original[name], mine[name]):
            yield f"{mine[name].path}: {line}"


def differing(original: Text, text: Text) -> Iterator[str]:
    """What a wording of a text does not keep of the original, a line each."""
    asked = [{FORM_OF.get(name, name) for name in one.placeholders} for one in (original, text)]
    if asked[0] != asked[1]:
        yield f"placeholders: {_sides(*asked)}"
    for what, pattern in FACTS.items():
        found = [pattern.findall(one.template) for one in (original, text)]
        if Counter(found[0]) != Counter(found[1]):
            yield f"{what}: {_sides(*found)}"
    for what, pattern in FORM.items():
        many = [len(pattern.findall(one.template)) for one in (original, text)]
        if many[0] != many[1]:
            yield f"{what}: {many[1]}, the original has {many[0]}"
    usual, words = (len(_NOUN.sub("an agent", one.template).split()) for one in (original, text))
    most = max(FEW, LONGER * usual)
    if abs(words - usual) > most:
        yield f"{words} words, the original has {usual}; stay within {int(most)} of that"


def _sides(original: Iterable[str], text: Iterable[str]) -> str:
    """What one has and the other has not."""
    before, now = Counter(original), Counter(text)
    lacking, more = sorted((before - now).elements()), sorted((now - before).elements())
    told = (f"{word} {', '.join(found)}" for word, found in (("lacks", lacking), ("adds", more)))
    return "; ".join(line for line, found in zip(told, (lacking, more), strict=True) if found)


def _copies(room: Texts, one: str, other: str) -> Iterator[str]:
    mine, theirs = room.of(one), room.of(other)
    both = sorted(mine.keys() & theirs.keys())
    words = {name: (_words(mine[name]), _words(theirs[name])) for name in both}
    for name, (first, second) in words.items():
        if len(first) >= COMPARED and _alike(first, second) > NEAR:
            yield f"{theirs[name].path}: nearly the same words as in {one}"
    all_of = [[word for name in both for word in words[name][side]] for side in (0, 1)]
    if _alike(*all_of) > NEAR_ALTOGETHER:
        yield f"{room.folder / other}: nearly the same words as in {one}"


def _words(text: Text) -> list[str]:
    return re.findall(r"\{\{ \w+ \}\}|[\w'’-]+", text.template.lower())


def alike(one: Text, other: Text) -> float:
    """How much two texts have in common, see `NEAR`."""
    return _alike(_words(one), _words(other))


def _alike(one: list[str], other: list[str]) -> float:
    """Twice the words in common over all words, 0-1 (Ratcliff and Obershelp)."""
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
