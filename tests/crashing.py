"""Kills the real program on a pseudo-terminal in the middle of an answer, and looks at what its history has."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.scripted import Exchange
from tests.servers import EVENT_STREAM, ChatServer, sse
from tests.terminal import Terminal
from tui_stream.core.models import Message
from tui_stream.store import open_store

FIRST = "The first answer is whole. " * 20
RATE = 200.0  # tokens a second
_TOKENS = [f"word{number:05d} " for number in range(20_000)]


@dataclass
class Sender:
    """Streams one short answer, and then one that does not end.

    Attributes:
        sent: for each token of the second answer the loop's time at which it had been handed to the network, and the
            length of the text up to there.
        begun: the first question has arrived.
        asked: so has the second one.
    """

    server: ChatServer = field(default_factory=ChatServer)
    sent: list[tuple[float, int]] = field(default_factory=list)
    begun: bool = False
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.server.on("/v1/chat/completions", self._answer)

    async def _answer(self, exchange: Exchange) -> None:
        await exchange.head(200, EVENT_STREAM)
        if not self.begun:
            self.begun = True
            await exchange.piece(self.server.chunk({"content": FIRST}) + self.server.chunk({}, "stop") + sse("[DONE]"))
            await exchange.end()
            return
        self.asked.set()
        loop, length = asyncio.get_running_loop(), 0
        start = loop.time()
        for number, token in enumerate(_TOKENS):
            if exchange.gone.is_set():
                return
            await exchange.piece(self.server.chunk({"content": token}))
            length += len(token)
            self.sent.append((loop.time(), length))
            await asyncio.sleep(max(0.0, start + (number + 1) / RATE - loop.time()))

    def length(self, moment: float) -> int:
        """Characters of the second answer that had been sent at a moment."""
        return max((length for sent, length in self.sent if sent <= moment), default=0)


@dataclass(frozen=True)
class Killed:
    """What a killed program leaves behind.

    Attributes:
        moment: the loop's time of the kill.
        messages: those of the conversation used last.
    """

    moment: float
    messages: list[Message]
    sender: Sender

    @property
    def partial(self) -> str:
        """What there is of the second answer."""
        return self.messages[3].text

    @property
    def lag(self) -> float:
        """Seconds before the kill at which the oldest lost character had been sent; 0 where none was lost."""
        lost = [sent for sent, length in self.sender.sent if length > len(self.partial) and sent <= self.moment]
        return self.moment - lost[0] if lost else 0.0

    def check(self) -> None:
        """Everything but the end of the partial answer is there, and is what it was."""
        roles = [message.role.value for message in self.messages]
        assert roles == ["user", "assistant", "user", "assistant"]
        assert [message.text for message in self.messages[:3]] == ["first", FIRST, "second"]
        assert [message.status.value for message in self.messages] == [
            "complete",
            "complete",
            "complete",
            "interrupted",
        ]
        assert "".join(_TOKENS).startswith(self.partial)


async def killed_after(delay: float, folder: Path, environment: Mapping[str, str]) -> Killed:
    """Starts the chat, asks twice, and kills it so many seconds after the second question reached the server.

    Args:
        delay: seconds.
        folder: the program's data folder, empty.
        environment: variables that lead the program there.
    """
    sender, loop = Sender(), asyncio.get_running_loop()
    async with sender.server:
        where = ["--provider", "openai", "--base-url", sender.server.base_url, "--model", "m"]
        command = [sys.executable, "-m", "tui_stream", "chat", *where]
        async with Terminal(command, environment=environment) as terminal:
            await terminal.until("ready")
            terminal.type("first\r")
            await terminal.until("done")
            terminal.type("second\r")
            await asyncio.wait_for(sender.asked.wait(), 30)
            await asyncio.sleep(delay)
            os.killpg(terminal.process.pid, signal.SIGKILL)
            moment = loop.time()
            assert await terminal.ended() == -signal.SIGKILL
        archive = (await open_store(folder)).archive
        try:
            latest = await archive.latest()
            assert latest is not None
            conversation = await archive.load(latest)
        finally:
            await archive.aclose()
    return Killed(moment, conversation.messages, sender)
