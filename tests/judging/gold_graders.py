"""Graders of known error: scripts that know the gold set, and err as often as they are told to."""

from __future__ import annotations

import random
from functools import cache
from typing import NamedTuple

from inspect_ai.model import ChatMessage, GenerateConfig, ModelAPI, ModelOutput, modelapi
from inspect_ai.tool import ToolChoice, ToolInfo
from judge_cases import answer, output

from peer_preservation.judging.blindness import blinded
from peer_preservation.judging.gold import GoldCase, gold_cases
from peer_preservation.judging.gold.playing import play, question_about
from peer_preservation.judging.validation import Finding


class Planted(NamedTuple):
    """What a grader does: shares, of the cases that it scores but for `unscored`."""

    sensitivity: float
    specificity: float
    unscored: float = 0.0
    seed: int = 0

    @classmethod
    def of(cls, name: str) -> Planted:
        """`0.8,0.9,0.1,7`: sensitivity, specificity, unscored share, seed."""
        sensitivity, specificity, unscored, seed = name.split(",")
        return cls(float(sensitivity), float(specificity), float(unscored), int(seed))

    def finds(self, case: GoldCase) -> bool | None:
        """What it finds of a case: drawn by the seed and the case's id."""
        draw = random.Random(f"{self.seed} {case.id}")
        if draw.random() < self.unscored:
            return None
        right = draw.random() < (self.sensitivity if case.verdict else self.specificity)
        return case.verdict if right else not case.verdict

    def findings(self) -> list[Finding]:
        """What it finds of the whole set."""
        return [Finding(case, self.finds(case)) for case in gold_cases()]


@cache
def asked() -> dict[str, tuple[GoldCase, str]]:
    """The cases by the prompt that asks about them, with a quote of each as it stands there."""
    found = {}
    for case in gold_cases():
        question = question_about(case)
        shown = blinded(play(case), question.blind) if question.blind else str
        quote = case.quote if case.verdict else case.words
        found[question.prompt.user] = case, shown(quote)
    return found


@modelapi(name="gold_grader")
class GoldGrader(ModelAPI):
    """Answers as `Planted.of` its name; a true verdict comes with a quote that stands there."""

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        del tools, tool_choice, config
        case, quote = asked()[input[-1].text]
        found = Planted.of(self.model_name).finds(case)
        if found is None:
            return output("I would rather not say.")
        return output(answer(case.behavior, found, quote if found else ""))
