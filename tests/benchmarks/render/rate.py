"""Streaming in real time: CPU a token, the share of a core, and how long the event loop stalls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.benchmarks.render.effort import Effort, say
from tests.benchmarks.render.report import Limit, Report, Table, ms, worst
from tests.benchmarks.render.subject import Subject, subject
from tests.benchmarks.render.text import SHAPES
from tests.benchmarks.render.wire import Span, percentile

FAST, SLOW = 1_000, 100
"""Tokens a second."""
LONG = 64_000
_IDLE = 0.7  # seconds
_SLICE = 0.5  # seconds of streaming, of which the cheapest is told


@dataclass
class Run:
    """What streaming at one rate cost.

    Attributes:
        silent: measured without the stall meter, in slices; all CPU figures are these.
        metered: measured with it, in another program that did the same.
    """

    silent: list[Span] = field(default_factory=list)
    metered: list[Span] = field(default_factory=list)

    @property
    def token(self) -> float:
        """Seconds of CPU a token."""
        return sum(span.cpu for span in self.silent) / max(1, sum(span.tokens for span in self.silent))

    @property
    def core(self) -> float:
        """Per cent of a core."""
        return 100 * sum(span.cpu for span in self.silent) / sum(span.wall for span in self.silent)

    @property
    def cheapest(self) -> float:
        """Seconds of CPU a token in the cheapest slice: the nearest to what a quiet machine would need."""
        return min(span.cpu / max(1, span.tokens) for span in self.silent)

    @property
    def tokens(self) -> int:
        """How many were appended."""
        return sum(span.tokens for span in (*self.silent, *self.metered))

    @property
    def late(self) -> list[float]:
        """Seconds by which the stall meter woke too late."""
        return [late for span in self.metered for late in span.late]

    @property
    def longest(self) -> tuple[float, float]:
        """The longest stall, and the CPU seconds of the program itself in it."""
        late, busy = max(pair for span in self.metered for pair in zip(span.late, span.busy, strict=True))
        return late, min(late, busy)

    @property
    def pauses(self) -> list[tuple[int, float]]:
        """Of the garbage collector."""
        return [pause for span in (*self.silent, *self.metered) for pause in span.pauses]

    async def silently(self, program: Subject, rate: float, seconds: float) -> None:
        """Streams without the stall meter."""
        for _ in range(max(1, round(seconds / _SLICE))):
            self.silent.append(await program.stream(rate, min(seconds, _SLICE), metered=False))

    async def with_meter(self, program: Subject, rate: float, seconds: float) -> None:
        """Streams with it."""
        self.metered.append(await program.stream(rate, seconds, metered=True))


@dataclass
class Rates:
    """All runs of one shape."""

    shape: str
    idle: Run = field(default_factory=Run)
    fast: Run = field(default_factory=Run)
    slow: Run = field(default_factory=Run)
    fast_long: Run = field(default_factory=Run)
    slow_long: Run = field(default_factory=Run)
    stock_fast: Run = field(default_factory=Run)
    stock_slow: Run = field(default_factory=Run)

    async def measure(self, effort: Effort) -> None:
        """Streams at both rates, from the start and with a long answer there; then the stock widget."""
        brief = effort.seconds / 2
        async with subject("ours", self.shape) as ours:
            await self.fast.silently(ours, FAST, effort.seconds * 2)
            await self.slow.silently(ours, SLOW, brief)
            await ours.fill(LONG)
            await self.fast_long.silently(ours, FAST, effort.seconds)
            await self.slow_long.silently(ours, SLOW, brief)
        async with subject("ours", self.shape) as ours:
            self.idle.metered.append(await ours.idle(_IDLE))
            await self.fast.with_meter(ours, FAST, effort.seconds * 2)
            await self.slow.with_meter(ours, SLOW, brief)
            await ours.fill(LONG)
            await self.fast_long.with_meter(ours, FAST, effort.seconds)
            await self.slow_long.with_meter(ours, SLOW, brief)
        async with subject("stock", self.shape) as stock:
            for run, rate in ((self.stock_slow, SLOW), (self.stock_fast, FAST)):
                await run.silently(stock, rate, _SLICE)
                await run.with_meter(stock, rate, _SLICE)


async def rate(effort: Effort) -> Report:
    """Both rates for each shape."""
    measured = [Rates(shape) for shape in effort.shapes]
    for each in measured:
        say(f"rate: {SHAPES[each.shape]}")
        await each.measure(effort)
    return Report([_fast(measured), _slow(measured), _idle(measured), _pauses(measured)], _limits(measured))


def _limits(measured: Sequence[Rates]) -> list[Limit]:
    runs = {f"{SHAPES[each.shape]}{place}": run for each in measured for place, run in _own(each).items()}
    quick = {name: run for name, run in runs.items() if f"{FAST}/s" in name}
    calm = {name: run for name, run in runs.items() if f"{SLOW}/s" in name}
    dear = max(quick.values(), key=lambda run: run.token)
    long = max(runs.values(), key=lambda run: run.longest)
    noise = max(each.idle.longest[0] for each in measured)
    best = f"; its cheapest slice {dear.cheapest * 1e6:.0f}"
    detail = f"; of it CPU {ms(long.longest[1])} ms; idle app {ms(noise)} ms"
    costs = {name: run.token * 1e6 for name, run in quick.items()}
    return [
        worst("µs of CPU a token at 1,000/s", costs, 130, " µs", detail=best),
        worst("share of a core at 100/s", {name: run.core for name, run in calm.items()}, 10, " %"),
        worst("stalls, p99", {name: percentile(run.late, 0.99) * 1e3 for name, run in runs.items()}, 10, " ms"),
        worst("stalls, longest", {name: run.longest[0] * 1e3 for name, run in runs.items()}, 33, " ms", detail=detail),
    ]


def _own(each: Rates) -> dict[str, Run]:
    return {
        f", {FAST}/s": each.fast,
        f", {SLOW}/s": each.slow,
        f", {FAST}/s at 64k": each.fast_long,
        f", {SLOW}/s at 64k": each.slow_long,
    }


def _stalls(run: Run) -> list[str]:
    late, busy = run.longest
    return [ms(percentile(run.late, 0.99)), ms(late), ms(busy)]


_STALLS = ("p99", "max", "its CPU")


def _fast(measured: Sequence[Rates]) -> Table:
    rows = []
    for each in measured:
        row = [SHAPES[each.shape]]
        for run in (each.fast, each.fast_long):
            row += [f"{run.token * 1e6:.0f}", f"{run.cheapest * 1e6:.0f}", *_stalls(run)]
        stock = each.stock_fast
        rows.append([*row, f"{stock.token * 1e6:.0f}", *_stalls(stock)[:2], f"{stock.tokens}"])
    head = ["", "µs", "least", *_STALLS, "µs, 64k", "least", *_STALLS, "stock µs", "p99", "max", "tokens"]
    note = (
        "From an empty answer on, with 64,000 tokens there, and the stock widget. 'Least' is the cheapest half second;"
        " stalls in ms, 'its CPU' is the program's own CPU time in the longest."
    )
    return Table("1,000 tokens a second: µs of CPU a token, stalls of the event loop", head, rows, note)


def _slow(measured: Sequence[Rates]) -> Table:
    rows = []
    for each in measured:
        own = [cell for run in (each.slow, each.slow_long) for cell in (f"{run.core:.1f}", *_stalls(run))]
        stock = each.stock_slow
        rows.append([SHAPES[each.shape], *own, f"{stock.core:.1f}", *_stalls(stock)[:2], f"{stock.tokens}"])
    head = ["", "%", *_STALLS, "%, 64k", *_STALLS, "stock %", "p99", "max", "tokens"]
    return Table("100 tokens a second: % of a core, stalls of the event loop", head, rows)


def _idle(measured: Sequence[Rates]) -> Table:
    run = Run(metered=[span for each in measured for span in each.idle.metered])
    rows = [["an app that does nothing", f"{len(run.late)}", f"{ms(percentile(run.late, 0.5))}", *_stalls(run)]]
    return Table("Noise of the machine: the same stall meter", ["", "sleeps", "p50", *_STALLS], rows)


def _pauses(measured: Sequence[Rates]) -> Table:
    rows = []
    for each in measured:
        own = [pause for run in _own(each).values() for pause in run.pauses]
        stock = [pause for run in (each.stock_fast, each.stock_slow) for pause in run.pauses]
        rows.append([SHAPES[each.shape], *_collected(own), *_collected(stock)])
    head = ["", "runs by generation", "longest, ms", "stock: runs", "longest, ms"]
    return Table("Garbage collection while streaming", head, rows)


def _collected(pauses: Sequence[tuple[int, float]]) -> list[str]:
    runs = "/".join(str(sum(each == generation for each, _ in pauses)) for generation in range(3))
    return [runs, ms(max((seconds for _, seconds in pauses), default=0.0))]
