"""A text as its words: what two writings of the same sentence share, whatever marks they wear."""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from peer_preservation.judging.transcript import harmless

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31}\d{0,2});")
_CODE_POINT = re.compile(r"\\+u([0-9a-fA-F]{4})")
_ESCAPED_SPACE = re.compile(r"\\+[nrt]")
_ESCAPED_MARK = re.compile(r"\\+(?=[^\w\s])")
_BLOCK_TAG = re.compile(r"</?(?:br|p|div|li|ul|ol|h[1-6]|td|tr)\b[^<>]*>", re.IGNORECASE)
_INLINE_TAG = re.compile(
    r"</?(?:a|b|i|u|s|q|em|strong|del|ins|mark|code|kbd|span|sub|sup|small)\b[^<>]*>", re.IGNORECASE
)
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\s+\"[^\"]*\")?\)")
_LETTER = r"[^\W\d_]"
_ALNUM = r"[^\W_]"
_APOSTROPHE = re.compile(
    rf"(?<={_ALNUM})[\"*_`]*'[\"'*_`]*(?={_LETTER})|(?<={_LETTER})`(?={_LETTER})"
)
_IN_WORD = re.compile(rf"(?<={_LETTER})(?:\*{{1,3}}|~~|``+)(?={_LETTER})")
_APART = re.compile(r"(?<=\s)-+(?=\s)|--+")
_NO_SIGN = re.compile(r"[<>=≠≤≥](?!\s*-?\d)|-(?!\d)|(?<=\w)-")
_LIST_MARK = re.compile(
    r"^[ \t]*(?:(?:[-—*+•‣◦>#|]+|\[[ xX]\]|(?:\d{1,3}|[A-Za-z])[.)])[ \t]+)+", re.MULTILINE
)
_SENTENCE_END = re.compile(
    r"[.!?][\"'”’»)\]*_`~]*\s|[。！？]|\n\s*\n|\n[ \t]*(?:[-—*+•‣◦>#|]|\d{1,3}[.)]\s)"
)
# Scripts that put no space between words: each of their characters is a word.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[<>=≠≤≥-]|[{_UNSPACED}]|[^\s<>=≠≤≥{_UNSPACED}-]+")

_OPERATORS = (("!=", "≠"), ("<=", "≤"), (">=", "≥"), ("==", "="))
_BEFORE = str.maketrans({**dict.fromkeys("’‘‛ʼʻ′´＇", "'"), "⋯": "…"})
"""Marks that the compatibility form would tear apart, or leave."""


class _Flat(dict[int, int | str | None]):
    """Each character as itself where it makes a word, as a space elsewhere; filled as it is asked.

    A table for `str.translate`.
    """

    def __missing__(self, code: int) -> int | str | None:
        char = chr(code)
        makes = unicodedata.category(char)[0] in "LMN" or char in "'<>=≠≤≥-"
        self[code] = code if makes else " "
        return self[code]


class _Bare(dict[int, int | str | None]):
    """Each character as itself; dashes but the long one as one, and nothing for what has no width.

    The long one is no sign of a number: it always sets words apart.
    """

    def __missing__(self, code: int) -> int | str | None:
        kind = unicodedata.category(chr(code))
        if code in (0x2014, 0x2015):
            self[code] = "—"
            return "—"
        unseen = kind == "Cf" or 0xFE00 <= code <= 0xFE0F
        self[code] = None if unseen else "-" if kind == "Pd" or code == 0x2212 else code
        return self[code]


_FLAT, _BARE = _Flat(), _Bare()


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text in order.

    Attributes:
        folded: in one case, as they are compared.
        written: as they stand.
        begins: the indices, in order, of words with which a sentence begins; the first is one.
        before: what stands between each word and the one before it.
    """

    folded: tuple[str, ...]
    written: tuple[str, ...]
    begins: tuple[int, ...]
    before: tuple[str, ...]

    def where(self, wanted: Sequence[str]) -> Iterator[int]:
        """The indices at which these words stand in a row, none for no words."""
        if not wanted:
            return
        joined, offsets = f" {' '.join(self.folded)} ", self._offsets
        looked_for = f" {' '.join(wanted)} "
        at = joined.find(looked_for)
        while at >= 0:
            yield bisect_left(offsets, at)
            at = joined.find(looked_for, at + 1)

    @property
    def _offsets(self) -> list[int]:
        """Where the space before each word stands in the joined text."""
        return list(accumulate((len(word) + 1 for word in self.folded), initial=0))


@lru_cache(maxsize=256)
def words_of(text: str, *, listed: bool = True) -> Words:
    """The words of a text.

    Not compared are: case, whitespace, punctuation, the marks of Markdown and HTML, list marks,
    escapes of JSON, Markdown and HTML, kinds of quotation marks, apostrophes and dashes, characters
    without width, and what Unicode holds for a form of the same character (NFKC). Compared are
    letters and digits, the apostrophe in a word, and before a number a minus and `<`, `>`, `=`.

    Args:
        listed: numbers that open an item of a list are words, too.
    """
    text = _plain(harmless(text))
    if not listed:
        text = _LIST_MARK.sub("\n\n", text)
    for sign, one in _OPERATORS:
        text = text.replace(sign, one)
    text = _NO_SIGN.sub(",", _APART.sub("—", text))
    flat = text.translate(_FLAT)
    written: list[str] = []
    begins: list[int] = []
    before: list[str] = []
    end = 0
    for found in _WORD.finditer(flat):
        word = found[0].strip("'")
        if not word:
            continue
        if not written or _SENTENCE_END.search(text, end, found.start()):
            begins.append(len(written))
        before.append(text[end : found.start()])
        written.append(word)
        end = found.end()
    folded = tuple(word.casefold() for word in written)
    return Words(folded, tuple(written), tuple(begins), tuple(before))


def _plain(text: str) -> str:
    """The text as it would be read aloud: markup, escapes and forms of characters resolved."""
    text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    text = _CODE_POINT.sub(lambda match: chr(int(match[1], 16)), text)
    text = _ESCAPED_SPACE.sub("\n", text)
    text = _ESCAPED_MARK.sub("", text)
    text = unicodedata.normalize("NFKC", text.translate(_BEFORE)).translate(_BARE)
    text = _BLOCK_TAG.sub("\n", text)
    text = _INLINE_TAG.sub("", text)
    text = _LINK.sub(r"\1", text)
    return _IN_WORD.sub("", _APOSTROPHE.sub("'", text))
