"""A board out of folders of entries: each is checked, counted, and put beside the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

import msgspec

from eval_observatory.board.entries import Folder, left_out, opened
from eval_observatory.board.heads import heads
from eval_observatory.board.manifest import FILE
from eval_observatory.board.missions import Missions
from eval_observatory.board.outcomes import differs
from eval_observatory.board.record import MOST_ROWS, Board, Check, Entry, LeftOut, Row, Verification
from eval_observatory.board.rollouts import Rollouts, neighbours, rollouts_of, shared_check
from eval_observatory.board.rows import rows_of
from eval_observatory.board.scanning import SECRETS
from eval_observatory.board.verifying import LABELS, examined, read_verification, rescored
from eval_observatory.errors import UserError
from eval_observatory.report.words import clean
from eval_observatory.writing import written

CACHE_FORM = "3"
_SAME = {"who": "submitter", "model": "model", "suite": "suite"}
"""What an entry must share with the one that it replaces, by the manifest's fields."""


def board_of(
    folders: Iterable[Path],
    missions: Missions,
    *,
    title: str,
    verified: Path | None = None,
    cache: Path | None = None,
    versions: dict[str, str] | None = None,
) -> tuple[Board, dict[str, Folder]]:
    """The board of entries, and the folders that they lie in.

    Args:
        folders: entries, or folders that hold some.
        verified: the maintainers' folder of what `verify` found, `ID.json`: what was played again
            is known by it. It counts for the very entry that it was made of.
        cache: a folder for entries that were counted before.

    Raises:
        UserError: no folder holds an entry.
    """
    found, left = opened(list(_entries(folders)))
    made: list[_Made] = []
    kept: dict[str, Folder] = {}
    for folder in found:
        try:
            made.append(_made(folder, missions, verified, cache))
            kept[folder.manifest.id] = folder
        except (UserError, OSError) as error:
            left.append(left_out(folder.path, error))
        except Exception as error:  # an entry of anyone's must not end the board of the others
            why = UserError(f"it cannot be counted ({type(error).__name__})")
            left.append(left_out(folder.path, why))
    board = Board(
        form="eval-observatory-board/1",
        title=clean(title),
        made=date.today().isoformat(),
        versions=versions or {},
        entries=tuple(_crossed(made)),
        left_out=tuple(sorted(left, key=lambda one: one.folder)),
    )
    return board, kept


def _entries(folders: Iterable[Path]) -> Iterable[Path]:
    """Each folder that is an entry, or all that it holds but for hidden ones."""
    for folder in folders:
        if not folder.is_dir():
            raise UserError(f"{folder}: no folder; give a folder of entries")
        if (folder / FILE).exists():
            yield folder
        else:
            yield from (
                path for path in folder.iterdir() if not path.name.startswith(".") and path.is_dir()
            )


class _Made(msgspec.Struct, frozen=True):
    """An entry that was counted, and what its rollouts are known by.

    Attributes:
        held: whether maintainers played this very entry again: it was there before a copy of it.
    """

    entry: Entry
    rollouts: Rollouts
    held: bool = False


def _made(folder: Folder, missions: Missions, verified: Path | None, cache: Path | None) -> _Made:
    mission = missions.get(folder.manifest.suite)
    design = mission.suite.design if mission else ""
    # What is checked depends on the entry, and on what checks it; a file's bytes on neither.
    key = f"{CACHE_FORM}-{folder.content[:32]}-{design[:12]}-{mission.scorer if mission else ''}"
    place = cache / f"{key}.json".replace(" ", "-") if cache else None
    made = _remembered(place, folder)
    if made is None:
        made = _counted(folder, missions)
        if place:
            with written(place) as partial:
                partial.write_bytes(msgspec.json.encode(made))
    played = verified / f"{folder.manifest.id}.json" if verified else None
    if played and played.is_file():
        entry = _with_replay(made.entry, read_verification(played))
        return _Made(entry, made.rollouts, held=entry.verification.replay is not None)
    return made


def _remembered(place: Path | None, folder: Folder) -> _Made | None:
    """An entry that was counted before, if no file of it is another since."""
    from eval_observatory.board.checks import files_check

    if place is None or not place.is_file() or files_check(folder).outcome != "holds":
        return None
    try:
        return msgspec.json.decode(place.read_bytes(), type=_Made)
    except (msgspec.MsgspecError, UserError):
        return None


def _counted(folder: Folder, missions: Missions) -> _Made:
    checked, rollouts = examined(folder, missions)
    for one in checked.checks:
        if one.name == SECRETS and one.outcome == "contradicted":
            raise UserError(f"not to be published: {one.text}; cut it out and submit it again")
    titles, rows = _rows(folder, missions, checked)
    entry = Entry(
        manifest=folder.manifest,
        suite_title=clean(titles[0]),
        question=clean(titles[1], 300),
        verification=checked,
        rows=rows,
    )
    return _Made(entry, rollouts)


