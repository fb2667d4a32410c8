from __future__ import annotations

import pytest

from tui_stream.core.backoff import Backoff, RetryPolicy
from tui_stream.errors import AuthenticationError, ConnectionFailedError, RateLimitError, ServerError, StoreError

REFUSED = ConnectionFailedError("Refused.")


def waits(policy: RetryPolicy, error: ConnectionFailedError | RateLimitError = REFUSED) -> list[float | None]:
    backoff = Backoff(policy)
    return [backoff.failed(error) for _ in range(policy.attempts)]


def test_waits_double_up_to_the_longest() -> None:
    assert waits(RetryPolicy(6, 1, 5, jitter=0)) == [1, 2, 4, 5, 5, None]


def test_chance_adds_a_little() -> None:
    first = {waits(RetryPolicy(2, 8, 60, jitter=0.5))[0] for _ in range(50)}
    assert len(first) > 10, "the same waits each time"
    assert all(wait is not None and 8 <= wait <= 12 for wait in first)


def test_a_wait_that_is_asked_for_is_never_cut_short() -> None:
    asked = RateLimitError("Slow down.", retry_after=90)
    assert waits(RetryPolicy(3, 1, 5, jitter=0), asked) == [90, 90, None]
    short = RateLimitError("Slow down.", retry_after=0.2)
    assert waits(RetryPolicy(2, 1, 5, jitter=0), short) == [1, None]


def test_a_wait_that_is_too_long_is_not_waited_for() -> None:
    policy = RetryPolicy(3, longest_wait=120)
    assert Backoff(policy).failed(RateLimitError("Slow down.", retry_after=121)) is None
    assert Backoff(policy).failed(ServerError("Busy.", retry_after=120)) == 120


@pytest.mark.parametrize("error", [AuthenticationError("No."), StoreError("Full.")])
def test_what_cannot_help_is_not_tried_again(error: AuthenticationError | StoreError) -> None:
    assert Backoff(RetryPolicy()).failed(error) is None
