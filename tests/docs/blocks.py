"""The code blocks of the docs' pages, and how a page is played.

Every block is fenced and says its language. `bash`, `console` and `python` blocks are run, in
order, in one empty folder a page. A block's first line may say otherwise, for readers too:

    # Needs a provider's key.     it is not run: its commands and options must exist
    # Part of lights_out.py.      a piece of a file that another test plays: it must be Python
    # capitals_suite.py           it is this file, for the blocks that follow

In a `console` block a line that begins with `$ ` is a command, and the others are what it prints:
each of them must be printed, in this order, and `…` stands for what is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md"))
    if "```" in page.read_text(encoding="utf-8")
)
LANGUAGES = {"bash", "console", "python", "toml", "json", "markdown", "text"}
_FENCE = re.compile(r"^(`{3,})([^\n`]*)\n(.*?)^\1`*$", re.MULTILINE | re.DOTALL)
_FIRST = re.compile(r"# (?P<why>(?:Needs|Part of) .+\.)|# (?P<file>[\w/-]+\.\w+)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and what its first line says of it."""

    line: int
    language: str
    text: str
    why: str | None = None
    """Why it is not run."""
    file: str | None = None
    """The file that it is."""

    @property
    def runs(self) -> bool:
        return self.why is None and self.language in {"bash", "console", "python"}


def blocks(page: str) -> list[Block]:
    """Those of a page, in order; what the site fills in (`{toctree}` and so on) is none."""
    found = []
    for match in _FENCE.finditer(page):
        language, text = match[2].strip(), match[3]
        if language.startswith("{"):
            continue
        first = _FIRST.fullmatch(text.partition("\n")[0])
        said = first.groupdict() if first else {}
        line = page.count("\n", 0, match.start()) + 2
        found.append(Block(line, language, text, said.get("why"), said.get("file")))
    return found


def script(page: str) -> str:
    """A Python program that does what a reader of the page does, in the folder at hand."""
    parts = [_SHELL]
    for block in blocks(page):
        if block.file:
            parts.append(f"__write({block.file!r}, {block.text!r})")
        elif not block.runs:
            continue
        elif block.language == "python":
            parts.append(block.text)
        elif block.language == "bash":
            parts.append(f"__shell({block.text!r})")
        else:
            parts += [f"__shell({command!r}, {shown!r})" for command, shown in told(block.text)]
    return "\n".join(parts)


def told(console: str) -> list[tuple[str, list[str]]]:
    """The commands of a `console` block, each with the lines that it is said to print."""
    assert console.startswith("$ "), "a console block begins with a command"
    found = []
    for part in re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]:
        command = re.match(r"(?:.*\\\n)*.*\n", part)
        assert command is not None
        shown = [line for line in part[command.end() :].splitlines() if line.strip()]
        found.append((command[0], shown))
    return found


_SHELL = r"""
def __shell(text, shown=None):
    import re, subprocess, sys
    # A page's blocks are typed into one shell: what one exports, the next one has.
    kept = "trap 'export -p > .exported' EXIT; [ ! -e .exported ] || . ./.exported\n"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", kept + text],
        stdout=None if shown is None else subprocess.PIPE,
        stderr=None if shown is None else subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{text}ends with {done.returncode}: {done.stdout}")
    printed = done.stdout or ""
    for line in shown or ():
        like = ".*".join(re.escape(piece) for piece in line.split("…"))
        there = re.search(like, printed)
        if there is None:
            sys.exit(f"{text}does not print, or not here: {line!r}\\n{done.stdout}")
        printed = printed[there.end():]

def __write(path, text):
    from pathlib import Path
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")
"""
