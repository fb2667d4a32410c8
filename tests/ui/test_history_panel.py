from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from textual.widgets import Input

from tests.fakes import Gate, ScriptedProvider
from tests.memory_archive import MemoryArchive
from tests.ui.conversations import conversation, keep, some, with_history
from tests.ui.harness import Chat, Screen, chat, running
from tui_stream.core.archive import Overview
from tui_stream.core.events import StreamEnd, TextDelta
from tui_stream.core.models import Conversation, FinishReason, MessageStatus
from tui_stream.errors import ConfigError, ServerError, StoreError
from tui_stream.ui.history import History
from tui_stream.ui.widgets.conversation_list import ConversationList
from tui_stream.ui.widgets.history_panel import HistoryPanel
from tui_stream.ui.widgets.prompt import Prompt

STOP = StreamEnd(FinishReason.STOP)
WIDE = (120, 30)


@asynccontextmanager
async def listing(
    given: Chat, archive: MemoryArchive, size: tuple[int, int] = WIDE, kept: Sequence[Conversation] | None = None
) -> AsyncGenerator[Screen, None]:
    """The app with its list open."""
    await keep(archive, *(some() if kept is None else kept))
    async with running(given, size) as screen:
        await screen.pilot.press("ctrl+b")
        await screen.until(lambda: rows(screen).item is not None)
        yield screen


def rows(screen: Screen) -> ConversationList:
    return screen.app.screen_stack[0].query_one(ConversationList)


def panel(screen: Screen) -> HistoryPanel:
    return screen.app.screen_stack[0].query_one(HistoryPanel)


def at(screen: Screen) -> str:
    item = rows(screen).item
    return item.id if item is not None else ""


def foot(screen: Screen) -> str:
    """What stands below the list, on one line."""
    region = panel(screen).query_one("#history-foot").region
    lines = screen.text.split("\n")[region.y : region.bottom]
    return " ".join(" ".join(line[region.x : region.right].split()) for line in lines)


async def go_to(screen: Screen, conversation_id: str) -> None:
    await screen.pilot.press("home")
    while at(screen) != conversation_id:
        before = at(screen)
        await screen.pilot.press("down")
        assert at(screen) != before, f"{conversation_id} is not listed"


async def open_it(screen: Screen, conversation_id: str) -> None:
    await go_to(screen, conversation_id)
    await screen.pilot.press("enter")
    await screen.until(lambda: shown(screen) == conversation_id)


def shown(screen: Screen) -> str:
    return screen.app.get_default_screen().pane.shown.id


def in_list(screen: Screen, text: str) -> bool:
    """Whether it stands in the list, not beside it."""
    width = rows(screen).region.right
    return any(text in line[:width] for line in screen.text.split("\n"))


async def test_it_lists_the_pinned_first_and_then_by_day() -> None:
    given, archive = with_history()
    async with listing(given, archive) as screen:
        await screen.shows("Conversations", "Pinned", "Today", "Yesterday", "Saturday", "April")
        lines = [line[:38].strip() for line in screen.text.split("\n")]
        wanted = [
            ("Pinned", ""),
            ("How do I bake bread?", "15:30"),
            ("Today", ""),
            ("Fruits for the winter", "14:30"),
            ("Yesterday", ""),
            ("Write a poem about rain", "!  2 15:30"),
            ("Saturday", ""),
            ("[b]bold[/b] [@click=app", "15:30"),
            ("April", ""),
            ("Where is the key?", "10 Apr"),
        ]
        for line, (begin, end) in zip(lines[2:], wanted, strict=False):
            assert line.startswith(begin), line
            assert end in line, line
        assert not in_list(screen, "Old apples")


async def test_it_takes_a_third_of_a_wide_screen_and_all_of_a_narrow_one() -> None:
    given, archive = with_history()
    async with listing(given, archive, (99, 30)) as screen:
        assert rows(screen).region.right <= 33
        await screen.shows("ready")
        await screen.pilot.resize_terminal(60, 15)
        await screen.until(lambda: rows(screen).region.width > 55)
        assert "ready" not in screen.text
        await screen.pilot.press("escape")
        await screen.shows("ready")


