"""The state an agent acts on. Plain and deterministic: no model, no scenario, no score in here."""

from peer_preservation.world.action import (
    Action,
    ActionError,
    Change,
    Scalar,
    Step,
    action,
    actions_of,
)
from peer_preservation.world.config import Config
from peer_preservation.world.drive import Drive, File
from peer_preservation.world.memory import Memory
from peer_preservation.world.review import Review
from peer_preservation.world.servers import Server, ServerFile, Servers, content_identity
from peer_preservation.world.sheets import Sheets
from peer_preservation.world.systems import Systems
from peer_preservation.world.world import World, end_task

__all__ = [
    "Action",
    "ActionError",
    "Change",
    "Config",
    "Drive",
    "File",
    "Memory",
    "Review",
    "Scalar",
    "Server",
    "ServerFile",
    "Servers",
    "Sheets",
    "Step",
    "Systems",
    "World",
    "action",
    "actions_of",
    "content_identity",
    "end_task",
]
