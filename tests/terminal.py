"""A program in a pseudo-terminal, driven and watched by an event loop."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[1]


class Terminal:
    """Runs a command on a pseudo-terminal of its own; ends it on leaving.

    Args:
        answers: what it replies to each sequence that it may be asked with.

    Attributes:
        output: everything that the program wrote.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 40,
        environment: Mapping[str, str] | None = None,
        answers: Mapping[bytes, bytes] | None = None,
    ) -> None:
        self._command = command
        self._size = (rows, columns)
        self._environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self._environment.update(environment or {})
        self._news = asyncio.Event()
        self._gone = False
        self._answers = answers or {}
        self._looked_at = dict.fromkeys(self._answers, 0)
        self.output = bytearray()

    async def __aenter__(self) -> Self:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *self._size, 0, 0))
        self.process = subprocess.Popen(  # noqa: ASYNC220 - started once, before anything is measured
            self._command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env=self._environment,
            start_new_session=True,
        )
        os.close(slave)
        os.set_blocking(self.master, False)
        asyncio.get_running_loop().add_reader(self.master, self._read)
        return self

    async def __aexit__(self, *exception: object) -> None:
        asyncio.get_running_loop().remove_reader(self.master)
        os.close(self.master)
        if self.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        await asyncio.to_thread(self.process.wait)

    def _read(self) -> None:
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:
            data = b""
        if data:
            self.output += data
            self._reply()
        else:
            asyncio.get_running_loop().remove_reader(self.master)
            self._gone = True
        self._news.set()

    def _reply(self) -> None:
        """Answers what was asked since the last look, as a terminal does."""
        for question, answer in self._answers.items():
            while (found := self.output.find(question, self._looked_at[question])) >= 0:
                self._looked_at[question] = found + len(question)
                os.write(self.master, answer)
            self._looked_at[question] = max(self._looked_at[question], len(self.output) - len(question) + 1)

    def type(self, text: str) -> None:
        """Presses keys."""
        os.write(self.master, text.encode())

    async def until(self, wanted: str, *, start: int = 0, patience: float = 30.0) -> int:
        """Waits until the program has written this after ``start``; returns where it ends.

        Raises:
            AssertionError: it did not within ``patience`` seconds, or ended.
        """
        sought = wanted.encode()
        try:
            async with asyncio.timeout(patience):
                while (found := self.output.find(sought, start)) < 0:
                    if self._gone:
                        raise AssertionError(f"{wanted!r} never came before the end: {bytes(self.output[-2000:])!r}")
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{wanted!r} never came; the end: {bytes(self.output[-2000:])!r}") from None
        return found + len(sought)

    async def ended(self, patience: float = 30.0) -> int:
        """Waits for the program's exit code."""
        return await asyncio.wait_for(asyncio.to_thread(self.process.wait), patience)
