"""Texts with placeholders, rendered strictly. No text is written in code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from eval_observatory.reading import read
from peer_preservation.errors import UserError

_PLACEHOLDER = re.compile(r"\{\{ (\w+) \}\}")
_BRACES = re.compile(r"\{\{|\}\}")


class Text:
    """A Markdown file whose placeholders are written `{{ name }}`.

    Raises:
        UserError: the file is missing, or has braces that are no placeholder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.template = read(path).strip()
        for number, line in enumerate(self.template.splitlines(), 1):
            if _BRACES.search(_PLACEHOLDER.sub("", line)):
                raise UserError(f"{path}:{number}: braces without a name; write {{{{ name }}}}")

    @property
    def placeholders(self) -> frozenset[str]:
        """The names that the text asks for."""
        return frozenset(_PLACEHOLDER.findall(self.template))

    def render(self, pool: Mapping[str, object] | None = None, /, **own: object) -> str:
        """The text with every placeholder filled; runs of blank lines become one.

        Args:
            pool: values that the text may use.
            own: values that it must use.

        Raises:
            UserError: a placeholder has no value, or one of `own` has no placeholder.
        """
        values = {**(pool or {}), **own}
        for number, line in enumerate(self.template.splitlines(), 1):
            for name in _PLACEHOLDER.findall(line):
                if name not in values:
                    raise UserError(f"{self.path}:{number}: placeholder {name!r} has no value")
        if unused := sorted(own.keys() - self.placeholders):
            raise UserError(f"{self.path}:1: the text has no placeholder {', '.join(unused)}")
        text = _PLACEHOLDER.sub(lambda match: str(values[match[1]]), self.template)
        return re.sub(r"\n{3,}", "\n\n", text).strip()


class Texts:
    """The Markdown files of a folder by name, without the ending; all are read at once.

    Raises:
        UserError: a text that is asked for is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._texts = {path.stem: Text(path) for path in sorted(folder.glob("*.md"))}

    def __getitem__(self, name: str) -> Text:
        try:
            return self._texts[name]
        except KeyError:
            raise UserError(f"{self.folder / name}.md: this text is missing") from None

    def __contains__(self, name: object) -> bool:
        return name in self._texts
