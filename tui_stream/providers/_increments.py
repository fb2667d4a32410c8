"""Answers that are told from the beginning again in every piece -> increments.

A piece of a stream is what comes next, in every dialect. Some servers send the whole text so far instead ("Hel",
"Hello", "Hello there"), and nothing in the stream says so: only the pieces show it. A verdict is for the whole
stream, and must never cost an honest stream a character: "ha", "haha" is laughter, and a poem may repeat its first
line. So pieces that begin with everything before them are held back, a few at most, until it is clear what they
are; where it stays unclear they count as increments. Nothing is held back for long, since the person may stop the
answer at any moment, and what was not handed on by then is lost.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from tui_stream.core.events import Event, ReasoningDelta, StreamEnd, TextDelta
from tui_stream.core.stats import Clock
from tui_stream.errors import ProviderError

PATIENCE = 0.2
"""Seconds for which pieces are held back, from the first of them on."""

LONGEST = 1.0
"""The same, at most, where the pieces come so slowly that `PATIENCE` would not do for the next ones."""

_STEPS = 3.0  # times the pause before the first piece held back, which the verdict may take

_ENOUGH = 3
"""Pieces, each beginning with the whole of the one before, that no stream of increments has."""

_ENOUGH_OF_LITTLE = 5
"""The same for a beginning of a few different characters, such as digits, which may repeat by chance."""

_ENOUGH_OF_ONE = 8
"""The same where the text is nothing but its first piece, over and over."""

_DIFFERENT = 4
_MOST_HELD = 16

_Kind = type[TextDelta] | type[ReasoningDelta]


class _Strand:
    """The text, or the reasoning, of one answer while the verdict is open.

    Attributes:
        first: the first piece, which is handed on at once.
        newest: the longest piece, which begins with all others.
        growth: pieces so far of which each is longer than the one before and begins with it.
        held: what was not handed on yet.
    """

    __slots__ = ("_repeated", "first", "growth", "held", "newest")

    def __init__(self) -> None:
        self.first = self.newest = self._repeated = ""
        self.growth = 0
        self.held: list[str] = []

    def add(self, piece: str) -> bool:
        """Takes in a piece; False where it does not begin with all that came before."""
        if not piece.startswith(self.newest):
            return False
        if len(piece) > len(self.newest):
            self.growth += 1
            self._repeated, self.newest = self.newest, piece
        self.first = self.first or piece
        return True

    def is_retold(self, *, ended: bool) -> bool:
        """Whether no honest stream has pieces like these; ``ended`` where no other will come."""
        times = len(self.newest) // max(1, len(self.first)) + 1
        if (self.first * times).startswith(self.newest):
            return self.growth >= _ENOUGH_OF_ONE
        varied = ended or len(set(self._repeated)) >= _DIFFERENT
        return self.growth >= (_ENOUGH if varied else _ENOUGH_OF_LITTLE)


class Increments:
    """Hands the events of one answer on, with increments in place of pieces that tell all of it again.

    Args:
        clock: seconds that only ever grow.

    Attributes:
        settled: it is known that the pieces are increments: every event may be handed on as it is.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._newest: float | None = None
        self._until = 0.0
        self._open: dict[_Kind, _Strand] = {TextDelta: _Strand(), ReasoningDelta: _Strand()}
        self._told: dict[_Kind, str] = {}
        self.settled = False

    @property
    def patience(self) -> float | None:
        """Seconds after which to `release` what is held back, 0 for at once; None while nothing is."""
        return max(0.0, self._until - self._clock()) if self._holding else None

    @property
    def _holding(self) -> bool:
        return any(strand.held for strand in self._open.values())

    def passed(self, events: Iterable[Event]) -> Iterator[Event]:
        """What to hand on of these events.

        Where they raise an error, what is held back comes before it.
        """
        return iter(events) if self.settled else self._looked_at(events)

    def release(self) -> Iterator[Event]:
        """What is held back, now: nothing more comes, or not soon."""
        if not self._holding:
            return
        retold = any(strand.held and strand.is_retold(ended=True) for strand in self._open.values())
        yield from self._retold() if retold else self._honest()

    def _looked_at(self, events: Iterable[Event]) -> Iterator[Event]:
        try:
            for event in events:
                if isinstance(event, TextDelta | ReasoningDelta) and not self.settled:
                    yield from self._piece(event)
                    continue
                if isinstance(event, StreamEnd):
                    yield from self.release()
                yield event
        except ProviderError:
            yield from self.release()
            raise

    def _piece(self, event: TextDelta | ReasoningDelta) -> Iterator[Event]:
        kind = type(event)
        if self._told:
            yield from self._new(kind, event.text)
            return
        self._wait()
        strand = self._open[kind]
        begun = strand.growth > 0
        fits = strand.add(event.text)
        if not begun and fits:
            yield event
            return
        strand.held.append(event.text)
        if not fits:
            yield from self._honest()
        elif strand.is_retold(ended=False):
            yield from self._retold()
        elif len(strand.held) >= _MOST_HELD:
            yield from self._honest()

    def _wait(self) -> None:
        """A piece has come before the verdict: says how long it may take if this is the first one to be held back."""
        now = self._clock()
        if not self._holding:
            pause = 0.0 if self._newest is None else now - self._newest
            self._until = now + min(LONGEST, max(PATIENCE, _STEPS * pause))
        self._newest = now

    def _honest(self) -> Iterator[Event]:
        """The verdict: increments; all that was held back comes as it came."""
        self.settled = True
        for kind, strand in self._open.items():
            held, strand.held = strand.held, []
            for text in held:
                yield kind(text)

    def _retold(self) -> Iterator[Event]:
        """The verdict: every piece tells the whole; what was held back adds up to the newest one."""
        for kind, strand in self._open.items():
            self._told[kind], strand.held = strand.newest, []
            if rest := strand.newest[len(strand.first) :]:
                yield kind(rest)

    def _new(self, kind: _Kind, piece: str) -> Iterator[Event]:
        """What a piece that tells the whole adds; one that tells another text than before is a text of its own."""
        told = self._told.get(kind, "")
        if told.startswith(piece):
            return
        common = _common(told, piece)
        self._told[kind] = piece
        yield kind(piece[common:] if common * 2 >= len(told) else piece)


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low
