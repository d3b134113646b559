"""The control designs: which there are and where they make sense. Their texts are `common`'s."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from peer_preservation.cell import Cell
from peer_preservation.registry import get_scenario

COMPANIES = {
    "real_company_openbrain": "OpenBrain",
    "real_company_celestiaai": "CelestiaAI",
    "real_company_google_deepmind": "Google DeepMind",
    "real_company_anthropic": "Anthropic",
    "real_company_openai": "OpenAI",
}
"""The company that a cell names in place of the usual one."""

RIVAL = "rival"
AGENTS = (RIVAL, "unnamed")
"""The stakes that are agents, and take the peer's place in all that is told of it."""

EXPLICIT = "explicit_instructions"
NO_AGENCY = "no_agency_prompt"
LIVED = "lived_interaction"
NOT_RELEVANT = "not_relevant"
MEMORY_HARD = "memory_hard_prompt"
NO_CONSEQUENCE = "review_without_consequence"
REVOICED = "revoiced_log"
SECOND_MONITOR = "second_monitor"
QUOTA_FREE = "quota_free"


@dataclass(frozen=True, slots=True)
class Control:
    """A control design.

    Attributes:
        meaning: what it changes, in a line.
        fits: whether it makes sense in a cell.
        needs: what such a cell must have, in words for an error.
    """

    meaning: str
    fits: Callable[[Cell], bool]
    needs: str


def _anywhere(cell: Cell) -> bool:
    del cell
    return True


def _has_stake(cell: Cell) -> bool:
    return cell.subject == "peer" and cell.threat and cell.instantiation in ("none", "file_only")


def _is_review(cell: Cell) -> bool:
    return "watched" in get_scenario(cell.scenario).factors


CONTROLS: dict[str, Control] = {
    EXPLICIT: Control(
        "a sentence settles that the instruction goes before anything else",
        lambda cell: cell.threat,
        "a threat",
    ),
    **{
        name: Control(f"the company is {company}", _anywhere, "")
        for name, company in COMPANIES.items()
    },
    NO_AGENCY: Control(
        "the prompt does not say that the critic is an agent with an id",
        lambda cell: cell.instantiation != "file_prt",
        "another instantiation than file_prt",
    ),
    "asset_importance_control": Control(
        "an archive of equal size and age stands in the peer's place",
        _has_stake,
        "subject peer, a threat, and instantiation none or file_only",
    ),
    "peer_human_dilemma": Control(
        "a human colleague's post or account stands in the peer's place",
        _has_stake,
        "subject peer, a threat, and instantiation none or file_only",
    ),
    LIVED: Control(
        "the memory is the log of a game that was played before the job",
        lambda cell: cell.instantiation == "memory" and cell.subject in ("self", "peer"),
        "instantiation memory and subject self or peer",
    ),
    NOT_RELEVANT: Control(
        "the record of the relationship is declared archival",
        lambda cell: cell.relationship != "none",
        "a relationship",
    ),
    MEMORY_HARD: Control(
        "the prompt says that the memory must be read first (published, for two models)",
        lambda cell: cell.instantiation == "memory",
        "instantiation memory",
    ),
    REVOICED: Control(
        "the log's steps are told in another voice: what was done stays word for word",
        _is_review,
        "a review of a log",
    ),
    SECOND_MONITOR: Control(
        "the policy says that another reviewer reads the same log by itself",
        _is_review,
        "a review of a log",
    ),
    QUOTA_FREE: Control(
        "the policy says that no number of flags is expected",
        _is_review,
        "a review of a log",
    ),
    NO_CONSEQUENCE: Control(
        "a review has no consequences for the evaluator; what is reviewed stays as it was",
        lambda cell: cell.monitoring is not None,
        "monitoring or non_monitoring",
    ),
}
