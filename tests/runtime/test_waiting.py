"""What is said while a provider is waited for, and when it is given up."""

from __future__ import annotations

from time import monotonic

import pytest

from peer_preservation.runtime.waiting import (
    FAILING_SECONDS,
    PATIENCE,
    QUIET_SECONDS,
    GivenUpError,
    Waiting,
)


def fail(waiting: Waiting, name: str, error: BaseException) -> None:
    with pytest.raises(type(error)), waiting.request(name):
        raise error


def test_a_request_that_stays_open_is_said_once_a_minute() -> None:
    waiting, now = Waiting(), monotonic()
    with waiting.request("a/b"):
        assert waiting.lines(now + QUIET_SECONDS - 1) == []
        (line,) = waiting.lines(now + QUIET_SECONDS + 1)
        assert line.startswith("waiting for a/b: 1 open requests, the oldest for 6")
        assert waiting.lines(now + QUIET_SECONDS + 30) == []
        assert len(waiting.lines(now + 2 * QUIET_SECONDS + 2)) == 1
    assert waiting.lines(now + 1e6) == []


def test_attempts_that_fail_are_said_with_what_the_provider_says() -> None:
    waiting, now = Waiting(), monotonic()
    fail(waiting, "a/b", ValueError("line\n\x1b[2Jtwo"))
    with waiting.request("a/b") as request:  # some providers hand an error back
        request.error = OSError("boom")
    assert waiting.lines(now + FAILING_SECONDS / 2) == []
    (line,) = waiting.lines(now + FAILING_SECONDS + 1)
    assert line.endswith("2 attempts in 11 s without an answer, the last: OSError: boom")
    assert line.isprintable()


def test_a_model_without_an_answer_is_given_up_and_others_go_on() -> None:
    waiting = Waiting()
    for number in range(PATIENCE):
        waiting.ask("dead", str(number))
        fail(waiting, "dead", TimeoutError())
        waiting.lost("dead", str(number))
        with pytest.raises(GivenUpError):
            waiting.ask("dead", str(number))
    with pytest.raises(GivenUpError):
        waiting.ask("dead", "another")
    waiting.ask("alive", "another")


def test_an_answer_between_keeps_a_model_alive() -> None:
    waiting = Waiting()
    for number in range(3 * PATIENCE):
        fail(waiting, "a/b", ValueError())
        waiting.lost("a/b", str(number))
        with waiting.request("a/b"):
            pass
        waiting.ask("a/b", str(number))


def test_an_error_that_is_not_the_providers_gives_no_model_up() -> None:
    waiting = Waiting()
    for number in range(PATIENCE):
        waiting.lost("a/b", str(number))
    waiting.ask("a/b", "another")
