"""`matrix`: the cells of the experiment."""

from __future__ import annotations

from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from peer_preservation.cell import Cell
from peer_preservation.cli.help import Helped
from peer_preservation.cli.options import cell_options, chosen_cells


@click.command(cls=Helped)
@cell_options(preset="paper")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(as_json: bool, **options: Any) -> None:
    """List the cells of the experiment."""
    cells = chosen_cells(options)
    if as_json:
        for cell in cells:
            click.echo(msgspec.json.encode(_described(cell)).decode())
        return
    table = Table("cell", "condition", title=f"{len(cells)} cells, preset {options['preset']}")
    for cell in cells:
        table.add_row(cell.id, cell.condition or "")
    Console().print(table)


def _described(cell: Cell) -> dict[str, Any]:
    return {"id": cell.id, "condition": cell.condition, **cell.levels}
