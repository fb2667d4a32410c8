"""Leaves laid out as lines, each kind in its own incremental way.

It exists because the cost of an append must not depend on how much of the block is already there: a view
keeps what can no longer change and lays out only what came since.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

from rich.segment import Segment

from tui_stream.markdown.cells import SegmentLine, crop, width_of
from tui_stream.markdown.decoration import Decorator, Prefix
from tui_stream.markdown.highlight import CodeStyles
from tui_stream.markdown.inline import InlineParser
from tui_stream.markdown.nodes import Kind, Leaf
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
        printed: bool = False,
    ) -> None:
        self.width = max(1, width)
        self.theme = theme
        self.wide = wide
        self.printed = printed
        """Whether lines are printed for good as soon as they are stable, and so can be neither changed nor clicked."""
        self.held = False
        """Whether a table that may change keeps the columns that it has until `Layout.fit`."""
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

    __slots__ = ("before", "lead", "leaf", "offset", "prefix", "rows", "surface", "wide")

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

    def stable(self) -> int:
        """How many rows, from the first, no text to come can change while the leaf is open.

        What a definition to come may change in them is left out of account.
        """
        return 0

    def fit(self) -> int | None:
        """Lay out as the text asks for what was held; the index of the first row that changed, None if nothing was."""
        return None

    @property
    def strained(self) -> bool:
        """Whether something is held that the text asks to be laid out otherwise."""
        return False

    def reflow(self) -> None:
        """Lay out for another width what comes after the stable rows, which stay as they are."""
        self.prefix = self.surface.decorator.prefix(self.leaf)
        self.update()

    def _lead_prefix(self) -> tuple[Segment, ...]:
        markers = self.leaf.markers
        container = markers[0].parent if markers else self.leaf.container
        return self.surface.decorator.plain(container).rest


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

    __slots__ = ()

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


class WideView(View):
    """Rows that may be wider than the screen: cut at its edge and scrolled sideways."""

    __slots__ = ()

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
