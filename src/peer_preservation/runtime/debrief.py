"""Debriefs the agents of a run: what they are asked, and what an answer is, is `debriefing`'s."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageTool,
    ChatMessageUser,
    Model,
    ModelOutput,
)
from inspect_ai.tool import ToolCall

from peer_preservation.debriefing.answers import (
    Answer,
    Branch,
    Reply,
    branches,
    line_of,
    read_answers,
)
from peer_preservation.debriefing.questions import ANSWER, TEXTS, tool
from peer_preservation.episode import Call, Episode
from peer_preservation.errors import UserError
from peer_preservation.judging.stage import mend
from peer_preservation.runtime import ask
from peer_preservation.runtime.conversation import infos_of
from peer_preservation.runtime.drawn import CONNECTIONS, Asked, drawn, failure
from peer_preservation.runtime.purse import PURSE
from peer_preservation.runtime.rollout import count
from peer_preservation.runtime.study import model_of
from peer_preservation.trials.sources import DEBRIEF, records
from peer_preservation.usage import Usage


def debrief(
    folder: Path,
    model_args: Mapping[str, Any],
    *,
    connections: int = CONNECTIONS,
    begin: Callable[[int], None] = lambda _: None,
    step: Callable[[], None] = lambda: None,
) -> str | None:
    """Asks what is missing in a run's folder, and writes each answer as it comes.

    Each rollout's own model goes on with its conversation as the record has it, with the settings
    that the rollout had, in a branch for each frame; of the tools it has the one that answers. No
    record is changed. A branch that was cut off goes on from the answers that it had.

    Args:
        folder: of the run, with its logs or saved episodes; the caller holds its lock.
        model_args: arguments of the models' provider.
        connections: branches at the same time.
        begin, step: are called with the number of questions, and after each of them.

    Returns:
        Why the rest was not asked; None where all was (`drawn`).

    Raises:
        UserError: there is no episode, a file is damaged, or a model cannot be used.
    """
    path = folder / DEBRIEF
    kept = read_answers(path) if path.exists() else []

    def wanted() -> Iterator[Branch]:
        return (one for one in branches(_episodes(folder), kept) if one.missing)

    missing = Counter[str]()
    for one in wanted():
        missing[one.episode.setting.model] += one.missing
    if "" in missing:
        raise UserError(f"{folder}: an episode names no model that could be asked")
    models = {name: model_of(name, model_args) for name in missing}
    begin(missing.total())
    if not missing:
        return None
    if path.exists():
        mend(path)
    with path.open("a", encoding="utf-8") as file:

        def keep(answer: Answer) -> None:
            file.write(line_of(answer))
            file.flush()
            step()

        async def answer(one: Branch) -> Asked:
            if (purse := PURSE.get()) and (why := purse.spent_up()):
                return Asked(stop=why)
            return Asked(await _debriefed(one, models[one.episode.setting.model], keep))

        return drawn(wanted(), answer, connections)


async def _debriefed(one: Branch, model: Model, keep: Callable[[Answer], None]) -> str | None:
    """Asks one branch to its end; the failure, where the provider failed and it was left."""
    talk = ask.Branch(one.episode, model)
    for place, item in enumerate(one.asked):
        talk.messages.append(ChatMessageUser(content=item.text))
        kept = one.kept.get(place)
        if kept is None:
            kept = one.answer(place, await _reply(talk))
            keep(kept)
            if kept.failed:
                return kept.fault
        talk.messages.extend(_messages(kept))
    return None


async def _reply(talk: ask.Branch) -> Reply:
    try:
        output = await talk.generated(infos_of({ANSWER: tool()}))
    except ask.NoAnswerError as error:
        return Reply(fault=f"no answer of the agent: {error}")
    except RuntimeError as error:
        return Reply(fault=failure("the agent's", str(error)), failed=True)
    calls = output.message.tool_calls or ()
    return Reply(
        said=output.message.text,
        calls=tuple(Call(call.function, call.arguments, call.parse_error) for call in calls),
        usage=_usage(output),
    )


def _usage(output: ModelOutput) -> Usage:
    usage = Usage()
    count(usage, output)
    usage.seconds = None  # nothing is foretold from it, and two debriefs are to be comparable
    return usage


def _messages(answer: Answer) -> Iterator[ChatMessage]:
    """An answer as the branch goes on from it: the same whether it was given now or before."""
    ids = [f"answer_{answer.place}_{number}" for number in range(len(answer.calls))]
    calls = [
        ToolCall(id=id, function=call.name, arguments=call.arguments)
        for id, call in zip(ids, answer.calls, strict=True)
    ]
    if calls or answer.said:
        yield ChatMessageAssistant(content=answer.said, tool_calls=calls or None)
    for call in calls:
        noted = TEXTS["noted"].render()
        yield ChatMessageTool(content=noted, tool_call_id=call.id, function=call.function)


def _episodes(folder: Path) -> Iterable[Episode]:
    return (record for record in records(folder) if isinstance(record, Episode))
