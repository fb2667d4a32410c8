"""Journals an answer while it streams.

Text that arrived is handed to the store within `JOURNAL_INTERVAL`, whether or not more follows, and whether or not
whoever shows it has time; nothing that streams ever waits for that.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from tui_stream.core.batcher import Batch, Waiting
from tui_stream.core.journal import Journal, Timer, to_the_end
from tui_stream.core.models import Message
from tui_stream.core.turn import Turn
from tui_stream.errors import StoreError

JOURNAL_INTERVAL = 0.15
"""Seconds after which text that arrived is handed to the store at the latest, if no write is under way."""
RETRY_INTERVAL = 1.0
"""Seconds after which a store that refused something is tried again."""
_NOTHING = (-1, -1, -1, -1)  # the mark of a message of which nothing is written


class Follower:
    """Journals the answer of one turn while it grows: by a timer, and at once when the turn's state changes.

    What arrived while nobody had time to show it is journalled like the rest.
    """

    def __init__(self, journal: Journal, turn: Turn) -> None:
        self._journal = journal
        self._turn = turn
        self._waiting: Waiting = Batch
        self._timer: Timer | None = None
        self._task: asyncio.Task[None] | None = None
        self._written = self._mark(turn.message)
        self._state = turn.state
        self._due = journal.clock()
        self._ended = False

    @property
    def _idle(self) -> bool:
        """Nothing is being written, and something may be."""
        return self._task is None and not self._ended

    def arrived(self, waiting: Waiting) -> None:
        """Something came that the turn will take in when its reader has time. Never waits."""
        self._waiting = waiting
        if self._idle and self._timer is None:
            left = self._due - self._journal.clock()
            self._set_timer(left if left > 0 else JOURNAL_INTERVAL)

    def note(self) -> None:
        """The turn went on; what is new of the answer will be written. Never waits."""
        if not self._idle or self._mark(self._turn.message) == self._written:
            return
        left = self._due - self._journal.clock()
        if left <= 0 or self._turn.state is not self._state:
            self._write()
        elif self._timer is None:
            self._set_timer(left)

    def _mark(self, message: Message) -> tuple[int, int, int, int]:
        """What changes whenever something of the answer arrived, or a request for it is over."""
        arguments = sum(len(call.name) + len(call.arguments) for call in message.tool_calls)
        return len(message.text), len(message.reasoning), arguments, len(self._turn.bills.over)

    def _write(self) -> None:
        """Writes what there is that was not written, and comes back if more of it waits."""
        self._stop_timer()
        waiting = self._waiting()
        message = self._turn.snapshot(waiting)
        if (mark := self._mark(message)) != self._written:
            self._written, self._state = mark, self._turn.state
            self._due = self._journal.clock() + JOURNAL_INTERVAL
            self._task = asyncio.create_task(self._journal.update(message))
            self._task.add_done_callback(self._wrote)
        elif waiting.text or waiting.reasoning:
            self._set_timer(JOURNAL_INTERVAL)

    def _set_timer(self, delay: float) -> None:
        self._timer = self._journal.later(delay, self._write)

    def _wrote(self, task: asyncio.Task[None]) -> None:
        """Looks for what arrived meanwhile."""
        if task.cancelled():
            self._task = None
            return
        failure = task.exception()
        if failure is None or isinstance(failure, StoreError):
            self._task = None
            tell(self._journal, self._turn)
            if failure is not None:
                self._written, self._due = _NOTHING, self._journal.clock() + RETRY_INTERVAL
            self.note()
            if self._idle and self._timer is None and self._waiting() != Batch():
                self._set_timer(max(0.0, self._due - self._journal.clock()))

    async def now(self) -> None:
        """Writes at once what has arrived, behind what is being written."""
        for _ in range(2):
            if self._idle:
                self._write()
            if self._task is None:
                return
            await asyncio.wait((self._task,))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def finish(self) -> None:
        """Writes the turn's messages for good, after what is being written. Goes on even while it is cancelled.

        Raises:
            CancelledError: it was cancelled meanwhile.
        """
        self._ended = True
        self._stop_timer()
        await to_the_end(self._finish())

    async def _finish(self) -> None:
        task = self._task
        if task is not None:
            await asyncio.wait((task,))
            failure = None if task.cancelled() else task.exception()
            if failure is not None and not isinstance(failure, StoreError):
                raise failure
        self._journal.changed(self._turn.message)
        await keep(self._journal, self._turn)


async def keep(journal: Journal, turn: Turn) -> None:
    """Writes all that is to be written; where that fails, the turn's notes say so."""
    with suppress(StoreError):  # the journal remembers it
        await journal.flush()
    tell(journal, turn)


def tell(journal: Journal, turn: Turn) -> None:
    """Notes in the turn what a person should know of the history now."""
    if news := journal.news():
        turn.note(news)
