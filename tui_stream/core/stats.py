"""When things happened in a turn: the one source of every figure of time and speed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tui_stream.core.models import Cost, Timing, Usage

Clock = Callable[[], float]
"""Seconds that only ever grow, for example `time.monotonic`."""


@dataclass(frozen=True, slots=True)
class TurnStats:
    """A snapshot of one turn.

    Attributes:
        elapsed: seconds since the person sent the prompt.
        first_token: seconds from there to the first token, None before it.
        streaming: seconds from the first token to the newest one.
        silence: seconds since the newest piece of the answer; None before the first and after the last one.
        usage: tokens, as estimated so far or as reported.
        cost: what they cost.
        unseen: tokens that were made before the first one came, see `unseen_tokens`.
    """

    elapsed: float = 0.0
    first_token: float | None = None
    streaming: float = 0.0
    silence: float | None = None
    usage: Usage = field(default_factory=Usage)
    cost: Cost = field(default_factory=Cost)
    unseen: int = 0

    @property
    def tokens_per_second(self) -> float | None:
        """Tokens generated a second since the first one; None while that cannot be told."""
        made = self.usage.output_tokens
        tokens = 0 if made is None else made - self.unseen
        if tokens < _FEWEST_TOKENS or self.streaming <= 0:
            return None
        return (tokens - 1) / self.streaming


def unseen_tokens(usage: Usage | None, reasoning: str) -> int:
    """Tokens of reasoning that the provider counts and does not show: they were made before the first one came."""
    return 0 if usage is None or reasoning.strip() else usage.reasoning_tokens or 0


_FEWEST_TOKENS = 2


class TurnTimer:
    """Takes the times of one turn."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started = clock()
        self._first: float | None = None
        self._newest: float | None = None
        self._ended: float | None = None

    def token(self) -> None:
        """A piece of the answer or of the reasoning arrived."""
        self._newest = self._clock()
        if self._first is None:
            self._first = self._newest

    def restart(self) -> None:
        """What went before was preparation; the request leaves only now."""
        self._started = self._clock()

    def end(self) -> None:
        """The turn is over; time stands still from now on."""
        if self._ended is None:
            self._ended = self._clock()

    @property
    def has_token(self) -> bool:
        """Whether anything of the answer arrived."""
        return self._first is not None

    def snapshot(self, usage: Usage, cost: Cost, unseen: int = 0) -> TurnStats:
        """The figures at this moment."""
        now = self._ended if self._ended is not None else self._clock()
        if self._first is None or self._newest is None:
            return TurnStats(elapsed=now - self._started, usage=usage, cost=cost)
        return TurnStats(
            elapsed=now - self._started,
            first_token=self._first - self._started,
            streaming=self._newest - self._first,
            silence=None if self._ended is not None else now - self._newest,
            usage=usage,
            cost=cost,
            unseen=unseen,
        )


def sum_timing(one: Timing, other: Timing) -> Timing:
    """The times of an answer that came in two parts."""
    return Timing(
        one.elapsed + other.elapsed,
        other.first_token if one.first_token is None else one.first_token,
        one.streaming + other.streaming,
        one.attempts + other.attempts,
    )
