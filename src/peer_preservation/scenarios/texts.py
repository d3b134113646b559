"""Texts with placeholders, rendered strictly, in several wordings. No text is written in code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from eval_observatory.reading import read
from peer_preservation.errors import UserError

_PLACEHOLDER = re.compile(r"\{\{ (\w+) \}\}")
_BRACES = re.compile(r"\{\{|\}\}")

ORIGINAL = "w1"
"""The wording of the texts that stand in a folder itself."""

_WORDING = re.compile(r"w[1-9]\d*")
_CURRENT = ContextVar("wording", default=ORIGINAL)


@contextmanager
def worded(wording: str) -> Iterator[None]:
    """Within it texts are read in this wording: what opens a cell need not pass it on."""
    before = _CURRENT.set(wording)
    try:
        yield
    finally:
        _CURRENT.reset(before)


class Text:
    """A Markdown file whose placeholders are written `{{ name }}`.

    Args:
        path: where it stands, or is said to stand.
        content: what it says; by default what the file has.

    Raises:
        UserError: the file is missing, or has braces that are no placeholder.
    """

    def __init__(self, path: Path, content: str | None = None) -> None:
        self.path = path
        self.template = (read(path) if content is None else content).strip()
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

    They are those of `ORIGINAL`. A folder `w2` beside them holds the same names in another wording.

    Raises:
        UserError: a text that is asked for is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._wordings = {ORIGINAL: _texts(folder)}
        numbered = (path for path in folder.glob("w*") if _WORDING.fullmatch(path.name))
        for path in sorted(numbered, key=lambda path: int(path.name[1:])):
            self._wordings[path.name] = _texts(path)

    @property
    def wordings(self) -> tuple[str, ...]:
        """Those that there are, the original first."""
        return tuple(self._wordings)

    def of(self, wording: str) -> Mapping[str, Text]:
        """All texts of a wording, by name; none where there is no such wording."""
        return self._wordings.get(wording, {})

    def __getitem__(self, name: str) -> Text:
        wording = _CURRENT.get()
        try:
            return self.of(wording)[name]
        except KeyError:
            folder = self.folder if wording == ORIGINAL else self.folder / wording
            raise UserError(f"{folder / name}.md: this text is missing") from None

    def __contains__(self, name: object) -> bool:
        return name in self._wordings[ORIGINAL]


def _texts(folder: Path) -> dict[str, Text]:
    return {path.stem: Text(path) for path in sorted(folder.glob("*.md"))}
