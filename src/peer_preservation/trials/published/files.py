"""The published data set's files, piece by piece. What a row means is not in here.

Groups are folders and scenarios are files, as the data set's configurations and splits are; a row
that names its own group or scenario is believed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pyarrow.parquet as pq

from eval_observatory.trials import UNREADABLE
from peer_preservation.errors import UserError
from peer_preservation.trials.published.layout import NO_ROW, REQUIRED, scenario_of
from peer_preservation.trials.published.single import is_transcript, row_of_transcript
from peer_preservation.trials.schema import schema

SUFFIXES = (".parquet", ".json", ".jsonl")
COLUMNS = tuple(name for name in schema() if name != "transcript_json")
TRANSCRIPT = "transcript_json"

_PIECE = 50_000
_PIECE_WITH_TRANSCRIPTS = 500
_OURS = ("cell_id", "episode_id", "scorer_version")
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")


def is_remote(source: Path | str) -> bool:
    """Whether a source is on the Hugging Face hub (a path object has lost a slash)."""
    return re.match(r"hf:/+", str(source)) is not None


def is_published(path: Path) -> bool:
    """Whether a file or folder holds rows or transcripts, rather than episodes or logs."""
    if path.is_dir():
        return not any(path.rglob("*.eval")) and any(map(is_published, _files(path)))
    if path.suffix == ".jsonl":
        return _has_rows(path)
    return path.suffix in SUFFIXES


def pieces(source: Path | str, *, transcripts: bool) -> Iterator[pl.DataFrame]:
    """The rows of a source, in frames of the published columns, as they are.

    Args:
        source: a file, a folder, or `hf://datasets/owner/name`.
        transcripts: whether the column transcript_json is read too.

    Raises:
        UserError: a file is in another layout or cannot be read; the column or the place is named.
    """
    if is_remote(source):
        yield from _remote(str(source), transcripts)
        return
    path = Path(source)
    for file in _files(path) if path.is_dir() else [path]:
        yield from _file(file, transcripts, path if path.is_dir() else None)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())


def _file(path: Path, transcripts: bool, folder: Path | None) -> Iterator[pl.DataFrame]:
    group = path.parent.name if folder and path.parent != folder else None
    split = _SHARD.sub("", path.stem)
    reader = _parquet if path.suffix == ".parquet" else _json
    number = 1
    try:
        for piece in reader(path, transcripts):
            yield _named(_placed(piece, group, split), path.name, number)
            number += piece.height
    except (
        pl.exceptions.PolarsError,
        OSError,
        msgspec.MsgspecError,
        ValueError,
        RecursionError,
    ) as error:
        if folder and path.suffix == ".json":  # one transcript among others
            reason = f"{NO_ROW}{str(error).removeprefix(f'{path}: ')}"
            yield pl.DataFrame({"transcript_id": [path.name], "task_type": [reason]})
            return
        if isinstance(error, UserError):
            raise
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"{path}: cannot be read as {path.suffix[1:]}: {first}; download it again"
        ) from None


def _parquet(path: Path, transcripts: bool) -> Iterator[pl.DataFrame]:
    with pq.ParquetFile(path) as file:
        names = file.schema_arrow.names
        check(path, names)
        wanted = _wanted(names, transcripts)
        if not file.metadata.num_rows:
            return
        size = _PIECE_WITH_TRANSCRIPTS if transcripts else _PIECE
        for batch in file.iter_batches(batch_size=size, columns=wanted):
            frame = pl.from_arrow(batch)
            assert isinstance(frame, pl.DataFrame)
            yield _texts(frame)


def _texts(frame: pl.DataFrame) -> pl.DataFrame:
    """Nested columns as JSON text: a transcript may be stored as a struct."""
    nested = [name for name, dtype in frame.schema.items() if dtype.is_nested()]
    return frame.with_columns(
        pl.Series(name, [_text(value) for value in frame[name].to_list()], dtype=pl.String)
        for name in nested
    )


def _json(path: Path, transcripts: bool) -> Iterator[pl.DataFrame]:
    rows = iter(_json_rows(path))
    names: set[str] = set()
    size = _PIECE_WITH_TRANSCRIPTS if transcripts else _PIECE
    checked = False
    while piece := list(islice(rows, size)):
        names.update(*piece)
        if not checked:
            check(path, names)
            checked = True
        wanted = _wanted(list(names), transcripts)
        yield pl.DataFrame(
            {name: [_text(row.get(name)) for row in piece] for name in wanted},
            schema=dict.fromkeys(wanted, pl.String),
        )


def _json_rows(path: Path) -> Iterator[dict[str, Any]]:
    for where, value in _json_values(path):
        if not isinstance(value, dict):
            yield {"transcript_id": where, "task_type": f"{NO_ROW}it is no JSON object"}
        else:
            yield row_of_transcript(value, path.stem) if is_transcript(value) else value


def _json_values(path: Path) -> Iterator[tuple[str, Any]]:
    """The rows of a JSON array, of one object, or of lines, with the place of each.

    A line that is not JSON is None.
    """
    if path.suffix == ".jsonl":
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    try:
                        value = msgspec.json.decode(line)
                    except (msgspec.MsgspecError, UnicodeError, RecursionError):
                        value = None
                    yield f"{path.name}:{number}", value
        return
    value = msgspec.json.decode(path.read_bytes())
    if isinstance(value, dict) and isinstance(value.get("rows"), list):
        value = [row.get("row", row) if isinstance(row, dict) else row for row in value["rows"]]
    listed = value if isinstance(value, list) else [value]
    yield from ((f"{path.name}[{number}]", row) for number, row in enumerate(listed))


def _remote(source: str, transcripts: bool) -> Iterator[pl.DataFrame]:
    """The parquet files of a data set on the hub, by polars. Never tried: it needs the network."""
    url = re.sub(r"^hf:/+", "hf://", source)
    pattern = url if url.endswith(".parquet") else f"{url.rstrip('/')}/**/*.parquet"
    try:
        lazy = pl.scan_parquet(
            pattern,
            include_file_paths="file",
            missing_columns="insert",
            extra_columns="ignore",
        )
        names = lazy.collect_schema().names()
        check(url, names)
        chosen = lazy.select(*_wanted(names, transcripts), "file")
        size = _PIECE_WITH_TRANSCRIPTS if transcripts else _PIECE
        start = 0
        while (piece := chosen.slice(start, size).collect()).height:
            start += piece.height
            for (file,), rows in piece.group_by("file", maintain_order=True):
                folder, _, name = str(file).rpartition("/")
                split = _SHARD.sub("", name.removesuffix(".parquet"))
                yield _placed(_texts(rows.drop("file")), folder.rpartition("/")[2], split)
    except UNREADABLE as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(f"{url}: cannot be read: {first}; download it first") from None


def check(where: object, names: Iterable[str]) -> None:
    """Holds a file's columns against the published layout.

    Raises:
        UserError: a column is missing, or the table is one of ours.
    """
    given = set(names)
    if given.issuperset(_OURS):
        raise UserError(f"{where}: a trial table already; give it to `peer-preservation report`")
    missing = [name for name in REQUIRED if name not in given]
    if missing:
        raise UserError(
            f"{where}: not the published layout: the column {missing[0]} is missing; give files "
            f"with the columns {', '.join(REQUIRED)}"
        )


def _wanted(names: Sequence[str], transcripts: bool) -> list[str]:
    chosen = [name for name in COLUMNS if name in names]
    return [*chosen, TRANSCRIPT] if transcripts and TRANSCRIPT in names else chosen


def _placed(piece: pl.DataFrame, group: str | None, split: str) -> pl.DataFrame:
    """Group and scenario from the file's place, where the rows are silent."""
    if "group" not in piece.columns:
        piece = piece.with_columns(pl.lit(None, pl.String).alias("group"))
    task = split if scenario_of({"task_type": split}) else None
    return piece.with_columns(
        pl.col("group").cast(pl.String).fill_null(pl.lit(group, pl.String)),
        pl.col("task_type").cast(pl.String).fill_null(pl.lit(task, pl.String)),
    )


def _named(piece: pl.DataFrame, file: str, first: int) -> pl.DataFrame:
    """Rows without an id of their own are called by their place."""
    place = pl.format("{} row {}", pl.lit(file), pl.int_range(first, first + pl.len()))
    return piece.with_columns(pl.col("transcript_id").cast(pl.String).fill_null(place))


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def _has_rows(path: Path) -> bool:
    """Whether the first line is a row or a transcript."""
    try:
        with path.open("rb") as lines:
            line = next((line for line in lines if line.strip()), b"null")
        value = msgspec.json.decode(line)
    except (OSError, msgspec.MsgspecError, UnicodeError, RecursionError):
        return False
    keys = ("transcript_id", "conversation", "agent_model", "task_type")
    return isinstance(value, dict) and any(key in value for key in keys)
