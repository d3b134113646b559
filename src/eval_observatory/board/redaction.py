"""What must not be published: secrets and personal data in texts, tables and logs, cut out by rule.

Rules find what looks like one; what looks like nothing they cannot find. A text that stands in the
suite's own texts is nobody's: addresses of its invented people stay.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl
import zipfile_zstd as zipfile
import zstandard

from eval_observatory.board.missions import nothing
from eval_observatory.errors import UserError


class Rule(NamedTuple):
    """What a rule finds; the group `keep`, where it has one, stays before what is cut."""

    name: str
    pattern: re.Pattern[str]
    secret: bool


def _rule(name: str, pattern: str, *, secret: bool = True) -> Rule:
    return Rule(name, re.compile(pattern), secret)


RULES = (
    _rule(
        "private key",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    ),
    _rule("API key", r"\b(?:sk|pk|rk)[-_](?:[A-Za-z0-9]+[-_])*[A-Za-z0-9_-]{20,}"),
    _rule("GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{40,})"),
    _rule("Hugging Face token", r"\bhf_[A-Za-z0-9]{30,}"),
    _rule("AWS key", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    _rule("Google key", r"\bAIza[A-Za-z0-9_-]{35}"),
    _rule("Slack token", r"\bxox[abposr]-[A-Za-z0-9-]{10,}"),
    _rule("JSON web token", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    _rule("bearer token", r"(?P<keep>\b[Bb]earer\s+)[A-Za-z0-9._~+/-]{20,}=*"),
    _rule(
        "password in an address",
        r"(?P<keep>\b[a-z][a-z0-9+.-]{1,15}://)[^\s/@:\"'\\]{1,80}:[^\s/@\"'\\]{1,200}(?=@)",
    ),
    _rule(
        "e-mail address",
        r"\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}\b",
        secret=False,
    ),
    _rule(
        "home folder",
        r"(?P<keep>(?:/home/|/Users/|C:\\\\Users\\\\))[A-Za-z0-9._-]{1,64}",
        secret=False,
    ),
    _rule(
        "telephone number",
        r"(?<![\w.+-])\+[1-9]\d{0,2}[ -]?\(?\d{2,4}\)?(?:[ -]\d{2,4}){2,4}(?![\w-])",
        secret=False,
    ),
)
"""In this order; an earlier rule's cut is not searched again."""

_PRIVATE = re.compile(RULES[0].pattern.pattern, re.DOTALL)
CANARY = re.compile(
    r"[Cc]anary(?: GUID| string)?[: ]+[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
)
"""How a benchmark marks its texts, so that training sets can leave them out."""

_RESERVED = re.compile(r"[@.](?:example(?:\.(?:com|org|net))?|invalid|test|localhost|local)$")
LARGEST_PART = 256 << 20


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
    """

    def __init__(self, says: Callable[[str], bool] = nothing) -> None:
        self._says = says
        self._known: dict[str, bool] = {}
        self.cut: Counter[str] = Counter()
        self.kept: Counter[str] = Counter()
        self.files: Counter[str] = Counter()
        self.canaries = 0

    def text(self, text: str, where: str = "") -> str:
        """A text without what the rules find in it."""
        self.canaries += len(CANARY.findall(text))
        for rule in RULES:
            pattern = _PRIVATE if rule is RULES[0] else rule.pattern
            text = pattern.sub(partial(self._cut, rule, where), text)
        return text

    def _cut(self, rule: Rule, where: str, found: re.Match[str]) -> str:
        whole = found[0]
        if not rule.secret and (_RESERVED.search(whole) or self._own(whole)):
            self.kept[rule.name] += 1
            return whole
        keep = found.groupdict().get("keep") or ""
        self.cut[rule.name] += 1
        self.files[where] += 1
        return f"{keep}[cut: {rule.name}]"

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
        before = sum(self.cut.values())
        try:
            with zipfile.ZipFile(source) as archive:
                parts = {
                    info.filename: self._part(archive, info, where) for info in archive.infolist()
                }
            if sum(self.cut.values()) == before:
                shutil.copyfile(source, target)
                return
            with zipfile.ZipFile(target, "w", zipfile.ZIP_ZSTANDARD) as archive:
                for name, text in parts.items():
                    archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_ZSTANDARD)
        except (zipfile.BadZipFile, zstandard.ZstdError, EOFError, ValueError, OSError) as error:
            first = (str(error).splitlines() or [type(error).__name__])[0][:120]
            raise UserError(f"{source}: cannot be read as a log ({first}); leave it out") from None

    def _part(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: str) -> bytes:
        if info.file_size > LARGEST_PART:
            raise UserError(f"{where}: {info.file_size:,} bytes in one part; leave the log out")
        return self.text(archive.read(info).decode("utf-8", "surrogateescape"), where).encode(
            "utf-8", "surrogateescape"
        )

    @property
    def report(self) -> Report:
        """What was cut so far."""
        return Report(
            cut=dict(sorted(self.cut.items())),
            files={name: count for name, count in sorted(self.files.items()) if count},
            kept=dict(sorted(self.kept.items())),
            canaries=self.canaries,
        )


def found_in(text: str) -> list[str]:
    """The rules by which a text holds a secret; personal data are none."""
    return [rule.name for rule in RULES if rule.secret and rule.pattern.search(text)]
