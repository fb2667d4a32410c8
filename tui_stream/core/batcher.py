"""Turns a stream of single deltas into one batch a frame.

Screens and pipes cannot follow a thousand deltas a second one by one, and need not: whatever arrived within
a frame is handed on in one piece. The first delta goes through at once, and the tail is always handed on,
before an error too. The queue is bounded, so that a slow reader slows the socket down.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from tui_stream.core.events import Event, Progress, ReasoningDelta, TextDelta, ToolCallDelta, UsageReport
from tui_stream.core.watchdog import Limits, TimeUsed, Watchdog
from tui_stream.errors import OverrunError

MOST_PENDING = 1 << 18
"""Characters that may wait before the stream is held up."""

MOST_A_FRAME = 1 << 12
"""Characters that may wait for a screen: what can be laid out between two keys, however it is made. Thirty frames a
second of them are ten times what the fastest models write."""


@dataclass(frozen=True, slots=True)
class Batch:
    """All that arrived since the batch before.

    Attributes:
        events: everything that is neither text nor reasoning, in order.
        counted: characters of the text and of the reasoning that came before the newest report of usage among the
            events; none of them where there is no report.
    """

    text: str = ""
    reasoning: str = ""
    events: tuple[Event, ...] = ()
    counted: tuple[int, int] = field(default=(0, 0), compare=False)


Waiting = Callable[[], Batch]
"""What has arrived and was not handed on yet; it stays where it is."""


_TOKENS = (TextDelta, ReasoningDelta, ToolCallDelta)
_OF_AN_EVENT = 16  # characters that cost as much as an event does beside its text


class _Queue:
    """What waits between the task that reads the stream and the reader of batches."""

    def __init__(self, arrived: Callable[[Waiting], None] | None) -> None:
        self._arrived = arrived
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._events: list[Event] = []
        self._sizes = [0, 0]  # characters of the text and of the reasoning
        self._counted = (0, 0)
        self.pending = 0
        self.ended = False
        self.news = asyncio.Event()
        self.room = asyncio.Event()
        self.end = asyncio.Event()

    def put(self, event: Event) -> None:
        before = self.pending
        if type(event) is TextDelta:  # as most are; a pattern takes longer to see that
            self._text.append(event.text)
            size = len(event.text)
            self._sizes[0] += size
            self.pending += size
        else:
            self._put_rarer(event)
        if self.pending == before:
            return
        self.news.set()
        if not before and self._arrived is not None:
            self._arrived(self.look)

    def _put_rarer(self, event: Event) -> None:
        match event:
            case ReasoningDelta(text):
                self._reasoning.append(text)
                self._sizes[1] += len(text)
                self.pending += len(text)
            case ToolCallDelta():
                self._events.append(event)
                self.pending += _OF_AN_EVENT + len(event.name) + len(event.arguments)
            case _:
                if isinstance(event, UsageReport):
                    self._counted = (self._sizes[0], self._sizes[1])
                self._events.append(event)
                self.pending += _OF_AN_EVENT

    def look(self) -> Batch:
        return Batch("".join(self._text), "".join(self._reasoning), tuple(self._events), self._counted)

    def take(self) -> Batch:
        batch = self.look()
        self._text.clear()
        self._reasoning.clear()
        self._events.clear()
        self._sizes[:] = 0, 0
        self._counted = (0, 0)
        self.pending = 0
        self.room.set()
        if not self.ended:
            self.news.clear()
        return batch

    def finish(self) -> None:
        self.ended = True
        self.news.set()
        self.end.set()


class _Pump:
    """The one task that reads the stream."""

    def __init__(
        self, source: AsyncGenerator[Event, None], queue: _Queue, limits: Limits, used: TimeUsed | None, most: int
    ) -> None:
        self._source = source
        self._queue = queue
        self._most = most
        self._overrun: OverrunError | None = None
        self._watchdog = Watchdog(limits, self._expire, used)
        self.task = asyncio.create_task(self._run())

    def _expire(self, error: OverrunError) -> None:
        self._overrun = error
        self.task.cancel()

    async def _run(self) -> None:
        """Reads to the end of the stream, or to its error, which it raises."""
        try:
            async with aclosing(self._source) as events:
                async for event in events:
                    self._note(event)
                    for part in _parts(event, self._most):
                        self._queue.put(part)
                        if self._queue.pending > self._most:
                            await self._wait_for_room()
        except asyncio.CancelledError:
            if self._overrun is None:
                raise
            raise self._overrun from None
        finally:
            self._watchdog.stop()
            self._queue.finish()

    def _note(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._watchdog.restart()
        else:
            self._watchdog.event(token=isinstance(event, _TOKENS))

    async def _wait_for_room(self) -> None:
        self._queue.room.clear()
        self._watchdog.hold(True)
        await self._queue.room.wait()
        self._watchdog.hold(False)


def _parts(event: Event, most: int) -> Iterable[Event]:
    """An event in parts, none of which has more characters than may wait."""
    if isinstance(event, TextDelta | ReasoningDelta):
        text = event.text
        if len(text) > most:
            return (replace(event, text=text[start : start + most]) for start in range(0, len(text), most))
    elif isinstance(event, ToolCallDelta) and len(event.id) + len(event.name) + len(event.arguments) > most:
        return _parts_of_call(event, most)
    return (event,)


def _parts_of_call(call: ToolCallDelta, most: int) -> Iterable[Event]:
    """The beginnings of its id and its name, which are no texts, and then its arguments."""
    yield replace(call, id=call.id[:most], name=call.name[:most], arguments="")
    for start in range(0, len(call.arguments), most):
        yield ToolCallDelta(call.index, arguments=call.arguments[start : start + most])


async def batches(
    source: AsyncGenerator[Event, None],
    *,
    interval: float = 1 / 30,
    limits: Limits | None = None,
    used: TimeUsed | None = None,
    most_pending: int = MOST_PENDING,
    arrived: Callable[[Waiting], None] | None = None,
) -> AsyncGenerator[Batch, None]:
    """Batches of what ``source`` yields, at most one in ``interval`` seconds.

    Closing this generator, or cancelling the task that reads it, cancels the pump and closes ``source``
    before it returns.

    Args:
        source: a provider's stream; consumed and closed here.
        interval: seconds from one batch to the next; 0 hands on what is there.
        limits: how long ``source`` may keep silent or last.
        used: what earlier requests for the same answer took of that, and is told what this one took.
        most_pending: characters that may wait; more than that holds ``source`` up, and no batch has more than twice as
            many.
        arrived: called when something arrives while nothing waits, with a look at what will have come to wait. A slow
            reader of batches sees it only later.

    Raises:
        OverrunError: a limit was overrun; all that had arrived was handed on before.
        TuiStreamError: whatever ``source`` raised, likewise after the tail.
    """
    queue = _Queue(arrived)
    pump = _Pump(source, queue, limits or Limits(), used, most_pending)
    loop = asyncio.get_running_loop()
    due = 0.0
    try:
        while True:
            await queue.news.wait()
            await _frame(queue, due - loop.time())
            if queue.pending:
                due = loop.time() + interval
                yield queue.take()
            elif queue.ended:
                break
        await pump.task
    finally:
        pump.task.cancel()
        await asyncio.wait([pump.task])
        if not pump.task.cancelled():
            pump.task.exception()  # looked at, so that asyncio does not report it as lost


async def _frame(queue: _Queue, delay: float) -> None:
    """Waits for the next frame; not once the stream has ended."""
    if delay <= 0 or queue.ended:
        return
    timer = asyncio.get_running_loop().call_later(delay, queue.end.set)
    try:
        await queue.end.wait()
    finally:
        timer.cancel()
        if not queue.ended:
            queue.end.clear()
