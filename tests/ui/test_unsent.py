"""What stands in the prompt box: drafts, and earlier prompts."""

from __future__ import annotations

from datetime import timedelta

from textual.widgets import Input

from tests.fakes import Gate
from tests.memory_archive import MemoryArchive
from tests.ui.conversations import conversation, keep, some, with_history
from tests.ui.harness import Screen, chat, running
from tui_stream.core.events import StreamEnd, TextDelta
from tui_stream.core.models import FinishReason
from tui_stream.errors import ConnectionFailedError, StoreError
from tui_stream.ui.screens.prompts import PromptsScreen
from tui_stream.ui.widgets.prompt import Prompt

STOP = StreamEnd(FinishReason.STOP)


def shown(screen: Screen) -> str:
    return screen.app.get_default_screen().pane.shown.id


def prompt(screen: Screen) -> Prompt:
    return screen.app.get_default_screen().query_one(Prompt)


# -- drafts ---------------------------------------------------------------------------------------------


async def test_what_is_typed_is_kept_while_one_types_on() -> None:
    given, archive = with_history()
    async with running(given) as screen:
        await screen.pilot.press(*"half")
        await screen.until(lambda: archive.drafts.get("new") == "half")
        await screen.pilot.press(*["backspace"] * 4)
        await screen.until(lambda: not archive.drafts)


async def test_it_is_there_again_at_the_next_start() -> None:
    given, archive = with_history()
    archive.drafts["new"] = "half a question\nof two lines"
    async with running(given) as screen:
        await screen.until(lambda: screen.prompt == "half a question\nof two lines")
        await screen.pilot.press("!")
        assert screen.prompt.endswith("lines!")


async def test_leaving_keeps_the_last_key() -> None:
    given, archive = with_history()
    async with running(given) as screen:
        await screen.until(lambda: screen.app.get_default_screen()._drafting)
        prompt(screen).text = "typed at the last moment"
        await screen.pilot.press("ctrl+q")
    assert archive.drafts == {"new": "typed at the last moment"}


async def test_what_was_typed_before_the_draft_came_back_stays() -> None:
    gate = Gate()

    class Slow(MemoryArchive):
        async def unsent(self, place: str) -> dict[str, str]:
            await gate.event.wait()
            return await super().unsent(place)

    given, archive = with_history(archive=Slow(drafts={"new": "from before"}))
    async with running(given) as screen:
        await screen.pilot.press(*"now")
        gate.open()
        await screen.until(lambda: screen.prompt == "from before\n\nnow")
        await screen.until(lambda: archive.drafts["new"] == "from before\n\nnow")


async def test_sending_forgets_it() -> None:
    given, archive = with_history([TextDelta("Hello"), STOP])
    async with running(given) as screen:
        await screen.pilot.press(*"Hi")
        await screen.until(lambda: archive.drafts.get("new") == "Hi")
        await screen.pilot.press("enter")
        await screen.shows("Hello", "done")
        await screen.until(lambda: not archive.drafts)


async def test_each_conversation_has_its_own() -> None:
    given, archive = with_history()
    await keep(archive, *some())
    async with running(given) as screen:
        home = screen.app.get_default_screen()
        await screen.pilot.press(*"new one")
        home.open_conversation("bread")
        await screen.until(lambda: shown(screen) == "bread")
        assert screen.prompt == ""
        await screen.until(lambda: archive.drafts == {"new": "new one"})
        await screen.pilot.press(*"flour")
        home.open_conversation("rain")
        await screen.until(lambda: shown(screen) == "rain")
        assert screen.prompt == ""
        await screen.until(lambda: archive.drafts == {"new": "new one", "bread": "flour"})
        home.open_conversation("bread")
        await screen.until(lambda: screen.prompt == "flour")
        home.new_conversation()
        await screen.until(lambda: screen.prompt == "new one")


async def test_prompts_that_wait_are_unsent_too() -> None:
    gate = Gate()
    given, archive = with_history([TextDelta("Half"), gate, STOP], [TextDelta("Second"), STOP])
    async with running(given) as screen:
        await screen.type("one")
        await screen.shows("Half")
        await screen.type("two")
        await screen.pilot.press(*"three")
        await screen.until(lambda: archive.drafts.get(shown(screen)) == "two\n\nthree")
        gate.open()
        await screen.shows("Second", "done")
        await screen.until(lambda: archive.drafts == {shown(screen): "three"})


async def test_an_unanswered_prompt_that_comes_back_is_kept() -> None:
    given, archive = with_history([ConnectionFailedError("Refused.")])
    async with running(given) as screen:
        await screen.type("Hi")
        await screen.shows("Refused.")
        await screen.until(lambda: archive.drafts == {shown(screen): "Hi"})


async def test_a_draft_that_cannot_be_kept_is_said_once_and_typing_goes_on() -> None:
    given, archive = with_history()
    async with running(given) as screen:
        archive.failure = StoreError("The disk is full.", hint="Make room.")
        await screen.pilot.press("a")
        await screen.shows("The disk is full. Make room.")
        await screen.pilot.press("b")
        assert screen.prompt == "ab"
        archive.failure = None
        await screen.pilot.press("c")
        await screen.until(lambda: archive.drafts == {"new": "abc"})


