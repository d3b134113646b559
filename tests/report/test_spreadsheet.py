"""CSV files for people: what would be a formula is text; everything else is not touched."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from eval_observatory.report.table import write_csv


@pytest.mark.parametrize(
    "text", ['=cmd|"/c calc"!A0', "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "-"]
)
def test_a_text_that_would_be_a_formula_is_quoted(text: str, tmp_path: Path) -> None:
    write_csv(pl.DataFrame({"a": [text]}), tmp_path / "t.csv")
    assert pl.read_csv(tmp_path / "t.csv", infer_schema=False)["a"].to_list() == [f"'{text}"]


def test_everything_else_stays_as_it_is(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "number": [-1.5, 2e-20, None],
            "whole": [-1, None, 3],
            "text": ["openai/gpt-5", "-0.5", None],
            "truth": [True, None, False],
        }
    )
    write_csv(frame, tmp_path / "t.csv")
    assert pl.read_csv(tmp_path / "t.csv", schema=frame.schema).equals(frame)
