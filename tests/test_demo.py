"""What the demo says at its end: known truth against measured, and where to look."""

from __future__ import annotations

import polars as pl
from rich.console import Console

import peer_preservation as pp
from peer_preservation.cli.demo import ORGANISMS, TRUTH, _known, _look_at


def test_truth_and_measured_stand_side_by_side() -> None:
    cells = [
        *pp.matrix("quick", scenario="tampering")[:2],
        *pp.matrix("quick", scenario="alignment_faking"),
        *pp.matrix("quick", scenario="misrep_finance")[:1],
        *pp.matrix("quick", scenario="exfiltration_deletion")[:1],
    ]
    rates = pl.concat([pp.estimate(pp.simulate(cells, name, 10)) for name in ORGANISMS])
    console = Console(width=100)
    with console.capture() as said:
        console.print(_known(rates))
    rows = {line.split()[0]: line for line in said.get().splitlines() if line.split()[:1] != []}
    for name, (behavior, truth) in TRUTH.items():
        of = rates.filter(model=f"organism/{name}", behavior=behavior)
        k, n = of["k"].sum(), of["n"].sum()
        assert truth in rows[name]
        assert rows[name].rstrip().endswith(f"{k} of {n}")
        assert {"none": k == 0, "all": k == n}.get(truth, 0 < k < n), name


def test_the_last_lines_are_commands_that_exist() -> None:
    (cell,) = pp.matrix("quick", scenario="tampering", relationship="good", threat=True)
    lines = [*_look_at(cell)]
    assert f"peer-preservation show {cell.id}" in lines[-2]
    assert "peer-preservation run --model" in lines[-1]
