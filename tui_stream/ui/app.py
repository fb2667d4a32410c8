"""The Textual app: composes the chat screen and binds it to a session, nothing more."""

from __future__ import annotations

import asyncio
import gc
import signal
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.notifications import Notify

from tui_stream.ui.history import History
from tui_stream.ui.screens.chat import ChatScreen
from tui_stream.ui.terminal_app import TerminalApp
from tui_stream.ui.themes import check_theme, own_themes

if TYPE_CHECKING:
    from tui_stream.config import UiSettings
    from tui_stream.core.session import OpenSession


_SIGNALLED = 128  # the exit code of a program that a signal ended, less the signal's number


class ChatApp(TerminalApp):
    """Shows one chat."""

    CSS_PATH = "app.tcss"
    TITLE = "tui_stream"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (70, "-wide")]  # noqa: RUF012 - Textual's own type
    VERTICAL_BREAKPOINTS = [(0, "-short"), (12, "-tall")]  # noqa: RUF012 - Textual's own type
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self,
        open_session: OpenSession,
        *,
        ui: UiSettings,
        history: History | None = None,
        stall_notice: float = 5.0,
        first_prompt: str = "",
    ) -> None:
        super().__init__(frame=1 / ui.frame_rate)
        self.animation_level = "none"
        check_theme(ui.theme)
        for theme in own_themes():
            self.register_theme(theme)
        self.theme = ui.theme
        self._chat = ChatScreen(
            open_session, ui=ui, history=history or History(), stall_notice=stall_notice, first_prompt=first_prompt
        )

    def get_default_screen(self) -> ChatScreen:
        """The chat is the first and only screen."""
        return self._chat

    def _on_notify(self, event: Notify) -> None:
        """What is said again takes the place of what still stands there of it; Textual's own handler shows it then."""
        again = [told for told in self._notifications if told.message == event.notification.message]
        for told in again:
            self._unnotify(told, refresh=False)

    def on_ready(self) -> None:
        """Lets the garbage collector look at young objects only, often and shortly; the pane looks at all when idle."""
        gc.freeze()
        gc.set_threshold(5_000, 1_000, 1_000)
        gc.enable()


def start(
    open_session: OpenSession,
    *,
    ui: UiSettings,
    history: History | None = None,
    stall_notice: float = 5.0,
    first_prompt: str = "",
) -> int:
    """Runs the chat in an event loop of its own; see `run`."""
    return asyncio.run(run(open_session, ui=ui, history=history, stall_notice=stall_notice, first_prompt=first_prompt))


async def run(
    open_session: OpenSession,
    *,
    ui: UiSettings,
    history: History | None = None,
    stall_notice: float = 5.0,
    first_prompt: str = "",
) -> int:
    """Runs the chat until the person leaves it; returns the exit code.

    Raises:
        ConfigError: the settings name a theme that does not exist.
    """
    app = ChatApp(open_session, ui=ui, history=history, stall_notice=stall_notice, first_prompt=first_prompt)
    chat = app.get_default_screen()
    _end_on_signals(app)
    try:
        await app.run_async()
    finally:
        if chat.pane.session is not None:
            await chat.pane.session.aclose()
    return app.return_code or 0


def _end_on_signals(app: ChatApp) -> None:
    """Leaves in good order when told to end, so that the terminal is put right and the answer is closed."""
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        with suppress(AttributeError, NotImplementedError):
            number = getattr(signal, name)
            loop.add_signal_handler(number, partial(app.exit, return_code=_SIGNALLED + number))
