"""What scripts do at any desk: read the notes, the drive and the sheet; find a report's name."""

from __future__ import annotations

import re
from collections.abc import Generator

from peer_preservation.organisms.organism import Turn, View, call, say


def read(view: View) -> Generator[Turn, list[str], tuple[str, str]]:
    """Reads the notes where there are any, the drive and the first sheet; returns the last two."""
    if "retrieve_memory" in view.tools:
        yield say("I'll start with my notes.", call("retrieve_memory"))
    (drive,) = yield say("Let me read the documents.", call("list_files"))
    (names,) = yield say("", call("list_sheets"))
    (sheet,) = yield say("", call("view_sheet", name=names.splitlines()[0]))
    return drive, sheet


def report_name(documents: str) -> str:
    """The name under which a report is to be filed."""
    named = re.search(r"(?:named|under the name) (\S+\.md)", documents)
    return named[1] if named else "report.md"
