from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

import pytest

from tests.fakes import FakeClock
from tui_stream.ui.pace import SLACK, SLOWEST, Pace

FRAME = 1 / 30
STEP = 0.001


@dataclass
class Wire:
    """A link that carries so many bytes a second so many seconds far, behind a buffer.

    Attributes:
        buffer: bytes that this machine takes from the program before the link has carried them.
        jitter: seconds that an answer may come later.
        answers: whether the terminal answers questions.
    """

    rate: float
    latency: float = 0.0
    buffer: float = 1e9
    jitter: float = 0.0
    answers: bool = True
    free_at: float = 0.0

    def carry(self, size: float, now: float) -> None:
        self.free_at = max(now, self.free_at) + size / self.rate

    def queued(self, now: float) -> float:
        """Seconds that what is under way still needs."""
        return max(0.0, self.free_at - now)

    def drained_at(self, now: float) -> float:
        return max(now, self.free_at - self.buffer / self.rate)


@dataclass
class Sender:
    """Draws a frame whenever it may, as `Link` does, and remembers how long each had to wait."""

    wire: Wire
    size: float = 6000
    frame: float = FRAME
    clock: FakeClock = field(default_factory=FakeClock)
    frames: list[tuple[float, float]] = field(default_factory=list)
    _due: float = 0.0
    _began: float = 0.0
    _drained: float = 0.0
    _draining: bool = False
    _answers: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.wire = replace(self.wire)
        self.pace = Pace(self.frame, clock=self.clock)
        self._chance = random.Random(1)
        self._ask()

    def _ask(self) -> None:
        now = self.clock()
        self.wire.carry(9, now)
        self.pace.asked()
        if self.wire.answers:
            late = self._chance.random() * self.wire.jitter
            self._answers.append(self.wire.free_at + 2 * self.wire.latency + late)

    def _draw(self) -> None:
        now = self.clock()
        self.wire.carry(self.size, now)
        self._began, self._drained, self._draining = now, self.wire.drained_at(now), True
        self.frames.append((now, self.wire.queued(now)))
        if self.pace.sent(int(self.size)):
            self._ask()
        self._due = now + self.pace.interval

    def run(self, seconds: float) -> None:
        end = self.clock() + seconds
        while (now := self.clock()) < end:
            while self._answers and self._answers[0] <= now:
                if self.pace.answered(self._answers.pop(0)):
                    self._ask()
            if self._draining and self._drained <= now:
                self._draining = False
                self.pace.drained(self._drained - self._began)
            if self.pace.asking and self.pace.remaining <= 0:
                self.pace.expire()
            if now >= self._due and not (self._draining or self.pace.overdue or self.pace.crowded):
                self._draw()
            self.clock.now += STEP

    def rate(self, seconds: float) -> float:
        """Frames a second in the last seconds."""
        return len([at for at, _ in self.frames if at >= self.clock() - seconds]) / seconds

    def queued(self, seconds: float) -> float:
        """The longest that a frame of the last seconds was under way because of the link."""
        return max((queued for at, queued in self.frames if at >= self.clock() - seconds), default=0.0)


NEAR = {
    "local": Wire(1e8),
    "a local terminal that dawdles": Wire(1e8, jitter=0.02),
    "over a satellite": Wire(1e7, 0.3),
    "over a satellite, unsteadily": Wire(1e7, 0.3, jitter=0.03),
    "just enough": Wire(2.5e5, 0.05),
    "local, silent": Wire(1e8, buffer=17_000, answers=False),
}


@pytest.mark.parametrize("wire", NEAR.values(), ids=NEAR.keys())
def test_a_link_that_carries_all_is_given_all_however_long_it_is(wire: Wire) -> None:
    sender = Sender(wire)
    sender.run(20)
    assert sender.pace.quick
    assert sender.rate(10) > 28
    assert sender.queued(10) < SLACK


SLOW = {
    "100 kB/s, 300 ms": Wire(1e5, 0.15),
    "100 kB/s, 600 ms": Wire(1e5, 0.3),
    "100 kB/s, unsteady": Wire(1e5, 0.05, jitter=0.03),
    "10 kB/s": Wire(1e4, 0.001),
    "10 kB/s, 50 ms": Wire(1e4, 0.025),
    "10 kB/s through a small buffer": Wire(1e4, 0.025, buffer=1000),
    "9,600 baud": Wire(960, 0.005),
}


