"""What ``tui-stream render`` costs and writes: ``python -m tests.benchmarks.rendering [shape ...]``, by hand.

A token has 4 characters. For each shape of text and each size, the text so far is drawn after every token, the most
that a stream can ask for, on a terminal of 80 columns and 24 rows with all colours. Given are microseconds of CPU a
token, the mean over 900 tokens before that size, and the ratio of the last to the first; how many bytes the finished
text is, written at once, as a multiple of its source; then the bytes that were written as a multiple of those, with a
drawing after every token, every 4 and 33. `widening` is a table whose columns become wider row by row;
`tables` are many of those. Read the ratios: times are those of the machine it runs on.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice

from rich.color import ColorSystem

from tests.benchmarks.engine import BATCH, SHAPES, SIZES, TOKEN, batches
from tui_stream.markdown.themes import DARK
from tui_stream.scrollback.colours import Encoder
from tui_stream.scrollback.printer import Printer, Size

SCREEN = Size(80, 24)
STEPS = (1, 4, BATCH)
"""Tokens from one drawing to the next."""
WINDOW = 900
"""Tokens before each size over which the cost is averaged."""


def _rows(widths: Iterable[int]) -> Iterator[str]:
    yield "| name | what | note |\n|---|---|---|\n"
    for width in widths:
        yield f"| {'x' * (width // 3)} | {'some words ' * (width // 12)} | {'y' * (width // 5)} |\n"


def widening() -> Iterator[str]:
    """One table whose columns become wider row by row."""
    yield from _rows(min(5 * number, 90) for number in count(1))


def tables() -> Iterator[str]:
    """Many short ones of that kind."""
    while True:
        yield from ("Another table:\n\n", *_rows(range(5, 91, 8)), "\n")


def _printer() -> Printer:
    return Printer(SCREEN, DARK, Encoder(ColorSystem.TRUECOLOR))


def pieces(text: str, step: int) -> Iterator[str]:
    """The text in pieces of so many tokens."""
    size = step * TOKEN
    return (text[start : start + size] for start in range(0, len(text), size))


def costs(text: str, sizes: list[int]) -> list[float]:
    """Microseconds of CPU a token, around each size."""
    printer, tokens, found = _printer(), pieces(text, 1), []
    at = 0
    gc.collect()
    for size in sizes:
        for token in islice(tokens, size - WINDOW - at):
            printer.feed(token)
            printer.frame()
        start = time.process_time()
        for token in islice(tokens, WINDOW):
            printer.feed(token)
            printer.frame()
        found.append((time.process_time() - start) / WINDOW * 1e6)
        at = size
    return found


def written(text: str, step: int) -> int:
    """Bytes written for a text that is drawn after every so many tokens."""
    printer = _printer()
    size = 0
    for piece in pieces(text, step):
        printer.feed(piece)
        size += len(printer.frame().encode())
    printer.finish()
    return size + len(printer.end().encode())


def measure(shape: Callable[[], Iterator[str]], sizes: list[int]) -> str:
    """A line of the table."""
    text = "".join(batches(shape, sizes[-1]))[: sizes[-1] * TOKEN]
    costs(text[: 2_000 * TOKEN], [2_000])
    spent = costs(text, sizes)
    once = written(text, len(text))
    ratios = [written(text, step) / once for step in STEPS]
    return (
        f"{shape.__name__:<14}"
        + "".join(f"{cost:9.1f}" for cost in spent)
        + f"{spent[-1] / spent[0]:9.2f}"
        + f"{once / len(text.encode()):12.2f}"
        + "".join(f"{ratio:9.2f}" for ratio in ratios)
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shapes", nargs="*", help="only these")
    parser.add_argument("--tokens", type=int, default=SIZES[-1], help="the largest size (default: %(default)s)")
    arguments = parser.parse_args()
    sizes = [size for size in SIZES if size <= arguments.tokens] or [max(arguments.tokens, 2 * WINDOW)]
    head = "".join(f"{size:>9}" for size in sizes) + "    ratio"
    print(f"{'us a token at':<14}{head}{'once/source':>12}" + "".join(f"{f'every {step}':>9}" for step in STEPS))
    for shape in (*SHAPES, widening, tables):
        if not arguments.shapes or shape.__name__ in arguments.shapes:
            print(measure(shape, sizes), flush=True)


if __name__ == "__main__":
    main()
