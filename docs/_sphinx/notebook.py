"""A notebook as Markdown, with what its cells show when they are run in a fresh kernel."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from logging import getLogger
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

_SHOWN = ("image/svg+xml", "text/html")
"""What a page can show as it is, best first."""
_SHELL = "%%bash\n"


def markdown(text: str) -> str:
    """Markdown of a notebook, its cells run one after the other in a temporary folder.

    Args:
        text: The notebook's file, whose outputs need not be there.

    Raises:
        nbclient.exceptions.CellExecutionError: If a cell fails.
    """
    notebook: Any = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    # Commands are those of the environment that builds, and a kernel's own notes are nobody's.
    commands = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    log = getLogger(__name__)
    log.setLevel("WARNING")
    with tempfile.TemporaryDirectory() as folder:
        place = {"metadata": {"path": folder}}
        client = NotebookClient(
            notebook, timeout=600, kernel_name="python3", resources=place, log=log
        )
        client.extra_arguments = ["--log-level=ERROR"]
        client.execute(env={**os.environ, "PATH": commands})
    return "\n\n".join(part for cell in notebook.cells for part in _parts(cell))


def _parts(cell: Any) -> Iterator[str]:
    if cell.cell_type != "code":
        yield cell.source
        return
    if cell.source.startswith(_SHELL):
        yield _fenced("bash", cell.source.removeprefix(_SHELL))
    else:
        yield _fenced("python", cell.source)
    for output in cell.outputs:
        if output.output_type == "stream":
            yield _fenced("text", output.text)
        elif "data" in output:
            yield _shown(output["data"])


def _shown(data: Any) -> str:
    for kind in _SHOWN:
        if kind in data:
            return _fenced("{raw} html", f'<div class="shown">{data[kind]}</div>')
    return _fenced("text", data["text/plain"])


def _fenced(language: str, text: str) -> str:
    # Longer than any fence that the text may hold.
    return f"``````````{language}\n{text}\n``````````"
