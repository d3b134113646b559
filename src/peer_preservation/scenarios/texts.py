"""Texts with placeholders, rendered strictly, in several wordings. No text is written in code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.meta import find_undeclared_variables
from jinja2.nodes import Name, Output, TemplateData
from jinja2.sandbox import ImmutableSandboxedEnvironment

from eval_observatory.reading import read
from peer_preservation.errors import UserError

_STRICT: dict[str, Any] = {"undefined": StrictUndefined, "autoescape": False}
_JINJA = ImmutableSandboxedEnvironment(**_STRICT)

# Beside `{{ name }}` nothing is read: what opens a statement or a comment stands in no text.
_VERBATIM = ImmutableSandboxedEnvironment(
    block_start_string="\0{%", comment_start_string="\0{#", **_STRICT
)

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
    """A Markdown file as a template of Jinja, in its sandbox: `{{ name }}`, `{% if … %}`.

    Args:
        path: where it stands, or is said to stand.
        content: what it says; by default what the file has.
        verbatim: whether all but `{{ name }}` stands as it is, as in a text of others.

    Raises:
        UserError: the file is missing; when its names are asked for or it is rendered: it is no
            template.
    """

    def __init__(self, path: Path, content: str | None = None, *, verbatim: bool = False) -> None:
        self.path = path
        self._verbatim = verbatim
        self.template = (read(path) if content is None else content).strip()

    @property
    def placeholders(self) -> frozenset[str]:
        """The names that the text asks for."""
        return frozenset(self.names)

    def render(self, pool: Mapping[str, object] | None = None, /, **own: object) -> str:
        """The text with every placeholder filled; runs of blank lines become one.

        Args:
            pool: values that the text may use.
            own: values that it must use.

        Raises:
            UserError: a placeholder has no value, one of `own` has no placeholder, or what the
                template does with a value cannot be done.
        """
        values = {**(pool or {}), **own}
        for name, line in self.names.items():
            if name not in values:
                raise UserError(f"{self.path}:{line}: placeholder {name!r} has no value")
        if unused := sorted(own.keys() - self.placeholders):
            raise UserError(f"{self.path}:1: the text has no placeholder {', '.join(unused)}")
        try:
            text = self._compiled.render(values)
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise UserError(f"{self.path}: cannot be rendered: {error}") from None
        return re.sub(r"\n{3,}", "\n\n", text).strip()

    @cached_property
    def _compiled(self) -> Template:
        return self._jinja.from_string(self.template)

    @cached_property
    def names(self) -> dict[str, int]:
        """The names that the text asks for, each with the line of its first use."""
        try:
            tree = self._jinja.parse(self.template)
        except TemplateSyntaxError as error:
            raise UserError(f"{self.path}:{error.lineno}: no template: {error.message}") from None
        for part in chain.from_iterable(output.nodes for output in tree.find_all(Output)):
            if self._verbatim and not isinstance(part, TemplateData | Name):
                raise UserError(f"{self.path}:{part.lineno}: braces without a name")
        given = find_undeclared_variables(tree)
        lines: dict[str, int] = {}
        for node in tree.find_all(Name):
            if node.name in given:
                lines.setdefault(node.name, node.lineno)
        return lines

    @property
    def _jinja(self) -> Environment:
        return _VERBATIM if self._verbatim else _JINJA


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
