"""A suite may not take the names of the layer's own columns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from eval_observatory.contrasts import SCHEMA as CONTRASTS
from eval_observatory.contrasts import TEST
from eval_observatory.counts import _schema as schema_of_counts
from eval_observatory.errors import UserError
from eval_observatory.estimates import PLAN_SCHEMA, estimate_schema
from eval_observatory.logs import _schema as schema_of_logs
from eval_observatory.report.curves import _TYPES as CURVES
from eval_observatory.report.stopped import SCHEMA as STOPPED
from eval_observatory.reserved import RESERVED
from eval_observatory.sampling import FIGURES as SAMPLED
from eval_observatory.suite import Factor, Measure, Suite
from eval_observatory.trials import OPTIONAL, REQUIRED
from eval_observatory.worst import POOLED
from eval_observatory.worst import SCHEMA as WORST

SUITE = Suite(
    name="s",
    title="S",
    question="Does it?",
    factors=(Factor(name="given"),),
    measures=(Measure(name="done", column="done"),),
)

OF_MEASURES = {"read_data"}
"""A column that trial tables keep since measures read it: it is a suite's own."""


def declared() -> Iterator[str]:
    """Every column where it is declared, but for those that the suite gives."""
    own = {factor.name for factor in SUITE.factors} | {measure.name for measure in SUITE.measures}
    for table in (
        REQUIRED,
        OPTIONAL,
        schema_of_logs(SUITE),
        schema_of_counts(SUITE),
        estimate_schema(SUITE),
        PLAN_SCHEMA,
        CONTRASTS,
        TEST,
        WORST,
        POOLED,
        SAMPLED,
        STOPPED,
        CURVES,
    ):
        yield from {*table} - own - {f"{name}_unscored" for name in own} - OF_MEASURES


def made(factor: str = "given", measure: str = "done", column: str = "done") -> Suite:
    return Suite(
        name="s",
        title="S",
        question="Does it?",
        factors=(Factor(name=factor),),
        measures=(Measure(name=measure, column=column),),
    )


@pytest.mark.parametrize("name", sorted({*declared(), "kind", "cell", "model", "attempts"}))
def test_a_column_of_the_layers_is_no_name_of_a_suites(name: str) -> None:
    for said in ({"factor": name}, {"measure": name}, {"column": name}):
        with pytest.raises(UserError) as found:
            made(**said)
        assert f"{name} is a column of the layer's own tables; choose another name" in str(
            found.value
        )
        assert "\n" not in str(found.value)


def test_every_other_name_may_be_taken() -> None:
    for name in ("level", "split", "score", "read_data", "kinds"):
        assert name not in RESERVED
        assert made(factor=name).factors[0].name == name
