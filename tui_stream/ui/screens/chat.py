"""The chat screen: hands keys and prompts to the pane, and what the pane gives back to the prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from tui_stream.core.sanitize import clean_line
from tui_stream.ui.history import History
from tui_stream.ui.keys import BROWSE_KEYS, KEYS, bindings
from tui_stream.ui.screens.with_branches import BranchScreen
from tui_stream.ui.terminal_app import TerminalApp
from tui_stream.ui.widgets.key_bar import KeyBar
from tui_stream.ui.widgets.pane import ChatPane
from tui_stream.ui.widgets.prompt import Prompt
from tui_stream.ui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from tui_stream.config import UiSettings
    from tui_stream.core.session import OpenSession

_FIRST_FRAME = 0.02  # seconds for the first frame to reach the terminal before anything else is loaded


class ChatScreen(BranchScreen):
    """A pane and the prompt under it."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]
    AUTO_FOCUS = "#prompt"

    def __init__(
        self,
        open_session: OpenSession,
        *,
        ui: UiSettings,
        history: History,
        stall_notice: float = 5.0,
        first_prompt: str = "",
    ) -> None:
        pane = ChatPane(open_session, ui=ui, archive=history.archive, stall_notice=stall_notice)
        super().__init__(pane, Prompt(), history)
        self._key_bar = KeyBar(id="keys")
        self._first_prompt = first_prompt

    @property
    def pane(self) -> ChatPane:
        """The conversation."""
        return self._pane

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self._pane
        yield self._prompt
        yield self._key_bar

    def on_mount(self) -> None:
        """Opens the session once the first frame is on the screen."""
        self.call_after_refresh(self.set_timer, _FIRST_FRAME, self._begin)

    def _begin(self) -> None:
        self._pane.open()
        self.begin_history()
        if self._first_prompt:
            self._pane.ask(self._first_prompt)

    @on(Prompt.Submitted)
    def _ask(self, event: Prompt.Submitted) -> None:
        if event.edits:
            self.send_edit(event.text)
        elif event.adds:
            self._pane.add(event.text)
        else:
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
        from tui_stream.core.links import openable
        from tui_stream.ui.screens.confirm import ConfirmScreen

        target = openable(event.target)
        if target is None:
            shown = clean_line(event.target, 100)
            self.notify(f"Not opened, since only web and mail links are: {shown}", markup=False)
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(self._open_link(target))

        self.app.push_screen(ConfirmScreen(f"Open this link?\n\n{target}", "Open"), answered)

    async def _open_link(self, target: str) -> None:
        from tui_stream.ui.opening import open_link

        if not await open_link(target):
            self.notify("No browser could be started.", severity="error", markup=False)

    # -- the answer under way ---------------------------------------------------------------------------

    def action_resume(self) -> None:
        """Goes on with an answer that broke off."""
        if self._pane.offers.resume:
            self._pane.resume()
        else:
            self._say_nothing_broke_off()

    def _say_nothing_broke_off(self) -> None:
        waits = (self._pane.broke_off or self._pane.question is not None) and bool(self._pane.refusal_to_ask)
        said = "The model is not ready yet; try again in a moment." if waits else "There is no answer that broke off."
        self.notify(said, markup=False, timeout=2)

    def action_retry(self) -> None:
        """Sends a failed request again now, or asks again for an answer that broke off."""
        if self._pane.waits:
            self._pane.hurry()
        elif self._pane.offers.retry or (self._pane.question is not None and not self._pane.refusal_to_ask):
            self._prompt.take_back(self._pane.asked)
            self._pane.retry()
        else:
            self._say_nothing_broke_off()

    def action_stop(self) -> None:
        """Stops the answer; where there is none, ends what else is going on, and goes back to the prompt."""
        if self._pane.conversation.finding:
            self._pane.conversation.end_find()
        elif self._pane.busy:
            self._pane.stop()
        elif self._prompt.has_focus and self.end_edit():
            pass
        elif self._pane.transcript.finding:
            self._pane.transcript.find("")
        elif self._pane.offering:
            self._pane.keep()
        elif not self._pane.transcript.browser.dismiss():
            self._prompt.focus()

    def action_interrupt(self) -> None:
        """Copies what is selected; where nothing is, stops the answer, and else says how to leave."""
        selected = self.get_selected_text() or self._prompt.selected_text or self._pane.conversation.selected_text
        if selected:
            self.app.copy_to_clipboard(selected)
        elif self._pane.busy:
            self._pane.stop()
        else:
            self.notify("Ctrl+Q leaves.", markup=False, timeout=2)

    def action_help(self) -> None:
        """Shows the keys."""
        from tui_stream.ui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen())

    def action_redraw(self) -> None:
        """Draws the screen again."""
        if isinstance(self.app, TerminalApp):
            self.app.redraw()

    def action_quit(self) -> None:
        """Leaves; an answer under way is stopped."""
        self.app.exit()

    # -- copying and saving ---------------------------------------------------------------------------

    def action_copy_answer(self) -> None:
        """Copies what is selected of the conversation, or the newest answer."""
        if source := self._pane.transcript.selected_source:
            self._copy(source, "The selection, as Markdown,")
        elif self._pane.newest is not None:
            self._copy(self._pane.newest.source, "The answer")

    def action_copy_code(self, number: int | None = None) -> None:
        """Copies a block of code by its number, or the newest one."""
        entry = self._pane.transcript.browser.answer or self._pane.newest
        code = entry.code(number) if entry is not None else ""
        if code:
            self._copy(code, f"Code block {number}" if number else "The code")
        else:
            self.notify("There is no such block of code.", markup=False, timeout=2)

    @on(Transcript.CopyAsked)
    def _copy_asked(self, event: Transcript.CopyAsked) -> None:
        self._copy(event.text, event.what)

    def _copy(self, text: str, what: str) -> None:
        if text:
            self.app.copy_to_clipboard(text)
            self.notify(f"{what} is on the clipboard.", markup=False, timeout=2)
        else:
            self.notify("There is nothing to copy.", markup=False, timeout=2)

    def action_save(self) -> None:
        """Asks for a file name and saves the conversation."""
        from tui_stream.ui.saving import ask_and_save

        async def save() -> None:
            ask_and_save(self.app, await self._pane.whole())

        self._work(save, "export")

    # -- the conversation -----------------------------------------------------------------------------

    def action_browse(self) -> None:
        """Goes to the conversation, or from there to the prompt."""
        transcript = self._pane.transcript
        self.set_focus(self._prompt if self.focused is transcript else transcript, scroll_visible=False)

    @on(Transcript.Left)
    def _leave_browsing(self) -> None:
        self._prompt.focus()

    @on(Transcript.NothingThere)
    def _nothing_there(self, event: Transcript.NothingThere) -> None:
        self.notify(event.what, markup=False, timeout=2)

    def on_descendant_focus(self) -> None:
        """Shows the keys that work now."""
        if self._panel is not None and self.listing:
            self._key_bar.keys = self._panel.keys
        else:
            self._key_bar.keys = BROWSE_KEYS if self.focused is self._pane.transcript else KEYS

    def on_catalogue_view_listed(self) -> None:
        """Other keys may work where nothing is listed."""
        if self._panel is not None and self.listing:
            self._key_bar.keys = self._panel.keys

    async def action_find(self) -> None:
        """Opens the find bar."""
        await self._pane.conversation.find()

    def action_previous_message(self) -> None:
        """Goes to the message before."""
        self._pane.transcript.browser.jump("message", -1)

    def action_next_message(self) -> None:
        """Goes to the next message; behind the last one, to the end."""
        if not self._pane.transcript.browser.jump("message", 1):
            self._pane.transcript.follow()

    def action_toggle_thinking(self) -> None:
        """Folds or unfolds the newest answer's thinking."""
        self._pane.transcript.browser.fold(self._pane.newest, thoughts=True)

    def action_facts(self) -> None:
        """Folds or unfolds the newest answer's figures."""
        newest = self._pane.newest
        if newest is None or not self._pane.transcript.browser.toggle_facts(newest):
            self.notify("There is no answer yet that is over.", markup=False, timeout=2)

    def action_usage(self) -> None:
        """Shows what was spent."""
        from tui_stream.ui.screens.usage import UsageScreen

        archive, session = self._history.archive, self._pane.session
        self.app.push_screen(UsageScreen(archive, session, days=self._history.days))

    def action_scroll_up(self) -> None:
        """Scrolls the conversation, not the prompt."""
        self._pane.transcript.browser.page(-1)

    def action_scroll_down(self) -> None:
        """Scrolls the conversation, not the prompt."""
        self._pane.transcript.browser.page(1)

    def action_scroll_end(self) -> None:
        """Goes to the end."""
        self._pane.transcript.follow()
