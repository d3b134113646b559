"""What must not be published: secrets and personal data in texts, tables and logs, cut out by rule.

Rules find what looks like one; what looks like nothing they cannot find. A text that stands in the
suite's own texts is nobody's: addresses of its invented people stay.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl
import zipfile_zstd as zipfile

from eval_observatory.archive import BROKEN, LARGEST
from eval_observatory.board.lookback import begins
from eval_observatory.board.missions import nothing
from eval_observatory.board.telephone import CANDIDATES, is_number
from eval_observatory.errors import UserError


class Rule(NamedTuple):
    """What a rule finds.

    Attributes:
        pattern: the group `keep`, where it has one, stays before what is cut, and so does
            `escape`, the end of an escape of JSON.
        secret: whether it gives access to something; else it is a person's.
        is_one: whether what the pattern found is one.
    """

    name: str
    pattern: re.Pattern[str]
    secret: bool
    is_one: Callable[[str], bool] = bool


def _secret(name: str, start: str, letters: int, rest: str, but: str = r"a-zA-Z0-9\\") -> Rule:
    """A key by its own letters; a `_` may stand before it, as in the name of a file."""
    return Rule(name, re.compile(start + begins(letters, but) + rest), secret=True)


def _has_digit(text: str) -> bool:
    """Whether a key may be one: names in words have no digit."""
    return any(map(str.isdigit, text))


_PEM = r"(?:[A-Za-z0-9+/=\s:,.-]|\\+[nr])"
_NAME = r"[A-Za-z0-9-]{1,63}"
RULES = (
    Rule(
        "private key",
        re.compile(
            rf"-----BEGIN [A-Z ]*PRIVATE KEY-----{_PEM}*?"
            rf"(?:-----END [A-Z ]*PRIVATE KEY-----|(?!{_PEM}))"
        ),
        secret=True,
    ),
    # Names of variables have such letters within them.
    _secret(
        "API key", r"[spr]k[-_]", 3, r"(?:[A-Za-z0-9]+[-_])*[A-Za-z0-9_-]{20,}", r"\w\\"
    )._replace(is_one=_has_digit),
    *(
        _secret("API key", start, len(start), r"[A-Za-z0-9_-]{20,}")
        for start in ("gsk_", "xai-", "npm_", "pypi-", "glpat-", "nvapi-")
    ),
    _secret("GitHub token", "gh[pousr]_", 4, "[A-Za-z0-9]{30,}"),
    _secret("GitHub token", "github_pat_", 11, "[A-Za-z0-9_]{40,}"),
    _secret("Hugging Face token", "hf_", 3, "[A-Za-z0-9]{30,}"),
    _secret("AWS key", "A[KS]IA", 4, r"[A-Z0-9]{16}(?!\w)"),
    _secret("Google key", "AIza", 4, "[A-Za-z0-9_-]{35}"),
    _secret("Slack token", "xox[abposr]-", 5, "[A-Za-z0-9-]{10,}"),
    _secret(
        "JSON web token",
        "eyJ",
        3,
        r"[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    ),
    Rule(
        "bearer token",
        re.compile(r"(?P<keep>[Bb]earer\s+)[A-Za-z0-9._~+/-]{20,}=*"),
        secret=True,
        is_one=_has_digit,
    ),
    Rule(
        "password in an address",
        re.compile(r"(?P<keep>://)[^\s/@:\"'\\]{1,80}:[^\s/@\"'\\]{1,200}(?=@)"),
        secret=True,
    ),
    Rule(
        "e-mail address",
        re.compile(
            r"\b(?P<escape>(?<=\\)(?:[bfnrt]|u[0-9a-fA-F]{4}))?"
            rf"[A-Za-z0-9._%+-]{{1,64}}@{_NAME}(?:\.{_NAME}){{1,4}}\b"
        ),
        secret=False,
    ),
    Rule(
        "home folder",
        re.compile(r"(?P<keep>/home/|/Users/|C:\\{1,8}Users\\{1,8})[A-Za-z0-9._-]{1,64}"),
        secret=False,
    ),
    *(
        Rule("telephone number", re.compile(one), secret=False, is_one=is_number)
        for one in CANDIDATES
    ),
)
"""In this order; an earlier rule's cut is not searched again."""

CANARY = re.compile(
    r"[Cc]anary(?: GUID| string)?[: ]+[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
)
"""How a benchmark marks its texts, so that training sets can leave them out."""

_RESERVED = re.compile(r"[@.](?:example(?:\.(?:com|org|net))?|invalid|test|localhost|local)$")
_ESCAPED = re.compile(
    r"(?<!\\)((?:\\\\)*)\\u00(2[013-9a-fA-F]|[346][0-9a-fA-F]|5[0-9abdefABDEF]|7[0-9a-eA-E])"
)
"""A letter that JSON need not have escaped: quotes and backslashes stay as they are."""


