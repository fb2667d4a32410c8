"""What shows the streamed answer in the measured program: the transcript, Textual's `Markdown`, and plain lines."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from tests.benchmarks.render.wire import MARK, Kind
from tui_stream.core.models import Message
from tui_stream.ui.entries import PromptEntry
from tui_stream.ui.looks import COMPONENTS, make_looks
from tui_stream.ui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from textual.widgets import Markdown

    from tui_stream.markdown import LiveMarkdown
    from tui_stream.ui.answer import AnswerEntry

_SECOND_FRAME = 0.03  # seconds in which Textual draws a Markdown widget once more after an append


class View(ABC):
    """Shows earlier messages, a prompt and an answer that grows.

    Attributes:
        widget: what it is on the screen.
        settling: seconds after an append in which it may be drawn once more.
    """

    widget: Widget
    settling = 0.0

    @abstractmethod
    async def begin(self, messages: Sequence[Message]) -> None:
        """Shows a conversation and a prompt, following the end."""

    @abstractmethod
    async def append(self, text: str) -> None:
        """Adds to the answer; it is shown with the next frame."""

    async def fill(self, texts: Iterable[str]) -> None:
        """Adds to the answer in the same pieces, without waiting for frames."""
        for number, text in enumerate(texts):
            await self.append(text)
            if number % 16 == 15:
                await asyncio.sleep(0)

    @property
    def line_count(self) -> int:
        """How many lines there are."""
        return self.widget.virtual_size.height


class Ours(View):
    """The transcript, fed as the chat's pane feeds it."""

    def __init__(self) -> None:
        self._transcript = Transcript()
        self.widget = self._transcript
        self._answer: AnswerEntry | None = None

    async def begin(self, messages: Sequence[Message]) -> None:
        """Loads the messages, if there are any, and adds a prompt."""
        if messages:
            self._transcript.load(messages)
        self._prompt = PromptEntry(MARK)
        self._transcript.add(self._prompt)
        self._transcript.follow()

    async def append(self, text: str) -> None:
        """Hands the text on, then waits until the terminal keeps up."""
        if self._answer is None:
            self._answer = self._transcript.add_answer("model", after=self._prompt)
        await self._transcript.write(self._answer, text)
        await self._transcript.app.link.ready()  # type: ignore[attr-defined] # its app is a ChatApp


class Stock(View):
    """Textual's `Markdown` in a scroll container that stays at its end."""

    settling = _SECOND_FRAME

    def __init__(self) -> None:
        from textual.containers import VerticalScroll

        self.widget = VerticalScroll()
        self._answer: Markdown | None = None

    async def begin(self, messages: Sequence[Message]) -> None:
        """A widget for each message."""
        from textual.widgets import Markdown, Static

        await self.widget.mount_all(Markdown(message.text) for message in messages)
        await self.widget.mount(Static(MARK))
        self.widget.anchor()

    async def append(self, text: str) -> None:
        """The way the library has for it."""
        from textual.widgets import Markdown

        if self._answer is None:
            self._answer = Markdown()
            await self.widget.mount(self._answer)
        await self._answer.append(text)

    async def fill(self, texts: Iterable[str]) -> None:
        """All at once, since it would take minutes otherwise."""
        await self.append("".join(texts))


class PlainView(View):
    """Finished lines of the same look, on the simplest widget that scrolls; what it writes is what Textual needs."""

    def __init__(self) -> None:
        self._lines = PlainLines()
        self.widget = self._lines

    async def begin(self, messages: Sequence[Message]) -> None:
        """Shows no messages, only the prompt."""
        del messages
        self._lines.begin()

    async def append(self, text: str) -> None:
        """Lays the text out; the widget gets lines."""
        self._lines.append(text)


class PlainLines(ScrollView):
    """Lines that follow the end: all are drawn when they move, else those that differ.

    It goes by the transcript's id, for the colours that the style sheet gives it.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = set(COMPONENTS)

    def __init__(self) -> None:
        super().__init__(id="transcript")
        self._live: LiveMarkdown | None = None
        self._top = 0
        self._shown: list[Strip] = []

    def begin(self) -> None:
        """Shows the prompt."""
        from tui_stream.markdown import LiveMarkdown

        styles = {name: self.get_component_rich_style(name, partial=True) for name in COMPONENTS}
        looks = make_looks(self.rich_style, styles, self.app.current_theme)
        self._live = LiveMarkdown(self.size.width - 4, theme=looks.markdown)
        self.append(MARK + "\n\n")

    def append(self, text: str) -> None:
        """Adds text; asks for the lines on the screen that are others now to be drawn."""
        if self._live is None:
            return
        self._live.append(text)
        height = self._live.height
        top = max(0, height - self.size.height)
        lines = [self._strip(line) for line in self._live.lines(top, height)]
        before, self._shown = self._shown, lines
        if top != self._top:
            self._top = top
            self.refresh()
            return
        for row, strip in enumerate(lines):
            if row >= len(before) or strip != before[row]:
                self.refresh(Region(0, row, self.size.width, 1))

    def _strip(self, line: list[Segment]) -> Strip:
        base = self.rich_style
        segments = [Segment(text, base + style if style else base) for text, style, _ in line]
        return Strip([Segment("  ", base), *segments]).adjust_cell_length(self.size.width, base).simplify()

    def render_line(self, y: int) -> Strip:
        """One of the lines on the screen."""
        return self._shown[y] if y < len(self._shown) else Strip.blank(self.size.width, self.rich_style)


VIEWS: dict[Kind, Callable[[], View]] = {"ours": Ours, "stock": Stock, "plain": PlainView}
"""The views by kind."""
