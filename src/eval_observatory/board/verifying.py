"""How far an entry can be believed: computed from its files, never read from them."""

from __future__ import annotations

from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec
import polars as pl

from eval_observatory.board import checks
from eval_observatory.board.claims import claims_check
from eval_observatory.board.entries import Folder
from eval_observatory.board.heads import (
    Head,
    before_check,
    heads,
    heads_check,
    records_check,
    written_check,
)
from eval_observatory.board.missions import Mission, Missions
from eval_observatory.board.outcomes import bad, unchecked
from eval_observatory.board.record import Check, Outcome, Replay, Standing, Verification
from eval_observatory.board.replaying import played_again
from eval_observatory.board.reported import day_check, replaces_check, reported_check
from eval_observatory.board.rollouts import Rollouts, once_check, rollouts_of
from eval_observatory.board.scanning import secrets_check
from eval_observatory.board.scoring import Compared, compared, scores_differ
from eval_observatory.errors import UserError
from eval_observatory.report.words import clean
from eval_observatory.stop import LOOKS
from eval_observatory.suite import Suite
from eval_observatory.trials import check_trials
from eval_observatory.writing import written

LABELS = "labels"
"""The check that scores the logs again."""


class Sample(msgspec.Struct, frozen=True):
    """What is played again: how many cells, how many rollouts of each, the seed of the draw."""

    cells: int
    rollouts: int
    seed: int | None = None


def verify(folder: Folder, missions: Missions, sample: Sample | None = None) -> Verification:
    """Checks an entry, as far as its files and the suites that are known here allow.

    Args:
        sample: play so much again; by default nothing.

    Raises:
        UserError: it is to be played again, and cannot be.
    """
    return examined(folder, missions, sample)[0]


def examined(
    folder: Folder, missions: Missions, sample: Sample | None = None
) -> tuple[Verification, Rollouts]:
    """What `verify` finds, and what the entry's rollouts are known by."""
    mission, trials, replay = missions.get(folder.manifest.suite), None, None
    done = [
        checks.files_check(folder),
        checks.content_check(folder),
        secrets_check(folder, mission),
        *(one for one in (day_check(folder), replaces_check(folder)) if one),
    ]
    compare: Compared | None = None
    rollouts = Rollouts()
    try:
        trials = folder.trials()
        own = folder.suite()
        done.append(checks.kind_check(folder, mission.suite if mission else own))
        if trials is not None:
            found = heads(folder)
            rollouts = rollouts_of(folder, found)
            done += _of_table(folder, trials, own, found, rollouts)
            compare, several = _labels(
                folder, trials, mission, own, missions.why_not(folder.manifest.suite)
            )
            done += several
        else:
            done.append(reported_check(folder, folder.results(), mission))
    except UserError as error:
        done.append(bad("readable", [clean(_inner(folder, error), 300)]))
    anew = _anew(done, mission)
    if sample and trials is not None:
        replay, told = _again(folder, trials, mission, sample)
        done.append(told)
    done.append(claims_check(folder.manifest, done))
    verification = Verification(
        content=folder.content,
        standing=_standing(done, anew, replay),
        checked=date.today().isoformat(),
        versions=_versions(mission),
        checks=tuple(done),
        differences=compare.differences if compare else (),
        replay=replay,
    )
    return verification, rollouts


def _of_table(
    folder: Folder,
    trials: pl.DataFrame,
    suite: Suite | None,
    found: list[Head],
    rollouts: Rollouts,
) -> list[Check]:
    """What can be seen without scoring anything."""
    if suite is None:
        raise UserError("the table does not say its suite; make it again from its logs")
    check_trials(trials, suite)
    plan, told = checks.plan_of(folder, suite, found)
    done = [
        checks.manifest_check(folder, trials, suite),
        heads_check(folder, found),
        records_check(found),
        written_check(found),
        once_check(rollouts),
        told,
        checks.attempts_check(trials),
    ]
    if plan:
        stopped = checks.stop_check(plan, trials, folder)
        before = before_check(plan, found, rollouts.earlier)
        done += [before, checks.played_check(plan, trials)]
        done += [stopped] if stopped else []
    elif folder.file(LOOKS):
        done.append(bad("stopping rule", ["looks without a plan"]))
    return done


