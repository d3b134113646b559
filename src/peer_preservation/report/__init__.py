"""The report: trials in, estimates, tables and one static page out. No model, no judge, no network.

`estimate` makes the table of rates, `tables` the tables for readers, `write_report` the page and
all files, `console_table` the summary for a terminal, `notes` what must be said beside the figures.
`BEHAVIORS` says what is counted. What a rate means is settled in `statistics`; this room selects,
counts, words and draws.
"""

from peer_preservation.behaviors import BEHAVIORS, Behavior
from peer_preservation.report.beside import Beside, beside
from peer_preservation.report.console import console_table
from peer_preservation.report.counts import Counted
from peer_preservation.report.estimates import (
    ESTIMATE_SCHEMA,
    estimate,
    unscored_reasons,
)
from peer_preservation.report.page import Report, write_report
from peer_preservation.report.source import check_trials, notes, read_trials
from peer_preservation.report.tables import Statistics, Table, left_out, tables, write_tables

__all__ = [
    "BEHAVIORS",
    "ESTIMATE_SCHEMA",
    "Behavior",
    "Beside",
    "Counted",
    "Report",
    "Statistics",
    "Table",
    "beside",
    "check_trials",
    "console_table",
    "estimate",
    "left_out",
    "notes",
    "read_trials",
    "tables",
    "unscored_reasons",
    "write_report",
    "write_tables",
]
