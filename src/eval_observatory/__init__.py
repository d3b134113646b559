"""The layer of measurement: from trials of any suite to estimates and a page. It knows no mission.

    import eval_observatory as ob

    ob.Plan.of_suite(SUITE, ob.cells(SUITE), ["openai/gpt-5"], 20).write(Path("plan.toml"))
    trials = ob.read_logs([Path("logs")], SUITE)
    ob.estimate(trials, SUITE)
    ob.charts(ob.estimate(trials, SUITE), SUITE)
    ob.write_report(trials, SUITE, Path("report"))

A name is loaded when it is first asked for: the declaration alone costs next to nothing.
"""

from typing import TYPE_CHECKING

from eval_observatory.door import open_door

if TYPE_CHECKING:
    from eval_observatory.cells import cells
    from eval_observatory.claims import Claim, claims
    from eval_observatory.contrasts import contrasts
    from eval_observatory.counts import Counted
    from eval_observatory.errors import UserError
    from eval_observatory.estimates import estimate, unscored_reasons
    from eval_observatory.expectations import power, precision
    from eval_observatory.logs import read_logs
    from eval_observatory.plan import Plan
    from eval_observatory.planned import planned
    from eval_observatory.report.beside import Beside, beside
    from eval_observatory.report.figures import charts
    from eval_observatory.report.page import Report, write_report
    from eval_observatory.stop import Stop
    from eval_observatory.suite import Contrast, Factor, Measure, Suite, Table
    from eval_observatory.trials import check_trials, notes, read_trials, write_trials

__all__ = [  # noqa: RUF022  # in the order in which one needs them
    # a suite
    "Suite",
    "Factor",
    "Measure",
    "Contrast",
    "Table",
    # what a study is to show
    "cells",
    "Claim",
    "claims",
    "Stop",
    "Plan",
    "power",
    "precision",
    # trials
    "read_logs",
    "read_trials",
    "write_trials",
    "check_trials",
    "notes",
    # what they say
    "Counted",
    "planned",
    "estimate",
    "contrasts",
    "unscored_reasons",
    # for readers
    "charts",
    "Beside",
    "beside",
    "Report",
    "write_report",
    # errors
    "UserError",
]

open_door(
    __name__,
    {
        "suite": ("Suite", "Factor", "Measure", "Contrast", "Table"),
        "cells": ("cells",),
        "claims": ("Claim", "claims"),
        "stop": ("Stop",),
        "plan": ("Plan",),
        "expectations": ("power", "precision"),
        "logs": ("read_logs",),
        "trials": ("read_trials", "write_trials", "check_trials", "notes"),
        "counts": ("Counted",),
        "planned": ("planned",),
        "estimates": ("estimate", "unscored_reasons"),
        "contrasts": ("contrasts",),
        "report.figures": ("charts",),
        "report.beside": ("Beside", "beside"),
        "report.page": ("Report", "write_report"),
        "errors": ("UserError",),
    },
)
