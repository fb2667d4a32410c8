"""Runs the chat in a headless terminal and looks at what stands on the screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from textual.pilot import Pilot

from tests.fakes import FakeClock, ScriptedProvider, Step
from tui_stream.config import UiSettings
from tui_stream.core.backoff import RetryPolicy
from tui_stream.core.books import Books
from tui_stream.core.metering import NoPrices, PriceBook
from tui_stream.core.provider import Provider
from tui_stream.core.route import Fallback
from tui_stream.core.session import ChatSession, OpenedSession, SessionOptions
from tui_stream.ui.app import ChatApp
from tui_stream.ui.history import History
from tui_stream.ui.widgets.prompt import Prompt

PATIENCE = 10.0  # seconds after which a predicate that never came true fails the test


@dataclass
class Chat:
    """A chat app over a scripted provider, with a clock that the test sets.

    Attributes:
        trouble: raised in place of opening the session.
        books: what is known of tokens and money, and the budgets.
        history: what the app is handed of earlier conversations, which are kept where the session keeps its own.
    """

    provider: Provider
    prices: PriceBook = field(default_factory=NoPrices)
    options: SessionOptions = field(default_factory=lambda: SessionOptions(frame=0))
    ui: UiSettings = field(default_factory=UiSettings)
    reason: str = "named in a test"
    first_prompt: str = ""
    clock: FakeClock = field(default_factory=FakeClock)
    sleep: Callable[[float], Awaitable[None]] | None = None
    trouble: list[Exception] = field(default_factory=list)
    history: History = field(default_factory=History)
    books: Books = field(default_factory=Books)
    fallbacks: Sequence[Fallback] = ()

    def __post_init__(self) -> None:
        if isinstance(self.provider, ScriptedProvider):
            self.provider.clock = self.clock

    async def open(self) -> OpenedSession:
        if self.trouble:
            raise self.trouble.pop(0)
        session = ChatSession(
            self.provider,
            options=self.options,
            prices=self.prices,
            books=self.books,
            fallbacks=self.fallbacks,
            store=self.history.archive,
            clock=self.clock,
            sleep=self.sleep or self.clock.sleep,
        )
        return OpenedSession(session, self.reason, _nothing)

    def app(self) -> ChatApp:
        return ChatApp(self.open, ui=self.ui, history=self.history, stall_notice=5.0, first_prompt=self.first_prompt)


async def _nothing() -> None:
    return None


def chat(*scripts: Sequence[Step], attempts: int = 1) -> Chat:
    options = SessionOptions(frame=0, retry=RetryPolicy(attempts=attempts, jitter=0))
    return Chat(ScriptedProvider(scripts or [[]]), options=options)


class Screen:
    """The running app, seen from outside."""

    def __init__(self, app: ChatApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    @property
    def prompt(self) -> str:
        """What stands in the prompt box."""
        return self.app.screen_stack[0].query_one(Prompt).text

    async def until(self, predicate: Callable[[], object]) -> None:
        """Waits until the predicate holds.

        Raises:
            AssertionError: it did not within `PATIENCE`.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE
        while not predicate():
            assert loop.time() < end, f"never came true; the screen:\n{self.text}"
            await self.pilot.pause()

    async def shows(self, *texts: str) -> None:
        """Waits until all of these stand on the screen."""
        await self.until(lambda: all(text in self.text for text in texts))

    async def type(self, text: str) -> None:
        """Types and sends."""
        for character in text:
            await self.pilot.press("space" if character == " " else character)
        await self.pilot.press("enter")


def opening(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Takes the place of the browser; what it is asked to open."""
    opened: list[str] = []

    async def open_link(target: str) -> bool:
        opened.append(target)
        return True

    monkeypatch.setattr("tui_stream.ui.opening.open_link", open_link)
    return opened


@asynccontextmanager
async def running(chat: Chat, size: tuple[int, int] = (100, 30)) -> AsyncGenerator[Screen, None]:
    """Starts the app, and ends it whatever happens."""
    app = chat.app()
    async with app.run_test(size=size, notifications=True) as pilot:
        screen = Screen(app, pilot)
        prepared = isinstance(chat.provider, ScriptedProvider) and not chat.provider.preparation
        if prepared and not chat.trouble and not chat.first_prompt:
            await screen.shows("ready")
        yield screen
