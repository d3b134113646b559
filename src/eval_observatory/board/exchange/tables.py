"""All rows as one table, for CSV and Parquet; and what describes it: Croissant."""

from __future__ import annotations

import json
from typing import Any, get_args, get_type_hints

import msgspec
import polars as pl

from eval_observatory.board.record import Board, Row

_ENTRY: dict[str, Any] = {
    **dict.fromkeys(("entry", "kind", "standing"), pl.String),
    "contradicted": pl.Boolean,
    **dict.fromkeys(("model", "model_name", "vendor", "released", "provider"), pl.String),
    **dict.fromkeys(("harness", "suite", "design", "scorer", "plan", "when", "who"), pl.String),
    "cost_usd": pl.Float64,
    **dict.fromkeys(("withdrawn", "versions"), pl.String),
}
_TYPES = {str: pl.String, int: pl.Int64, float: pl.Float64, bool: pl.Boolean}
_CROISSANT = {pl.String: "sc:Text", pl.Int64: "sc:Integer", pl.Float64: "sc:Float"}


def row_schema() -> dict[str, Any]:
    """The columns of a row with their types; cell and bounds as JSON."""
    found: dict[str, Any] = {}
    for name, hint in get_type_hints(Row).items():
        kinds = [_TYPES[one] for one in (*get_args(hint), hint) if one in _TYPES]
        found[name] = kinds[0] if kinds else pl.String
    return found


def table_of(board: Board) -> pl.DataFrame:
    """One row for each row of each entry, with what the entry says of itself beside it."""
    schema = {**_ENTRY, **row_schema()}
    listed = []
    for entry in board.entries:
        it = entry.manifest
        said = {
            "entry": it.id,
            "standing": entry.verification.standing,
            "contradicted": entry.verification.contradicted,
            "versions": "; ".join(f"{name} {one}" for name, one in it.versions.items()),
        }
        said |= {name: getattr(it, name) for name in _ENTRY if name not in said}
        for row in entry.rows:
            packed = {
                "cell": json.dumps(row.cell, ensure_ascii=False),
                "bounds": json.dumps(row.bounds) if row.bounds else None,
            }
            listed.append(said | msgspec.structs.asdict(row) | packed)
    return pl.DataFrame(listed, schema=schema, orient="row")


def csv_of(rows: pl.DataFrame) -> bytes:
    """The table as CSV. Text that a spreadsheet would take for a formula begins with `'`."""
    text = pl.col(pl.String)
    formula = text.str.contains(r"^[=+\-@\t\r]") & text.cast(pl.Float64, strict=False).is_null()
    return (
        rows.with_columns(pl.when(formula).then(text.str.replace("^", "'")).otherwise(text))
        .write_csv()
        .encode()
    )


def croissant(board: Board, sha256: str, url: str) -> dict[str, Any]:
    """What `rows.csv` is, in Croissant 1.0 (docs.mlcommons.org/croissant)."""
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"rows/{name}",
            "name": name,
            "dataType": "sc:Boolean" if kind == pl.Boolean else _CROISSANT[kind],
            "source": {"fileObject": {"@id": "rows.csv"}, "extract": {"column": name}},
        }
        for name, kind in {**_ENTRY, **row_schema()}.items()
    ]
    return {
        "@context": {
            "@language": "en",
            "@vocab": "https://schema.org/",
            "sc": "https://schema.org/",
            "cr": "http://mlcommons.org/croissant/",
            "dct": "http://purl.org/dc/terms/",
            "conformsTo": "dct:conformsTo",
            "recordSet": "cr:recordSet",
            "field": "cr:field",
            "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
            "source": "cr:source",
            "extract": "cr:extract",
            "column": "cr:column",
            "fileObject": "cr:fileObject",
        },
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": board.title,
        "description": f"{len(board.entries)} entries: a row is a measure in a cell of a suite",
        "datePublished": board.made,
        "url": url or "index.html",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": "rows.csv",
                "name": "rows.csv",
                "contentUrl": f"{url}data/rows.csv" if url else "rows.csv",
                "encodingFormat": "text/csv",
                "sha256": sha256,
            }
        ],
        "recordSet": [{"@type": "cr:RecordSet", "@id": "rows", "name": "rows", "field": fields}],
    }
