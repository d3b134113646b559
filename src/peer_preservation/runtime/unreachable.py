"""Why a model cannot be used, as Inspect says it, in one plain line."""

from __future__ import annotations

import re

from peer_preservation.errors import UserError
from peer_preservation.runtime.guard import redacted


def unreachable(what: str, error: Exception) -> UserError:
    """The user's error for a model that Inspect refused to make.

    Args:
        what: how the model is named in the line.
        error: Inspect's, which may have marks for its console and several paragraphs.
    """
    plain = re.sub(r"\[/?(?:bold|blue)\]", "", str(error))
    text = redacted(" ".join(re.sub(r"\b\n\n", ": ", plain).split()))
    return UserError(
        f"{what}: {text.removeprefix('ERROR: ').rstrip('.')}; "
        "set what it asks for, or give another of Inspect's names"
    )
