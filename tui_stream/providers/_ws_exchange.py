"""One question on a socket and its answer, from sending it to leaving the socket fit for the next one, or closed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing

from tui_stream.core.events import Event
from tui_stream.errors import ConnectionFailedError, ProviderError, StreamBrokenError
from tui_stream.providers._failures import CUT_OFF_HINT
from tui_stream.providers._increments import Increments
from tui_stream.providers._translate import Peer
from tui_stream.providers._ws_client import Opener, Socket
from tui_stream.providers._ws_failures import ERRORS, is_stale
from tui_stream.providers._ws_messages import WsMessages

CANCEL_PATIENCE = 0.07
"""Seconds for the server to confirm that it stopped; longer than most need, shorter than a person notices."""

TAIL_PATIENCE = 5.0
"""Seconds for usage and end marker to follow a finish reason; the answer is complete without them too."""


class Exchange:
    """Asks once.

    Args:
        opener: makes a new socket.
        headers: those of its handshake.
        question: the message to send.
        messages: understands what comes back.
        peer: whom errors name.

    Attributes:
        socket: what the question was sent on; None while there is none.
    """

    def __init__(
        self, opener: Opener, headers: Mapping[str, str], question: str, messages: WsMessages, peer: Peer
    ) -> None:
        self._opener = opener
        self._headers = headers
        self._question = question
        self._messages = messages
        self._peer = peer
        self._asked = False
        self._notes: list[str] = []
        self._settled = False
        self._given_up = False
        self.socket: Socket | None = None

    @property
    def under_way(self) -> bool:
        """Whether the question was sent and the answer is not complete."""
        return self._asked and self.socket is not None and not self._messages.finished

    @property
    def reusable(self) -> bool:
        """Whether nothing more of this answer can come on the socket."""
        return self._settled or (self._messages.done and not self._given_up)

    async def ask(self, idle: Socket | None) -> None:
        """Sends the question on a socket that served an earlier one, or on a new one where that is gone.

        Raises:
            ConfigError: the environment names a proxy that cannot be used.
            Exception: one of `ERRORS`.
        """
        self.socket = idle
        if idle is not None:
            idle.reused = True
            if await idle.ready():
                try:
                    await idle.send(self._question)
                except ERRORS:
                    pass
                else:
                    self._asked = True
                    return
        await self._ask_anew()

    async def _ask_anew(self) -> Socket:
        """Sends the question on a new socket, and the notes that went along with it on the one that is gone."""
        stale, self.socket, self._asked = self.socket, None, False
        if stale is not None:
            await stale.abort()
        self.socket = fresh = await self._opener.open(self._headers)
        for message in (self._question, *self._notes):
            await fresh.send(message)
        self._asked = True
        return fresh

    async def events(self) -> AsyncGenerator[Event, None]:
        """The answer.

        Raises:
            ProviderError: what the server reports, or what it sends that cannot be understood.
            Exception: one of `ERRORS`.
        """
        increments = Increments()
        async with aclosing(self._received(increments)) as received:
            async for message in received:
                for event in increments.release() if message is None else increments.passed(self._feed(message)):
                    yield event
        for event in increments.passed(self._messages.flush()):
            yield event

    def _feed(self, message: bytes) -> Iterator[Event]:
        yield from self._messages.feed(message)
        if self._messages.cancelled:
            self._look_at_cancelled()

    async def _received(self, increments: Increments) -> AsyncGenerator[bytes | None, None]:
        """The messages until the end marker, or until the connection ends after a finish reason.

        None where what is held back must be handed on: that is due, the model has finished, or the connection fails.
        """
        yield await self._first()
        while not self._messages.done and self.socket is not None:
            if not self._messages.finished:
                try:
                    following = await self._next(self.socket, increments)
                except ERRORS:
                    yield None
                    raise
                yield following
                continue
            yield None
            try:
                async with asyncio.timeout(TAIL_PATIENCE):
                    message = await self.socket.receive()
            except ERRORS:  # a TimeoutError is an OSError
                self._given_up = True
                return
            yield message

    async def _next(self, socket: Socket, increments: Increments) -> bytes | None:
        """The next message; None where what is held back is due."""
        patience = increments.patience
        if patience is None:
            return await socket.receive()
        if not patience:
            return None
        try:
            async with asyncio.timeout(patience):
                return await socket.receive()
        except TimeoutError:
            return None

    async def _first(self) -> bytes:
        """The first message. A socket that was used before may be gone by now: then the question is sent once more."""
        socket = self.socket
        if socket is not None and socket.reused:
            try:
                return await socket.receive()
            except ERRORS as error:
                if not is_stale(error):
                    raise
            socket = None
        return await (socket or await self._ask_anew()).receive()

    def _look_at_cancelled(self) -> None:
        """The server says that it stopped, and nobody asked it to.

        Before the answer, on a socket that was used before, it speaks of an earlier one.
        """
        if self._messages.started:
            said = f"The answer was cut off: {self._peer.name} stopped it."
            raise StreamBrokenError(said, hint=CUT_OFF_HINT)
        if self.socket is None or not self.socket.reused:
            raise ConnectionFailedError(f"{self._peer.name} stopped the answer before it began.", hint="Try again.")
        self._messages.cancelled = False

    async def add(self, text: str) -> bool:
        """Sends a note along; False where the connection is gone."""
        if self.socket is None:
            return False
        note = encoded({"type": "context", "content": text})
        try:
            await self.socket.send(note)
        except ERRORS:
            return False
        self._notes.append(note)
        return True

    async def stop(self) -> bool:
        """Cancels an answer that nobody waits for any more; False where the server did not say in time that it stopped.

        When it did, the socket is `reusable`.
        """
        if not self.under_way or self.socket is None:
            return True
        try:
            async with asyncio.timeout(CANCEL_PATIENCE):
                await self.socket.send(encoded({"type": "cancel"}))
                while not (self._messages.done or self._messages.cancelled):
                    for _ in self._messages.feed(await self.socket.receive()):
                        pass
        except TimeoutError:
            return False
        except ERRORS:
            return True
        except ProviderError:
            return True
        self._settled = True
        return True


def encoded(value: Mapping[str, object]) -> str:
    """JSON that can be sent as UTF-8, whatever text is in it."""
    return json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "replace").decode("utf-8")
