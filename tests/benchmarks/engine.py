"""What an append costs the Markdown engine alone, by the shape of the text and by how much of it is
already there.

Run by hand: ``python -m tests.benchmarks.engine [shape ...]``. An append is 33 tokens of 4 characters.
For each size the CPU time of an append is given in microseconds a token, the mean over a window of
appends that ends there, with what a screen reads after each append (40 lines). Read the last column, the
ratio: times are those of the machine it runs on.

Then, for a text of the largest size that is complete: milliseconds to load a slice of it (mean, slowest, and the
slowest if it is laid out lazily), to show a screen from its middle at another width and to settle a slice of the
rest (the slowest); and for 4,000 tokens the bytes kept for each character and the objects for each line.
"""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, islice

from tui_stream.markdown import LiveMarkdown

TOKEN = 4
BATCH = 33
SIZES = (1_000, 4_000, 16_000, 64_000)
SLICE = 8_000
"""Characters of a long text that are loaded or settled at once."""
COLUMNS = ("slice", "slowest", "lazy", "1st screen", "settling", "bytes/char", "objects/line")
WINDOW = 900
"""Tokens before each size over which the cost is averaged."""
_TEXT = (
    "the model writes an answer and each word arrives alone so that nothing on the screen may depend on what"
    " came before it while lines wrap at spaces and the reader scrolls back to look at another part of it"
)
_WORDS = _TEXT.split()


def _sentences() -> Iterator[str]:
    for number in count():
        size = 9 + number * 7 % 11
        words = [_WORDS[(number * 5 + place * 3) % len(_WORDS)] for place in range(size)]
        if number % 3 == 0:
            words[2] = f"**{words[2]}**"
        if number % 4 == 1:
            words[4] = f"`{words[4]}()`"
        if number % 7 == 2:
            words[1] = f"[{words[1]}](https://example.org/{number})"
        yield " ".join(words).capitalize() + ". "


def prose() -> Iterator[str]:
    """Paragraphs of a few sentences."""
    for number, sentence in enumerate(_sentences()):
        yield sentence if number % 5 else sentence.rstrip() + "\n\n"


def paragraph() -> Iterator[str]:
    """One paragraph that never ends."""
    yield from _sentences()


def fence() -> Iterator[str]:
    """One Python fence."""
    yield "```python\n"
    for number in count():
        yield f"def function_{number}(first: int, second: str = 'x') -> dict[str, int]:\n"
        yield '    """Say what it does.\n\n    More of it.\n    """\n'
        yield f"    for item in range(first):  # step {number}\n"
        yield f"        total = item * {number} + len(second)\n"
        yield "        if total > 10 and not second.startswith('a'):\n            return {second: total}\n"
        yield "    return {}\n\n\n"


def cpp_fence() -> Iterator[str]:
    """One C++ fence."""
    yield "```cpp\n"
    for number in count():
        yield f"/* Number {number}\n * and more */\ntemplate <typename T>\n"
        yield f"int f{number}(const std::vector<T>& v) {{\n"
        yield '    for (size_t i = 0; i < v.size(); ++i) { cout << "x" << v[i]; } // loop\n'
        yield "    return 0;\n}\n\n"


def mixed() -> Iterator[str]:
    """Headings, prose, lists, fences and tables in turn."""
    sentences = _sentences()
    for number in count():
        yield f"## Section {number}\n\n" + "".join(islice(sentences, 3)) + "\n\n"
        yield "".join(f"- {next(sentences)}\n" for _ in range(4)) + "\n"
        yield "```python\n" + "".join(f"x{n} = call({n}, 'text')  # {n}\n" for n in range(8)) + "```\n\n"
        yield ("| a | b |\n|---|---|\n" + "".join(f"| {n} | {next(sentences)[:30]} |\n" for n in range(4)) + "\n")


def bullets() -> Iterator[str]:
    """One bullet list."""
    for sentence in _sentences():
        yield f"- {sentence}\n"


def nested() -> Iterator[str]:
    """One list three deep."""
    for number, sentence in enumerate(_sentences()):
        yield "  " * (number % 3) + f"- {sentence}\n"


def one_item() -> Iterator[str]:
    """One list item with all the text in it."""
    yield "- first\n\n"
    for number, sentence in enumerate(_sentences()):
        yield ("  " if number % 4 == 0 else "") + sentence + ("\n\n" if number % 4 == 3 else "")


def table() -> Iterator[str]:
    """One table."""
    yield "| name | what it does | number | note |\n|:--|---|--:|:-:|\n"
    for number, sentence in enumerate(_sentences()):
        yield f"| item {number} | {sentence.strip()[:50]} | {number * 37 % 1000} | **n** `{number}` |\n"


