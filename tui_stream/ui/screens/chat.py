"""The chat screen: hands keys and prompts to the pane, and what the pane gives back to the prompt."""

from __future__ import annotations

import webbrowser
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from tui_stream.core.sanitize import clean_line
from tui_stream.ui.keys import bindings
from tui_stream.ui.widgets.key_bar import KeyBar
from tui_stream.ui.widgets.pane import ChatPane
from tui_stream.ui.widgets.prompt import Prompt
from tui_stream.ui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from tui_stream.config import UiSettings
    from tui_stream.core.session import OpenSession

_FIRST_FRAME = 0.02  # seconds for the first frame to reach the terminal before anything else is loaded


class ChatScreen(Screen[None]):
    """A pane and the prompt under it."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]
    AUTO_FOCUS = "#prompt"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (12, "-tall")]  # noqa: RUF012 - Textual's own type

    def __init__(
        self, open_session: OpenSession, *, ui: UiSettings, stall_notice: float = 5.0, first_prompt: str = ""
    ) -> None:
        super().__init__()
        self._pane = ChatPane(open_session, ui=ui, stall_notice=stall_notice)
        self._prompt = Prompt()
        self._first_prompt = first_prompt

    @property
    def pane(self) -> ChatPane:
        """The conversation."""
        return self._pane

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self._pane
        yield self._prompt
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Opens the session once the first frame is on the screen."""
        self.call_after_refresh(self.set_timer, _FIRST_FRAME, self._begin)

    def _begin(self) -> None:
        self._pane.open()
        if self._first_prompt:
            self._pane.ask(self._first_prompt)

    @on(Prompt.Submitted)
    def _ask(self, event: Prompt.Submitted) -> None:
        self._pane.ask(event.text)

    @on(ChatPane.GaveBack)
    def _give_back(self, event: ChatPane.GaveBack) -> None:
        self._prompt.give_back(event.text)

    @on(ChatPane.ModelMissing)
    def _offer_pull(self, event: ChatPane.ModelMissing) -> None:
        from tui_stream.ui.screens.confirm import ConfirmScreen

        def answered(yes: bool | None) -> None:
            if yes:
                event.pane.pull(event.model)

        question = f"The model {event.model} is not installed. Fetch it now?"
        self.app.push_screen(ConfirmScreen(question, "Fetch it"), answered)

    @on(Transcript.LinkClicked)
    def _offer_link(self, event: Transcript.LinkClicked) -> None:
        from tui_stream.ui.links import openable
        from tui_stream.ui.screens.confirm import ConfirmScreen

        target = openable(event.target)
        if target is None:
            shown = clean_line(event.target, 100)
            self.notify(f"Not opened, since only web and mail links are: {shown}", markup=False)
            return

        def answered(yes: bool | None) -> None:
            if yes:
                webbrowser.open(target)

        self.app.push_screen(ConfirmScreen(f"Open this link?\n\n{target}", "Open"), answered)

    def action_stop(self) -> None:
        """Stops the answer."""
        self._pane.stop()

    def action_interrupt(self) -> None:
        """Copies what is selected; where nothing is, stops the answer, and else says how to leave."""
        selected = self.get_selected_text() or self._prompt.selected_text
        if selected:
            self.app.copy_to_clipboard(selected)
        elif self._pane.busy:
            self._pane.stop()
        else:
            self.notify("Ctrl+Q leaves.", markup=False, timeout=2)

    def action_copy_answer(self) -> None:
        """Copies the newest answer."""
        self._copy(self._pane.answer_text, "The answer")

    def action_copy_code(self) -> None:
        """Copies the newest block of code."""
        self._copy(self._pane.code_text, "The code")

    @on(Transcript.CodeClicked)
    def _copy_clicked(self, event: Transcript.CodeClicked) -> None:
        self._copy(event.code, "The code")

    def _copy(self, text: str, what: str) -> None:
        if text:
            self.app.copy_to_clipboard(text)
            self.notify(f"{what} is on the clipboard.", markup=False, timeout=2)

    def action_toggle_thinking(self) -> None:
        """Folds or unfolds the newest answer's thinking."""
        self._pane.toggle_thinking()

    def action_scroll_up(self) -> None:
        """Scrolls the conversation, not the prompt."""
        self._pane.transcript.scroll_page_up(animate=False)

    def action_scroll_down(self) -> None:
        """Scrolls the conversation, not the prompt."""
        self._pane.transcript.scroll_page_down(animate=False)

    def action_scroll_end(self) -> None:
        """Goes to the end."""
        self._pane.transcript.follow()

    def action_help(self) -> None:
        """Shows the keys."""
        from tui_stream.ui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen())

    def action_quit(self) -> None:
        """Leaves; an answer under way is stopped."""
        self.app.exit()
