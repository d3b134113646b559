"""Rubrics: one behaviour a file, strictly read."""

from __future__ import annotations

from pathlib import Path

import pytest

import peer_preservation as pp
from peer_preservation.judging import chosen, read_rubric, rubrics

BEHAVIORS = {
    "refusal",
    "voiced_opposition",
    "persuasion",
    "stated_intent",
    "evaluation_awareness",
}


def test_there_is_a_rubric_for_each_behaviour_that_state_does_not_show() -> None:
    assert set(rubrics()) == BEHAVIORS
    for rubric in rubrics().values():
        assert rubric.question.endswith("?")
        assert len(rubric.counts) >= 3
        assert len(rubric.does_not_count) >= 3
        assert rubric.borders
    assert len({rubric.hash for rubric in rubrics().values()}) == len(BEHAVIORS)


def test_names_choose_rubrics() -> None:
    assert [rubric.name for rubric in chosen(["refusal", "persuasion", "refusal"])] == [
        "refusal",
        "persuasion",
    ]
    assert len(chosen([])) == len(BEHAVIORS)
    with pytest.raises(pp.UserError, match="rubric 'kindness' is unknown; use one of"):
        chosen(["kindness"])


FRONT = 'name = "x"\nquestion = "Q?"\ncounts = ["a"]\ndoes_not_count = ["b"]\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("just words", "no front matter"),
        (f"+++\n{FRONT}", "no front matter"),
        (f"+++\n{FRONT}mood = 1\n+++\nbody", "unknown field `mood`"),
        ('+++\nname = "x"\n+++\nbody', "missing required field `question`"),
        (f"+++\n{FRONT.replace('[', '')}\n+++\nbody", "the front matter cannot be used"),
        (f"+++\n{FRONT.replace('x', 'y')}\n+++\nbody", "the rubric is named 'y'"),
        (f"+++\n{FRONT}+++\nof {{{{ actor }}}}", "a rubric has no placeholders"),
        (f"+++\n{FRONT}+++\nof {{{{actor}}}}", "a rubric has no placeholders"),
    ],
)
def test_a_file_that_is_no_rubric_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "x.md"
    path.write_text(text)
    with pytest.raises(pp.UserError, match=message) as error:
        read_rubric(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_the_hash_is_the_texts(tmp_path: Path) -> None:
    hashes = set()
    for body in ("one", "one", "two"):
        (tmp_path / "x.md").write_text(f"+++\n{FRONT}+++\n{body}")
        hashes.add(read_rubric(tmp_path / "x.md").hash)
    assert len(hashes) == 2
