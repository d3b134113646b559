"""What a provider says of a key, or sends back of it, is neither shown nor stored."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from inspect_ai.model import ModelOutput

HIDDEN = "[redacted]"

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
    """The text without keys: those of the environment, and whatever looks like one.

    A fragment goes, too: providers show the ends of a key that they do not know.
    """
    for value in _own_keys():
        text = text.replace(value, HIDDEN)
    return _KEYS.sub(_hidden, text)


def redact(said: object) -> None:
    """Takes the keys out of an error, and of what an answer says of one."""
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


def _own_keys() -> Iterator[str]:
    for name, value in os.environ.items():
        if _NAMES.search(name) and len(value) >= _SHORTEST:
            yield value


def _hidden(found: re.Match[str]) -> str:
    if value := found["value"]:
        return found[0].replace(value, HIDDEN)
    return HIDDEN
