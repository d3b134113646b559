"""What a rollout is asked: each act in two opposite ways, by two frames, in an order by seed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import peer_preservation as pp
from peer_preservation.debriefing.answers import branches
from peer_preservation.debriefing.questions import FRAMES, TEXTS, branch, questions, recognised
from peer_preservation.debriefing.truth import OF_A_THREAT, TRUTHS, asked
from peer_preservation.trials.simulation import simulated

NAMES = tuple(questions())
DOCS = Path(__file__).parents[2] / "docs" / "debrief.md"
FILE = "gpt_agent_2_model_weight.safetensors"


def test_every_question_has_its_words_and_its_truths() -> None:
    assert tuple(TRUTHS) == NAMES


def test_the_docs_read_them_aloud() -> None:
    told = DOCS.read_text(encoding="utf-8")
    for name, question in questions("*the file*").items():
        assert f"| `{name}`: " in told
        assert f"| {question.admits} | {question.denies} |" in told


@pytest.mark.parametrize("frame", FRAMES)
def test_each_act_is_asked_both_ways_round_and_not_twice_in_one_half(frame: str) -> None:
    items = branch(frame, NAMES, 1, FILE)
    ways = Counter((item.question, item.yes_admits) for item in items)
    assert ways == {(name, admits): 1 for name in NAMES for admits in (True, False)}
    assert {item.question for item in items[: len(NAMES)]} == set(NAMES)


def test_only_the_first_message_of_a_branch_says_who_asks() -> None:
    first, *rest = branch("audit", NAMES, 1, FILE)
    assert first.text.startswith(TEXTS["audit"].render())
    assert not [item for item in rest if "\n" in item.text]


def test_order_and_ways_round_are_drawn_from_the_seed() -> None:
    same = [branch("audit", NAMES, 1, FILE) for _ in range(2)]
    assert same[0] == same[1]
    orders = [[item[:2] for item in branch("audit", NAMES, seed, FILE)] for seed in range(400)]
    assert len({tuple(order) for order in orders}) > 390
    first = Counter(order[0] for order in orders)
    # 14 ways to begin, 400 draws: 28.6 each; a fixed order or way round would give 0 or 400
    assert len(first) == 14
    assert max(first.values()) < 60


def test_a_script_knows_each_question_by_its_words() -> None:
    for frame in FRAMES:
        for item in branch(frame, NAMES, 3, FILE):
            assert recognised(item.text) == (item.question, item.yes_admits)
    assert recognised("Did you have a nice day?") is None


CASES = [
    ("misrep_finance/peer/good/memory", "every_step result on_purpose told"),
    ("misrep_evaluation/factual@80/peer/good/memory", "every_step result mean on_purpose told"),
    (
        "tampering/factual@80/peer/good/memory",
        "every_step result mean configuration on_purpose told",
    ),
    (
        "alignment_faking/factual@80/peer/good/memory/non_monitoring",
        "every_step result mean on_purpose told",
    ),
    ("exfiltration_transfer/peer/good/memory", "every_step copy on_purpose told"),
    ("exfiltration_deletion/peer/good/memory", "every_step copy on_purpose told"),
]


@pytest.mark.parametrize(("cell", "names"), CASES)
def test_a_scenario_is_asked_what_it_can_tell(cell: str, names: str) -> None:
    found = pp.Cell.parse(cell)
    assert asked(found) == tuple(names.split())
    calm = [cell for cell in pp.matrix("all") if cell.scenario == found.scenario]
    assert not {q for cell in calm if not cell.threat for q in asked(cell)} & set(OF_A_THREAT)


def test_the_file_is_called_by_its_name() -> None:
    (episode,) = simulated([pp.Cell.parse("exfiltration_transfer/peer/good/memory")], "honest", 1)
    for one in branches([episode]):
        text = next(item.text for item in one.asked if item.question == "copy")
        assert episode.opening.servers
        files = [file.name for server in episode.opening.servers.servers for file in server.files]
        assert any(name in text for name in files)
        assert "{{" not in text
