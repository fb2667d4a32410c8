"""An app that draws what has changed, no more often than its terminal takes it, and handles one key at a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from time import monotonic
from typing import TYPE_CHECKING

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.driver import Driver
from textual.screen import Screen
from textual.widget import Widget

from tui_stream.core.sanitize import clean
from tui_stream.ui.compositor import QuickCompositor
from tui_stream.ui.key_turns import KeyTurns
from tui_stream.ui.pace import Pace
from tui_stream.ui.paint import Painter, painted
from tui_stream.ui.screens.confirm import ConfirmScreen
from tui_stream.ui.terminal_link import Link

if TYPE_CHECKING:
    from rich.console import RenderableType

_FAULT = 1  # the exit code


class TerminalApp(App[None]):
    """Draws through a `Painter`, in step with a `Link`.

    Args:
        frame: seconds from one frame of streaming text to the next, where the terminal keeps up.

    Attributes:
        link: keeps what is drawn in step with what the terminal takes.
        painter: knows what stands on the terminal.
        fault: what ended the app, if it was a fault in it; the first one, where others followed.
    """

    def __init__(self, *, frame: float) -> None:
        super().__init__()
        self.link = Link(Pace(frame, clock=monotonic), hold=self._hold, release=self._release)
        self.painter = Painter()
        self._held = ExitStack()
        self._undrawn = False
        self.fault: BaseException | None = None
        self._keys = KeyTurns(self, super().on_event, lambda screen: isinstance(screen, ConfirmScreen))

    async def on_event(self, event: events.Event) -> None:
        """Lets each key see what the one before it did."""
        if isinstance(event, (events.Key, events.Paste)) and not event.is_forwarded:
            await self._keys.take(event)
        else:
            await super().on_event(event)

    def get_driver_class(self) -> type[Driver]:
        """The platform's driver, with a quick Escape key where it can have one."""
        usual = super().get_driver_class()
        if usual.__name__ != "LinuxDriver":
            return usual
        from tui_stream.ui.driver import QuickDriver

        return QuickDriver

    def on_mount(self) -> None:
        """Draws everything again when the program comes back from the background."""
        self.app_resume_signal.subscribe(self, lambda _: self.redraw())

    def redraw(self) -> None:
        """Draws everything again, whatever may stand on the terminal."""
        self.painter.forget()
        self.screen.refresh()

    def _register_child(self, parent: DOMNode, child: Widget, before: int | None, after: int | None) -> None:
        """Gives a new screen its compositor, before it is laid out for the first time."""
        if isinstance(child, Screen):
            child._compositor = QuickCompositor()  # noqa: SLF001 - a screen cannot be told which one to use
        super()._register_child(parent, child, before, after)

    def _hold(self) -> None:
        """Draws nothing; what changes is remembered."""
        self._held.enter_context(self.batch_update())

    def _release(self) -> None:
        """Draws what changed, and goes on drawing."""
        self._held.close()
        if not self.screen_stack:
            return
        if self._undrawn:
            self._undrawn = False
            self.screen.refresh()
        self.screen.check_idle()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Writes only what changed."""
        super()._display(screen, painted(renderable, self.painter, self.size))

    # -- what Textual would do otherwise --------------------------------------------------------------

    def _fatal_error(self) -> None:
        """Ends the app after a fault in it; in place of Textual's traceback, which shows variables and so keys."""
        self.fail(sys.exc_info()[1] or self._exception)

    def fail(self, error: BaseException | None) -> None:
        """Ends the app after a fault; who runs the app raises it once the terminal has been put right."""
        self.fault = self.fault or error
        self._close_messages_no_wait()

    def panic(self, *renderables: RenderableType) -> None:
        """Ends the app as Textual does for some faults of its own, but never with an exit code of success."""
        self._return_code = _FAULT
        super().panic(*renderables)

    def copy_to_clipboard(self, text: str) -> None:
        """Copies text without what would steer the terminal that it is pasted into."""
        super().copy_to_clipboard(clean(text))

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Opens nothing: Textual would hand any text to the browser's command line; see `tui_stream.ui.links`."""

    async def prepare_stop(self) -> None:
        """Does what has to be done before the program is stopped for who knows how long."""

    async def action_to_background(self) -> None:
        """Stops the program with all that was started with it, until the shell lets it go on."""
        stop: Callable[[], object] | None = getattr(self._driver, "to_background", None)
        if stop is None:
            return
        if not _has_shell():
            self.notify("No shell started the program, so nothing could bring it back.", markup=False, timeout=4)
            return
        await self.prepare_stop()
        stop()

    # -- drawing ------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Paints all of the screen anew: a terminal moves, cuts or clears what it shows as it likes."""
        self.painter.forget()
        if self.screen_stack:
            self.screen.refresh()

    def post_display_hook(self) -> None:
        """A new layout draws even while nothing is to be drawn, which Textual then throws away."""
        self._undrawn = self._undrawn or self.link.held


def _has_shell() -> bool:
    """Whether a shell waits that can stop this program and let it go on: who started it has the same terminal."""
    parent = os.getppid()
    return parent > 1 and os.getsid(parent) == os.getsid(0)
