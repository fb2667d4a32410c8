"""The CPU of one append with its frame: by what was there before it, in the answer and in the conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from statistics import mean, median

from tests.benchmarks.render.effort import Effort, say
from tests.benchmarks.render.report import Limit, Report, Table, ms, worst
from tests.benchmarks.render.subject import Subject, subject
from tests.benchmarks.render.text import SHAPES
from tests.benchmarks.render.wire import BATCH

FIRST, LAST = 1_000, 64_000
"""Tokens between which the growth is measured."""
QUARTERS = 4
SIZES = (1_000, 4_000, 16_000, 64_000)
_WARM_UP = 20  # appends
_CATCH_UP = 2  # appends after tokens that were added without frames
_STOCK_SIZES = (1_000, 4_000)
_SLOW = 0.5  # seconds of CPU from which an append of the stock widget is not warmed up for
_ENOUGH = 8  # appends of the stock widget, where they are quick
_DRAWN = 0.9  # of the appends; one that ends within a mark may change nothing on the screen
_TIMES = {"prose": 5.0, "code": 20.0, "bullets": 20.0, "nested": 20.0, "table": 20.0}
"""How many times less CPU than the stock widget is wanted at 4,000 tokens."""


@dataclass
class Costs:
    """What appends cost.

    Attributes:
        at: tokens before each block of appends, and seconds of CPU an append in it.
    """

    at: list[tuple[int, float]] = field(default_factory=list)

    @property
    def mean(self) -> float:
        """Seconds of CPU an append."""
        return mean(cost for _, cost in self.at)

    def to(self, other: Costs) -> float:
        """The ratio to other costs: the median of the turns', since what else a machine does comes in bursts."""
        return median(mine / theirs for (_, mine), (_, theirs) in zip(self.at, other.at, strict=True))

    def near(self, tokens: int) -> float:
        """Seconds of CPU an append in the block nearest to so many tokens."""
        return min(self.at, key=lambda pair: abs(pair[0] - tokens))[1]


async def block(measured: Subject, costs: Costs, count: int, tokens: int = 0) -> None:
    """Measures some appends.

    Raises:
        AssertionError: not every one of them was drawn, and what is not drawn costs nothing.
    """
    span = await measured.appends(count)
    assert span.frames >= count * _DRAWN, f"{span.frames} frames for {count} appends"
    costs.at.append((tokens, span.cpu / count))


async def _to(measured: Subject, tokens: int, warm_up: int) -> None:
    """Brings an answer to so many tokens, the last few of them with a frame each."""
    await measured.fill(tokens - warm_up * BATCH)
    await measured.appends(warm_up)


# -- by the length of the answer ----------------------------------------------------------------------


async def quarters(shape: str, effort: Effort) -> list[Costs]:
    """What an append costs in each quarter of a long answer.

    Each quarter is streamed by a program of its own which has the text before it; they take turns, so that a
    noisy machine hits all alike.
    """
    length = (LAST - FIRST) // QUARTERS
    stride = (length - effort.block * BATCH) // (effort.blocks - 1)
    costs = [Costs() for _ in range(QUARTERS)]
    async with AsyncExitStack() as stack:
        programs = await asyncio.gather(*(stack.enter_async_context(subject("ours", shape)) for _ in range(QUARTERS)))
        begins = [FIRST + number * length for number in range(QUARTERS)]
        await asyncio.gather(*(_to(*pair, _WARM_UP) for pair in zip(programs, begins, strict=True)))
        for turn in range(effort.blocks):
            order = range(QUARTERS) if turn % 2 == 0 else reversed(range(QUARTERS))
            for number in order:
                place = begins[number] + turn * stride
                if turn:
                    await _to(programs[number], place, _CATCH_UP)
                await block(programs[number], costs[number], effort.block, place)
    return costs


async def growth(effort: Effort) -> Report:
    """The growth of each shape."""
    rows, ratios = [], {}
    for shape in effort.shapes:
        say(f"growth: {SHAPES[shape]}")
        costs = await quarters(shape, effort)
        blocks = Costs([pair for quarter in costs for pair in quarter.at])
        ratios[SHAPES[shape]] = costs[-1].to(costs[0])
        sizes = [ms(blocks.near(size)) for size in SIZES]
        rows.append([SHAPES[shape], *sizes, *(ms(quarter.mean) for quarter in costs), f"{ratios[SHAPES[shape]]:.2f}"])
    head = ["ms of CPU an append", *(f"at {size // 1000}k" for size in SIZES), "1st", "2nd", "3rd", "4th", "4th/1st"]
    note = (
        f"Near a size: {effort.block} appends; quarters of {FIRST:,} to {LAST:,} tokens: {effort.blocks} times as many."
        " Ratios are the median of those of blocks measured in the same turn."
    )
    limit = worst("growth: last quarter to first", ratios, 1.2)
    return Report([Table("Growth with the length of the answer", head, rows, note)], [limit])