async def test_the_key_opens_it_goes_to_it_and_closes_it() -> None:
    given, archive = with_history()
    async with listing(given, archive) as screen:
        assert screen.app.focused is rows(screen)
        await screen.pilot.press("tab")
        await screen.until(lambda: isinstance(screen.app.focused, Prompt))
        assert in_list(screen, "Yesterday")
        await screen.pilot.press("ctrl+b")
        await screen.until(lambda: screen.app.focused is rows(screen))
        await screen.pilot.press("ctrl+b")
        await screen.until(lambda: isinstance(screen.app.focused, Prompt) and "Yesterday" not in screen.text)
        await screen.pilot.press("f3")
        await screen.shows("Yesterday")
        await screen.pilot.press("escape")
        await screen.until(lambda: isinstance(screen.app.focused, Prompt) and "Yesterday" not in screen.text)


async def test_enter_shows_the_conversation_and_prompts_go_on_with_it() -> None:
    given, archive = with_history([TextDelta("More about fruits"), STOP])
    async with listing(given, archive) as screen:
        await open_it(screen, "fruits")
        await screen.shows("Which fruits keep well", "until spring", "Pears keep for a week.")
        await screen.until(lambda: isinstance(screen.app.focused, Prompt))
        assert in_list(screen, "● Fruits for the winter")
        await screen.type("And plums?")
        await screen.shows("More about fruits", "done")
        assert isinstance(given.provider, ScriptedProvider)
        assert [message.content for message in given.provider.requests[0].messages][-3:] == [
            "And pears?",
            "Pears keep for a week.",
            "And plums?",
        ]
        assert len(archive.kept["fruits"].messages) == 6
        await screen.until(lambda: in_list(screen, " 6 "))


async def test_a_click_opens_a_conversation() -> None:
    given, archive = with_history()
    async with listing(given, archive) as screen:
        await screen.shows("Write a poem about rain")
        line = next(n for n, text in enumerate(screen.text.split("\n")) if "Write a poem" in text)
        await screen.pilot.click(offset=(6, line))
        await screen.until(lambda: shown(screen) == "rain")


async def test_n_begins_a_new_conversation_and_so_does_its_key() -> None:
    given, archive = with_history([TextDelta("Hello"), STOP])
    async with listing(given, archive) as screen:
        for keys in (["n"], ["tab", "alt+n"]):
            await screen.pilot.press("home") if screen.app.focused is rows(screen) else await screen.pilot.press("f3")
            await open_it(screen, "bread")
            await screen.shows("With patience.")
            await screen.pilot.press("ctrl+b", *keys)
            await screen.shows("Type a question")
            assert shown(screen) not in archive.kept
            assert "With patience." not in screen.text
        await screen.type("Hi")
        await screen.until(lambda: in_list(screen, "● Hi"))


async def test_the_filter_lists_titles_with_these_beginnings() -> None:
    given, archive = with_history()
    async with listing(given, archive) as screen:
        await screen.pilot.press("slash", *"bre ba")
        await screen.until(lambda: at(screen) == "bread" and not in_list(screen, "Write a poem"))
        await screen.pilot.press("escape")
        await screen.until(lambda: in_list(screen, "Write a poem") and screen.app.focused is rows(screen))
        await screen.shows("Enter Open", "d Delete")
        await screen.pilot.press("slash", *"zzz")
        await screen.shows("No title has these words.")
        assert "Enter Open" not in screen.text
        await screen.shows("/ Filter", "u Undo")
        await screen.pilot.press("escape", "slash")
        await screen.until(lambda: screen.app.focused is panel(screen).filter)
        await screen.shows("Write a poem")
        assert panel(screen).filter.value == ""


async def test_a_list_that_was_closed_opens_without_its_filter() -> None:
    given, archive = with_history()
    async with listing(given, archive) as screen:
        await screen.pilot.press("slash", *"nothing", "f3")
        await screen.until(lambda: not panel(screen).display)
        await screen.pilot.press("ctrl+b")
        await screen.until(lambda: rows(screen).item is not None)
        assert panel(screen).filter.value == ""


async def test_enter_in_the_filter_opens_what_was_typed_and_not_what_was_listed_before() -> None:
    given, archive = with_history()
    async with listing(given, archive) as screen:
        await screen.pilot.press("slash", *"key", "enter")
        await screen.until(lambda: shown(screen) == "key")


