"""Keys that arrive in one burst: each reaches what the one before it led to."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.widgets import Input

from tests.fakes import Gate
from tests.ui.conversations import keep, some, with_history
from tests.ui.harness import Screen, chat, running
from tui_stream.core.events import StreamEnd, TextDelta
from tui_stream.core.models import FinishReason
from tui_stream.ui.screens.confirm import ConfirmScreen
from tui_stream.ui.terminal_app import TerminalApp
from tui_stream.ui.widgets.conversation_list import ConversationList
from tui_stream.ui.widgets.history_panel import HistoryPanel

NAMES = {"/": "slash", " ": "space"}


def burst(screen: Screen, *parts: str) -> None:
    """Sends keys without waiting for what they do; a part of several letters that is no key's name is typed."""
    for part in parts:
        screen.app.post_message(events.Key(NAMES.get(part, part), part if len(part) == 1 else None))


async def test_what_is_typed_behind_the_key_of_the_filter_is_no_command() -> None:
    given, archive = with_history()
    await keep(archive, *some())
    async with running(given, (120, 30)) as screen:
        await screen.pilot.press("ctrl+b")
        panel = screen.app.screen_stack[0].query_one(HistoryPanel)
        listed = panel.query_one(ConversationList)
        await screen.until(lambda: listed.item is not None)
        archive.calls.clear()
        burst(screen, *"/dar bread")
        await screen.until(lambda: panel.filter.value == "dar bread")
        assert set(archive.calls) <= {"conversations"}, "nothing was archived, renamed or deleted"


async def test_a_paste_keeps_its_place_among_keys() -> None:
    given, archive = with_history()
    await keep(archive, *some())
    async with running(given, (120, 30)) as screen:
        await screen.pilot.press("ctrl+b")
        panel = screen.app.screen_stack[0].query_one(HistoryPanel)
        burst(screen, "/")
        screen.app.post_message(events.Paste("bre"))
        burst(screen, "a", "d")
        await screen.until(lambda: panel.filter.value == "bread")
        assert screen.prompt == ""


async def test_what_is_typed_behind_the_key_of_a_screen_reaches_that_screen() -> None:
    given, archive = with_history()
    await keep(archive, *some())
    async with running(given, (120, 30)) as screen:
        burst(screen, "ctrl+p", *"cool")
        await screen.until(lambda: len(screen.app.screen_stack) > 1)
        await screen.until(lambda: screen.app.screen.query_one(Input).value == "cool")
        assert screen.prompt == ""


async def test_what_was_typed_before_a_question_was_answered_is_not_for_what_stands_below_it() -> None:
    gate = Gate()
    given, archive = with_history([TextDelta("Half"), gate, TextDelta(" whole"), StreamEnd(FinishReason.STOP)])
    await keep(archive, *some())
    async with running(given, (120, 30)) as screen:
        await screen.type("Hi")
        await screen.shows("Half")
        await screen.pilot.press("ctrl+b", "home", "enter")
        await screen.until(lambda: isinstance(screen.app.screen, ConfirmScreen))
        archive.calls.clear()
        burst(screen, *"and draw a map")
        await screen.until(lambda: len(screen.app.screen_stack) == 1)
        await screen.pilot.pause()
        assert not {"delete", "archive", "pin", "rename"} & set(archive.calls)
        assert not screen.app.screen_stack[0].query_one(HistoryPanel).query_one("#history-title").display
        gate.open()
        await screen.shows("Half whole")


async def test_a_prompt_takes_a_burst_in_its_order() -> None:
    async with running(chat()) as screen:
        text = "the quick brown fox jumps over the lazy dog " * 4
        burst(screen, *text)
        await screen.until(lambda: screen.prompt == text)


class Vanishing(Input):
    """Goes away with a key, and never says that it was handled."""

    async def _on_key(self, event: events.Key) -> None:
        event.stop()
        await self.remove()


class Fields(TerminalApp):
    """Two fields, the first of which vanishes."""

    def compose(self) -> ComposeResult:
        yield Vanishing(id="vanishing")
        yield Input(id="other")


async def test_keys_go_on_where_what_handled_one_is_gone() -> None:
    app = Fields(frame=0.01)
    async with app.run_test() as pilot:
        for key in "abc":
            app.post_message(events.Key(key, key))
        for _ in range(100):
            if app.query_one("#other", Input).value == "bc":
                break
            await pilot.pause()
        assert app.query_one("#other", Input).value == "bc"
