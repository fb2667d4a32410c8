"""Which of several endpoints to ask, by what is known of each; pure, all times are given.

The fastest healthy one is asked, by its time to first token. To know the others too, one without a figure is asked
before all, and a slower one now and then. One that failed rests; that lasts longer each time. Where every one rests,
all are asked nevertheless: nobody else could answer, and any of them may have come back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FIRST_REST = 30.0
"""Seconds that an endpoint rests after a failure, doubled for each further one in a row."""

LONGEST_REST = 600.0
"""Seconds that an endpoint rests at most, unless it asks for more itself."""

LONGEST_ASKED = 86_400.0
"""Seconds that an endpoint can ask to be left alone."""

STALE = 600.0
"""Seconds after which half the weight of a figure is gone, and after which it may be measured again."""

_LEAST_WEIGHT = 0.3  # of a new measurement, however fresh the old figure is
_OTHERS = 8  # answers of others, for each of them, between two measurements of a slower one
_PATIENCE = 6.0  # a slower one is measured again later, in proportion to its slowness, but no later than so many times


@dataclass(slots=True)
class Standing:
    """What is known of one endpoint; all times are moments of one clock, in seconds.

    Attributes:
        ttft: seconds to the first token, recent measurements weighing more; None while there is none.
        measured_at: when it was measured last.
        failures: in a row, up to now.
        failed_at: when it failed last.
        rests_until: when it may be asked again.
        passed_over: answers that the others gave since it was measured.
        asked_until: until when it asked to be left alone itself.
    """

    ttft: float | None = None
    measured_at: float = 0.0
    failures: int = 0
    failed_at: float = 0.0
    rests_until: float = float("-inf")
    passed_over: int = 0
    asked_until: float = float("-inf")

    def healthy(self, now: float) -> bool:
        """Whether it does not rest."""
        return self.rests_until <= now

    def learn(self, seconds: float, now: float) -> None:
        """Takes a measurement in: the older the figure, the less of it stays."""
        if self.ttft is None:
            self.ttft = seconds
        else:
            faded = 1 - 0.5 ** (max(0.0, now - self.measured_at) / STALE)
            self.ttft += max(_LEAST_WEIGHT, faded) * (seconds - self.ttft)
        self.measured_at, self.passed_over = now, 0

    def fail(self, now: float, asked: float | None = None, *, again: bool = False) -> None:
        """It failed.

        Args:
            now: the moment.
            asked: seconds for which it wants to be left alone.
            again: it was asked before its rest was over: that is the same failure still, and makes no rest longer.
        """
        self.failures += not (again and self.failures)
        rest = min(LONGEST_REST, FIRST_REST * 2.0 ** min(self.failures - 1, 16))
        self.failed_at = now
        self.asked_until = now + min(asked, LONGEST_ASKED) if asked else float("-inf")
        self.rests_until = max(now + rest, self.asked_until)

    def wake(self, now: float) -> None:
        """It answers: its rest is over."""
        self.rests_until = min(self.rests_until, now)
        self.asked_until = min(self.asked_until, now)

    def forgive(self) -> None:
        """Its last failure counts as its first one."""
        self.failures = min(self.failures, 1)
        self.rests_until = min(self.rests_until, self.failed_at + FIRST_REST)


def order(standings: Sequence[Standing], now: float) -> list[int]:
    """The places of the endpoints to ask, one after the other until one answers.

    First the one that is due, then the healthy ones by their speed, those without a figure behind them, and as a last
    resort the one whose rest ends soonest. Where none is healthy, those with the fewest failures first and of these the
    fastest. One that wants to be left alone for a while, by its own word, is asked before that only where all do: then
    the one that may be asked soonest.
    """
    places = range(len(standings))
    healthy = [place for place in places if standings[place].healthy(now)]
    asked = sorted(healthy, key=lambda place: _speed(standings[place]))
    resting = [place for place in places if place not in healthy]
    due = _due([standings[place] for place in asked], now)
    if due is not None:
        asked.insert(0, asked.pop(due))
    resting.sort(key=lambda place: standings[place].rests_until)
    if not asked:
        return _in_need(resting, standings, now)
    return asked + [place for place in resting if standings[place].asked_until <= now][:1]


def _in_need(resting: Sequence[int], standings: Sequence[Standing], now: float) -> list[int]:
    """The places to ask when all rest, which come by the end of their rest."""
    waiting = sorted(resting, key=lambda place: standings[place].asked_until)
    alone = [place for place in waiting if standings[place].asked_until > now]
    others = [place for place in resting if place not in alone]
    others.sort(key=lambda place: (standings[place].failures, _speed(standings[place])))
    return others or alone[:1]


def _speed(standing: Standing) -> float:
    return float("inf") if standing.ttft is None else standing.ttft


def _due(by_speed: Sequence[Standing], now: float) -> int | None:
    """The place of the one to measure now, though it may not be the fastest."""
    for place, standing in enumerate(by_speed):
        if standing.ttft is None:
            return place
    stale = [place for place in range(1, len(by_speed)) if _stale(by_speed[place], by_speed, now)]
    return min(stale, key=lambda place: by_speed[place].measured_at, default=None)


def _stale(standing: Standing, by_speed: Sequence[Standing], now: float) -> bool:
    """Whether a slower one has not been measured for long: in time, and in answers, so that it stays an exception."""
    slowness = min(_PATIENCE, _speed(standing) / max(_speed(by_speed[0]), 1e-3))
    enough = _OTHERS * (len(by_speed) - 1)
    return standing.passed_over >= enough and now - standing.measured_at >= STALE * slowness