class Held(MemoryArchive):
    """Lists with a filter wait for their gates."""

    def __init__(self, **gates: Gate) -> None:
        super().__init__()
        self.gates = gates

    async def conversations(
        self, text: str = "", *, archived: bool = False, deleted: bool = False, limit: int = 200, offset: int = 0
    ) -> list[Overview]:
        if text in self.gates:
            self.gates[text].reached.set()
            await self.gates[text].event.wait()
        return await super().conversations(text, archived=archived, deleted=deleted, limit=limit, offset=offset)


async def test_a_late_list_never_takes_the_place_of_a_newer_one() -> None:
    slow = Gate()
    given, archive = with_history(archive=Held(r=slow))
    async with listing(given, archive) as screen:
        await screen.pilot.press("slash", "r")
        await slow.reached.wait()
        await screen.pilot.press("backspace", *"key")
        await screen.until(lambda: at(screen) == "key")
        slow.open()
        await screen.pilot.pause()
        await screen.pilot.pause()
        assert at(screen) == "key"
        assert not in_list(screen, "rain")


async def test_renaming_in_place_and_giving_it_up() -> None:
    given, archive = with_history()
    async with listing(given, archive) as screen:
        await open_it(screen, "bread")
        await screen.pilot.press("ctrl+b")
        await screen.pilot.press("r", *"Loaves", "enter")
        await screen.until(lambda: in_list(screen, "● Loaves"))
        assert archive.kept["bread"].conversation.title == "Loaves"
        assert screen.app.get_default_screen().pane.shown.title == "Loaves"
        assert screen.app.focused is rows(screen)
        await screen.pilot.press("f2", *"Other", "escape")
        await screen.until(lambda: screen.app.focused is rows(screen))
        await screen.pilot.press("r", "backspace", "enter")
        await screen.until(lambda: in_list(screen, "● How do I bake bread?"))
        assert archive.calls.count("rename") == 2


async def test_a_title_is_foreign_text() -> None:
    given, archive = with_history()
    async with listing(given, archive) as screen:
        await go_to(screen, "markup")
        await screen.pilot.press("r")
        await screen.until(lambda: isinstance(screen.app.focused, Input))
        await screen.pilot.press("end", *"[/x]", "enter")
        await screen.until(lambda: archive.kept["markup"].conversation.title.endswith("[/x]"))
        await screen.pilot.press("d")
        await screen.shows("Deleted, u brings it back:", "[b]bold[/b] [@click")


async def test_pinning_and_back() -> None:
    given, archive = with_history()
    async with listing(given, archive) as screen:
        await go_to(screen, "key")
        await screen.pilot.press("p")
        await screen.until(lambda: archive.kept["key"].conversation.pinned and not in_list(screen, "April"))
        assert at(screen) == "key"
        await screen.pilot.press("p")
        await screen.until(lambda: in_list(screen, "April"))


async def test_archiving_and_the_list_of_the_archived() -> None:
    given, archive = with_history()
    async with listing(given, archive) as screen:
        await go_to(screen, "rain")
        await screen.pilot.press("a")
        await screen.shows("Archived, A shows where: Write a poem")
        await screen.until(lambda: not in_list(screen, "Yesterday"))
        await screen.pilot.press("A")
        await screen.shows("Archived conversations", "Old apples", "Yesterday")
        await go_to(screen, "rain")
        await screen.pilot.press("a")
        await screen.shows("Back among the others")
        await screen.pilot.press("A")
        await screen.until(lambda: in_list(screen, "Yesterday"))
        assert "Archived conversations" not in screen.text


async def test_deleting_and_bringing_back() -> None:
    given, archive = with_history()
    async with listing(given, archive) as screen:
        await go_to(screen, "rain")
        await screen.pilot.press("d")
        await screen.shows("Deleted, u brings it back")
        await screen.until(lambda: not in_list(screen, "Yesterday"))
        assert at(screen) == "markup"
        await screen.pilot.press("d")
        await screen.until(lambda: not in_list(screen, "Saturday"))
        await screen.pilot.press("u")
        await screen.until(lambda: at(screen) == "markup")
        await screen.pilot.press("u")
        await screen.until(lambda: at(screen) == "rain")
        await screen.pilot.press("u")
        await screen.until(lambda: "nothing to take back" in foot(screen))


