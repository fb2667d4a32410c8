from __future__ import annotations

from tests.fakes import FakeClock
from tui_stream.core.models import Cost, Usage
from tui_stream.core.stats import TurnStats, TurnTimer, unseen_tokens


def test_times_of_a_turn() -> None:
    clock = FakeClock(100.0)
    timer = TurnTimer(clock)
    clock.now = 100.5
    assert timer.snapshot(Usage(), Cost()).first_token is None
    timer.token()
    clock.now = 102.5
    timer.token()
    clock.now = 103.0
    stats = timer.snapshot(Usage(10, 21), Cost())
    assert (stats.elapsed, stats.first_token, stats.streaming, stats.silence) == (3.0, 0.5, 2.0, 0.5)
    assert stats.tokens_per_second == 10.0


def test_time_stands_still_after_the_end() -> None:
    clock = FakeClock()
    timer = TurnTimer(clock)
    timer.token()
    clock.now = 1.0
    timer.end()
    clock.now = 9.0
    timer.end()
    stats = timer.snapshot(Usage(), Cost())
    assert (stats.elapsed, stats.silence) == (1.0, None)


def test_speed_is_unknown_until_it_can_be_told() -> None:
    assert TurnStats(usage=Usage(1, 1), streaming=1.0).tokens_per_second is None
    assert TurnStats(usage=Usage(1, 9), streaming=0.0).tokens_per_second is None
    assert TurnStats(usage=Usage(), streaming=1.0).tokens_per_second is None


def test_reasoning_that_is_not_shown_came_before_the_first_token() -> None:
    hidden = Usage(10, 1021, reasoning_tokens=1000)
    assert unseen_tokens(hidden, "") == 1000
    assert unseen_tokens(hidden, "Hm.") == 0
    assert unseen_tokens(Usage(10, 21), "") == unseen_tokens(None, "") == 0
    assert TurnStats(usage=hidden, streaming=2.0, unseen=1000).tokens_per_second == 10.0
    assert TurnStats(usage=hidden, streaming=2.0, unseen=2000).tokens_per_second is None
