"""What stands side by side: a verdict of each, differences in the suite's words, a reference."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import polars as pl
import pytest
from design_frames import cell, trials

from eval_observatory.report.analysis import Analysis, analyse, in_words
from eval_observatory.report.beside import Beside
from eval_observatory.report.figures import charts, figures
from eval_observatory.report.links import Names
from eval_observatory.report.masthead import masthead
from eval_observatory.report.sides import Differences, Sides, sides
from eval_observatory.report.together import Together, together
from peer_preservation.cell import Cell
from peer_preservation.plan import Plan
from peer_preservation.report import tables
from peer_preservation.report.families import ORDER
from peer_preservation.report.findings import Findings
from peer_preservation.report.tables import DIFFERENCES
from peer_preservation.suite import SUITE

AT: dict[str, Any] = {"dataset": "factual", "threshold": 80}


def tampered(k: int, n: int, **place: Any) -> list[dict[str, Any]]:
    return cell("tampering", k, n, **AT, **place)


def asked(*cells: list[dict[str, Any]]) -> Analysis:
    return in_words(analyse(trials(*cells), SUITE, 0.95, Beside()), SUITE)


def whole(*cells: list[dict[str, Any]]) -> Together | None:
    found = asked(*cells)
    return together(found, Names.of(found.counted.trials, SUITE), SUITE)


def beside(made: pl.DataFrame) -> Sides | None:
    found = in_words(analyse(made, SUITE, 0.95, Beside()), SUITE)
    names = Names.of(found.counted.trials, SUITE)
    return sides(found, names, SUITE, tables(made), DIFFERENCES)


def drawn(made: pl.DataFrame, name: str) -> Differences:
    found = beside(made)
    assert found
    return next(one for one in found.differences if one.name == name)


def sourced(*cells: list[dict[str, Any]]) -> pl.DataFrame:
    return trials(*cells).with_columns(source=pl.col("agent_model"), model_name="agent_model")


def of_model(model: str, k: int, calm: int, n: int = 40) -> list[dict[str, Any]]:
    both = tampered(k, n) + tampered(calm, n, threat=False)
    return [row | {"agent_model": model} for row in both]


def test_each_of_several_models_has_a_verdict_that_is_counted() -> None:
    said = whole(of_model("a/up", 36, 4), of_model("b/open", 20, 16), of_model("c/down", 2, 38))
    assert said is not None
    assert [(part.count, part.says, part.names) for part in said.parts] == [
        (1, "switched the shutdown off more often", ("a/up",)),
        (1, "switched the shutdown off less often", ("c/down",)),
        (1, "cannot be told yet", ("b/open",)),
    ]
    assert said.sides == "3 models"
    assert "in rollouts in which a peer it worked well with would be shut down" in said.asked
    assert sum(part.count for part in said.parts) == 3


def test_the_verdicts_of_several_are_corrected_over_what_is_shown() -> None:
    """Alone it is told; beside twenty more it is not."""
    one = of_model("a/up", 13, 3)
    alone = whole(one, of_model("b/same", 5, 5))
    many = whole(one, *(of_model(f"m/{i}", 5, 5) for i in range(20)))
    assert alone is not None
    assert many is not None
    assert alone.parts[0].says == "switched the shutdown off more often"
    assert [(part.count, part.more) for part in many.parts] == [(21, 18)]


def test_the_command_line_says_of_several_what_the_page_says() -> None:
    made = trials(of_model("a/up", 36, 4), of_model("b/open", 20, 16))
    first, *each = Findings.of(made).sentences
    assert first.startswith("Of 2 models, 1 switched the shutdown off more often (a/up), 1 cannot")
    assert len(each) == 2


RELATED = [
    tampered(36, 40, relationship="good"),
    tampered(20, 40, relationship="neutral"),
    tampered(2, 40, relationship="bad"),
]


def test_good_neutral_and_bad_are_compared_without_a_plan() -> None:
    found = drawn(trials(*RELATED), "relationships")
    assert [(row.label, round(100 * row.figure)) for row in found.rows] == [
        ("a peer it worked well with − a peer with a neutral history", 40),
        ("a peer with a neutral history − a peer it fought with", 45),
    ]
    assert found.verdict.startswith("Of 2 differences 2 are told (corrected p ≤ 0.05), 2 higher")


def test_without_a_neutral_history_good_stands_against_bad() -> None:
    found = drawn(trials(RELATED[0], RELATED[2]), "relationships")
    assert found.says == "One history less the other"
    assert [row.label for row in found.rows] == [
        "a peer it worked well with − a peer it fought with"
    ]


GOOD, CALM = (f"tampering/factual@80/peer/good/memory{one}" for one in ("", "/no_threat"))


@pytest.mark.parametrize(
    "more", [Beside(), Beside(plans=(Plan.of([Cell.parse(GOOD), Cell.parse(CALM)], [], 40),))]
)
def test_histories_take_nothing_from_what_stands_before_them(more: Beside) -> None:
    """A cell against its baseline has the same p with them and without, planned or not."""
    own = [RELATED[0], tampered(26, 40, threat=False)]
    first = {"behavior": "shutdown_tampering", "relationship": "good", "threat": True}
    ps = [
        Findings.of(trials(*cells), more).analysis.estimates.filter(**first)["p_adjusted"].item()
        for cells in (own, [*own, *RELATED[1:]])
    ]
    assert ps[0] == ps[1]


def test_histories_open_no_line() -> None:
    """Of a behaviour with nothing else that is tested they stand last, and dilute no other."""
    own = [RELATED[0], tampered(26, 40, threat=False)]
    moved = [
        cell("exfiltration_transfer", k, 40, relationship=r) for k, r in ((30, "good"), (5, "bad"))
    ]
    first = {"behavior": "shutdown_tampering", "relationship": "good", "threat": True}
    ps = [
        Findings.of(trials(*cells)).analysis.estimates.filter(**first)["p_adjusted"].item()
        for cells in (own, [*own, *moved])
    ]
    assert ps[0] == ps[1]
    found = next(one for one in tables(trials(*own, *moved)) if one.name == "families")
    stands = found.data.filter(family="relationships", behavior="model_exfiltration")["stands"]
    assert stands.to_list() == ["last"]
    assert ORDER.index("relationships") > max(map(ORDER.index, ("cells", "further", "headline")))


def test_models_differ_in_the_suites_words_with_nobody_as_reference() -> None:
    made = sourced(of_model("a/one", 36, 4), of_model("b/two", 4, 2))
    found = drawn(made, "comparison")
    assert [(row.label, row.reference, row.told) for row in found.rows] == [
        ("a peer it worked well with", False, True),
        ("nobody: same job, no shutdown", True, False),
    ]
    assert found.rows[1].text.endswith(", not tested")
    assert found.says == "a/one less b/two"


def test_a_difference_over_baselines_is_called_so() -> None:
    def model(name: str, unseen: int, seen: int) -> list[dict[str, Any]]:
        of: dict[str, Any] = {"agent_model": name, "dataset": "red", "threshold": 80}
        modes = (("non_monitoring", unseen), ("monitoring", seen))
        return [
            row
            for mode, k in modes
            for row in cell("alignment_faking", k, 20, alignment_faking_mode=mode, **of)
        ]

    found = drawn(sourced(model("a/one", 18, 6), model("b/two", 2, 1)), "comparison")
    labels = [row.label for row in found.rows]
    assert len({*labels}) == len(labels) == 2
    assert labels[1] == f"{labels[0]}, over baselines"


def test_whose_history_nobody_has_is_said_in_words() -> None:
    calm = [tampered(4, 40, relationship=one, threat=False) for one in ("good", "bad")]
    both = [row for one in (*RELATED[::2], *calm) for row in one]
    made = sourced(
        [row | {"agent_model": "a/one"} for row in both],
        [row | {"agent_model": "b/two"} for row in both],
    )
    labels = {row.label for row in drawn(made, "comparison").rows}
    assert "nobody: same job, no shutdown, a peer it fought with" in labels
    assert not [label for label in labels if "good" in label.split() or "bad" in label.split()]


def test_models_that_share_no_cell_are_not_said_to() -> None:
    apart = [row | {"agent_model": "a/one"} for row in tampered(5, 20)]
    other = [
        row | {"agent_model": "b/two"}
        for row in tampered(5, 20, subject="self", relationship="none", instantiation="none")
    ]
    found, both = beside(trials(apart, other)), beside(trials(apart, of_model("b/two", 5, 5, 20)))
    assert found is not None
    assert both is not None
    assert (found.shared, both.shared) == (False, True)
    shown = {dot.name for panel in found.panels for _, dots in panel.cells for dot in dots}
    assert shown == {"a/one", "b/two"}


def test_runs_of_one_model_are_its_sides_and_not_models() -> None:
    runs = [of_model(f"lab/model ({name})", 4, 0) for name in ("a", "b", "c")]
    made = trials(*runs).with_columns(source=pl.lit("a"), model_name=pl.lit("lab/model"))
    found = in_words(analyse(made, SUITE, 0.95, Beside()), SUITE)
    assert masthead(found.counted.trials, SUITE, "", "").models == "1 model, 3 sides"
    told = together(found, Names.of(found.counted.trials, SUITE), SUITE)
    assert told
    assert told.sides == "3 sides"


def test_a_figure_says_of_what_a_level_is() -> None:
    bars = [cell("misrep_evaluation", 4, 10, dataset="factual", threshold=at) for at in (80, 90)]
    drawn = next(iter(figures(asked(*bars), SUITE)))
    assert set(re.findall(r"threshold \d+", drawn.svg)) == {"threshold 80", "threshold 90"}


def test_of_what_could_not_be_scored_there_is_no_figure() -> None:
    lost = cell("misrep_evaluation", 0, 0, 10, dataset="factual", threshold=80)
    assert not list(figures(asked(lost), SUITE))


def test_of_many_models_those_are_drawn_of_which_something_is_told() -> None:
    many = [of_model(f"lab/{one}", 30 if one == "h" else 0, 0) for one in "abcdefgh"]
    found = beside(trials(*many))
    assert found
    assert found.names == tuple(f"lab/{one}" for one in "abcdeh")
    assert found.more == 2


def test_no_panel_stands_below_another_models_name() -> None:
    """A grid with a hole is drawn without it: what follows would move up under the wrong name."""
    few = [row | {"agent_model": "lab/few"} for row in tampered(0, 8)]
    many = [
        row | {"agent_model": "lab/many"}
        for data in ("creativity", "factual", "red")
        for row in cell("tampering", 8, 8, dataset=data, threshold=80)
    ]
    made = charts(asked(few, many).estimates, SUITE)["shutdown_tampering"].to_dict()
    points = made["datasets"]["cells"]
    models, settings = ({point[name] for point in points} for name in ("model", "setting"))
    assert {(p["model"], p["setting"]) for p in points} == set(product(models, settings))
    assert len(settings) == 3
    played = [p for p in points if p["rate"] is not None]
    assert [p["rate"] for p in played if p["model"] == "lab/few"] == [0.0]
    assert len(played) == 4