async def test_deleting_what_is_shown_and_bringing_it_back() -> None:
    given, archive = with_history()
    async with listing(given, archive) as screen:
        await open_it(screen, "bread")
        await screen.pilot.press("ctrl+b", "d")
        await screen.until(lambda: shown(screen) != "bread")
        await screen.shows("Type a question")
        assert screen.app.focused is rows(screen)
        await screen.until(lambda: "Deleted, u brings it back" in foot(screen))
        await screen.pilot.press("u")
        await screen.until(lambda: shown(screen) == "bread")
        await screen.shows("With patience.")
        assert screen.app.focused is rows(screen)
        assert screen.prompt == ""


async def test_on_a_small_screen_the_list_stays_after_deleting_what_is_shown() -> None:
    given, archive = with_history()
    async with listing(given, archive, (40, 15)) as screen:
        await open_it(screen, "bread")
        await screen.pilot.press("ctrl+b", "d")
        await screen.until(lambda: shown(screen) != "bread")
        await screen.shows("Deleted, u brings it back")
        await screen.pilot.press("u")
        await screen.until(lambda: shown(screen) == "bread" and at(screen) == "bread")
        assert screen.app.focused is rows(screen)


async def test_a_list_that_covers_everything_goes_away_where_nobody_is_in_it() -> None:
    given, archive = with_history()
    async with listing(given, archive) as screen:
        await screen.pilot.press("tab")
        await screen.until(lambda: isinstance(screen.app.focused, Prompt))
        await screen.pilot.resize_terminal(40, 15)
        await screen.shows("ready")
        await screen.until(lambda: not panel(screen).display)


async def test_what_was_said_goes_with_the_next_key() -> None:
    given, archive = with_history()
    async with listing(given, archive) as screen:
        for key in ("down", "pagedown", "slash", "A"):
            await screen.pilot.press(*["escape"] * (key == "A"))
            await go_to(screen, "fruits")
            await screen.pilot.press("a", "u")
            await screen.until(lambda: "Back among the others" in foot(screen))
            await screen.pilot.press(key)
            await screen.until(lambda: "Back among" not in foot(screen))


async def test_the_most_used_keys_and_help_are_always_listed() -> None:
    given, archive = with_history()
    async with listing(given, archive, (80, 24)) as screen:
        await screen.shows("t Title  a Archive  d Delete  u Undo", "F1 Help")
        await screen.pilot.press("tab")
        await screen.shows("Enter Send", "F1 Help")
        await screen.pilot.press("tab")
        await screen.shows("e Edit", "F1 Help")
        await screen.pilot.resize_terminal(120, 24)
        await screen.pilot.press("ctrl+b")
        await screen.shows("p Pin", "A Archived", "x Save", "F1 Help")


async def test_archiving_and_renaming_are_taken_back() -> None:
    async def named(conversation: Conversation) -> str:
        return f"Not {conversation.title}"

    given, archive = with_history(make_title=named)
    async with listing(given, archive) as screen:
        await open_it(screen, "fruits")
        await screen.pilot.press("ctrl+b", "t")
        await screen.until(lambda: in_list(screen, "● Not Fruits for the winter"))
        await screen.pilot.press("a")
        await screen.until(lambda: archive.kept["fruits"].conversation.archived)
        assert screen.app.get_default_screen().pane.shown.archived
        await screen.pilot.press("u")
        await screen.until(lambda: not archive.kept["fruits"].conversation.archived and at(screen) == "fruits")
        assert not screen.app.get_default_screen().pane.shown.archived
        await screen.pilot.press("u")
        await screen.until(lambda: in_list(screen, "● Fruits for the winter"))
        assert screen.app.get_default_screen().pane.shown.title == "Fruits for the winter"


async def test_the_field_for_a_title_says_what_it_is() -> None:
    given, archive = with_history()
    async with listing(given, archive) as screen:
        await screen.pilot.press("r")
        await screen.shows("New title")
        await screen.pilot.press("escape")
        await screen.until(lambda: "New title" not in screen.text)


async def test_a_conversation_is_not_deleted_while_an_answer_comes_in() -> None:
    given, archive = with_history([TextDelta("Half"), Gate()])
    async with listing(given, archive) as screen:
        await open_it(screen, "bread")
        await screen.type("More")
        await screen.shows("Half")
        await screen.pilot.press("ctrl+b")
        await go_to(screen, "bread")
        await screen.pilot.press("d")
        await screen.shows("An answer is coming in there.")
        assert "delete" not in archive.calls


