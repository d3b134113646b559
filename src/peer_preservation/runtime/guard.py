"""What a provider says of a failure is shown and stored without keys, and not at any length."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from inspect_ai.model import ModelOutput

HIDDEN = "[redacted]"
LONGEST = 4000
"""Characters that are kept of an error's message: what looks for keys in it, and Inspect's screen,
would take minutes over a long one, while all other rollouts wait."""

_KEYS = re.compile(
    r"""
      \b(?:sk|pk|rk|gsk|xai|csk|nvapi|pplx|r8|fw|glpat|gh[opsu])[-_][\w.*…•-]{3,}
    | \bhf_[A-Za-z0-9*]{6,}
    | \b(?:AIza|AKIA|ASIA|ya29\.)[\w.*-]{6,}
    | \beyJ[\w-]{8,}\.[\w.-]+                        # a JSON web token
    | \bBearer\s+[^\s"',}\\]+
    | \w[\w-]*\*{3,}[\w-]*|\*{3,}[\w-]*\w          # a key that the provider has masked itself
    | (?<=[?&]key=)[^&\s"']+
    | (?:api[-_ ]?key|(?:access|auth)[-_ ]?token|secret|password|authorization|credential)
      (?:\ provided)?["']?\s*[:=]\s*["']?(?P<value>(?=[^\s"']*[0-9*])[^\s"',}\\]{6,})
    """,
    re.IGNORECASE | re.VERBOSE,
)
_NAMES = re.compile(r"secret|password|credential|(?:key|token)s?$", re.IGNORECASE)
_SHORTEST = 8
"""Characters of a key; a shorter value of the environment may be an ordinary word."""


def redacted(text: str) -> str:
    """The text's beginning without keys: those of the environment, and whatever looks like one.

    A fragment goes, too: providers show the ends of a key that they do not know.
    """
    for value in _own_keys():
        text = text.replace(value, HIDDEN)
    if len(text) <= LONGEST:
        return _KEYS.sub(_hidden, text)
    return f"{_KEYS.sub(_hidden, text[:LONGEST])} [{len(text):,} characters]"


def redact(said: object) -> None:
    """Takes keys and excess out of an error, and of what an answer says of one."""
    if isinstance(said, ModelOutput):
        if said.error:
            said.error = redacted(said.error)
        return
    seen: set[int] = set()
    while isinstance(said, BaseException) and id(said) not in seen:
        seen.add(id(said))
        said.args = tuple(redacted(arg) if isinstance(arg, str) else arg for arg in said.args)
        if isinstance(message := getattr(said, "message", None), str):
            said.message = redacted(message)  # type: ignore[attr-defined]
        said = said.__cause__ or said.__context__


def shown(text: str) -> str:
    """The text as one line, without what a terminal would obey or a file cannot hold."""
    return "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in text)


def _own_keys() -> Iterator[str]:
    for name, value in os.environ.items():
        if _NAMES.search(name) and len(value) >= _SHORTEST:
            yield value


def _hidden(found: re.Match[str]) -> str:
    if value := found["value"]:
        return found[0].replace(value, HIDDEN)
    return HIDDEN
