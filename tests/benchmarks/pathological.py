"""How long hard Markdown holds a key up: ``python -m tests.benchmarks.pathological [WORD ...]``, run by hand.

A key waits for whatever is being done when it is pressed. So the longest single step is what counts: taking in what a
frame brings (`tui_stream.core.batcher` hands a screen no more than twice `MOST_A_FRAME` characters at once) and reading
the lines that are in view, and the end of the answer. The time is the processor's, of the best of three runs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from tests.trust.texts import HARD
from tui_stream.core.batcher import MOST_A_FRAME
from tui_stream.markdown import LiveMarkdown, load_lexers

LIMIT = 100.0
"""Milliseconds."""

_VIEW = 40


def took(work: Callable[[], object]) -> float:
    """Milliseconds of the processor's time."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


def _look(live: LiveMarkdown) -> None:
    live.lines(max(0, live.height - _VIEW), live.height)


def steps(text: str, size: int) -> tuple[float, float, float]:
    """The longest step of a stream, its end, and laying it out for another width, of which the end is looked at."""
    live = LiveMarkdown(100)

    def take(start: int) -> None:
        live.append(text[start : start + size])
        _look(live)

    def end() -> None:
        live.finish()
        _look(live)

    def resize() -> None:
        live.resize(80, lazy=True)
        _look(live)

    worst = max(took(lambda start=start: take(start)) for start in range(0, len(text), size))  # type: ignore[misc] # bound at once
    return worst, took(end), took(resize)


def main() -> int:
    """Prints a line for each text; 1 where a key would wait too long."""
    load_lexers(["python"])
    words, late = sys.argv[1:], 0
    print(f"{'':<30}{'frame':>9}{'twice':>9}{'end':>9}{'resize':>9}   ms")
    for name, text in HARD.items():
        if words and not any(word in name for word in words):
            continue
        once = [min(column) for column in zip(*(steps(text, MOST_A_FRAME) for _ in range(3)), strict=True)]
        twice = min(steps(text, 2 * MOST_A_FRAME)[0] for _ in range(3))
        slow = max(once[0], twice, once[1]) > LIMIT
        late += slow
        print(f"{name:<30}{once[0]:9.1f}{twice:9.1f}{once[1]:9.1f}{once[2]:9.1f}{'   too long' if slow else ''}")
    return int(late > 0)


if __name__ == "__main__":
    sys.exit(main())