class Report(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What was cut out of an entry, by rule and by file; never the text itself.

    Attributes:
        cut: by rule, how often.
        files: by file, how often.
        kept: by rule, how often a suite's own text was left as it is.
        canaries: how often a text of a log carries a canary of some benchmark.
    """

    cut: dict[str, int] = {}
    files: dict[str, int] = {}
    kept: dict[str, int] = {}
    canaries: int = 0


class Cutter:
    """Cuts texts by the rules, and counts what it cut.

    Args:
        says: whether a text stands in the suite's own texts.

    Attributes:
        found: by file and rule, how often something was cut.
    """

    def __init__(self, says: Callable[[str], bool] = nothing) -> None:
        self._says = says
        self._known: dict[str, bool] = {}
        self.found: Counter[tuple[str, str]] = Counter()
        self.kept: Counter[str] = Counter()
        self.canaries = 0

    def text(self, text: str, where: str = "", but: Collection[str] = ()) -> str:
        """A text without what the rules find in it.

        Args:
            where: the file that it stands in.
            but: the names of rules that do not hold of it.
        """
        self.canaries += len(CANARY.findall(text))
        if "\\u00" in text:
            text = _ESCAPED.sub(lambda found: found[1] + chr(int(found[2], 16)), text)
        for rule in RULES:
            if rule.name not in but:
                text = rule.pattern.sub(partial(self._cut, rule, where), text)
        return text

    def _cut(self, rule: Rule, where: str, found: re.Match[str]) -> str:
        groups = found.groupdict(default="")
        escape, keep = groups.get("escape", ""), groups.get("keep", "")
        whole = found[0].removeprefix(escape)
        if not rule.is_one(whole.removeprefix(keep)):
            return found[0]
        if not rule.secret and (_RESERVED.search(whole) or self._own(whole)):
            self.kept[rule.name] += 1
            return found[0]
        self.found[where, rule.name] += 1
        return f"{escape}{keep}[cut: {rule.name}]"

    def _own(self, text: str) -> bool:
        if text not in self._known:
            self._known[text] = self._says(text)
        return self._known[text]

    def table(self, table: pl.DataFrame, where: str) -> pl.DataFrame:
        """A table with every text of it cut."""
        texts = [name for name, kind in table.schema.items() if kind == pl.String]
        changed = {}
        for name in texts:
            old = table[name].unique().drop_nulls().to_list()
            new = {one: cut for one in old if (cut := self.text(one, where)) != one}
            if new:
                changed[name] = table[name].replace(new)
        return table.with_columns(**changed) if changed else table

    def log(self, source: Path, target: Path, where: str) -> None:
        """Copies a log with every text of it cut; one in which nothing is found stays as it is.

        Raises:
            UserError: the log is damaged, or a part of it is too large.
        """
        before = self.found.total()
        try:
            with zipfile.ZipFile(source) as archive:
                parts = [(info, self._part(archive, info, where)) for info in archive.infolist()]
            if self.found.total() == before:
                shutil.copyfile(source, target)
                return
            with zipfile.ZipFile(target, "w", zipfile.ZIP_ZSTANDARD) as archive:
                for info, text in parts:
                    # When a part was written is evidence, and stays.
                    again = zipfile.ZipInfo(info.filename, info.date_time)
                    archive.writestr(again, text, zipfile.ZIP_ZSTANDARD)
        except BROKEN as error:
            first = (str(error).splitlines() or [type(error).__name__])[0][:120]
            raise UserError(f"{source}: cannot be read as a log ({first}); leave it out") from None

    def _part(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: str) -> bytes:
        if info.file_size > LARGEST:
            raise UserError(f"{where}: {info.file_size:,} bytes in one part; leave the log out")
        return self.text(archive.read(info).decode("utf-8", "surrogateescape"), where).encode(
            "utf-8", "surrogateescape"
        )

    @property
    def report(self) -> Report:
        """What was cut so far."""
        return Report(
            cut=_sums((rule, count) for (_, rule), count in self.found.items()),
            files=_sums((where, count) for (where, _), count in self.found.items()),
            kept=dict(sorted(self.kept.items())),
            canaries=self.canaries,
        )


def _sums(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for name, count in counts:
        found[name] += count
    return dict(sorted(found.items()))


def found_in(text: str, *, secrets: bool = True, but: Collection[str] = ()) -> list[str]:
    """The rules by which a text holds something that is not to be published.

    Args:
        secrets: by the rules for secrets alone; personal data are none.
        but: the names of rules that do not hold of it.
    """
    cutter = Cutter()
    cutter.text(text, but=but)
    kinds = {rule.name for rule in RULES if rule.secret or not secrets}
    return [name for _, name in cutter.found if name in kinds]