def quotes() -> Iterator[str]:
    """Quotes in quotes."""
    for number, sentence in enumerate(_sentences()):
        yield "> " * (1 + number // 6 % 3) + sentence + ("\n>\n" if number % 5 == 4 else "\n")


def cjk() -> Iterator[str]:
    """Chinese prose."""
    text = "这个模型逐字写出答案所以屏幕上的任何内容都不应该取决于之前出现的文字而且行在字符之间换行"
    for number in count():
        start = number * 7 % 20
        yield (text[start : start + 18] + "\uff0c" + ("**" + text[:6] + "**" if number % 3 == 0 else text[5:12]))
        yield "。\n\n" if number % 6 == 5 else "。"


def endless() -> Iterator[str]:
    """One line without a space."""
    for number in count():
        yield f"x{number * 7919 % 100_003}y"


def endless_code() -> Iterator[str]:
    """One line of code without an end."""
    yield "```js\n"
    for number in count():
        yield f"var a{number}=f({number});"


def blocks() -> Iterator[str]:
    """Short code blocks one after another."""
    for number in count():
        yield f"Block {number}:\n\n```js\nconst a{number} = [1, 2, {number}]; // note\n"
        yield "function f() { return 'x'; }\n"
        yield "let more = a.map((x) => x * 2);\nconsole.log(more, `text`);\n```\n\n"


SHAPES: tuple[Callable[[], Iterator[str]], ...] = (
    prose,
    paragraph,
    fence,
    cpp_fence,
    mixed,
    bullets,
    nested,
    one_item,
    table,
    quotes,
    cjk,
    endless,
    endless_code,
    blocks,
)


def batches(shape: Callable[[], Iterator[str]], tokens: int) -> Iterator[str]:
    """The text of a shape in appends of `BATCH` tokens."""
    size, buffer = TOKEN * BATCH, ""
    source = shape()
    for _ in range(-(-tokens // BATCH)):
        while len(buffer) < size:
            buffer += next(source)
        yield buffer[:size]
        buffer = buffer[size:]


def measure(shape: Callable[[], Iterator[str]]) -> list[float]:
    """Microseconds of CPU a token at each size."""
    warm_up = LiveMarkdown(100)
    for text in batches(shape, 2 * BATCH * 20):
        warm_up.append(text)
    live = LiveMarkdown(100)
    spent, windows, index = 0.0, [], 0
    gc.collect()
    for number, text in enumerate(batches(shape, SIZES[-1]), 1):
        start = time.process_time()
        first = live.append(text)
        height = live.height
        live.lines(max(first, height - 40), height)
        spent += time.process_time() - start
        tokens = number * BATCH
        if tokens <= SIZES[index] - WINDOW:
            spent = 0.0
        elif tokens >= SIZES[index]:
            windows.append(spent / (tokens - (SIZES[index] - WINDOW)) * 1e6)
            spent, index = 0.0, min(index + 1, len(SIZES) - 1)
    return windows[: len(SIZES)]


def cpu(work: Callable[[], object]) -> float:
    """Milliseconds of CPU that some work takes."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1e3


def measure_loading(text: str) -> list[float]:
    """Milliseconds for `SLICE` characters of the largest size: on the average, at most, and lazily at most."""
    figures: list[float] = []
    for lazy in (False, True):
        gc.collect()
        live = LiveMarkdown(100)
        slices = [text[start : start + SLICE] for start in range(0, len(text), SLICE)]
        costs = [cpu(partial(live.append, piece, lazy=lazy)) for piece in slices]
        figures += [max(costs)] if lazy else [sum(costs) / len(costs), max(costs)]
    return figures


def measure_resizing(text: str) -> list[float]:
    """Milliseconds at the largest size: the first screen at another width, then the slowest slice of the rest."""
    live = LiveMarkdown(100)
    live.append(text)
    live.finish()
    middle = live.height // 2
    offset = live.source_range(middle, middle + 1)[0]

    def first_screen() -> None:
        live.resize(80, lazy=True)
        top = live.line_of(offset)
        live.lines(top, top + 40)

    shown, slowest = cpu(first_screen), 0.0
    while not live.settled:
        slowest = max(slowest, cpu(lambda: live.settle(SLICE)))
    return [shown, slowest]


def measure_memory(pieces: list[str]) -> list[float]:
    """What 4,000 tokens keep: bytes a character, and objects a line that the garbage collector looks at."""
    gc.collect()
    before = len(gc.get_objects())
    tracemalloc.start()
    live = LiveMarkdown(100)
    for piece in pieces:
        live.append(piece)
    live.finish()
    size = len(live.text)
    gc.collect()
    kept = tracemalloc.get_traced_memory()[0] / size
    tracemalloc.stop()
    return [kept, (len(gc.get_objects()) - before) / live.height]


def main() -> None:
    """Print the tables."""
    wanted = set(sys.argv[1:])
    print(f"{'us a token at':<14}" + "".join(f"{size:>9}" for size in SIZES) + "    ratio")
    for shape in SHAPES:
        if wanted and shape.__name__ not in wanted:
            continue
        costs = measure(shape)
        print(
            f"{shape.__name__:<14}" + "".join(f"{cost:9.1f}" for cost in costs) + f"{costs[-1] / costs[0]:9.2f}",
            flush=True,
        )
    print(f"\n{SIZES[-1]} tokens".ljust(15) + "".join(f"{column:>13}" for column in COLUMNS))
    for shape in SHAPES:
        if not wanted or shape.__name__ in wanted:
            text = "".join(batches(shape, SIZES[-1]))
            measure_loading(text[:SLICE])
            figures = measure_loading(text) + measure_resizing(text) + measure_memory(list(batches(shape, 4_000)))
            print(f"{shape.__name__:<14}" + "".join(f"{figure:13.1f}" for figure in figures), flush=True)


if __name__ == "__main__":
    main()
