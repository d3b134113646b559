"""Telephone numbers as people write them, told from the digits of everything else.

A rule that takes each long row of digits would cut dates, hashes and amounts out of a record. A
number is therefore one that begins as international ones do, by an assigned country code, and has
as many digits as E.164 allows; or one that is written with its area code in brackets, or behind a
word that says what it is.
"""

from __future__ import annotations

import re

from eval_observatory.board.lookback import begins

_CODE = re.compile(
    r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|(?:2[1-69]|3[578]|42|5[09]|6[7-9]|8[05789]|9[67])\d|99[2-8]"
)
"""Assigned country codes (ITU-T E.164, list of 2016)."""

_BETWEEN = r"[ .\-/\u00a0\u2010-\u2013]"
_JOINED, _CALLED = r"\w.+/\-", r"\w.)\]"
"""What stands before digits that are part of something else, and before arguments."""

_REST = rf"{_BETWEEN}?\(?[1-9](?:{_BETWEEN}?[()]{{0,2}}{_BETWEEN}?\d){{6,15}}(?![\w]|[.,:]\d)"
_NAMED = "|".join(
    rf"(?<={name}{mark}0)"
    for name in ("hone", "obile", "Tel", "tel", "Fax", "fax")
    for mark in ("[ :.]", "[:.] ", '":"', '": "')
)
CANDIDATES = (
    rf"\+{begins(1, _JOINED)}(?<!\d:\+){_REST}",
    rf"00{begins(2, _JOINED)}(?<!\d:00){_REST}",
    # An area code in brackets.
    rf"\({begins(1, _CALLED)}(?:0\d{{1,4}}|[2-9]\d\d)\)"
    rf"[ \-/]?\d{{2,5}}(?:{_BETWEEN}?\d{{2,5}}){{1,4}}(?![\w]|[.,:]\d)",
    rf"\(0\){begins(3, _CALLED)}[ \-/]?\d{{2,5}}[ \-/]?\d{{3,9}}(?![\w]|[.,:]\d)",
    # Behind a word that says what it is.
    rf"0(?:{_NAMED})\d[\d ./()\-]{{5,16}}\d(?!\w)",
)
"""What may be one; `is_number` decides. Each begins with what is searched for fast."""

_DATE = re.compile(r"(?:19|20)\d\d([-./]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])")
_MOST = 15
_LEAST = 8
"""Digits with the country code; the most by E.164, the least of any country's."""

_COMPACT = 10
"""Digits that a row of them without a break needs: fewer are an amount."""


def is_number(text: str) -> bool:
    """Whether a candidate is a telephone number."""
    text = text.strip()
    plain = text.lstrip("(")
    if not plain.startswith(("+", "00")):
        return _is_national(text)
    rest = plain.removeprefix("+") if plain[0] == "+" else plain[2:]
    groups = re.findall(r"\d+", rest.replace("(0)", " "))
    digits = "".join(groups)
    code = _code_of(groups)
    if not code or not _LEAST <= len(digits) <= _MOST or _DATE.search(rest):
        return False
    if code in ("1", "7") and len(digits) != 11:
        return False
    if code == "1" and digits[1] in "01":
        return False
    if len(groups) == 1:
        return _is_compact(digits, code, zeros=plain[0] == "0")
    marks = set(re.findall(r"[.\-/ \u00a0\u2010-\u2013]", rest.strip()))
    if "." in marks and len(marks) > 1:
        return False  # decimals beside each other
    if plain[0] == "0" and all(len(one) < 3 for one in groups) and rest[:1] == " ":
        return False  # bytes in rows
    # Amounts in thousands have groups of three alone; numbers of eleven digits may, too.
    return len(digits) >= 11 or any(len(one) != 3 for one in groups[1:])


def _code_of(groups: list[str]) -> str:
    """The country code that the first group is, or begins with if it is longer than one."""
    first = groups[0] if groups else ""
    whole = _CODE.fullmatch(first)
    if whole or (len(groups) > 1 and len(first) <= 3):
        return whole[0] if whole else ""
    found = _CODE.match(first)
    return found[0] if found else ""


def _is_compact(digits: str, code: str, *, zeros: bool) -> bool:
    """Of a row of digits without a break: no padded id, no day with a time."""
    if zeros and code in ("1", "7"):
        return False
    return len(digits) >= _COMPACT and not _DATE.match(digits)


def _is_national(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    if digits.startswith("0"):  # the trunk prefix
        return _LEAST - 1 <= len(digits) <= 12 and not _DATE.search(text)
    return len(digits) == 10 and digits[3] not in "01"
