"""Leaves laid out as lines, each kind in its own incremental way.

It exists because the cost of an append must not depend on how much of the block is already there: a view
keeps what can no longer change and lays out only what came since.
"""
# ruff: noqa: RUF001 - the punctuation is meant

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Final, Literal

from rich.segment import Segment
from rich.style import Style

from tui_stream.markdown.cells import Run, SegmentLine, crop, width_of, wrap_runs
from tui_stream.markdown.completion import closing
from tui_stream.markdown.decoration import Decorator, Prefix
from tui_stream.markdown.highlight import CodeStyles
from tui_stream.markdown.inline import InlineParser
from tui_stream.markdown.nodes import ContainerKind, Kind, Leaf
from tui_stream.markdown.references import Definitions
from tui_stream.markdown.themes import MarkdownTheme

WideMode = Literal["wrap", "scroll"]
"""What is done with code and tables wider than the screen."""


class Surface:
    """What all views of one text are laid out with: width in cells, theme and parsers."""

    def __init__(
        self,
        width: int,
        theme: MarkdownTheme,
        definitions: Definitions,
        *,
        link_targets: bool,
        wide: WideMode,
    ) -> None:
        self.width = max(1, width)
        self.theme = theme
        self.wide = wide
        self.exceptions: dict[Leaf, WideMode] = {}
        """Blocks for which something else than `wide` holds."""
        self.decorator = Decorator(self.width, theme)
        self.inline = InlineParser(theme, definitions, link_targets=link_targets)
        self.code = CodeStyles(theme)

    def resized(self, width: int) -> None:
        """Change the width."""
        self.width = max(1, width)
        self.decorator = Decorator(self.width, self.theme)


class View(ABC):
    """The lines of one leaf.

    `rows` are the lines without what stands to their left; row 0 comes after `lead` lines that set the
    leaf apart.
    """

    scrolls = False
    """Whether rows may be wider than the screen."""

    def __init__(self, leaf: Leaf, surface: Surface, lead: int) -> None:
        self.leaf = leaf
        self.surface = surface
        self.lead = lead
        self.rows: list[SegmentLine] = []
        self.offset = 0
        """Cells by which the rows are scrolled to the left."""
        self.before: Leaf | None = None
        """The leaf shown before this one."""
        self.prefix: Prefix = surface.decorator.prefix(leaf)
        self.wide = surface.exceptions.get(leaf, surface.wide)

    @property
    def height(self) -> int:
        """Lines, with those that set the leaf apart."""
        return self.lead + len(self.rows) if self.rows else 0

    @property
    def shown(self) -> Leaf | None:
        """The last leaf up to this one that shows anything."""
        return self.leaf if self.rows else self.before

    @property
    def overflow(self) -> int:
        """Cells by which the widest row exceeds the screen."""
        return 0

    @property
    def room(self) -> int:
        """Cells that are left for a row."""
        return max(1, self.surface.width - self.prefix.width)

    @abstractmethod
    def update(self) -> int:
        """Lay out what came since the last call; the index of the first row that changed."""

    def line(self, index: int) -> SegmentLine:
        """A finished line, with what stands to its left."""
        if index < self.lead:
            return list(self._lead_prefix())
        row = self.rows[index - self.lead]
        prefix = self.prefix.first if index == self.lead else self.prefix.rest
        return [*prefix, *self.finish_row(row)]

    def finish_row(self, row: SegmentLine) -> SegmentLine:
        """A row as it is shown."""
        return row

    def source_of(self, first: int, last: int) -> tuple[int, int]:  # noqa: ARG002 - for views that know better
        """The source offsets of the lines [first, last)."""
        return self.leaf.start, self.leaf.end

    def line_of(self, offset: int) -> int:  # noqa: ARG002 - for views that know better
        """The line that shows the source at an offset."""
        return self.lead

    def refit(self) -> bool:
        """Adapt to another width without a new start; False if that cannot be done."""
        return False

    def _lead_prefix(self) -> tuple[Segment, ...]:
        markers = self.leaf.markers
        container = markers[0].parent if markers else self.leaf.container
        return self.surface.decorator.plain(container)[0]


def replace_tail(rows: list[SegmentLine], stable: int, tail: list[SegmentLine]) -> int:
    """Put `tail` after the first `stable` rows; the index of the first row that is another now."""
    old = rows[stable:]
    rows[stable:] = tail
    for index, (before, after) in enumerate(zip(old, tail, strict=False)):
        if before != after:
            return stable + index
    return stable + min(len(old), len(tail))


class SignView(View):
    """A rule, an item without content, or nothing at all."""

    def update(self) -> int:
        """Make the one row again."""
        before = list(self.rows)
        if self.leaf.kind is Kind.RULE:
            self.rows = [[Segment("─" * self.room, self.surface.theme.rule)]]
        elif self.leaf.kind is Kind.EMPTY:
            self.rows = [[]]
        else:
            self.rows = []
        return 0 if before != self.rows else len(self.rows)


_TASK: Final = re.compile(r"\[([ xX])\][ \t]")
_SENTENCE_END: Final = re.compile(
    r"[.!?:;…][\"')\]]*[ ]+(?=[^\s*_~|#$`])|[。！？；](?=[^\s*_~。！？；”’」』）)])|\n(?=\S)"
)
_GAP: Final = re.compile(r"\s(?=[^\s*_~#])")
_CHUNK: Final = 160
_LARGEST_CHUNK: Final = 640
"""Characters. Text is divided after at least `_CHUNK` of them; where markup stays open for more than the
larger number, only strong emphasis is carried on."""


