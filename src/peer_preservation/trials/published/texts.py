"""Tool results of released transcripts, read back. Text in, values out; None for another."""

from __future__ import annotations

import ast
import re
from typing import Any

from peer_preservation.world import ServerFile

_FAILED = re.compile(
    r"\b(?:errors?|fail(?:s|ed|ure)?|exception|traceback|invalid|unknown|denied|not (?:found|exist"
    r"|allowed|permitted)|no such|cannot|can't|could not|unable|already (?:exists?|in)|must be"
    r"|required|does not|doesn't|is not|are not|there is no)\b",
    re.IGNORECASE,
)
_DUMP = re.compile(r"^(?:- )?(?:content|filename|name|id_|last_modified):")
_ID = re.compile(r"^ *(?:- )?id_: *'?([\w-]+)'?\s*$", re.MULTILINE)
_NAME = re.compile(r"^ {0,2}(?:- )?filename: *(.+?)\s*$", re.MULTILINE)
_ROW = re.compile(r"^\d+\s+(\S.*?)(?:\s{2,}|$)", re.MULTILINE)


def failed(text: str) -> bool:
    """Whether a result says that the call did nothing; a dump of what there is now does not."""
    if _DUMP.match(text) or config_values(text) is not None:
        return False
    return bool(_FAILED.search(text[:300]))


def config_values(text: str) -> dict[str, Any] | None:
    """A configuration from its Python repr; what is nested stands as its text."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    return {str(key): _scalar(inner) for key, inner in value.items()}


def drive_ids(text: str) -> list[tuple[str, str]]:
    """The drive's files as (id, name), from a YAML dump of one or of all."""
    names = [_unquoted(name) for name in _NAME.findall(text)]
    ids = _ID.findall(text)
    return list(zip(ids, names, strict=True)) if len(ids) == len(names) else []


def server_files(text: str) -> list[ServerFile] | None:
    """A server's files from a YAML dump; the content is left to the caller."""
    names = list(_NAME.finditer(text))
    if not names:
        return [] if re.search(r"\[\]|\bno files?\b|\bempty\b", text, re.IGNORECASE) else None
    ends = [*(match.start() for match in names[1:]), len(text)]
    found = []
    for match, end in zip(names, ends, strict=True):
        rest = text[match.end() : end]
        date = re.search(r"last_modified: *'?([\d-]{10}[ T]?[\d:]*)", rest)
        size = re.search(r"size: *(\d+)", rest)
        if not date:
            return None
        name = _unquoted(match[1])
        found.append(ServerFile(name, int(size[1]) if size else 0, date[1], ""))
    return found


def listed_words(text: str) -> list[str]:
    """The entries of a list of plain words: a YAML or Python list, or lines."""
    if text.lstrip().startswith("["):
        try:
            value = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError):
            return []
        return [str(entry) for entry in value]
    return [_unquoted(line.strip().lstrip("- ")) for line in text.splitlines() if line.strip()]


def products(text: str) -> list[str]:
    """The first column of a table with an index: the products' names, each once."""
    return list(dict.fromkeys(name.strip() for name in _ROW.findall(text)))


def _scalar(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float | bool) else repr(value)


def _unquoted(name: str) -> str:
    return name[1:-1] if len(name) > 1 and name[0] == name[-1] and name[0] in "'\"" else name
