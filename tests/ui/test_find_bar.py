from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from textual import on
from textual.app import App, ComposeResult
from textual.events import Paste
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Input

import tui_stream.ui
from tests.ui.harness import PATIENCE
from tui_stream.ui.search import LONGEST
from tui_stream.ui.widgets.find_bar import FindBar

CSS = Path(tui_stream.ui.__file__).with_name("app.tcss")


class FindApp(App[None]):
    """Another field, and the bar; keeps what the bar says."""

    CSS_PATH = CSS
    ENABLE_COMMAND_PALETTE = False

    def __init__(self) -> None:
        super().__init__()
        self.bar = FindBar()
        self.other = Input(id="other")
        self.said: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.other
        yield self.bar

    @on(FindBar.Changed)
    @on(FindBar.Step)
    @on(FindBar.Closed)
    def _keep(self, event: Message) -> None:
        self.said.append(event)
        if isinstance(event, FindBar.Closed):
            self.other.focus()

    @property
    def line(self) -> str:
        """What stands on the bar's line, nothing where it is not shown."""
        strips = self.screen._compositor.render_strips()
        return strips[self.bar.region.y].text if self.bar.display else ""

    def counts(self, shown: str) -> bool:
        """Whether this is the count."""
        return self.line.rstrip().endswith(f" {shown}")

    def say(self) -> list[object]:
        """What the bar said so far, in short."""
        said: list[object] = []
        for event in self.said:
            match event:
                case FindBar.Changed():
                    said.append(event.text)
                case FindBar.Step():
                    said.append(event.by)
                case _:
                    said.append(None)
        return said


@asynccontextmanager
async def opened(text: str = "") -> AsyncGenerator[tuple[FindApp, Pilot[None]], None]:
    app = FindApp()
    async with app.run_test(size=(60, 10)) as pilot:
        app.bar.open(text)
        await until(pilot, lambda: app.focused is not None and app.focused.id == "find-field")
        yield app, pilot


async def until(pilot: Pilot[None], predicate: Callable[[], object]) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE
    while not predicate():
        assert loop.time() < end, "never came true"
        await pilot.pause()


async def test_it_is_hidden_until_it_is_opened() -> None:
    app = FindApp()
    async with app.run_test(size=(60, 10)) as pilot:
        assert not app.bar.is_open
        assert app.bar.region.height == 0
        app.other.focus()
        app.bar.open()
        await until(pilot, lambda: app.bar.region.height == 1)
        assert app.line.lstrip().startswith("Find")
        app.bar.close()
        await until(pilot, lambda: app.said)
        assert app.say() == [None]
        app.bar.close()
        await pilot.pause()
        assert app.say() == [None]


async def test_what_is_typed_is_told_and_steps_come_after_it() -> None:
    async with opened() as (app, pilot):
        await pilot.press("a", "b", "enter", "down", "shift+enter", "up", "c")
        await until(pilot, lambda: len(app.said) == 7)
        assert app.say() == ["a", "ab", 1, 1, -1, -1, "abc"]


async def test_escape_closes_it_and_typing_goes_elsewhere() -> None:
    async with opened() as (app, pilot):
        await pilot.press("a", "escape")
        await until(pilot, lambda: app.focused is app.other)
        assert app.say() == ["a", None]
        assert not app.bar.is_open
        await pilot.press("x")
        await until(pilot, lambda: app.other.value == "x")
        assert app.bar.text == "a"


async def test_the_old_text_is_selected_and_told_again() -> None:
    async with opened() as (app, pilot):
        await pilot.press("a", "b", "escape")
        await until(pilot, lambda: app.focused is app.other)
        app.bar.open()
        await until(pilot, lambda: app.say() == ["a", "ab", None, "ab"])
        assert app.bar.selected_text == "ab"
        app.bar.open()
        await pilot.press("c")
        await until(pilot, lambda: app.bar.text == "c")
        assert app.say() == ["a", "ab", None, "ab", "c"]


async def test_it_opens_with_a_text() -> None:
    async with opened("some\nwords") as (app, pilot):
        await until(pilot, lambda: app.said)
        assert app.say() == ["some words"]
        assert app.bar.selected_text == "some words"


async def test_what_is_pasted_is_one_clean_line() -> None:
    async with opened() as (app, pilot):
        field = app.bar.query_one(Input)
        field.post_message(Paste("one\r\n\ttwo\x1b[31m\u202e [b]three[/b]"))
        await until(pilot, lambda: app.said)
        assert app.bar.text == "one two[31m [b]three[/b]"
        assert app.say() == [app.bar.text]
        assert app.bar.text in app.line
        field.post_message(Paste("\n"))
        field.post_message(Paste("x" * 10_000))
        await until(pilot, lambda: len(app.bar.text) == LONGEST)
        assert app.bar.text.startswith("one two[31m [b]three[/b] xxx")


async def test_it_counts() -> None:
    async with opened("word") as (app, pilot):
        for position, count, searching, shown in [
            (3, 17, False, "3 of 17"),
            (None, 17, False, "17 matches"),
            (None, 1, False, "1 match"),
            (None, 17, True, "17+ …"),
            (1, 1700, True, "1 of 1,700+ …"),
            (None, 0, True, "searching …"),
            (None, 0, False, "no match"),
        ]:
            app.bar.show(position, count, searching)
            await until(pilot, partial(app.counts, shown))
        assert app.bar.query_one("#find-count").has_class("-none")
        app.bar.query_one(Input).value = " "
        await until(pilot, lambda: "match" not in app.line)
        app.bar.show(None, 0, False)
        await pilot.pause()
        assert "match" not in app.line


async def test_it_fits_a_narrow_screen() -> None:
    app = FindApp()
    async with app.run_test(size=(24, 6)) as pilot:
        app.bar.open("a long text that does not fit")
        app.bar.show(3, 17, False)
        await until(pilot, lambda: "3 of 17" in app.line)
        assert app.bar.region.height == 1