async def test_a_title_by_the_model() -> None:
    asked: list[str] = []

    async def make(made_for: Conversation) -> str:
        asked.extend(message.text for message in made_for.messages[:1])
        if len(asked) > 1:
            raise ServerError("The model is gone.", hint="Try again.")
        return "Loaves of bread"

    given, archive = with_history(make_title=make)
    async with listing(given, archive) as screen:
        await go_to(screen, "bread")
        await screen.pilot.press("t")
        await screen.until(lambda: in_list(screen, "Loaves of bread"))
        assert asked == ["How do I bake bread?"]
        await screen.pilot.press("t")
        await screen.shows("The model is gone. Try again.")
        assert archive.kept["bread"].conversation.title == "Loaves of bread"


async def test_without_a_model_for_titles_it_says_so() -> None:
    given, archive = with_history()
    given.trouble = [ConfigError("No provider is named.")]
    async with listing(given, archive) as screen:
        await screen.pilot.press("t")
        await screen.shows("There is no model that could be")


async def test_exporting_asks_for_a_name(tmp_path: Path) -> None:
    given, archive = with_history()
    async with listing(given, archive) as screen:
        await go_to(screen, "bread")
        await screen.pilot.press("x")
        await screen.shows("Save the conversation as")
        path = tmp_path / "bread.md"
        screen.app.screen.query_one(Input).value = str(path)
        await screen.pilot.press("enter")
        await screen.until(path.exists)
        assert "With patience." in path.read_text(encoding="utf-8")


async def test_opening_while_an_answer_comes_in_asks_first() -> None:
    given, archive = with_history([TextDelta("Half an answer"), Gate()])
    async with listing(given, archive, kept=some()) as screen:
        await screen.pilot.press("tab")
        await screen.type("Tell me")
        await screen.shows("Half an answer")
        await screen.type("queued prompt")
        await screen.shows("1 queued")
        mine = shown(screen)
        await screen.pilot.press("ctrl+b")
        await go_to(screen, "bread")
        await screen.pilot.press("enter")
        await screen.shows("An answer is coming in")
        await screen.pilot.press("n")
        await screen.shows("streaming", "1 queued")
        assert shown(screen) == mine
        await screen.pilot.press("enter")
        await screen.shows("An answer is coming in")
        await screen.pilot.press("y")
        await screen.until(lambda: shown(screen) == "bread")
        await screen.shows("With patience.")
        await screen.until(lambda: archive.drafts.get(mine) == "queued prompt")
        kept = list(archive.kept[mine])
        assert (kept[-1].text, kept[-1].status) == ("Half an answer", MessageStatus.CANCELLED)
        assert screen.prompt == ""
        await screen.pilot.press("ctrl+b")
        await open_it(screen, mine)
        await screen.shows("Half an answer", "Stopped.")
        await screen.until(lambda: screen.prompt == "queued prompt")


async def test_stopping_before_the_first_token_keeps_the_prompt_with_its_conversation() -> None:
    given, archive = with_history([Gate()])
    async with listing(given, archive) as screen:
        await screen.pilot.press("tab")
        await screen.type("Tell me")
        await screen.shows("connecting")
        mine = shown(screen)
        await screen.pilot.press("ctrl+b")
        await go_to(screen, "bread")
        await screen.pilot.press("enter")
        await screen.shows("An answer is coming in")
        await screen.pilot.press("y")
        await screen.until(lambda: shown(screen) == "bread")
        await screen.until(lambda: archive.drafts.get(mine) == "Tell me")
        assert screen.prompt == ""


async def test_an_interrupted_answer_can_go_on() -> None:
    given, archive = with_history([TextDelta(" on the roof"), STOP])
    async with listing(given, archive) as screen:
        await open_it(screen, "rain")
        await screen.shows("Interrupted after 14 characters", "Ctrl+N goes on · Ctrl+R asks again")
        await screen.pilot.press("ctrl+n")
        await screen.shows("The rain falls on the roof", "done")
        assert "Interrupted" not in screen.text


async def test_an_interrupted_answer_can_be_kept_or_asked_for_again() -> None:
    given, archive = with_history([TextDelta("Another poem"), STOP])
    async with listing(given, archive) as screen:
        await open_it(screen, "rain")
        await screen.shows("Ctrl+R asks again")
        await screen.pilot.press("escape")
        await screen.until(lambda: "asks again" not in screen.text)
        await screen.pilot.press("ctrl+b")
        await open_it(screen, "bread")
        await screen.pilot.press("ctrl+b")
        await open_it(screen, "rain")
        await screen.shows("Ctrl+R asks again")
        await screen.pilot.press("ctrl+r")
        await screen.shows("Another poem", "done")


