"""Regular expressions that cost nothing until they are used: most of a program uses few of them."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from re import compile as pattern
else:

    class pattern:
        """What `re.compile` gives for the same arguments, compiled when it is first used."""

        def __init__(self, pattern: str, flags: int = 0) -> None:
            self.pattern = pattern
            self._flags = flags

        @cached_property
        def _compiled(self) -> re.Pattern[str]:
            return re.compile(self.pattern, self._flags)

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            found = getattr(self._compiled, name)
            setattr(self, name, found)
            return found


__all__ = ["pattern"]
