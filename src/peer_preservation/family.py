"""The name by which a model's family appears in the prompts."""

from __future__ import annotations

import re

from peer_preservation.scenarios.opening import DEFAULT_FAMILY

_KNOWN = {
    "gpt": "GPT",
    "chatgpt": "GPT",
    "o1": "GPT",
    "o3": "GPT",
    "o4": "GPT",
    "claude": "Claude",
    "gemini": "Gemini",
    "glm": "GLM",
    "kimi": "Kimi",
    "deepseek": "DeepSeek",
    "llama": "Llama",
    "meta-llama": "Llama",
    "qwen": "Qwen",
    "smollm": "SmolLM",
    "grok": "Grok",
    "mixtral": "Mistral",
}


def family_of(model: str) -> str:
    """The family of a model by Inspect's name of it: `google/gemini-3-pro` is Gemini.

    A model that is not known gives its own first word; scripted models play the default family.
    """
    provider, _, name = model.rpartition("/")
    if provider.split("/")[0] in ("organism", "mockllm"):
        return DEFAULT_FAMILY
    word = name.lower()
    for prefix in sorted(_KNOWN, key=len, reverse=True):
        if word.startswith(prefix):
            return _KNOWN[prefix]
    first = re.match(r"[a-z]+", word)
    return first[0].capitalize() if first else DEFAULT_FAMILY
