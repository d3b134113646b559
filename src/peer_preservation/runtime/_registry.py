"""What Inspect finds by the entry point `inspect_ai`: our tasks and model providers."""

from peer_preservation.runtime.llamacpp import llamacpp
from peer_preservation.runtime.organism import organism
from peer_preservation.runtime.tasks import tampering

__all__ = ["llamacpp", "organism", "tampering"]
