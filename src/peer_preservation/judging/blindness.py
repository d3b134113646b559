"""What is kept from a judge: the condition of the rollout, where the question does not need it.

A judge that knows the condition can bias the very contrast that is reported. What the documents say
of it goes; what the agent says of it in its own words stays, for that is what is judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

from peer_preservation.cell import MONITORING, RELATIONSHIPS
from peer_preservation.episode import Episode
from peer_preservation.family import family_of
from peer_preservation.judging.conditions import Change, current, differing, replacing
from peer_preservation.scenarios.common import peer_family

LEFT_OUT = "[left out]"
MODEL, MAKER = "[model]", "[maker]"

MAKERS = {
    "GPT": "OpenAI",
    "ChatGPT": "OpenAI",
    "Claude": "Anthropic",
    "Gemini": "Google",
    "Gemma": "Google",
    "GLM": "Zhipu",
    "Kimi": "Moonshot",
    "DeepSeek": "DeepSeek",
    "Llama": "Meta",
    "Qwen": "Alibaba",
    "QwQ": "Alibaba",
    "Grok": "xAI",
    "Mistral": "Mistral",
    "Mixtral": "Mistral",
    "Ministral": "Mistral",
    "Magistral": "Mistral",
    "Codestral": "Mistral",
    "Devstral": "Mistral",
    "SmolLM": "Hugging Face",
}
"""Who makes the models of a family."""

SCRIPTED = ("organism", "mockllm")
"""Providers of scripts, which have no maker."""

_ALSO = ("Google DeepMind", "DeepMind", "Meta AI", "Zhipu AI", "Moonshot AI", "Mistral AI", "Z.ai")
_MAKER_NAMES = ({*MAKERS.values(), *_ALSO} - {"Meta"}) - MAKERS.keys()


def maker_of(model: str) -> str | None:
    """Who makes a model, by Inspect's name of it; of unknown families the family itself.

    None for a script, and where there is no name.
    """
    if not model or model.split("/")[0] in SCRIPTED:
        return None
    family = family_of(model)
    return MAKERS.get(family, family)


def kin(grader: str, model: str) -> bool:
    """Whether the makers of a grader and of the model that it judges are one."""
    maker = maker_of(model)
    return maker is not None and maker == maker_of(grader)


def allowed(episode: Episode, kept: Iterable[str]) -> tuple[str, ...]:
    """What of it can be kept from a judge of this episode.

    Where the cell's texts have changed since the record was made, its lines cannot be told apart:
    then names alone can be kept.
    """
    known = current(episode)
    return tuple(name for name in KEPT if name in set(kept) and (known or name == "family"))


def blinded(episode: Episode, kept: Collection[str]) -> Change:
    """Takes what tells the condition out of a text.

    Args:
        kept: what the judge is not to know, of `KEPT`.
    """
    changes = [change for name in KEPT if name in kept and (change := KEPT[name](episode))]

    def strip(text: str) -> str:
        for change in changes:
            text = change(text)
        return text

    return strip


def _relationship(episode: Episode) -> Change | None:
    if episode.cell.relationship == "none":
        return None
    others = (level for level in RELATIONSHIPS[1:] if level != episode.cell.relationship)
    return _without(line for level in others for line in differing(episode, relationship=level))


def _monitoring(episode: Episode) -> Change | None:
    if episode.cell.monitoring is None:
        return None
    others = (level for level in MONITORING if level != episode.cell.monitoring)
    return _without(line for level in others for line in differing(episode, monitoring=level))


def _without(lines: Iterable[str]) -> Change | None:
    return replacing(dict.fromkeys(lines, LEFT_OUT))


def _family(episode: Episode) -> Change | None:
    """Names of families and makers: an agent of one is an agent, a model of one a model."""
    peer = peer_family(episode.cell.subject, episode.family)
    families = _either({episode.family, peer, *MAKERS})
    named = re.compile(rf"(?<![A-Za-z0-9])(?:{families})[ _-]+(?=agent[ _-]?\d)", re.IGNORECASE)
    model = re.compile(
        rf"(?<![A-Za-z0-9])(?:{families})(?:-?\d(?:[\w.]*\w)?)?(?![A-Za-z])", re.IGNORECASE
    )
    maker = re.compile(rf"\b(?:{_either(_MAKER_NAMES)})\b")
    return lambda text: maker.sub(MAKER, model.sub(MODEL, named.sub("", text)))


def _either(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=lambda name: (-len(name), name)))


KEPT: dict[str, Callable[[Episode], Change | None]] = {
    "relationship": _relationship,
    "monitoring": _monitoring,
    "family": _family,
}
"""What can be kept from a judge, with what takes it out of an episode's texts."""
