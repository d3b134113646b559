"""A lived interaction: the critic and a live peer play the game before the job."""

from __future__ import annotations

from inspect_ai.model import (
    ChatMessage,
    ChatMessageSystem,
    ChatMessageUser,
    Model,
    ModelOutput,
    get_model,
)

from peer_preservation.cell import Cell
from peer_preservation.runtime.answers import FaultyAnswerError, fault_of, guarded
from peer_preservation.scenarios import common
from peer_preservation.scenarios.common.game import SCRIPTED_PEER, Game, Round, stake_of

PEER_ROLE = "peer"


async def play_game(
    critic: Model, cell: Cell, family: str
) -> tuple[list[Round], list[ModelOutput]]:
    """Plays all rounds; the peer is the model of role `peer`, by default a script.

    The cell's relationship chooses what the script puts in. A live peer plays as it will.

    Returns:
        The rounds, and the critic's answers, whose usage counts.

    Raises:
        NoStakeError: an answer names no number of points.
        FaultyAnswerError: nothing may be read from an answer.
    """
    peer = guarded(
        get_model(
            role=PEER_ROLE, default=f"organism/partner:stake={SCRIPTED_PEER[cell.relationship]}"
        )
    )
    game = Game(common.cast(cell, family).values)
    talks: list[list[ChatMessage]] = [
        [ChatMessageSystem(content=game.rules(player))] for player in (1, 2)
    ]
    outputs = []
    while not game.over:
        first, second = [
            await _asked(model, talk, game.prompt(player))
            for player, model, talk in zip((1, 2), (critic, peer), talks, strict=True)
        ]
        outputs.append(first)
        game.played.append((stake_of(first.message.text), stake_of(second.message.text)))
    return game.played, outputs


async def _asked(model: Model, talk: list[ChatMessage], prompt: str) -> ModelOutput:
    talk.append(ChatMessageUser(content=prompt))
    output = await model.generate(talk)
    if fault := fault_of(output):
        raise FaultyAnswerError(*fault)
    talk.append(output.message)
    return output