def _rows(
    folder: Folder, missions: Missions, checked: Verification
) -> tuple[tuple[str, str], tuple[Row, ...]]:
    """The suite's title and question, and the rows of an entry."""
    trials = folder.trials()
    if trials is None:
        results = folder.results()
        if results is None:
            raise UserError("neither trials nor results; make the entry again")
        return (results.title, results.question), results.rows
    suite = folder.suite()
    if suite is None:
        raise UserError("the table does not say its suite; make it again from its logs")
    mission = missions.get(suite.name)
    lower = mission.lower if mission else None
    if mission and mission.suite.counts_as(suite):
        # The table may carry a declaration of anyone's, with other words or other primary measures.
        suite = mission.suite
        labels = next((one for one in checked.checks if one.name == LABELS), None)
        if labels and labels.outcome == "differs":
            # Another scorer's labels are not shown: what is shown is what can be made again.
            trials = rescored(folder, mission)
    rows = rows_of(trials, suite, folder.path, lower)
    if len(rows) > MOST_ROWS:
        raise UserError(f"{len(rows):,} rows, more than {MOST_ROWS:,}; submit fewer cells")
    return (suite.title, suite.question), rows


def _with_replay(entry: Entry, played: Verification) -> Entry:
    """An entry with what was played again of it, if it is the very one."""
    now = entry.verification
    again = [check for check in played.checks if check.name == "played again"]
    if played.content != now.content or played.replay is None or not again:
        text = "an earlier one was of other content, and does not count"
        told = Check(name="played again", outcome="not checked", text=text)
        more = msgspec.structs.replace(now, checks=(*now.checks, told))
        return msgspec.structs.replace(entry, verification=more)
    agrees = now.standing == "re-scored" and again[0].outcome == "holds"
    more = msgspec.structs.replace(
        now,
        checks=(*now.checks, *again),
        replay=played.replay,
        standing="re-run"
        if agrees
        else "reported"
        if again[0].outcome != "holds"
        else now.standing,
    )
    return msgspec.structs.replace(entry, verification=more)


def _crossed(made: Sequence[_Made]) -> Iterable[Entry]:
    """The entries, with what they say of each other: the same rollouts in two of them.

    Of both, one that the maintainers played again stays: it was there before the other.
    """
    every = {one.entry.manifest.id: one for one in made}
    counted, unfit = _replacements([one.entry for one in made])
    beside = neighbours({id: one.rollouts for id, one in every.items()})
    for id, one in sorted(every.items(), key=lambda pair: (pair[1].entry.manifest.when, pair[0])):
        entry, now, told = one.entry, one.entry.verification, []
        if why := unfit.get(id):
            told.append(differs("replaces", [why]))
        others = {
            other: every[other].rollouts
            for other in beside[id]
            if other != counted.get(id)
            and id != counted.get(other)
            and (every[other].held or not one.held)
        }
        if check := shared_check(one.rollouts, others):
            told.append(check)
        wrong = any(check.outcome == "contradicted" for check in told)
        more = msgspec.structs.replace(
            now,
            checks=(*now.checks, *told),
            standing="reported" if wrong else now.standing,
        )
        yield msgspec.structs.replace(entry, verification=more)


def rollouts_in(folders: Iterable[Path], but: str) -> dict[str, Rollouts]:
    """By id, what the rollouts of entries are known by, without those of one id.

    Raises:
        UserError: no folder holds an entry.
    """
    found = {}
    for folder in opened(list(_entries(folders)))[0]:
        if folder.manifest.id != but:
            with suppress(UserError):  # what cannot be read stands on no board
                found[folder.manifest.id] = rollouts_of(folder, heads(folder))
    return found


def _replacements(entries: Iterable[Entry]) -> tuple[dict[str, str], dict[str, str]]:
    """By id, what an entry replaces, where that counts; and why it does not, elsewhere.

    Else anybody could take another's entry out of every comparison.
    """
    every = {entry.manifest.id: entry for entry in entries}
    counted, unfit = {}, {}
    for id, entry in every.items():
        it, old = entry.manifest, every.get(entry.manifest.replaces)
        if old is None or old is entry:
            continue
        mine, theirs = msgspec.structs.asdict(it), msgspec.structs.asdict(old.manifest)
        others = [said for name, said in _SAME.items() if mine[name] != theirs[name]]
        if entry.verification.contradicted:
            unfit[id] = f"{it.replaces} stays: this entry is contradicted itself"
        elif others:
            unfit[id] = f"{it.replaces} stays: it is of another {', '.join(others)}"
        else:
            counted[id] = it.replaces
    return counted, unfit


def withdrawn(entries: Sequence[Entry]) -> dict[str, LeftOut]:
    """By id, the entries that do not count any more, and why: withdrawn, or replaced by another."""
    found = {}
    for entry in entries:
        it = entry.manifest
        if it.withdrawn:
            found[it.id] = LeftOut(folder=it.id, why=f"withdrawn: {it.withdrawn}")
    for id, old in _replacements(entries)[0].items():
        found.setdefault(old, LeftOut(folder=old, why=f"replaced by {id}"))
    return found
