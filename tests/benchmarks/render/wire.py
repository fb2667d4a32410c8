"""What the two sides of the rendering benchmark tell each other: the parent asks, the measured program answers.

A line of JSON each way, over a Unix socket, so that the pseudo-terminal carries nothing but the screen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["ours", "stock", "plain"]
"""What shows the text: the transcript, Textual's own `Markdown`, or lines drawn with nothing clever about them."""

TOKEN = 4
"""Characters a token."""
BATCH = 33
"""Tokens an append: a frame's worth at 1,000 a second."""
FRAME = 0.033
"""Seconds from one append to the next where text comes in real time."""
MARK = "FIRSTFRAME"
"""Stands in the prompt, so that the first frame with the conversation in it can be told."""
PERIOD = 0.002
"""Seconds that the stall meter asks to sleep."""


@dataclass(frozen=True)
class Span:
    """What was measured between two moments in the program.

    Attributes:
        cpu: seconds of CPU, of all its threads.
        wall: seconds.
        tokens: appended meanwhile.
        frames: written to the terminal meanwhile.
        late: seconds by which the stall meter woke too late, one for each of its sleeps.
        busy: CPU seconds of the event loop's thread during each of these sleeps; a long lateness with little of
            it is the machine's doing, not the program's.
        pauses: of the garbage collector: its generation and seconds.
    """

    cpu: float
    wall: float
    tokens: int = 0
    frames: int = 0
    late: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    pauses: list[tuple[int, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Start:
    """The frame in which the conversation first stood.

    Attributes:
        cpu: seconds of CPU since the program started, without those for making the messages.
        at: that moment on the machine's monotonic clock.
        making: seconds in which the messages were made, before the program proper began.
    """

    cpu: float
    at: float
    making: float


@dataclass(frozen=True)
class Memory:
    """Bytes in use.

    Attributes:
        rss: of the process.
        traced: of Python's own allocations, 0 where they are not traced.
        lines: how many lines the conversation has by now.
    """

    rss: int
    traced: int
    lines: int


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of them lies; 0 where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