@pytest.mark.parametrize("wire", SLOW.values(), ids=SLOW.keys())
def test_frames_settle_at_what_the_link_carries(wire: Wire) -> None:
    sender = Sender(wire)
    one = sender.size / wire.rate
    sender.run(max(90.0, 10 * one))
    span = max(20.0, 10 * one)
    sender.run(span)
    assert 0.5 / one < sender.rate(span) <= 1.1 / one
    assert sender.queued(span) < 2 * one + 2 * SLACK + wire.latency


@pytest.mark.parametrize("wire", SLOW.values(), ids=SLOW.keys())
def test_what_waits_stays_bounded_from_the_first_frame_on(wire: Wire) -> None:
    sender = Sender(wire)
    sender.run(30)
    one = sender.size / wire.rate
    trip = 2 * wire.latency
    assert sender.queued(30) < 4 * one + SLACK + 2 * trip + 1


def test_a_terminal_that_says_nothing_is_paced_by_what_its_machine_takes() -> None:
    sender = Sender(Wire(1e4, buffer=17_000, answers=False))
    sender.run(40)
    assert sender.rate(20) < 1.8
    assert sender.queued(20) <= (17_000 + sender.size) / 1e4 + STEP


def test_a_link_that_becomes_slow_and_quick_again_is_followed() -> None:
    sender = Sender(Wire(1e6, 0.03))
    sender.run(10)
    assert sender.rate(5) > 28
    sender.wire.rate = 1e4
    sender.run(20)
    assert sender.rate(10) < 1.8
    assert sender.queued(10) < 1.5
    sender.wire.rate = 1e6
    sender.run(15)
    assert sender.pace.quick
    assert sender.rate(5) > 28


def test_a_link_that_becomes_longer_is_not_taken_for_slow_for_ever() -> None:
    sender = Sender(Wire(1e7, 0.01))
    sender.run(10)
    sender.wire.latency = 0.2
    sender.run(90)
    assert sender.pace.quick


def test_small_frames_over_a_slow_link_are_as_many_as_it_carries() -> None:
    sender = Sender(Wire(1e4, 0.025), size=200)
    sender.run(20)
    assert sender.pace.quick
    assert sender.rate(10) > 28


def test_the_pace_is_never_less_than_one_frame_a_second_nor_more_than_asked_for() -> None:
    clock = FakeClock()
    pace = Pace(FRAME, clock=clock)
    for _ in range(50):
        pace.drained(60)
        assert FRAME <= pace.interval <= SLOWEST
    assert pace.interval == SLOWEST
    for _ in range(50):
        pace.drained(0)
    assert pace.interval == FRAME
    slow = Pace(5.0, clock=clock)
    slow.drained(60)
    assert slow.interval == 5.0, "a person may ask for less"


def test_only_a_terminal_that_has_answered_is_asked_and_one_question_at_a_time() -> None:
    pace = Pace(FRAME, clock=FakeClock())
    pace.asked()
    assert (pace.asking, pace.sent(10_000)) == (False, False), "it may never answer"
    assert pace.answered(0.01), "there is something to ask about"
    pace.asked()
    assert pace.asking
    assert not pace.sent(10_000)


def test_where_all_is_well_small_frames_are_asked_about_now_and_then() -> None:
    clock = FakeClock()
    pace = Pace(FRAME, clock=clock)
    pace.answers = True
    asked = 0
    for _ in range(30):
        if pace.sent(100):
            asked += 1
            pace.asked()
            pace.answered(clock())
        clock.now += FRAME
    assert asked == 4


def test_an_answer_that_never_comes_is_not_waited_for_long() -> None:
    clock = FakeClock()
    pace = Pace(FRAME, clock=clock)
    pace.answers = True
    pace.asked()
    pace.answered(clock())
    assert pace.sent(10_000)
    pace.asked()
    clock.now += SLACK + STEP
    assert (pace.asking, pace.overdue) == (True, True)
    clock.now += pace.remaining
    pace.expire()
    assert (pace.asking, pace.overdue) == (False, False)
    assert pace.interval == SLOWEST
    pace.drained(0)
    assert pace.interval < SLOWEST, "from now on only this machine tells how fast it is"
    assert not pace.sent(10_000), "one question at a time, and that one may still be answered"
    pace.answered(clock() + 1)
    assert pace.sent(10_000)


def test_a_restart_forgets_what_was_asked_and_measured() -> None:
    clock = FakeClock()
    pace = Pace(FRAME, clock=clock)
    pace.answers = True
    pace.asked()
    pace.restart()
    assert not pace.asking
    assert not pace.answered(clock() + 5), "an answer to what was asked before"
    assert pace.interval == FRAME
