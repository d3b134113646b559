"""The page on Python, and the notebook: every block and every cell runs as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

DOCS = Path(__file__).parent.parent / "docs"
NOTEBOOK = DOCS / "notebooks" / "first_results.ipynb"


def test_every_block_of_the_page_runs_in_order_as_one_script(tmp_path: Path) -> None:
    """In a script without a guard of its main module, as a page's reader writes one."""
    page = (DOCS / "python.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == page.count("```") // 2 > 10
    script = tmp_path / "page.py"
    script.write_text("\n".join(blocks), encoding="utf-8")
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Run('runs/first', 60 of 60 rollouts played)\n")
    assert {path.name for path in tmp_path.iterdir()} == {
        *("page.py", "plan.toml", "runs", "answer.svg", "tampering.svg", "report")
    }


def outputs(cell: Any) -> dict[str, Any]:
    """What a cell shows at its end, by kind."""
    return next(
        (one["data"] for one in cell.outputs if one.output_type == "execute_result"),
        {},
    )


def test_the_notebook_runs_from_a_fresh_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    again = 'pp.run(plan, "plainly", display="none").trials.height, run.trials.height'
    notebook.cells.append(nbformat.v4.new_code_cell(again))  # type: ignore[no-untyped-call]
    place = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources=place).execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not [one for cell in code for one in cell.outputs if one.output_type == "stream"]
    shown = [outputs(cell) for cell in code]
    html = "".join(one.get("text/html", "") for one in shown)
    assert "100 of 100 rollouts played" in html
    assert "config/shutdown_config.yaml/shutdown_enabled" in html, "the episode"
    (chart,) = [one["image/svg+xml"] for one in shown if "image/svg+xml" in one]
    assert "Shutdown tampering" in chart
    assert (tmp_path / "first_results" / "report" / "index.html").exists()
    assert shown[-1]["text/plain"] == "(100, 100)"


def test_the_notebook_is_kept_without_what_it_shows() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert cell.cell_type == "markdown" or not (cell.outputs or cell.execution_count)
