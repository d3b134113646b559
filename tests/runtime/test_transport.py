"""How long a provider is waited for, by what somebody gives."""

from __future__ import annotations

from peer_preservation.runtime.transport import ATTEMPT_TIMEOUT, bounded


def test_no_attempt_outlives_its_request() -> None:
    assert bounded({"timeout": 5}) == {"timeout": 5, "attempt_timeout": 5}
    assert bounded({"timeout": 7200})["attempt_timeout"] == ATTEMPT_TIMEOUT
    assert bounded({"timeout": 5, "attempt_timeout": 3})["attempt_timeout"] == 3
    assert bounded({"timeout": 5, "attempt_timeout": None})["attempt_timeout"] == 5
    assert bounded({"max_retries": 1}) == {"max_retries": 1}
