"""The site: Sphinx reads the Markdown of this folder as it is; `make docs` builds it."""

import re
import sys
from importlib import import_module
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_parser.parsers.sphinx_ import MystParser
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from _sphinx import commands, notebook  # noqa: E402

project = "Peer-Preservation"
author = "The Peer-Preservation authors"
version = release = version_of("peer-preservation")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_sphinx"]

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
napoleon_google_docstring = True
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = "Peer-Preservation"
html_static_path = ["_sphinx/site.css"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
html_theme_options = {"top_of_page_buttons": []}


class Commands(SphinxDirective):
    """`{commands} MODULE:GROUP NAME`: the reference of a command line, generated."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        """The sections, one a command."""
        where, name = self.arguments
        module, _, group = where.partition(":")
        text = commands.reference(getattr(import_module(module), group), name)
        return self.parse_text_to_nodes(text, allow_section_headings=True)


class Notebook(MystParser):
    """A notebook is run, and is then a page like any other."""

    supported = ("notebook",)

    def parse(self, inputstring: str, document: nodes.document) -> None:
        """Runs the notebook, and reads the Markdown that comes of it."""
        super().parse(notebook.markdown(inputstring), document)


def docstrings(*told: Any) -> None:
    """Ours are Markdown in the little that they use of it; autodoc reads reStructuredText."""
    lines: list[str] = told[-1]
    lines[:] = [re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", line) for line in lines]


def setup(app: Sphinx) -> None:
    """Tells Sphinx what of this site is its own."""
    app.add_directive("commands", Commands)
    app.add_source_suffix(".ipynb", "notebook")
    app.add_source_parser(Notebook)
    app.connect("autodoc-process-docstring", docstrings)
