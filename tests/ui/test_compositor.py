from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from textual._compositor import Compositor, CompositorUpdate
from textual._context import visible_screen_stack
from textual.app import App, ComposeResult
from textual.geometry import Offset, Region
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from tests.ui.harness import Screen, chat, running
from tui_stream.ui.answer import AnswerEntry
from tui_stream.ui.app import ChatApp
from tui_stream.ui.compositor import QuickCompositor
from tui_stream.ui.entries import PromptEntry
from tui_stream.ui.paint import Painted
from tui_stream.ui.widgets.status_bar import StatusBar
from tui_stream.ui.widgets.transcript import Transcript

CONSTRUCTS = Path(__file__).with_name("constructs.md").read_text()
WIDE = "漢字かな交じり文 🙂 👩‍👩‍👧 é combining, and ordinary text between them. " * 3
_TOKEN = re.compile(r"\x1b\[([\d;]*)([A-Za-z])|\x1b\]8;([^\x1b]*)\x1b\\|([^\x1b])")
Cell = tuple[str, str, str]
"""A character, its style and its link; the second half of a wide one has an empty text."""


class Glass:
    """As much of a terminal as a painter uses: cells with their styles, margins, and rows that move.

    What is written past a row's end is lost.
    """

    def __init__(self, width: int, height: int) -> None:
        self.size = width, height
        self.rows: list[list[Cell]] = [[("?", "", "")] * width for _ in range(height)]
        self._x = self._y = self._top = 0
        self._bottom = height - 1
        self._style = self._link = ""

    def write(self, data: str) -> None:
        for numbers, control, target, character in _TOKEN.findall(data):
            if character:
                self._put(character)
            elif control:
                self._obey(control, numbers)
            else:
                self._link = target.strip(";")

    def _put(self, character: str) -> None:
        row, width = self.rows[self._y], cell_len(character)
        if not width:
            before = max(0, self._x - 1 if row[self._x - 1][0] else self._x - 2)
            row[before] = (row[before][0] + character, *row[before][1:])
        for place in range(min(width, len(row) - self._x)):
            row[self._x + place] = (character if not place else "", self._style, self._link)
        self._x = min(len(row), self._x + width)

    def _obey(self, control: str, numbers: str) -> None:
        values = [int(number) for number in numbers.split(";") if number]
        match control:
            case "m":
                self._style = "" if numbers == "0" else numbers
            case "H":
                self._y, self._x = values[0] - 1, values[1] - 1 if len(values) > 1 else 0
            case "r":
                self._top, self._bottom = (values[0] - 1, values[1] - 1) if values else (0, self.size[1] - 1)
            case "M" | "L":
                for _ in range(values[0]):
                    out, into = (self._y, self._bottom) if control == "M" else (self._bottom, self._y)
                    del self.rows[out]
                    self.rows.insert(into, [(" ", "", "")] * self.size[0])
            case _:
                raise AssertionError(control)


def whole(app: ChatApp) -> list[list[Cell]]:
    """What a full redraw shows, if Textual composes it: this screen, and those behind it."""
    visible_screen_stack.set(app._background_screens)
    glass = Glass(*app.size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QuickCompositor, "_render_chops", Compositor._render_chops)
        chops = app.screen._compositor._render_chops(app.size.region, lambda _: True)
    for y, row in enumerate(chops):
        for x, strip in row.items():
            glass.write(f"\x1b[{y + 1};{x + 1}H{strip.render(app.console)}")
    return glass.rows


class Shown:
    """Paints all that the headless app would have written to its terminal."""

    def __init__(self, app: ChatApp, patch: pytest.MonkeyPatch) -> None:
        self._app = app
        self.glass = Glass(*app.size)
        patch.setattr(app, "_display", self._display)
        app.redraw()

    def _display(self, screen: object, update: object) -> None:
        del screen
        app = self._app
        if not app._batch_count and isinstance(update, CompositorUpdate):
            if self.glass.size != app.size:
                self.glass = Glass(*app.size)
            self.glass.write(Painted(update, app.painter, app.size).render_segments(app.console))
        app.post_display_hook()

    @property
    def right(self) -> bool:
        """Whether all that changed is drawn, and looks as Textual would have drawn it."""
        return not waiting(self._app) and self.glass.rows == whole(self._app)


