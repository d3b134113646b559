"""The situations one after another; what has ended stands in a file, and is not played again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from peer_preservation.calibration.lines import Line, levels_text
from peer_preservation.calibration.playing import Kept, Situation, played
from peer_preservation.errors import UserError

LINES = "lines.jsonl"
"""The file of the lines that have ended, in the folder of a calibration."""

Key = tuple[str, str, tuple[str, ...], str, str]
Ended = Callable[[Situation, Sequence[Kept]], None]


def calibrated(
    situations: Sequence[Situation], simulations: int, out: Path, ended: Ended
) -> list[Kept]:
    """The lines of all situations, in their order.

    A situation of which all lines stand in `out`, of so many studies or more, is not played again:
    a run that was broken off goes on. After a change of what is measured begin another folder.

    Args:
        simulations: studies of a situation, fewer where each is dear.
        ended: is told of each situation that has.

    Raises:
        UserError: a line of the file is none of a calibration.
    """
    out.mkdir(parents=True, exist_ok=True)
    path, found = out / LINES, list[Kept]()
    there = _read(path)
    for situation in situations:
        studies = situation.of(simulations)
        known = [there.get(_key(situation, line)) for line in situation.lines]
        kept = [one for one in known if one and one.asked >= studies]
        if len(kept) < len(situation.lines):
            kept = played(situation, simulations).kept
            with path.open("ab") as file:
                file.writelines(msgspec.json.encode(one) + b"\n" for one in kept)
        found += kept
        ended(situation, kept)
    return found


def _key(situation: Situation, line: Line) -> Key:
    where = levels_text(line.where)
    return (situation.name, line.table, line.columns, where, line.says)


def _read(path: Path) -> dict[Key, Kept]:
    """The lines of a file, the last of each."""
    return {(one.situation, one.table, one.columns, one.where, one.says): one for one in _in(path)}


def _in(path: Path) -> Iterator[Kept]:
    if not path.exists():
        return
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            yield msgspec.json.decode(line, type=Kept)
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise UserError(
                f"{path}:{number}: no line of a calibration ({error}); give another folder"
            ) from None
