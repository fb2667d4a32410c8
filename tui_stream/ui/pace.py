"""How often the screen may be drawn over the link to the terminal.

A link that is slower than what is drawn keeps frames waiting on their way: in a serial line's buffer, in a
shell server, in TCP. What the person sees, and the echo of each key, then comes late by all that waits there.
So the pace is set as delay-based congestion control sets a sender's rate. Behind a frame the terminal is asked a
question that it answers at once. The time until its answer, less the shortest one seen lately, is how long the
frame was under way because of what the link carries, and not because of where the terminal is (as LEDBAT, RFC
6817, tells queueing delay from base delay). A terminal that answers nothing tells only how long this machine
needed to take a frame in.

The rule: while a frame needs longer than the time from one frame to the next, that time grows by half, or by more
where it needs much longer; once it needs clearly less, that time shrinks again. While the last frame is known to
be under way still, none is drawn at all, so that what waits is a frame or two whatever the link. Congestion control
for many senders (AIMD: additive increase, multiplicative decrease; Chiu and Jain, 1989) speeds up by fixed steps, so
that all get the same share. Here one sender has its terminal for itself, so both directions multiply, which goes
from one frame a second back to thirty in seconds.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

SLOWEST = 1.0
"""Seconds from one frame to the next at the very least pace."""

SLACK = 0.05
"""Seconds that a frame may always need; a busy machine takes as long now and then."""

_SLOWER = 1.5
_MUCH_SLOWER = 4.0
_QUICKER = 0.85
_ROOM = 0.7  # of the time between frames; who needs less is sped up
_FADING = 0.95  # of the size of a large frame, with each answer
_BEFORE = 0.9  # of the time between frames; before the next one it is known whether the last one got through
_ASK_BYTES = 2048  # after so many bytes the terminal is asked again at the latest
_ASK_TIME = 0.25  # seconds after which a frame of any size is worth a question
_GIVE_UP = 5.0  # seconds for an answer that should be here ...
_GIVE_UP_TIMES = 4.0  # ... beside so many times those that the bytes before it needed at the rate last seen
_FIRST_RATE = 960.0  # bytes a second taken for granted before anything was seen: a serial line of 9600 baud
_SHORTEST = 0.001  # seconds; less cannot be measured
_SPAN = 10.0  # seconds of which one smallest round trip is kept
_SPANS = 6


class Pace:
    """Turns what is measured into the time between frames; does no I/O.

    Attributes:
        frame: seconds from one frame to the next while all is well.
        interval: the same, at present.
        answers: whether the terminal answers questions.
    """

    def __init__(self, frame: float, *, clock: Callable[[], float]) -> None:
        self.frame = frame
        self.interval = frame
        self.answers = False
        self._clock = clock
        self._slowest = max(frame, SLOWEST)
        self._shortest = _Shortest()
        self._asked: float | None = None
        self._last_asked = -_ASK_TIME
        self._unasked_bytes = 0
        self._behind = False
        self._expired = False
        self._asked_bytes = 0
        self._largest = 0.0
        self._alone_at = -math.inf  # when a question was answered that went behind no frame
        self._rate = _FIRST_RATE

    @property
    def quick(self) -> bool:
        """Whether the link carries all that is asked for."""
        return self.interval <= self.frame

    @property
    def asking(self) -> bool:
        """Whether a terminal that answers owes an answer that is still waited for."""
        return self.answers and self._asked is not None and not self._expired

    @property
    def overdue(self) -> bool:
        """Whether an answer is so late that the last frame must still be under way."""
        return self.asking and (self._behind or self.patience <= 0)

    @property
    def crowded(self) -> bool:
        """Whether a large frame is still under way, over a link that has no room for two.

        A link that is long carries several at a time; there an answer comes only behind all of them.
        """
        size = self._asked_bytes + self._unasked_bytes
        return self.asking and not self.quick and self._shortest.value < self.interval and self._tells(size)

    @property
    def patience(self) -> float:
        """Seconds until the answer that is owed is overdue."""
        return self._age_left(self._shortest.value + max(self.interval * _BEFORE, SLACK))

    @property
    def remaining(self) -> float:
        """Seconds until the answer that is owed is no longer waited for."""
        return self._age_left(_GIVE_UP + _GIVE_UP_TIMES * self._asked_bytes / self._rate)

    @property
    def _allowed(self) -> float:
        """Seconds that a frame may need before it is late."""
        return max(self.interval, SLACK)

    def _age_left(self, age: float) -> float:
        return 0.0 if self._asked is None else self._asked + age - self._clock()

    def sent(self, size: int) -> bool:
        """Takes in a frame of so many bytes; whether it is time to ask the terminal behind it."""
        self._unasked_bytes += size
        return self._due(_ASK_TIME)

    def _due(self, rest: float) -> bool:
        """Whether to ask about what was sent since the last question, if only after a rest."""
        if not self.answers or self._asked is not None or not self._unasked_bytes:
            return False
        rested = self._clock() - self._last_asked >= rest
        return rested or not self.quick or self._unasked_bytes >= _ASK_BYTES

    def asked(self) -> None:
        """The terminal was asked just now."""
        self._asked = self._last_asked = self._clock()
        self._asked_bytes, self._unasked_bytes = self._unasked_bytes, 0

    def answered(self, at: float) -> bool:
        """The terminal's answer arrived at this time of the clock; whether to ask at once again."""
        self.answers = True
        if self._asked is None:
            return False
        trip = at - self._asked
        self._asked, self._expired = None, False
        self._shortest.add(trip, at)
        queued = trip - self._shortest.value
        late, draining, size = queued > self._allowed, self._behind, self._asked_bytes
        if not draining and (late or self._tells(size)):
            self._adapt(queued)
        if size:
            self._rate = size / max(queued, _SHORTEST)
            self._largest = max(size, self._largest * _FADING)
        else:
            self._alone_at = at
        alone = at - self._alone_at >= _SPAN
        again = alone or self._due(math.inf)
        self._behind = again and (late or (alone and not self.quick))
        return again

    def _tells(self, size: int) -> bool:
        """Whether this is about as large as frames are; smaller ones do not show what those need."""
        return size >= self._largest / 2

    def expire(self) -> None:
        """No answer came in the time that `remaining` gave it: waits no longer, and goes at the least pace at first."""
        self._expired = True
        self.interval = self._slowest

    def drained(self, took: float) -> None:
        """This machine needed so many seconds to take a frame in; counts where no answer tells more."""
        if not self.answers or self._expired:
            self._adapt(took)

    def restart(self) -> None:
        """Forgets what the terminal owes; it may be another one from now on."""
        self._asked, self._expired, self._behind = None, False, False
        self.answers = False
        self._shortest = _Shortest()

    def _adapt(self, needed: float) -> None:
        if needed > self._allowed:
            growth = min(max(needed / self._allowed, _SLOWER), _MUCH_SLOWER)
            self.interval = min(self._slowest, self.interval * growth)
        elif needed < self._allowed * _ROOM:
            self.interval = max(self.frame, self.interval * _QUICKER)


class _Shortest:
    """The shortest round trip of the last minute: a link may change, and then the old one means nothing.

    As LEDBAT keeps its base delay: the smallest of each of a few spans of time (RFC 6817). So that the frames' own
    waiting never becomes the shortest trip, in each span one question is asked while nothing is under way (as BBR
    probes for its round trip; Cardwell and others, 2016).
    """

    def __init__(self) -> None:
        self._spans: deque[tuple[float, float]] = deque(maxlen=_SPANS)
        self.value = 0.0

    def add(self, trip: float, at: float) -> None:
        if not self._spans or at - self._spans[-1][0] >= _SPAN:
            self._spans.append((at, trip))
        else:
            begun, shortest = self._spans[-1]
            self._spans[-1] = (begun, min(shortest, trip))
        self.value = min(trip for _, trip in self._spans)
