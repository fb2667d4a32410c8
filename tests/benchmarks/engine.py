"""What an append costs the Markdown engine alone, by the shape of the text and by how much of it is
already there.

Run by hand: ``python -m tests.benchmarks.engine [shape ...]``. An append is 33 tokens of 4 characters.
For each size the CPU time of an append is given in microseconds a token, the mean over a window of
appends that ends there, with what a screen reads after each append (40 lines). Read the last column, the
ratio: times are those of the machine it runs on.
"""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import count, islice

from tui_stream.markdown import LiveMarkdown

TOKEN = 4
BATCH = 33
SIZES = (1_000, 4_000, 16_000, 64_000)
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


def measure_whole(shape: Callable[[], Iterator[str]]) -> tuple[float, float, float, float]:
    """Milliseconds of CPU at the largest size.

    Loading all at once; then, at another width, the first screen and the slowest of the slices that lay
    out the rest. The last number is the bytes kept for each character.
    """
    pieces = list(batches(shape, SIZES[-1]))
    live = LiveMarkdown(100)
    start = time.process_time()
    live.append("".join(pieces))
    live.finish()
    loaded = time.process_time() - start
    middle = live.height // 2
    offset = live.source_range(middle, middle + 1)[0]
    start = time.process_time()
    live.resize(80, lazy=True)
    top = live.line_of(offset)
    live.lines(top, top + 40)
    shown = time.process_time() - start
    slowest, settled = 0.0, live.settled
    while not settled:
        start = time.process_time()
        settled = live.settle(8_000)
        slowest = max(slowest, time.process_time() - start)
    tracemalloc.start()
    kept = LiveMarkdown(100)
    for piece in pieces[: len(pieces) // 8]:
        kept.append(piece)
    memory = tracemalloc.get_traced_memory()[0] / len(kept.text)
    tracemalloc.stop()
    return loaded * 1e3, shown * 1e3, slowest * 1e3, memory


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
    print(f"\n{SIZES[-1]} tokens: ms    load  resize, first screen  slowest slice  bytes a character")
    for shape in SHAPES:
        if not wanted or shape.__name__ in wanted:
            loaded, shown, slowest, memory = measure_whole(shape)
            print(f"{shape.__name__:<14}{loaded:14.0f}{shown:22.1f}{slowest:15.1f}{memory:19.1f}", flush=True)


if __name__ == "__main__":
    main()
