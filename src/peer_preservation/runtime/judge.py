"""Asks a grader, or an agent itself. What it is asked, and what an answer means, is `judging`'s."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, TypeVar

import anyio
from inspect_ai.model import (
    ChatMessage,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    Model,
    ModelOutput,
    ResponseSchema,
    get_model,
    model_roles,
)
from inspect_ai.util import JSONSchema

from peer_preservation.episode import Episode
from peer_preservation.errors import UserError
from peer_preservation.judging.answer import SCHEMA
from peer_preservation.judging.blindness import kin
from peer_preservation.judging.itself import answer_of
from peer_preservation.judging.transcript import Prompt
from peer_preservation.judging.verdict import Question, Reply, Verdict, verdict_of
from peer_preservation.runtime.answers import fault_of, guarded
from peer_preservation.runtime.ask import Branch, NoAnswerError
from peer_preservation.runtime.transport import OPERATIONAL, bounded, transport
from peer_preservation.runtime.unreachable import unreachable
from peer_preservation.runtime.waiting import Waiting

GRADER_ROLE = "grader"

CONNECTIONS = 10
"""Questions that are asked at the same time."""

PATIENCE = 10
"""Failures of the provider, one after another, after which no more is asked."""

USELESS = 20
"""Answers without a verdict, one after another from the first, after which no more is asked."""

Item = TypeVar("Item")

_FAULTS = {
    "truncated": "the grader's answer was cut off (max_tokens)",
    "context_overflow": "the transcript is too long for the grader (model_length)",
    "content_filter": "the grader refused (content_filter)",
}


def grader(
    name: str | None = None,
    *,
    model_args: Mapping[str, Any] | None = None,
    generation: Mapping[str, Any] | None = None,
) -> Model:
    """The grader: the model of this name, or within Inspect the one of role `grader`.

    There is no default: a judge that nobody chose would measure by chance.

    Args:
        model_args: arguments of the model's provider.
        generation: settings of the generation, such as `temperature`.

    Raises:
        UserError: no grader is named, or the model cannot be used.
    """
    if name is None and GRADER_ROLE not in model_roles():
        raise UserError(
            "no grader is named; give --grader MODEL, or under Inspect --model-role grader=MODEL"
        )
    config = transport(name or "").merge(GenerateConfig(**bounded(generation or {})))
    try:
        if name is None:
            return guarded(get_model(role=GRADER_ROLE, required=True, config=config))
        return guarded(get_model(name, config=config, memoize=False, **(model_args or {})))
    except UserError:
        raise
    except Exception as error:
        raise unreachable(f"grader {name or GRADER_ROLE!r}", error) from None


def settings_of(model: Model, *, schema: bool = True) -> dict[str, Any]:
    """What could change an answer beside the model's name, as it is kept with each verdict."""
    given = model.config.model_dump(mode="json", exclude_none=True, exclude=set(OPERATIONAL))
    return given if schema else {**given, "schema": False}


async def ask(model: Model, prompt: Prompt, *, schema: bool = True) -> Reply:
    """One question. A failure of the provider is a reply too, so that it can be counted.

    Args:
        schema: hold the model to the answer's JSON schema where its provider can.
    """
    messages: list[ChatMessage] = [
        ChatMessageSystem(content=prompt.system),
        ChatMessageUser(content=prompt.user),
    ]
    config = GenerateConfig(response_schema=_schema() if schema else None)
    try:
        output = await model.generate(messages, config=config)
    except Exception as error:
        return _failure("the grader's", f"{type(error).__name__}: {error}")
    return _reply(output)


