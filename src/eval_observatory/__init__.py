"""The layer of measurement: from trials of any suite to estimates. It knows no mission."""

from eval_observatory.errors import UserError
from eval_observatory.suite import Contrast, Factor, Measure, Suite, Table

__all__ = [
    # the declaration
    "Contrast",
    "Factor",
    "Measure",
    "Suite",
    "Table",
    # errors
    "UserError",
]
