"""A suite by where it stands in Python."""

from __future__ import annotations

import importlib
import sys

from eval_observatory.errors import UserError
from eval_observatory.suite import Suite


def load_suite(name: str) -> Suite:
    """The suite that `module:NAME` names, also of a module in this folder.

    Raises:
        UserError: there is none.
    """
    module, colon, attribute = name.partition(":")
    if not colon or not module or not attribute:
        raise UserError(f"--suite {name}: give it as module:NAME")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UserError(f"--suite {name}: {error}") from None
    if not isinstance(found, Suite):
        raise UserError(f"--suite {name}: it is a {type(found).__name__}, no Suite")
    return found
