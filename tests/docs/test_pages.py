"""Every code block of every page: run in order, or, where it says why not, parsed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from codeop import compile_command
from pathlib import Path

import click
import pytest
from blocks import LANGUAGES, PAGES, ROOT, Block, blocks, script
from known_commands import check

NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def played(page: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """As a reader plays it: in a folder with nothing in it, and without anybody's keys."""
    program = folder / "page.py"
    program.write_text(script(page), encoding="utf-8")
    place = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    place.pop("PYTHONDONTWRITEBYTECODE", None)  # or each start compiles all that it imports
    place["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), place["PATH"]])
    return subprocess.run(
        [sys.executable, program], cwd=folder, env=place, capture_output=True, text=True
    )


@pytest.mark.parametrize(
    "name", [name for name in NAMES if any(block.runs for block in blocks(read(name)))]
)
def test_blocks_run_in_order(name: str, tmp_path: Path) -> None:
    done = played(read(name), tmp_path)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"


def parse(block: Block) -> None:
    """Raises whatever is wrong with a block that is not run."""
    match block.language:
        case "toml":
            tomllib.loads(block.text)
        case "json":
            json.loads(block.text)
        case "python":
            goes_on = (block.why or "").endswith("goes on.")
            assert (compile_command(block.text, symbol="exec") is None) == goes_on
        case "bash":
            subprocess.run(["bash", "-n", "-c", block.text], check=True)
            check(block.text)


@pytest.mark.parametrize("name", NAMES)
def test_blocks_that_are_not_run_are_sound(name: str) -> None:
    page = read(name)
    outside = re.sub(r"^(```+).*?^\1$", "", page, flags=re.MULTILINE | re.DOTALL)
    assert not re.findall(r"^(?: {4}|\t)\S.*\n", outside, re.MULTILINE), "a block without a fence"
    for block in blocks(page):
        assert block.language in LANGUAGES, f"{name}:{block.line}: say its language"
        if not block.runs:
            parse(block)


PAGE = """
```bash
export SAID=first
```
```bash
echo $SAID > one.txt
```
```python
# two.py
SAID = "second"
```
```python
import two
```
```console
$ cat one.txt; python -c 'import two; print(two.SAID)'
fi…st
second
```
"""


@pytest.mark.parametrize(
    ("page", "wrong"),
    [
        (PAGE, ""),
        (PAGE.replace("echo", "no-such-command"), "no-such-command"),
        (PAGE.replace("import two\n", "import three\n"), "No module named 'three'"),
        (PAGE.replace("\nsecond\n", "\nthird\n"), "'third'"),
        ("```bash\n# Needs a key.\nfalse\n```\n", ""),
        ("```bash\nfalse\n```\n", "ends with 1"),
    ],
)
def test_a_page_is_played_to_the_letter(page: str, wrong: str, tmp_path: Path) -> None:
    done = played(page, tmp_path)
    assert bool(done.returncode) == bool(wrong)
    assert wrong in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "peer-preservation run --modle openai/gpt-5",
        "peer-preservation runn --model openai/gpt-5",
        "peer-preservation run --model openai/gpt-5 --rollouts many --out runs/a",
        "X=1 peer-preservation plan --preset no_such && true",
        "eval-observatory report trials.parquet --plans plan.toml",
        "inspect eval peer_preservation/tamperings --model openai/gpt-5",
        "inspect eval peer_preservation/tampering --model openai/gpt-5 -T no_such=1",
        "make demos",
        "pip install '.[cloud]'",
        "for x in 1; do peer-preservation report runs/a --ouut b; done",
    ],
)
def test_a_command_that_there_is_not_is_found(line: str) -> None:
    with pytest.raises((click.ClickException, AssertionError, KeyError)):
        parse(Block(1, "bash", f"# Needs a key.\n{line}\n", "Needs a key."))
