"""The one place that writes: keeps messages, a streaming one piece by piece, and owes what could not be written.

Everything here happens on the thread that writes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from tui_stream.core.models import Message, MessageStatus
from tui_stream.core.sanitize import repair
from tui_stream.errors import StoreError
from tui_stream.store import index, writing
from tui_stream.store.database import Connection, Identity, transaction
from tui_stream.store.faults import damaged, passing
from tui_stream.store.opening import Opened, Opening, in_use, open_database
from tui_stream.store.owners import Owner
from tui_stream.store.rows import microseconds
from tui_stream.store.writing import Write

T = TypeVar("T")


_BOTH = "Another program went on with the same answer; both are kept, as versions of each other."


@dataclass(frozen=True, slots=True)
class _Journalled:
    """A streaming message as it was written last."""

    key: int
    text: str
    reasoning: str
    rest: tuple[object, ...]


class Journal:
    """Writes to the history, and opens it again where its file was taken away.

    Attributes:
        notices: what the person has to be told and was not yet told.
    """

    def __init__(self, opening: Opening) -> None:
        self.notices: list[str] = []
        self._opening = opening
        self._opened: Opened | None = None
        self._used = False
        self._streaming: dict[tuple[str, str], _Journalled] = {}
        self._owed: dict[tuple[str, str], Write] = {}

    def now(self) -> int:
        """The present moment, as the tables hold it."""
        return microseconds(self._opening.clock())

    def connection(self) -> Connection:
        """The connection for writing, to the database that is at its place now.

        Raises:
            StoreError: it cannot be opened.
        """
        opened = self._opened
        if opened is not None and Identity.of(self._opening.path) == opened.identity:
            return opened.connection
        self._close()
        self._opened = open_database(self._opening)
        self.notices += self._opened.notices
        if self._used:
            self.notices.append(
                f"The history in {self._opening.path} was taken away while the program ran; a new one was started with"
                " the conversations that are open."
            )
        self._used = True
        return self._opened.connection

    @property
    def is_open(self) -> bool:
        """Whether it can be written to, as far as is known."""
        return self._opened is not None

    @property
    def number(self) -> int:
        """How often the history had been opened when this program opened it.

        Raises:
            StoreError: it is not open.
        """
        if self._opened is None:
            raise StoreError("The history is not open.")
        return self._opened.number

    @property
    def owner(self) -> Owner:
        """This program among those that have the history open, while it is.

        Raises:
            StoreError: it is not open.
        """
        if self._opened is None:
            raise StoreError("The history is not open.")
        return self._opened.owner

    def run(self, job: Callable[[Connection, int], T], *, durable: bool = True) -> T:
        """Runs a job in a transaction, after what is still owed was written.

        The job is given the connection and the present moment.
        """
        self.settle()
        return self._mending(lambda: self._run(job, durable=durable))

    def _run(self, job: Callable[[Connection, int], T], *, durable: bool) -> T:
        connection = self.connection()
        with transaction(connection, durable=durable):
            return job(connection, self.now())

    def _mending(self, work: Callable[[], T]) -> T:
        """Does something that writes; once more where a damaged index was in the way, which is made anew then."""
        try:
            return work()
        except sqlite3.Error as error:
            if self._opened is None or not index.mended(self._opened.connection, error):
                raise
            return work()

    def repair(self, met: sqlite3.Error) -> None:
        """Mends what proved damaged in use: the index alone, or the whole history unless another program has it open.

        Raises:
            StoreError: another program has it open, or it cannot be opened again.
            sqlite3.Error: it cannot be looked through.
        """
        if self._opened is None:
            return
        try:
            if index.mended(self._opened.connection, met):
                return
        except sqlite3.Error as error:
            if not damaged(error):
                raise
        self._opening.suspect()
        if self._opened.owner.others():
            raise in_use(self._opening.path)
        self._close()
        self._used = False
        self.connection()

    def keep(self, write: Write) -> None:
        """Writes a message as it stands; if that fails for a passing reason, it is owed and written with the next one.

        Raises:
            UnknownParentError: this message, or one that was owed, follows one that is not kept.
            StoreError: the history cannot be opened.
            sqlite3.Error: it cannot be written.
        """
        self._owed[write.name] = write
        self.settle()

    def settle(self) -> None:
        """Writes what is owed, in the order in which it was to be written. Raises what `keep` does."""
        for name in list(self._owed):
            write = self._owed.pop(name)
            try:
                self._mending(partial(self._write, write))
            except (sqlite3.Error, OSError, StoreError) as error:
                self._streaming.pop(name, None)
                if passing(error):
                    self._owed = {name: write} | self._owed
                raise

    def _write(self, write: Write) -> None:
        connection = self.connection()
        message, before = write.message, self._streaming.get(write.name)
        streaming = message.status is MessageStatus.STREAMING
        rest = _rest(message)
        if streaming and before is not None and self._append(connection, before, message, rest):
            self._streaming[write.name] = _Journalled(before.key, message.text, message.reasoning, rest)
            return
        with transaction(connection, durable=not streaming):
            put = writing.put(connection, write, self._owner, self.now())
        if put.beside:
            self.notices.append(_BOTH)
        if streaming:
            self._streaming[write.name] = _Journalled(put.key, message.text, message.reasoning, rest)
        else:
            self._streaming.pop(write.name, None)

    @property
    def _owner(self) -> str:
        return self._opened.owner.id if self._opened is not None else ""

    def _append(self, connection: Connection, before: _Journalled, message: Message, rest: tuple[object, ...]) -> bool:
        """Writes what came since then; False where the message is not simply a longer one."""
        if not (message.text.startswith(before.text) and message.reasoning.startswith(before.reasoning)):
            return False
        text, reasoning = message.text[len(before.text) :], message.reasoning[len(before.reasoning) :]
        if not text and not reasoning and rest == before.rest:
            return True
        if message.parent_id != before.rest[0]:
            return False
        with transaction(connection, durable=False):
            row = connection.execute(
                "SELECT owner, removed, remover FROM messages WHERE key = ?", (before.key,)
            ).fetchone()
            if row is None or row["owner"] != self._owner:
                return False
            if row["removed"] is not None and row["remover"] != self._owner:
                return False
            if text or reasoning:
                connection.execute(
                    "INSERT INTO pieces (message, text, reasoning, written_at) VALUES (?, ?, ?, ?)",
                    (before.key, repair(text), repair(reasoning), self.now()),
                )
            if rest != before.rest:
                writing.change_head(connection, before.key, message, self._owner)
        return True

    def close(self) -> None:
        """Writes what is owed and closes. Raises what `settle` does, closed all the same."""
        try:
            if self._owed:
                self.settle()
        finally:
            self._close()

    def abandon(self) -> None:
        """Closes without writing what is owed; nothing happens where it was closed."""
        self._owed.clear()
        self._close()

    def _close(self) -> None:
        self._streaming.clear()
        if self._opened is not None:
            opened, self._opened = self._opened, None
            opened.close()


def _rest(message: Message) -> tuple[object, ...]:
    """What besides its text and reasoning may change while a message streams."""
    calls = tuple((call.id, call.name, call.arguments) for call in message.tool_calls)
    figures = message.usage, message.cost, message.receipts
    return message.parent_id, message.provider, message.model, tuple(message.notes), calls, figures
