"""A suite by its name, where an installed package says it, or by where it stands in Python."""

from __future__ import annotations

import importlib
import sys

from eval_observatory.board.missions import Missions
from eval_observatory.errors import UserError
from eval_observatory.suite import Suite


def load_suite(name: str) -> Suite:
    """The suite of this name, or that `module:NAME` names, also of a module in this folder.

    Raises:
        UserError: there is none.
    """
    module, colon, attribute = name.partition(":")
    if not colon:
        missions = Missions()
        if found := missions.get(name):
            return found.suite
        if name in missions.names:
            raise UserError(f"--suite {name}: {missions.why_not(name)}")
        known = ", ".join(missions.names)
        raise UserError(f"--suite {name}: give it as module:NAME, or one of {known}")
    if not module or not attribute:
        raise UserError(f"--suite {name}: give it as module:NAME")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        named = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UserError(f"--suite {name}: {error}") from None
    if not isinstance(named, Suite):
        raise UserError(f"--suite {name}: it is a {type(named).__name__}, no Suite")
    return named
