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
    from collections.abc import Callable

    from tui_stream.config import UiSettings
    from tui_stream.core.session import OpenSession


_SIGNALLED = 128  # the exit code of a program that a signal ended, less the signal's number


class ChatApp(TerminalApp):
    """Shows one chat."""

    CSS_PATH = "app.tcss"
    TITLE = "tui_stream"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (70, "-wide")]  # noqa: RUF012 - Textual's own type
    VERTICAL_BREAKPOINTS = [(0, "-short"), (12, "-low"), (24, "-tall")]  # noqa: RUF012 - Textual's own type
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

    async def prepare_stop(self) -> None:
        """Keeps what has arrived."""
        if self._chat.pane.session is not None:
            await self._chat.pane.session.keep_now()

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
        BaseException: a fault in the program that ended the chat; the terminal is put right by then.
    """
    _end_on_signals(lambda code: app.exit(return_code=code))  # which is called once there is one
    app = ChatApp(open_session, ui=ui, history=history, stall_notice=stall_notice, first_prompt=first_prompt)
    chat = app.get_default_screen()
    asyncio.get_running_loop().set_exception_handler(partial(_end_on_faults, app))
    try:
        await app.run_async()
    finally:
        if chat.pane.session is not None:
            await chat.pane.session.aclose()
    if app.fault is not None:
        raise app.fault
    return app.return_code or 0


def _end_on_faults(app: ChatApp, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Ends after a fault in what the loop calls by itself, as after one in a widget.

    What a task died of that nobody waits for any more changes nothing for the person.
    """
    del loop
    error = context.get("exception")
    if isinstance(error, BaseException) and "handle" in context:
        app.fail(error)


def _end_on_signals(end: Callable[[int], None]) -> None:
    """Leaves in good order when told to end, so that the terminal is put right and the answer is closed.

    Args:
        end: is called by the event loop, with the exit code.

    Raises:
        CancelledError: it was told before; Textual would take what asyncio makes of that for a usual end.
    """
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        with suppress(AttributeError, NotImplementedError):
            number = getattr(signal, name)
            loop.add_signal_handler(number, partial(end, _SIGNALLED + number))
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
