"""The apps that the measured program runs: the chat's own but for the screen, and Textual as it comes.

`tui_stream.ui` has to be imported before Textual, since it sets the rate at which Textual draws.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn, cast

from textual.app import App, ComposeResult
from textual.screen import Screen

from tests.benchmarks.render.views import View
from tests.benchmarks.render.wire import FRAME, Kind
from tui_stream import ui
from tui_stream.config import UiSettings
from tui_stream.ui.app import ChatApp


class ViewScreen(Screen[None]):
    """Nothing but the view."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view

    def compose(self) -> ComposeResult:
        """The view fills the screen."""
        self._view.widget.styles.height = "1fr"
        yield self._view.widget


class Watched(App[None]):
    """Shows a view, and counts frames.

    Attributes:
        frames: how many were drawn.
        last: CPU seconds of the process and the time, when the last one had been handed to the driver.
    """

    frames = 0
    last = 0.0, 0.0

    def watch_view(self, view: View, serve: Callable[[Watched], Awaitable[None]]) -> None:
        """Says what to show, and what to do once the app runs."""
        self._view_screen = ViewScreen(view)
        self._serve = serve
        self._drawn = asyncio.Event()

    def get_default_screen(self) -> Screen[None]:
        """The view's screen."""
        return self._view_screen

    def on_ready(self) -> None:
        """Starts to serve; other classes' handlers of this event run as well."""
        self._serving = asyncio.ensure_future(self._serve(self))

    def post_display_hook(self) -> None:
        """Counts frames."""
        super().post_display_hook()
        self.frames += 1
        self.last = time.process_time(), time.monotonic()
        self._drawn.set()

    async def frame_after(self, frames: int) -> None:
        """Waits until more frames than these were drawn, or a while where nothing was to be drawn."""
        with suppress(TimeoutError):
            async with asyncio.timeout(2 * FRAME):
                while self.frames <= frames:
                    self._drawn.clear()
                    await self._drawn.wait()


_STYLES = str(Path(ui.__file__).parent / "app.tcss")


class Bench(Watched, ChatApp):  # type: ignore[misc] # the chat's own screen is not shown
    """The chat's app with its style sheet, its driver and its settings, but another screen."""

    CSS_PATH = _STYLES

    def __init__(self) -> None:
        super().__init__(_never, ui=UiSettings())


class Bare(Watched):
    """Textual as it comes, but for the garbage collector, which is tuned as the chat's is."""

    def on_ready(self) -> None:
        """Keeps the garbage collector away from what lives as long as the app."""
        ChatApp.on_ready(cast("ChatApp", self))


class Plain(Bare):
    """Textual as it comes, with the chat's colours."""

    CSS_PATH = _STYLES


async def _never() -> NoReturn:
    raise AssertionError("the benchmark opens no session")


APPS: dict[Kind, type[Watched]] = {"ours": Bench, "stock": Bare, "plain": Plain}
"""The app for each view."""
