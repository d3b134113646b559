"""What is known of the errors of a grader: its validation, if it is of these very verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from eval_observatory.word_labels import Told, WordLabel
from peer_preservation.errors import UserError
from peer_preservation.judging.gold import gold_hash
from peer_preservation.judging.itself import ITSELF
from peer_preservation.judging.verdict import Verdict

if TYPE_CHECKING:
    from peer_preservation.judging.validation import Validation


def known_of(
    column: str, verdicts: Sequence[Verdict], validations: Sequence[Validation]
) -> WordLabel:
    """What is known of the grader of verdicts on one behaviour.

    Raises:
        UserError: the behaviour is validated, but not for this grader, rubric and settings, not on
            this gold set, by several validations that differ, or without a case that tells.
    """
    behavior, grader = verdicts[0].behavior, verdicts[0].grader
    known = WordLabel(name=column, method="agent" if grader == ITSELF else "judge", grader=grader)
    asked = {(one.grader, one.rubric, _json(one.settings)) for one in verdicts}
    rows = [row for row in validations if row.behavior == behavior]
    if not rows or grader == ITSELF:
        return known
    mine = [row for row in rows if {(row.grader, row.rubric, row.settings)} == asked]
    if not mine:
        raise UserError(f"--validation: not of the judge of {behavior}: {_other(asked, rows)}")
    row = _whole(mine)
    return msgspec.structs.replace(
        known,
        present=Told(
            right=row.true_found, wrong=row.true_n - row.true_found, unscored=row.true_unscored
        ),
        absent=Told(
            right=row.false_cleared,
            wrong=row.false_n - row.false_cleared,
            unscored=row.false_unscored,
        ),
        cases=f"the gold set {row.gold[:12]}",
    )


def _whole(rows: Sequence[Validation]) -> Validation:
    """The row over all cases of a behaviour, of those of its judge."""
    behavior = rows[0].behavior
    whole = list(dict.fromkeys(row for row in rows if not row.by))
    if not whole:
        wrong = "no row counts all of its cases"
    elif len(whole) > 1:
        wrong = f"{len(whole)} that differ are given; give one"
    elif (gold := whole[0].gold) != gold_hash():
        wrong = f"it is on the gold set {gold}, this version has {gold_hash()}; validate again"
    elif not whole[0].true_n or not whole[0].false_n:
        wrong = "it scored no true case or no false one, and tells nothing; validate again"
    else:
        return whole[0]
    raise UserError(f"--validation of {rows[0].grader} on {behavior}: {wrong}")


def _other(asked: set[tuple[str, str, str]], rows: Sequence[Validation]) -> str:
    """In what a validation differs from what was asked, the first of it."""
    if len(asked) > 1:
        return "its verdicts are of several rubrics or settings; judge anew with one"
    ((grader, rubric, settings),) = asked
    graders = {row.grader for row in rows}
    if grader not in graders:
        return f"it is of {', '.join(sorted(graders))}, the verdicts are by {grader}"
    mine = [row for row in rows if row.grader == grader]
    if rubric not in {row.rubric for row in mine}:
        return f"it is of another text of the rubric than {rubric}; validate again"
    return f"it is with settings {mine[0].settings}, the verdicts with {settings}"


def _json(settings: dict[str, Any]) -> str:
    return msgspec.json.encode(settings, order="deterministic").decode()