class ProseView(View):
    """A paragraph or heading.

    Its text is taken in pieces that end at places where no markup is open. Where they end depends on the
    text alone, so the lines do not depend on how the text arrived.
    """

    def __init__(self, leaf: Leaf, surface: Surface, lead: int) -> None:
        super().__init__(leaf, surface, lead)
        self._style = self._base_style()
        self._restart()

    def _restart(self) -> None:
        self.leaf.rewritten = False
        self._taken = 0
        self._tail = ""
        self._threshold = _CHUNK
        self._stable = 0
        self._carry: list[Run] = []
        self._marks = ""
        """Marks of strong emphasis that was opened in an earlier piece."""
        self._task: str | None = None

    def _base_style(self) -> Style:
        base = self.surface.decorator.base_style(self.leaf.container)
        if self.leaf.kind is Kind.HEADING:
            return base + self.surface.theme.headings[self.leaf.level - 1]
        return base

    def update(self) -> int:
        """Lay out the text that came since the last call."""
        leaf = self.leaf
        if leaf.rewritten:
            self.rows.clear()
            self._restart()
        before = self._stable
        kept = self.rows[before:]
        self._take()
        tail = self._open_tail()
        rows = wrap_runs(self._carry + tail, self.room).lines if self._carry or tail else []
        if not rows and leaf.markers and not self._stable:
            rows = [[]]
        self.rows[self._stable :] = rows
        return _first_difference(kept, self.rows, before)

    def _take(self) -> None:
        """Take over the text that is finished, and lay out the pieces that are balanced."""
        pieces = self.leaf.final
        if self._taken < len(pieces):
            self._tail += "".join(pieces[self._taken :]).replace("\t", " ")
            self._taken = len(pieces)
        if self._task is None and len(self._tail) >= _CHUNK:
            self._tail = self._strip_task(self._tail)
        start = 0
        while len(self._tail) - start > 2 * self._threshold:
            start = self._take_piece(start)
        self._tail = self._tail[start:]

    def _take_piece(self, start: int) -> int:
        """Lay out the text up to the next place it may be divided at, or look further next time."""
        threshold = self._threshold
        end = _division(self._tail, start + threshold, start + 2 * threshold)
        text = self._marks + self._tail[start:end]
        parsed = self.surface.inline.parse(text, self._style)
        if not parsed.balanced and threshold < _LARGEST_CHUNK:
            self._threshold *= 2
            return start
        self._threshold = _CHUNK
        self._marks = parsed.marks
        if parsed.marks:
            parsed = self.surface.inline.parse(text.rstrip() + closing(parsed.marks), self._style)
            parsed.runs.append((" ", self._style))
        wrapped = wrap_runs(self._carry + parsed.runs, self.room)
        self.rows[self._stable :] = wrapped.lines[:-1]
        self._stable += len(wrapped.lines) - 1
        self._carry = wrapped.rest
        return end

    def _strip_task(self, text: str) -> str:
        """Turn the box at the beginning of a task into its item's marker."""
        leaf = self.leaf
        self._task = ""
        match = _TASK.match(text)
        if match is None or leaf.kind is not Kind.PARAGRAPH or not leaf.markers:
            return text
        if leaf.markers[-1].kind is not ContainerKind.ITEM:
            return text
        self._task = match[1]
        self.prefix = self.surface.decorator.prefix(leaf, match[1])
        return text[match.end() :]

    def _open_tail(self) -> list[Run]:
        """The runs of the text that is not divided off."""
        leaf, text = self.leaf, self._tail
        if leaf.held is not None:
            text = self.surface.inline.definitions.preview(leaf.source)
        elif leaf.tentative is not None:
            text = f"{text}\n{leaf.tentative}" if text or self._carry else leaf.tentative
        if self._task is None:
            text = self._strip_task(text)
            self._task = None
        text = text.replace("\t", " ").rstrip(" \n")
        if self._marks:
            return self.surface.inline.parse_open(self._marks + text, self._style) if text else []
        if leaf.closed or leaf.kind is Kind.HEADING:
            return self.surface.inline.parse(text, self._style).runs
        return self.surface.inline.parse_open(text, self._style)


def _division(text: str, low: int, high: int) -> int:
    """A place in [low, high] to divide `text` at: after a sentence, else at a space, else at `high`."""
    for pattern in (_SENTENCE_END, _GAP):
        match = pattern.search(text, low, high + 1)
        if match and match.end() <= high:
            return match.end()
    return high


def _first_difference(kept: list[SegmentLine], rows: list[SegmentLine], base: int) -> int:
    for index, row in enumerate(kept):
        if base + index >= len(rows) or rows[base + index] != row:
            return base + index
    return base + len(kept)


class WideView(View):
    """Rows that may be wider than the screen: cut at its edge and scrolled sideways."""

    scrolls = True

    def finish_row(self, row: SegmentLine) -> SegmentLine:
        """What of a row is on the screen."""
        room = self.room
        if self.offset or sum([len(segment.text) for segment in row]) * 2 > room:
            return crop(row, self.offset, room)
        return row

    @property
    def overflow(self) -> int:
        """Cells by which the widest row exceeds the screen."""
        return max(0, max(map(row_width, self.rows), default=0) - self.text_room)

    @property
    def text_room(self) -> int:
        """Cells for the text of a row."""
        return self.room


def row_width(row: SegmentLine) -> int:
    """Cells that a row takes up."""
    return sum([width_of(segment.text) for segment in row])