# -- beside the stock widget --------------------------------------------------------------------------


async def beside(ours: Subject, stock: Subject, size: int, effort: Effort) -> tuple[Costs, Costs]:
    """What an append costs both, in turns, with so many tokens there."""
    await _to(ours, size, _CATCH_UP)
    await stock.fill(size)
    mine, theirs = Costs(), Costs()
    await block(stock, theirs, 1)
    if theirs.mean < _SLOW:
        theirs.at.clear()
    while len(theirs.at) < _ENOUGH and (len(theirs.at) < 2 or theirs.mean * len(theirs.at) < effort.budget):
        await block(ours, mine, effort.block)
        await block(stock, theirs, 1)
    return mine, theirs


async def stock(effort: Effort) -> Report:
    """Each shape beside Textual's own `Markdown`."""
    rows, times = [], {}
    limits: list[Limit] = []
    for shape in effort.shapes:
        say(f"beside the stock widget: {SHAPES[shape]}")
        async with subject("ours", shape) as ours, subject("stock", shape) as theirs:
            cells = []
            for size in _STOCK_SIZES:
                mine, other = await beside(ours, theirs, size, effort)
                times[size] = other.mean / mine.mean
                cells += [ms(mine.mean), ms(other.mean)]
        rows.append([SHAPES[shape], *cells, *(f"{times[size]:.0f}" for size in _STOCK_SIZES)])
        if shape in _TIMES:
            name = f"times less CPU than stock at 4,000 tokens, {SHAPES[shape]}"
            limits.append(Limit(name, times[_STOCK_SIZES[-1]], _TIMES[shape], most=False))
    head = ["ms of CPU an append", "ours, 1k", "stock, 1k", "ours, 4k", "stock, 4k", "times, 1k", "times, 4k"]
    note = "16k and 64k tokens: not reached with the stock widget."
    return Report([Table("Beside Textual's Markdown widget", head, rows, note)], limits)


# -- by the length of the conversation ----------------------------------------------------------------


async def history(effort: Effort) -> Report:
    """The same appends after no, some and many earlier messages."""
    numbers = (0, min(200, effort.earlier), effort.earlier)
    rows: list[list[str]] = []
    figures: dict[str, float] = {}
    for shape in [shape for shape in ("mixed", "prose") if shape in effort.shapes] or effort.shapes[:1]:
        say(f"earlier messages: {SHAPES[shape]}")
        costs = await _with_earlier(shape, numbers, effort)
        ratios = [cost.to(costs[0]) for cost in costs]
        rows.append([f"ours, {SHAPES[shape]}", *(ms(cost.mean) for cost in costs), *(f"{r:.2f}" for r in ratios[1:])])
        figures |= {f"{SHAPES[shape]}, {number:,}": ratio for number, ratio in zip(numbers, ratios, strict=True)}
    say("earlier messages: stock")
    bare, laden = await _stock_with_earlier(effort)
    rows.append(
        [f"stock, prose ({effort.stock_messages} messages)", ms(bare), ms(laden), "-", f"{laden / bare:.2f}", "-"]
    )
    head = ["ms of CPU an append after", *(f"{number:,}" for number in numbers)]
    head += [f"{number:,} to 0" for number in numbers[1:]]
    limit = worst("earlier messages: with them to without", figures, 1.2)
    return Report([Table("Growth with the length of the conversation", head, rows)], [limit])


async def _with_earlier(shape: str, numbers: Sequence[int], effort: Effort) -> list[Costs]:
    costs = [Costs() for _ in numbers]
    async with AsyncExitStack() as stack:
        programs = [await stack.enter_async_context(subject("ours", shape, messages=number)) for number in numbers]
        for program in programs:
            await _to(program, FIRST, _WARM_UP)
        for turn in range(effort.turns):
            pairs = list(zip(programs, costs, strict=True))
            for program, cost in pairs if turn % 2 == 0 else reversed(pairs):
                await block(program, cost, effort.block)
    return costs


async def _stock_with_earlier(effort: Effort) -> tuple[float, float]:
    """Seconds of CPU an append without earlier messages and with some."""
    async with subject("stock") as bare, subject("stock", messages=effort.stock_messages) as laden:
        costs = {program.start.at: Costs() for program in (bare, laden)}
        for _ in range(4):
            for program in (bare, laden):
                await block(program, costs[program.start.at], 1)
    without, with_them = (cost.mean for cost in costs.values())
    return without, with_them
