"""When a request that failed before its first token is sent again, and after how long."""

from __future__ import annotations

from dataclasses import dataclass

from tui_stream.errors import ProviderError, TuiStreamError


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a request that failed before its first token is sent again.

    Attributes:
        attempts: tries in all.
        base_delay: seconds before the second try, doubled for each further one.
        max_delay: the longest wait in seconds, unless the provider asks for more.
        longest_wait: the longest wait in seconds that a provider may ask for; after that it is not waited for.
        jitter: how much of ``base_delay`` chance may add to a wait.
    """

    attempts: int = 3
    base_delay: float = 1.0
    max_delay: float = 30.0
    longest_wait: float = 120.0
    jitter: float = 0.5


class Backoff:
    """Counts the tries at one model."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._tries = 0

    def failed(self, error: TuiStreamError) -> float | None:
        """Another try failed.

        Returns:
            The seconds to wait before the next one, or None where there is to be none.
        """
        self._tries += 1
        asked = error.retry_after if isinstance(error, ProviderError) else None
        if not error.retryable or (asked or 0) > self._policy.longest_wait:
            return None
        wait = self._wait()
        return wait if wait is None or asked is None else max(wait, asked)

    def _wait(self) -> float | None:
        """Tenacity's wait, exponential with jitter; None where the tries are used up."""
        import tenacity

        policy = self._policy
        state = tenacity.RetryCallState(tenacity.AsyncRetrying(), None, (), {})
        state.attempt_number = self._tries
        if tenacity.stop_after_attempt(policy.attempts)(state):
            return None
        wait = tenacity.wait_exponential(policy.base_delay, policy.max_delay)
        return float((wait + tenacity.wait_random(0, policy.jitter * policy.base_delay))(state))