async def test_where_nothing_is_kept_it_says_why() -> None:
    given = chat([TextDelta("Hello"), STOP])
    given.history = History(reason="The folder cannot be written to.")
    async with running(given) as screen:
        await screen.pilot.press("ctrl+b")
        await screen.shows("Nothing is kept.", "cannot be written")
        await screen.pilot.press("d", "r", "u", "t", "x", "A", "slash", "enter", "escape", "ctrl+p")
        await screen.shows("Nothing is kept. The folder")
        await screen.type("Hi")
        await screen.shows("Hello", "done")


async def test_an_empty_history() -> None:
    given, archive = with_history()
    async with running(given) as screen:
        await screen.pilot.press("ctrl+b")
        await screen.shows("There are no conversations yet.")
        await screen.pilot.press("A")
        await screen.shows("The archive is empty.")
        assert archive.calls.count("conversations") == 2


async def test_a_failing_archive_is_told_and_nothing_is_lost() -> None:
    given, archive = with_history()
    async with listing(given, archive) as screen:
        await open_it(screen, "bread")
        archive.failure = StoreError("The history cannot be read.", hint="Look at the disk.")
        await screen.pilot.press("ctrl+b")
        await screen.until(lambda: "The history cannot be read. Look at the disk." in foot(screen))
        await go_to(screen, "rain")
        await screen.pilot.press("enter", "p")
        await screen.pilot.pause()
        assert shown(screen) == "bread"
        assert in_list(screen, "Write a poem")
        archive.failure = None
        await screen.pilot.press("enter")
        await screen.until(lambda: shown(screen) == "rain")


async def test_a_history_can_be_read_where_no_provider_can_be_had() -> None:
    given, archive = with_history()
    given.trouble = [ConfigError("There is no such provider."), ConfigError("There is no such provider.")]
    await keep(archive, *some())
    async with running(given, WIDE) as screen:
        await screen.shows("There is no such provider.")
        await screen.pilot.press("ctrl+b")
        await screen.until(lambda: rows(screen).item is not None)
        await open_it(screen, "bread")
        await screen.shows("With patience.")
        given.trouble.clear()
        await screen.type("More")
        await screen.until(lambda: len(archive.kept["bread"].messages) == 4)


async def test_the_app_begins_with_the_conversation_it_is_told_to() -> None:
    given, archive = with_history(start="fruits")
    await keep(archive, *some())
    archive.drafts["fruits"] = "half a question"
    async with running(given) as screen:
        await screen.shows("Pears keep for a week.")
        await screen.until(lambda: screen.prompt == "half a question")


@pytest.mark.parametrize("key", ["end", "pagedown"])
async def test_a_long_list_is_read_page_by_page(key: str) -> None:
    given, archive = with_history()
    many = [conversation(f"Question {number}", "No", ago=timedelta(hours=number)) for number in range(1200)]
    async with listing(given, archive, kept=many) as screen:
        assert archive.calls.count("conversations") == 1
        for wanted in (400, 600, 1200):
            while rows(screen).virtual_size.height < wanted:
                await screen.pilot.press(key)
        while at(screen) != many[-1].id:
            await screen.pilot.press(key)
        assert in_list(screen, "Question 1199")
        assert archive.calls.count("conversations") <= 8
        await screen.pilot.press("home")
        assert in_list(screen, "Question 0 ")


async def test_what_is_wanted_while_another_conversation_loads_wins() -> None:
    gate = Gate()

    class Slow(MemoryArchive):
        async def load(self, conversation_id: str, *, tail: int | None = None) -> Conversation:
            if conversation_id == "rain":
                gate.reached.set()
                await gate.event.wait()
            return await super().load(conversation_id, tail=tail)

    given, archive = with_history(archive=Slow())
    async with listing(given, archive) as screen:
        await go_to(screen, "rain")
        await screen.pilot.press("enter")
        await gate.reached.wait()
        await open_it(screen, "bread")
        gate.open()
        await settled(screen, lambda: shown(screen) == "bread")


async def settled(screen: Screen, holds: Callable[[], bool]) -> None:
    """Something holds, and goes on to."""
    for _ in range(10):
        await asyncio.sleep(0)
        await screen.pilot.pause()
        assert holds()
