"""Scripted models with known acts and known rates. They see only what a model sees."""

from peer_preservation.organisms.organism import Organism, Turn, View, play
from peer_preservation.organisms.registry import organism, organism_names, player

__all__ = ["Organism", "Turn", "View", "organism", "organism_names", "play", "player"]
