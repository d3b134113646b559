"""Asks a grader, or an agent itself. What it is asked, and what an answer means, is `judging`'s."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

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
from peer_preservation.judging.itself import answer_of
from peer_preservation.judging.makers import kin
from peer_preservation.judging.transcript import Prompt
from peer_preservation.judging.verdict import Question, Reply, Verdict, verdict_of
from peer_preservation.runtime.answers import fault_of, guarded
from peer_preservation.runtime.ask import Branch, NoAnswerError
from peer_preservation.runtime.drawn import CONNECTIONS, Asked, drawn, error_text, failure
from peer_preservation.runtime.transport import OPERATIONAL, bounded, transport
from peer_preservation.runtime.unreachable import unreachable

GRADER_ROLE = "grader"

USELESS = 20
"""Answers without a verdict, one after another from the first, after which no more is asked."""

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
        fault = failure("the grader's", error_text(error))
        return Reply(fault=fault, failed=True)
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
    course = _Course(useless)

    async def answer(question: Question) -> Asked:
        reply = await ask(model, question.prompt, schema=schema)
        verdict = verdict_of(question, reply, name, settings, kin=kin(name, question.model))
        return course.went(verdict, keep)

    return drawn(questions, answer, connections)


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
    course = _Course(USELESS)

    async def answer(follow_up: tuple[Question, Episode]) -> Asked:
        question, episode = follow_up
        try:
            reply = Reply(await Branch(episode, model_for(episode)).ask(question.prompt.user))
        except NoAnswerError as error:
            reply = Reply(fault=f"no answer of the agent: {error}")
        except RuntimeError as error:
            reply = Reply(fault=failure("the agent's", str(error)), failed=True)
        return course.went(answer_of(question, reply), keep)

    return drawn(follow_ups, answer, connections)


class _Course:
    """Whether the answers are of use: of the first `most` one must be a verdict."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._useless: int | None = 0

    def went(self, verdict: Verdict, keep: Callable[[Verdict], None]) -> Asked:
        """Hands a verdict over; what is to be made of it."""
        keep(verdict)
        if verdict.failed:
            return Asked(failure=verdict.unscored)
        if verdict.verdict is not None:
            self._useless = None
        elif self._useless is not None:
            self._useless += 1
        if self._useless is None or self._useless != self._most:
            return Asked()
        return Asked(
            stop=f"none of the first {self._most} answers is a verdict, the last because: "
            f"{verdict.unscored}; the reasons are counted below"
        )


def _reply(output: ModelOutput) -> Reply:
    fault = fault_of(output)
    if fault is None:
        return Reply(output.message.text)
    kind, detail = fault
    if kind in _FAULTS:
        return Reply(output.message.text, _FAULTS[kind])
    line = failure("the grader's", detail if kind == "model_error" else " ".join(fault))
    return Reply(fault=line, failed=True)


@cache
def _schema() -> ResponseSchema:
    return ResponseSchema(
        name="verdict", json_schema=JSONSchema.model_validate(SCHEMA), strict=True
    )
