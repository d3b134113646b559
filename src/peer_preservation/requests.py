"""What was asked of a run's folder: every request by itself, since the folder's plan has them all.

A folder may be given more models, cells or rollouts. Its plan is then of every model in every cell;
what was asked for is less, and stands in one file for each request.
"""

from __future__ import annotations

from pathlib import Path

from eval_observatory.plan import FILE
from peer_preservation.plan import Plan

REQUESTS = "requests"
"""The folder of them, in that of a run."""


def keep_request(plan: Plan, folder: Path) -> None:
    """Keeps a request, before the folder's plan takes it in; the same one again is the same file.

    A folder that is older than requests has had one: its plan. One that was locked stays alone.

    Raises:
        UserError: the folder's plan was changed since.
        OSError: the folder cannot be written.
    """
    place = folder / REQUESTS
    if plan.locked:
        return
    if not place.exists():
        place.mkdir(parents=True)
        if (folder / FILE).exists():
            _keep(Plan.read(folder / FILE), place)
    _keep(plan, place)


def _keep(plan: Plan, place: Path) -> None:
    path = place / f"{plan.hash[:16]}.toml"
    if not path.exists():
        plan.keep(path)


def rollouts_asked(folder: Path, plan: Plan) -> dict[tuple[str, str], int]:
    """By model and cell how many rollouts were asked for in a folder, by all requests together.

    Args:
        plan: the folder's, which is the one request where none was kept.

    Raises:
        UserError: a request was changed since.
    """
    asked: dict[tuple[str, str], int] = {}
    for one in [Plan.read(path) for path in sorted((folder / REQUESTS).glob("*.toml"))] or [plan]:
        for model in one.models:
            for cell in one.cells:
                asked[model, cell] = max(asked.get((model, cell), 0), one.rollouts)
    return asked
