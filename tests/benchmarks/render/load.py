"""A long conversation: its first frame and its memory; and the bytes that an answer sends to the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean, median

from tests.benchmarks.render.effort import Effort, say
from tests.benchmarks.render.report import Limit, Report, Table, ms, worst
from tests.benchmarks.render.subject import Subject, subject
from tests.benchmarks.render.text import SHAPES, earlier
from tests.benchmarks.render.wire import BATCH, Kind, Memory

_FEW = 10
"""Messages of a short conversation, for which all code is loaded that a long one needs."""
_SMALL = 3
"""Tokens an append at 100 a second."""


# -- the first frame ----------------------------------------------------------------------------------


async def start(effort: Effort) -> Report:
    """From the start of the program to the conversation on the screen, and the memory it takes."""
    asked: list[tuple[Kind, int]] = [("ours", 0), ("ours", _FEW), ("ours", effort.earlier)]
    taken: dict[tuple[Kind, int], list[tuple[float, float]]] = {each: [] for each in asked}
    for _ in range(effort.rounds):
        for kind, number in asked:
            say(f"first frame with {number} messages")
            taken[kind, number].append(await _first_frame(kind, number))
    stock: list[tuple[Kind, int]] = [("stock", 0), ("stock", effort.stock_messages)]
    for kind, number in stock:
        say(f"first frame with {number} messages, stock")
        taken[kind, number] = [await _first_frame(kind, number)]
    rows = [
        [f"{kind}, {number:,} messages", *(ms(median(each[part] for each in values)) for part in (0, 1))]
        for (kind, number), values in taken.items()
    ]
    limits = [
        Limit(f"first frame with {effort.earlier:,} messages to none, {name}", _ratio(taken, effort, part), 1.2)
        for part, name in enumerate(("CPU", "time"))
    ]
    frames = Report([Table("First frame, from the start of the process", ["", "CPU, ms", "time, ms"], rows)], limits)
    frames.add(await kept(effort))
    return frames


def _ratio(taken: dict[tuple[Kind, int], list[tuple[float, float]]], effort: Effort, part: int) -> float:
    pairs = zip(taken["ours", effort.earlier], taken["ours", 0], strict=True)
    return median(many[part] / none[part] for many, none in pairs)


async def _first_frame(kind: Kind, number: int) -> tuple[float, float]:
    """Seconds of CPU, and seconds."""
    async with subject(kind, messages=number) as program:
        return program.start.cpu, program.seconds


# -- memory -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    """Bytes that a program took, beyond what it had when its messages were made.

    Attributes:
        made: by making the messages and before.
        shown: once the conversation was on the screen, after scrolling through some of it, and through more.
    """

    made: int
    shown: list[int]


async def _kept(number: int, scrolled: int, *, traced: bool) -> Kept:
    say(f"memory of {number} messages, {'traced' if traced else 'resident'}")

    def taken(memory: Memory) -> int:
        return memory.traced if traced else memory.rss

    async with subject("ours", messages=number, traced=traced) as program:
        made = taken(await program.memory(made=True))
        shown = [await program.memory()]
        for times in (1, 2):
            await program.scroll(times * scrolled * shown[0].lines // number)
            shown.append(await program.memory())
    return Kept(made, [taken(memory) - made for memory in shown])


async def kept(effort: Effort) -> Report:
    """Bytes a message, as Python's allocations and as resident memory.

    What a short conversation takes is subtracted; the text itself, which the messages hold, is added.
    """
    number, scrolled = effort.earlier, min(effort.scrolled, effort.earlier // 4)
    text = mean(len(message.text.encode()) for message in earlier(number))
    places = ["shown", f"scrolled {scrolled}", f"scrolled {3 * scrolled}"]
    rows, limits = [], []
    for traced, name in ((True, "allocated"), (False, "resident")):
        many, few = await _kept(number, scrolled, traced=traced), await _kept(_FEW, _FEW, traced=traced)
        message = (many.made - few.made) / (number - _FEW)
        added = [(mine - its) / (number - _FEW) for mine, its in zip(many.shown, few.shown, strict=True)]
        ratios = [(text + each) / text for each in added]
        rows.append([name, *(f"{size:.0f}" for size in (text, message, *added)), *(f"{ratio:.2f}" for ratio in ratios)])
        figures = dict(zip(places, ratios, strict=True))
        limits.append(worst(f"memory of a message to its text, {name}", figures, 1.5))
    head = ["bytes a message", "its text", "its Message", *places, *(f"{place}/text" for place in places)]
    note = (
        f"{number:,} messages. What the transcript adds once it is on the screen, and after scrolling through so many"
        " of them; the ratios count the text in, which the Message holds."
    )
    return Report([Table("Memory of messages off the screen", head, rows, note)], limits)


# -- bytes --------------------------------------------------------------------------------------------


async def sent(effort: Effort) -> Report:
    """Bytes an append, against finished lines of the same look on the simplest widget."""
    rows, figures = [], {}
    for shape in effort.shapes:
        say(f"bytes: {SHAPES[shape]}")
        cells = []
        async with subject("ours", shape) as ours, subject("plain", shape) as plain, subject("stock", shape) as stock:
            for size in (BATCH, _SMALL):
                mine, theirs = [await _bytes(program, size, effort) for program in (ours, plain)]
                figures[f"{SHAPES[shape]}, {size} tokens an append"] = mine / theirs
                cells += [f"{mine:.0f}", f"{theirs:.0f}", f"{mine / theirs:.2f}"]
            cells.append(f"{await _bytes(stock, BATCH, effort, count=4):.0f}")
        rows.append([SHAPES[shape], *cells])
    head = ["bytes an append", *("ours", "plain", "ratio"), *(f"ours, {_SMALL} tokens", "plain", "ratio"), "stock"]
    limit = worst("bytes to the terminal to those of plain lines", figures, 1.3)
    return Report([Table("Bytes to the terminal", head, rows)], [limit])


async def _bytes(program: Subject, size: int, effort: Effort, count: int = 0) -> float:
    """Bytes an append of so many tokens, once the screen is full."""
    await program.fill(1_000 if size == BATCH else 6_000)
    await program.appends(2)
    before = await program.written()
    count = count or effort.block * 2
    await program.appends(count, size)
    return (await program.written() - before) / count
