"""A chat or a pipe in the middle of an answer, on a terminal that has its own settings, to be ended in every way."""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
import sys
import termios
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Self

from tests.scripted import stall
from tests.servers import ChatServer
from tests.terminal import Terminal
from tests.trust.program import program
from tui_stream import paths
from tui_stream.core.models import Message
from tui_stream.store import open_store

CANARY = "sk-canary-8f2e1d0c9b8a7f6e"
ANSWER = "The answer has begun."
PATIENCE = 30.0
QUIT = "\x11"
ENDED = ("cancelled", "interrupted")
_RESET = ("\x1b[?1049l", "\x1b[?25h", "\x1b[?1004l", "\x1b[?1000l", "\x1b[?1003l", "\x1b[?2004l", "\x1b[?7h", "\x1b[<u")
_CONTROLLING = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
)
KEY = {"OPENAI_API_KEY": CANARY}


def controlling(command: Sequence[str]) -> list[str]:
    """The command with its terminal as the one that sends it signals, as after a login."""
    return [sys.executable, "-c", _CONTROLLING, *command]


class Ended(Terminal):
    """A terminal that can be asked what state it is in, and that can go away."""

    settings: list[object]

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.settings = termios.tcgetattr(self.master)
        return self

    def vanish(self) -> None:
        """Goes away, as a window that is closed or a connection that breaks."""
        asyncio.get_running_loop().remove_reader(self.master)
        os.close(self.master)
        self.master = os.open(os.devnull, os.O_RDWR)

    def resize(self, columns: int, rows: int) -> None:
        """Gets another size, and tells the program."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    async def all_read(self) -> None:
        """Waits until the program has gone and all that it wrote is here."""
        async with asyncio.timeout(PATIENCE):
            while not self._gone:
                self._news.clear()
                await self._news.wait()

    def check_reset(self) -> None:
        """The terminal is as it was: its modes, its cursor, its settings."""
        self.check_modes()
        self.check_settings()

    def check_modes(self) -> None:
        """What the program has switched on, it has switched off."""
        output = self.output.decode()
        entered = output.rindex("\x1b[?1049h")
        missing = [mode for mode in _RESET if output.find(mode, entered) < 0]
        assert not missing, output[entered:][-3000:]

    def check_settings(self) -> None:
        """The terminal takes lines, echoes and sends signals as it did before."""
        assert termios.tcgetattr(self.master)[:6] == self.settings[:6]


def answering() -> ChatServer:
    """A server whose answer begins and never ends."""
    server = ChatServer()
    server.say(ANSWER, stall)
    return server


def arguments(command: str, server: ChatServer, *more: str) -> list[str]:
    return [command, "--provider", "openai", "--base-url", server.base_url, "--model", "m", *more]


@asynccontextmanager
async def in_an_answer(
    *, before: str = "", wrap: Callable[[Sequence[str]], Sequence[str]] = list, columns: int = 120, rows: int = 40
) -> AsyncGenerator[Ended, None]:
    """A chat in the middle of an answer.

    Args:
        before: Python that is run in its process first.
        wrap: what the command becomes.
    """
    server = answering()
    async with server:
        command = wrap(program(*arguments("chat", server), before=before))
        async with Ended(command, environment=KEY, columns=columns, rows=rows) as terminal:
            await terminal.until("ready")
            terminal.type("Hi\r")
            await terminal.until("begun.")
            yield terminal


async def kept() -> list[Message]:
    """The messages of the conversation that was used last."""
    archive = (await open_store(paths.data_dir())).archive
    try:
        latest = await archive.latest()
        assert latest is not None
        return (await archive.load(latest)).messages
    finally:
        await archive.aclose()


async def check_kept(*statuses: str) -> None:
    """Question and answer are there, whole; the answer's state is one of these."""
    messages = await kept()
    assert [message.text for message in messages] == ["Hi", ANSWER]
    assert messages[1].status.value in statuses


async def stopped(terminal: Terminal) -> None:
    """Waits until the program is stopped."""
    await asyncio.wait_for(asyncio.to_thread(os.waitid, os.P_PID, terminal.process.pid, os.WSTOPPED), PATIENCE)