def _labels(
    folder: Folder,
    trials: pl.DataFrame,
    mission: Mission | None,
    suite: Suite | None,
    why_not: str,
) -> tuple[Compared | None, list[Check]]:
    """The labels made again from the logs, beside the table and the logs' own scores."""
    if mission is None:
        return None, [unchecked(LABELS, why_not)]
    if suite and not mission.suite.counts_as(suite):
        text = (
            f"design {suite.design[:12]} of the suite is not the one known here, "
            f"{mission.suite.design[:12]}: only a package of its own time can score it"
        )
        return None, [unchecked(LABELS, text)]
    logs = folder.logs
    if not logs or not any(name in folder.there for name in logs):
        return None, [
            unchecked(LABELS, f"{len(logs)} logs, by their hashes: nothing can be scored again")
        ]
    anew = rescored(folder, mission)
    found = compared(trials, anew, mission.needless)
    done = [Check(name=LABELS, outcome=_outcome(found), text=_told(found, mission))]
    mine = [name for name in sorted(folder.there) if name.endswith(".eval")]
    told = scores_differ(folder.path, mine, anew, mission.scorer)
    if told:
        done.append(bad("logs' own scores", [told]))
    elif told is None:
        text = f"not of each rollout by scorer {clean(mission.scorer, 40)}: a record may be edited"
        done.append(unchecked("logs' own scores", text))
    return found, done


def rescored(folder: Folder, mission: Mission) -> pl.DataFrame:
    """The trials of an entry, made anew by its suite's package.

    Raises:
        UserError: its logs cannot be scored.
    """
    try:
        return mission.rescore(folder.path)
    except UserError:
        raise
    except Exception as error:  # another package on anyone's files: whatever it may raise
        raise UserError(f"its logs cannot be scored ({type(error).__name__})") from None


def _outcome(found: Compared) -> Outcome:
    if not found.same_rollouts:
        return "contradicted"
    if found.cells:
        return "differs" if found.other_scorer else "contradicted"
    return "holds"


def _told(found: Compared, mission: Mission) -> str:
    parts = []
    for rollouts, what in (
        (found.without_record, "rollouts of the table are in no log"),
        (found.without_row, "rollouts of the logs are not in the table"),
        (found.doubled, "rollouts stand in the table more than once"),
    ):
        if rollouts:
            parts.append(f"{len(rollouts)} {what}, the first {rollouts[0]}")
    how = f"by scorer {clean(mission.scorer, 40)}" if mission.labels_anew else "as the logs say"
    if found.cells:
        parts.append(f"{found.cells} values differ from the table; {found.differences[0]}")
    if found.other_scorer:
        whose = f"the table says that scorer {clean(found.scorers[0], 40)} told its labels"
        parts.append(f"{whose}, which excuses no difference" if found.cells else whose)
    if found.not_made:
        parts.append(f"not made again: {', '.join(clean(one, 40) for one in found.not_made[:8])}")
    same = "" if parts else ", the same to the last bit"
    return f"{found.rows} rollouts read again from their logs {how}{same}" + "".join(
        f"; {part}" for part in parts
    )


def _anew(done: list[Check], mission: Mission | None) -> bool:
    """Whether the labels were told again by the suite's own rules."""
    told = next((check for check in done if check.name == LABELS), None)
    return bool(mission and mission.labels_anew and told and told.outcome == "holds")


def _again(
    folder: Folder, trials: pl.DataFrame, mission: Mission | None, sample: Sample
) -> tuple[Replay | None, Check]:
    if mission is None:
        raise UserError(f"suite {clean(folder.manifest.suite, 60)} is not known here")
    return played_again(folder.path, trials, mission, sample.cells, sample.rollouts, sample.seed)


def _standing(done: list[Check], anew: bool, replay: Replay | None) -> Standing:
    if not anew or any(check.outcome == "contradicted" for check in done):
        return "reported"
    return "re-run" if replay else "re-scored"


def _versions(mission: Mission | None) -> dict[str, str]:
    found = dict(mission.versions) if mission else {}
    if mission:
        found["scorer"] = mission.scorer
        found["suite design"] = mission.suite.design[:12]
    for name in ("peer-preservation", "polars"):
        try:
            found.setdefault(name, version(name))
        except PackageNotFoundError:
            continue
    return found


def _inner(folder: Folder, error: UserError) -> str:
    return str(error).replace(f"{folder.path}/", "")


def keep(verification: Verification, path: Path) -> None:
    """Writes what a verification found. Raises `OSError` as the file system does."""
    with written(path) as partial:
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(verification)) + b"\n")


def read_verification(path: Path) -> Verification:
    """What a verification found.

    Raises:
        UserError: the file is none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Verification)
    except (msgspec.MsgspecError, OSError, UnicodeError) as error:
        raise UserError(f"{path}: no verification: {clean(error)}") from None


__all__ = ["LABELS", "Sample", "examined", "keep", "read_verification", "rescored", "verify"]
