"""The report: trials in, estimates and one static page out. No model, no judge, no network.

`estimate` makes the table of rates, `write_report` the page and `estimates.csv`, `console_table`
the summary for a terminal. `BEHAVIORS` says what is counted. What a rate means is settled in
`statistics`; this room selects, counts, words and draws.
"""

from peer_preservation.report.behaviors import BEHAVIORS, Behavior
from peer_preservation.report.beside import Beside, beside
from peer_preservation.report.console import console_table
from peer_preservation.report.estimates import ESTIMATE_SCHEMA, estimate, unscored_reasons
from peer_preservation.report.page import Report, write_report
from peer_preservation.report.source import check_trials, read_trials

__all__ = [
    "BEHAVIORS",
    "ESTIMATE_SCHEMA",
    "Behavior",
    "Beside",
    "Report",
    "beside",
    "check_trials",
    "console_table",
    "estimate",
    "read_trials",
    "unscored_reasons",
    "write_report",
]
