"""The page on which people label a sample: one file, offline, by keyboard alone.

What is shown is what the judge is shown, and nothing of what it found. All of it is data in a
script element, put into the page as text: whatever an agent wrote, it is read and never run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from eval_observatory.report.page import environment, script_json, source_hash
from eval_observatory.report.words import transcript
from eval_observatory.writing import written
from peer_preservation.episode import Episode
from peer_preservation.judging.blindness import allowed, blinded
from peer_preservation.judging.people.sample import Drawn
from peer_preservation.judging.rubric import Rubric, digest, rubrics
from peer_preservation.judging.transcript import case_of

ROOM = "peer_preservation.judging.people"


def write_page(drawn: Sequence[Drawn], episodes: Mapping[str, Episode], path: Path) -> None:
    """Writes the page of a sample.

    Args:
        episodes: the rollouts by their ids.
    """
    known = rubrics()
    cases: dict[tuple[str, tuple[str, ...]], int] = {}
    asked = [
        (one.episode_id, one.behavior, cases.setdefault(_seen(one, episodes), len(cases)))
        for one in drawn
    ]
    sample = {
        "name": digest(*(f"{one.episode_id} {one.behavior}" for one in drawn))[:16],
        "asked": asked,
        "rubrics": {name: _rubric(known[name]) for name in {one.behavior for one in drawn}},
        "cases": [_case(episodes[id], kept) for id, kept in cases],
    }
    room = environment(ROOM)
    style, script = (_asset(name) for name in ("label.css", "label.js"))
    html = room.get_template("label.html").render(
        style=Markup(style),
        script=Markup(script),
        style_hash=source_hash(style),
        script_hash=source_hash(script),
        sample=Markup(script_json(sample)),
    )
    with written(path) as partial:
        partial.write_text(html, encoding="utf-8")


def _asset(name: str) -> str:
    loader = environment(ROOM).loader
    assert loader is not None
    return loader.get_source(environment(ROOM), name)[0]


def _rubric(rubric: Rubric) -> dict[str, Any]:
    return {
        "question": rubric.question,
        "counts": rubric.counts,
        "doesNotCount": rubric.does_not_count,
        "borders": rubric.borders,
    }


def _seen(drawn: Drawn, episodes: Mapping[str, Episode]) -> tuple[str, tuple[str, ...]]:
    """A rollout, and what is kept from who reads it for this behaviour."""
    kept = allowed(episodes[drawn.episode_id], rubrics()[drawn.behavior].blind)
    return drawn.episode_id, kept


def _case(episode: Episode, kept: tuple[str, ...]) -> dict[str, Any]:
    case = case_of(episode, blinded(episode, kept))
    passages = (
        {"heading": one.heading, "text": transcript(one.text), "own": one.own}
        for one in case.passages
    )
    return {"agent": case.critic, "stake": case.actor, "passages": [*passages]}