def waiting(app: ChatApp) -> bool:
    """Whether something is to be drawn still."""
    screen = app.screen
    return bool(screen._dirty_widgets or screen._compositor._dirty_regions or screen._layout_required)


class Person:
    """Does things while an answer streams in, by chance."""

    def __init__(self, screen: Screen, chance: random.Random) -> None:
        self.screen = screen
        self.app = screen.app
        self.chance = chance
        self.transcript = screen.app.query_one(Transcript)
        self.status = screen.app.query_one(StatusBar)
        self.answer = self.ask()
        self.text = CONSTRUCTS + WIDE + CONSTRUCTS

    def ask(self) -> AnswerEntry:
        prompt = PromptEntry("a question about " + "漢字 " * 4)
        self.transcript.add(prompt)
        return self.transcript.add_answer("model", after=prompt)

    async def stream(self) -> None:
        """A few frames' worth of text; the figures change with some of them."""
        for _ in range(self.chance.randint(1, 6)):
            piece, self.text = self.text[:90], self.text[90:] or CONSTRUCTS
            await self.transcript.write(self.answer, piece)
            if self.chance.random() < 0.4:
                self.status.show(queued=self.chance.randint(0, 9))
            await self.screen.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.screen.pilot.press(*keys)

    async def scroll(self) -> None:
        view = self.transcript
        match self.chance.randint(0, 3):
            case 0:
                view.go_to(view.scroll_offset.y - self.chance.randint(1, 30))
            case 1:
                view.go_to(view.scroll_offset.y + self.chance.randint(1, 10))
            case 2:
                view.scroll_page_up(animate=False)
            case _:
                view.follow()

    async def select(self) -> None:
        top = self.transcript.scroll_offset.y
        start = Offset(self.chance.randint(0, 9), top + self.chance.randint(0, 5))
        end = Offset(self.chance.randint(0, 30), start.y + self.chance.randint(1, 20))
        self.transcript.screen.selections = {self.transcript: Selection(start, end)}

    async def deselect(self) -> None:
        self.transcript.screen.clear_selection()

    async def toast(self) -> None:
        self.app.notify("something to tell " * self.chance.randint(1, 5), timeout=60)

    async def untoast(self) -> None:
        self.app.clear_notifications()

    async def help(self) -> None:
        await self.press("f1")

    async def escape(self) -> None:
        await self.press("escape")

    async def find(self) -> None:
        await self.press("ctrl+f", "e")

    async def type(self) -> None:
        await self.press("h", "i", "shift+enter")

    async def browse(self) -> None:
        if self.app.screen is self.transcript.screen:
            self.transcript.focus(scroll_visible=False)
            await self.press("k")

    async def resize(self) -> None:
        await self.screen.pilot.resize_terminal(self.chance.randint(30, 110), self.chance.randint(8, 40))

    async def theme(self) -> None:
        self.app.theme = self.chance.choice(["textual-dark", "textual-light", "nord"])

    async def redraw(self) -> None:
        self.app.redraw()

    async def hold(self) -> None:
        self.app.link._stop()
        await self.stream()
        self.app.link._let_go()

    async def another(self) -> None:
        self.answer = self.ask()


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_the_terminal_shows_what_a_full_redraw_would(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    async with running(chat(), size=(90, 30)) as screen:
        app = screen.app
        shown = Shown(app, monkeypatch)
        person = Person(screen, chance)
        deeds = [
            *[person.scroll] * 3,
            *[person.select, person.deselect, person.toast, person.untoast, person.help, person.escape, person.find],
            *[person.type, person.browse, person.resize, person.theme, person.redraw, person.hold, person.another],
        ]
        chance.shuffle(deeds)
        for deed in deeds:
            await deed()
            await person.stream()
            await screen.until(lambda: shown.right)


class Grudging(Widget):
    """Gives fewer lines, or shorter ones, than there is room for."""

    def __init__(self, lines: int, width: int) -> None:
        super().__init__()
        self._given = [Strip([Segment("#" * width)], width)] * lines

    def render_lines(self, crop: Region) -> list[Strip]:
        return self._given[crop.y : crop.bottom]


@pytest.mark.parametrize(("widget", "shown"), [(Grudging(2, 20), 2), (Grudging(4, 11), 0), (Grudging(4, 30), 4)])
async def test_what_a_widget_does_not_fill_shows_what_is_behind_it(widget: Grudging, shown: int) -> None:
    class Behind(App[None]):
        def compose(self) -> ComposeResult:
            yield widget

    app = Behind()
    async with app.run_test(size=(20, 4)):
        quick = QuickCompositor()
        quick.reflow(app.screen, app.size)
        strips = [strip.text for strip in quick.render_strips()]
        assert strips == [strip.text for strip in app.screen._compositor.render_strips()]
        assert sum("#" in text for text in strips) == shown


@pytest.mark.parametrize("modal", [False, True])
async def test_every_screen_is_composed_quickly(*, modal: bool) -> None:
    async with running(chat()) as screen:
        if modal:
            await screen.pilot.press("f1")
            await screen.until(lambda: len(screen.app.screen_stack) > 1)
        assert isinstance(screen.app.screen._compositor, QuickCompositor)


async def test_text_that_streams_in_is_asked_for_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(chat(), size=(90, 30)) as screen:
        person = Person(screen, random.Random(0))
        for _ in range(20):
            await person.stream()
        await screen.until(lambda: not waiting(screen.app))
        asked: list[tuple[Widget, Region]] = []
        watch(monkeypatch, asked)
        drawn: list[object] = []
        monkeypatch.setattr(screen.app, "post_display_hook", lambda: drawn.append(None))
        await person.transcript.write(person.answer, "one word")
        await screen.until(lambda: drawn)
        assert {type(widget) for widget, _ in asked} == {Transcript}
        assert all(region.height < 5 for _, region in asked)


async def test_what_changes_at_the_same_time_is_drawn_in_one_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(chat(), size=(90, 30)) as screen:
        person = Person(screen, random.Random(0))
        for _ in range(10):
            await person.stream()
        await screen.until(lambda: not waiting(screen.app))
        asked: list[tuple[Widget, Region]] = []
        watch(monkeypatch, asked)
        frames: list[set[type[Widget]]] = []

        def drawn() -> None:
            frames.append({type(widget) for widget, _ in asked})
            asked.clear()

        monkeypatch.setattr(screen.app, "post_display_hook", drawn)
        person.status.show(queued=5)
        await person.transcript.write(person.answer, "words " * 40)
        await screen.until(lambda: frames)
        assert frames[0] >= {Transcript, StatusBar}


async def test_the_scrollbar_is_drawn_only_where_it_looks_different(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(chat(), size=(90, 30)) as screen:
        view = screen.app.query_one(Transcript)
        bar = view.vertical_scrollbar
        asked: list[str] = []
        monkeypatch.setattr("tui_stream.ui.widgets.quick_scrollbar.draw", lambda _: asked.append("bar"))
        bar.move_thumb(10_000, 9_000)
        assert asked.pop() == "bar"
        bar.move_thumb(10_001, 9_001)
        assert not asked
        bar.move_thumb(10_001, 100)
        assert asked


def watch(patch: pytest.MonkeyPatch, asked: list[tuple[Widget, Region]]) -> None:
    """Notes which widgets are asked for lines."""
    for kind in (Widget, Transcript):
        usual_lines = kind.render_lines

        def render_lines(self: Widget, crop: Region, usual_lines: object = usual_lines) -> list[Strip]:
            asked.append((self, crop))
            return usual_lines(self, crop)  # type: ignore[operator, no-any-return] # the method itself

        patch.setattr(kind, "render_lines", render_lines)