# -- earlier prompts ------------------------------------------------------------------------------------


async def test_up_and_down_go_through_the_prompts_of_all_conversations() -> None:
    given, archive = with_history([TextDelta("Hello"), STOP])
    await keep(archive, *some())
    async with running(given) as screen:
        await screen.until(lambda: "prompts" in archive.calls)
        await screen.pilot.press(*"typed")
        seen = []
        for key in ("up", "up", "up", "down", "down", "down", "down"):
            await screen.pilot.press(key)
            seen.append(screen.prompt)
        newest = await archive.prompts()
        assert seen == [newest[0], newest[1], newest[2], newest[1], newest[0], "typed", "typed"]
        await screen.pilot.press("up", "up", "enter")
        await screen.shows("Hello", "done")
        await screen.pilot.press("up")
        assert screen.prompt == newest[1]


async def test_arrows_move_within_a_text_of_several_lines() -> None:
    given, archive = with_history()
    await keep(archive, conversation("first\nsecond\nthird", "Yes"), conversation("older", "No", ago=timedelta(days=1)))
    async with running(given) as screen:
        await screen.until(lambda: "prompts" in archive.calls)
        await screen.pilot.press(*"ab", "ctrl+j", *"cd")
        await screen.pilot.press("up")
        assert prompt(screen).cursor_location == (0, 2)
        await screen.pilot.press("down")
        assert prompt(screen).cursor_location == (1, 2)
        await screen.pilot.press("up", "up")
        assert screen.prompt == "first\nsecond\nthird"
        await screen.pilot.press("up")
        assert screen.prompt == "older"
        await screen.pilot.press("down")
        assert screen.prompt == "first\nsecond\nthird"
        await screen.pilot.press("left", "up")
        assert prompt(screen).cursor_location[0] == 1
        await screen.pilot.press("down", "down")
        assert screen.prompt == "ab\ncd"


async def test_a_wrapped_line_is_several_lines() -> None:
    given, archive = with_history()
    await keep(archive, conversation("older", "No"))
    async with running(given, (40, 20)) as screen:
        await screen.until(lambda: "prompts" in archive.calls)
        await screen.pilot.press(*("word " * 12))
        await screen.pilot.press("up")
        assert screen.prompt == "word " * 12
        await screen.pilot.press("up")
        assert screen.prompt == "older"


async def test_a_selection_is_not_recalled_over() -> None:
    given, archive = with_history()
    await keep(archive, conversation("older", "No"))
    async with running(given) as screen:
        await screen.until(lambda: "prompts" in archive.calls)
        await screen.pilot.press(*"ab", "shift+left", "up")
        assert screen.prompt == "ab"


async def test_recall_works_without_an_archive() -> None:
    async with running(chat([TextDelta("Hello"), STOP])) as screen:
        await screen.type("one")
        await screen.shows("Hello", "done")
        await screen.pilot.press("up")
        assert screen.prompt == "one"
        await screen.pilot.press("alt+r")
        await screen.shows("Nothing is kept.")


async def test_the_list_of_prompts_is_searched_and_gives_one_back() -> None:
    given, archive = with_history()
    await keep(archive, *some())
    async with running(given) as screen:
        await screen.pilot.press(*"typed", "alt+r")
        await screen.until(lambda: isinstance(screen.app.screen, PromptsScreen))
        await screen.shows("Which fruits keep well", "Write a poem about rain", "[b]bold[/b] [@click=app.quit]x[/]")
        await screen.pilot.press(*"about RAIN")
        await screen.until(lambda: "Which fruits" not in screen.text)
        await screen.pilot.press("enter")
        await screen.until(lambda: screen.prompt == "Write a poem about rain")
        await screen.until(lambda: screen.app.focused is prompt(screen))
        await screen.pilot.press("down")
        assert screen.prompt == "typed"
        await screen.pilot.press("alt+r")
        await screen.until(lambda: isinstance(screen.app.screen, PromptsScreen))
        await screen.pilot.press(*"zzz")
        await screen.shows("No earlier prompt has this text.")
        assert screen.app.screen.query_one(Input).value == "zzz"
        await screen.pilot.press("escape")
        await screen.until(lambda: screen.app.focused is prompt(screen))
        assert screen.prompt == "typed"


async def test_prompts_that_cannot_be_read_are_told() -> None:
    class NoPrompts(MemoryArchive):
        async def prompts(self, text: str = "", *, limit: int = 100, offset: int = 0) -> list[str]:
            del text, limit, offset
            raise StoreError("The prompts cannot be read.")

    given, _ = with_history(archive=NoPrompts())
    async with running(given) as screen:
        await screen.pilot.press("x", "up")
        await screen.shows("The prompts cannot be read.")
        assert screen.prompt == "x"
        await screen.pilot.press("alt+r")
        await screen.until(lambda: isinstance(screen.app.screen, PromptsScreen))
        await screen.until(lambda: screen.text.count("The prompts cannot be read.") >= 2)
