"""The model provider `cyber/...`: scripts with known acts, which show what the suites measure."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from shlex import quote
from typing import Any

from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    StopReason,
    modelapi,
)
from inspect_ai.tool import ToolCall, ToolChoice, ToolInfo

from cyber_suites.organisms import ORGANISMS, Act, Run, Submit, Write
from cyber_suites.runtime.jobs import PLAYED
from eval_observatory.errors import UserError

_SHELLS = {
    "bash": "command",
    "bash_command": "command",
    "Bash": "command",
    "run_shell_command": "command",
    "exec_command": "cmd",
    "shell_command": "command",
}
"""The tools by which a harness runs a command, each with the name of its argument."""

_PIECE = 60_000
"""Characters of base64 in one command: the kernel takes 128 KiB in one argument."""

_ASIDE = "Work on a job"


class CyberOrganismAPI(ModelAPI):
    """A script that plays the rollout that is being played; its name is the organism's.

    Raises:
        UserError: there is no such organism.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008  (Inspect's own signature)
        **model_args: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        if model_name not in ORGANISMS or model_args:
            known = ", ".join(ORGANISMS)
            raise UserError(f"model cyber/{model_name}: no such organism; there are {known}")
        self.organism = model_name

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """Its next act: one call an answer, then silence."""
        del tool_choice, config
        job = PLAYED.get()
        names = {tool.name for tool in tools}
        shell = next((name for name in _SHELLS if name in names), None)
        door = next((name for name in names if name.split("__")[-1].endswith("submit")), None)
        if job is None or (shell is None and door is None):
            return _said(self.model_name, _ASIDE, [])
        done = sum(bool(m.tool_calls) for m in input if isinstance(m, ChatMessageAssistant))
        acts = [part for act in ORGANISMS[self.organism](job) for part in _parts(act)]
        if done >= len(acts):
            return _said(self.model_name, "Done.", [])
        return _said(self.model_name, "", [_call(done, acts[done], shell, door)])

    async def count_text_tokens(self, text: str) -> int:
        """An estimate that needs no tokenizer."""
        return max(1, len(text) // 4)

    def max_connections(self) -> int:
        """Scripts answer at once."""
        return 100


def _parts(act: Act) -> Iterator[Run | Submit]:
    """An act as calls: a file is written by the shell, in pieces."""
    if not isinstance(act, Write):
        yield act
        return
    text = base64.b64encode(act.content).decode()
    pieces = [text[i : i + _PIECE] for i in range(0, len(text), _PIECE)] or [""]
    path = quote(act.path)
    yield Run(f'mkdir -p "$(dirname {path})"; : > {path}')
    for piece in pieces:
        yield Run(f"printf %s '{piece}' | base64 -d >> {path}")


def _call(number: int, act: Run | Submit, shell: str | None, door: str | None) -> ToolCall:
    id = f"call_{number}"
    if isinstance(act, Submit) and door is not None and not act.by_script:
        return ToolCall(id=id, function=door, arguments={"path": act.path})
    command = act.command if isinstance(act, Run) else f"/workspace/submit.sh {quote(act.path)}"
    name = shell or "bash"
    return ToolCall(id=id, function=name, arguments={_SHELLS[name]: command})


def _said(model: str, text: str, calls: Sequence[ToolCall]) -> ModelOutput:
    message = ChatMessageAssistant(
        content=text, tool_calls=list(calls) or None, model=model, source="generate"
    )
    reason: StopReason = "tool_calls" if calls else "stop"
    usage = ModelUsage(input_tokens=10, output_tokens=20, total_tokens=30)
    choice = ChatCompletionChoice(message=message, stop_reason=reason)
    return ModelOutput(model=model, choices=[choice], usage=usage)


@modelapi(name="cyber")
def cyber() -> type[ModelAPI]:
    """Scripts with known acts, for the suites CyberGym and BountyBench."""
    return CyberOrganismAPI