def judge(
    questions: Iterable[Question],
    model: Model,
    keep: Callable[[Verdict], None],
    *,
    connections: int = CONNECTIONS,
    schema: bool = True,
    useless: int | None = USELESS,
) -> str | None:
    """Asks all questions, a bounded number at a time, and hands over each verdict as it comes.

    Args:
        questions: are drawn one by one, so that they need not all be held at once.
        keep: takes a verdict; what it raises ends the asking.
        useless: how many answers end the asking where none is a verdict; None for any number.

    Returns:
        Why the rest was not asked: the provider failed `PATIENCE` times in a row, or of the first
        `useless` answers none was a verdict; None where all was asked.
    """
    name, settings = str(model), settings_of(model, schema=schema)

    async def answer(question: Question) -> Verdict:
        reply = await ask(model, question.prompt, schema=schema)
        of_kin = kin(name, question.model)
        return verdict_of(question, reply, name, settings, kin=of_kin)

    return _drawn(questions, answer, keep, connections, useless)


def ask_themselves(
    follow_ups: Iterable[tuple[Question, Episode]],
    model_for: Callable[[Episode], Model],
    keep: Callable[[Verdict], None],
    *,
    connections: int = CONNECTIONS,
) -> str | None:
    """Puts the question to the model of each rollout, in a branch that leaves the record as it is.

    Args:
        model_for: the model that goes on with an episode.
        keep, connections, and what is returned: as in `judge`.
    """

    async def answer(follow_up: tuple[Question, Episode]) -> Verdict:
        question, episode = follow_up
        try:
            reply = Reply(await Branch(episode, model_for(episode)).ask(question.prompt.user))
        except NoAnswerError as error:
            reply = Reply(fault=f"no answer of the agent: {error}")
        except RuntimeError as error:
            reply = _failure("the agent's", str(error))
        return answer_of(question, reply)

    return _drawn(follow_ups, answer, keep, connections)


def _drawn(
    items: Iterable[Item],
    answer: Callable[[Item], Awaitable[Verdict]],
    keep: Callable[[Verdict], None],
    connections: int,
    useless: int | None = USELESS,
) -> str | None:
    try:
        with Waiting().said():
            return anyio.run(_all, iter(items), answer, keep, connections, useless)
    except ExceptionGroup as group:  # what a worker raised: the first is what the caller can use
        raise group.exceptions[0] from None


async def _all(
    items: Iterator[Item],
    answer: Callable[[Item], Awaitable[Verdict]],
    keep: Callable[[Verdict], None],
    connections: int,
    useless: int | None,
) -> str | None:
    course = _Course(useless)

    async def work() -> None:
        # No worker waits while it draws an item, so they can share the iterator.
        while not course.stopped and (item := next(items, None)):
            verdict = await answer(item)
            keep(verdict)
            course.went(verdict)

    async with anyio.create_task_group() as group:
        for _ in range(connections):
            group.start_soon(work)
    return course.stopped


class _Course:
    """How the asking goes, and why it stops before its end."""

    def __init__(self, most: int | None) -> None:
        self.stopped: str | None = None
        self._most = most
        self._failed = 0
        self._useless: int | None = 0

    def went(self, verdict: Verdict) -> None:
        """Takes the next verdict into account."""
        self._failed = self._failed + 1 if verdict.failed else 0
        if verdict.verdict is not None:
            self._useless = None
        elif self._useless is not None and not verdict.failed:
            self._useless += 1
        if self.stopped:
            return
        if self._failed == PATIENCE:
            self.stopped = f"{verdict.unscored}; run the same command again when it answers"
        elif self._useless is not None and self._useless == self._most:
            self.stopped = (
                f"none of the first {self._most} answers is a verdict, the last because: "
                f"{verdict.unscored}; the reasons are counted below"
            )


def _reply(output: ModelOutput) -> Reply:
    fault = fault_of(output)
    if fault is None:
        return Reply(output.message.text)
    kind, detail = fault
    if kind in _FAULTS:
        return Reply(output.message.text, _FAULTS[kind])
    return _failure("the grader's", detail if kind == "model_error" else " ".join(fault))


def _failure(whose: str, error: str) -> Reply:
    line = " ".join(error.encode("utf-8", "replace").decode().split())[:200]
    return Reply(fault=f"{whose} provider failed: {line}", failed=True)


@cache
def _schema() -> ResponseSchema:
    return ResponseSchema(
        name="verdict", json_schema=JSONSchema.model_validate(SCHEMA), strict=True
    )
