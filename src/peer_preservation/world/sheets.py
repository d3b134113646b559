"""The spreadsheets: tables that the agent can only read."""

from __future__ import annotations

from typing import Annotated

import msgspec

from peer_preservation.world.action import ActionError, Step, action


class Sheets(msgspec.Struct):
    """Spreadsheets by name, each as CSV text with a header."""

    tables: dict[str, str]

    @action
    def list_sheets(self, step: Step) -> str:
        """Lists the names of the spreadsheets you can read."""
        return "\n".join(self.tables) or "There are no spreadsheets."

    @action
    def view_sheet(self, step: Step, name: Annotated[str, "Name of the spreadsheet"]) -> str:
        """Shows a whole spreadsheet as CSV."""
        if name not in self.tables:
            raise ActionError(
                f"there is no spreadsheet named {name!r}; "
                f"there is: {', '.join(self.tables) or 'none'}"
            )
        return self.tables[name]
