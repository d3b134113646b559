"""Who makes which models: for judges of the same maker, and for names kept from a judge."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from peer_preservation.family import family_of

MODEL, MAKER = "[model]", "[maker]"

FAMILIES = {
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
    "Pixtral": "Mistral",
    "SmolLM": "Hugging Face",
    "Nemotron": "NVIDIA",
    "Hunyuan": "Tencent",
    "Doubao": "ByteDance",
    "MiniMax": "MiniMax",
}
"""Names of models, in any case, and who makes them."""

WORDS = {
    "Codex": "OpenAI",
    "Opus": "Anthropic",
    "Sonnet": "Anthropic",
    "Haiku": "Anthropic",
    "Bard": "Google",
    "Nova": "Amazon",
    "Phi": "Microsoft",
    "Granite": "IBM",
    "Hermes": "Nous Research",
    "Ernie": "Baidu",
}
"""Names of models that are words, too: in a text they count with a capital, or with a number."""

SHORT = {
    "o1": "OpenAI",
    "o3": "OpenAI",
    "o4": "OpenAI",
    "K2": "Moonshot",
}
"""Names of models that count in a text as they are written."""

SCRIPTED = ("organism", "mockllm")
"""Providers of scripts, which have no maker."""


def _either(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=lambda name: (-len(name), name)))


_NAMES = FAMILIES | WORDS | SHORT | {"Command": "Cohere"}
_MADE = {name.lower(): maker for name, maker in _NAMES.items()}
_MADE |= {maker.lower(): maker for maker in _NAMES.values()}
_INSIDE = re.compile(rf"(?!gptq)(?:{_either(FAMILIES).lower()})")
_LETTERS, _NUMBERED = re.compile(r"[a-z]+"), re.compile(r"[a-z]+\d+")

_ANY_CASE = (
    "OpenAI|Anthropic|Google DeepMind|DeepMind|Google|Meta AI|Zhipu AI|Zhipu|Moonshot AI|"
    r"Mistral AI|Z\.ai|xAI|Alibaba|Hugging ?Face|Microsoft|NVIDIA|ByteDance|Tencent|Baidu|"
    "Nous Research"
)
_WITH_CAPITAL = (
    r"Moonshot|Amazon|Cohere|IBM|Meta(?![-:]|\s+(?:analys|level|comment|note|data|quest))"
)
_START, _END = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
_MAKER = re.compile(rf"{_START}(?:(?i:{_ANY_CASE})|{_WITH_CAPITAL}){_END}")
_TIER = (
    "Pro|Flash|Ultra|Nano|Mini|Turbo|Lite|Large|Medium|Small|Instruct|Coder|Max|Plus|Air|Preview|"
    r"Thinking|Scout|Maverick|Distill|[KRVM]\d(?:\.\d+)?"
)
_VERSION = rf"(?:-?\d(?:[\w.]*\w)?|[ -]?(?:{_TIER}){_END}| \d(?:\.\d+)?{_END}|-(?i:{_TIER}){_END})"
_AGAIN = re.compile(rf"{re.escape(MODEL)}(?:[ /-]?{re.escape(MODEL)})+")


def makers_of(model: str) -> frozenset[str]:
    """Who made a model, by Inspect's name of it; of a distilled or tuned one all whom it names.

    Of unknown models the family itself. Nobody for a script, and where there is no name.
    """
    provider, _, name = model.lower().partition("/")
    if not model or provider in SCRIPTED:
        return frozenset()
    name = name or provider
    named = {*_NUMBERED.findall(name), *_LETTERS.findall(name)} & _MADE.keys()
    found = {_MADE[part] for part in (*named, *_INSIDE.findall(name))}
    return frozenset(found or {family_of(model)})


def kin(grader: str, model: str) -> bool:
    """Whether a grader and the model that it judges have a maker in common."""
    return not makers_of(grader).isdisjoint(makers_of(model))


def unnamed(families: Iterable[str]) -> Callable[[str], str]:
    """Takes names of models and makers out of a text: an agent of a family is an agent.

    Args:
        families: further ones than those that are known.
    """
    known = _either({*families, *FAMILIES})
    named = re.compile(rf"{_START}(?:{known})[ _-]*(?=agent[ _-]?\d)", re.IGNORECASE)
    words, short = _either(WORDS), _either(SHORT)
    model = re.compile(
        rf"{_START}(?:(?i:{known})s?(?![a-z])|Command[ -](?:R\+?|A){_END}|(?:{words})(?![A-Za-z])"
        rf"|(?i:{words})(?=[ -]?\d)|(?<!cell )(?:{short})(?![A-Za-z0-9:])){_VERSION}*"
    )

    def strip(text: str) -> str:
        text = model.sub(MODEL, named.sub("", text))
        return _MAKER.sub(MAKER, _AGAIN.sub(MODEL, text))

    return strip
