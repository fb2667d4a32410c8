"""Markdown that grows: the engine a user interface draws from.

It exists to put the parser and the views together: it keeps where each block begins, lays out only what
changed, and says from which line on a screen has to be drawn again.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment

from tui_stream.markdown.block_info import BlockInfo, BlockList
from tui_stream.markdown.blocks import BlockParser
from tui_stream.markdown.cells import SegmentLine
from tui_stream.markdown.cleaning import Cleaner
from tui_stream.markdown.layout import Layout
from tui_stream.markdown.prose_view import LONGEST_TITLE
from tui_stream.markdown.themes import DARK, MarkdownTheme
from tui_stream.markdown.views import Surface, WideMode


class LiveMarkdown:
    """One text, laid out for a width in cells.

    Lines are counted from 0. `append` and `finish` change them and say from which line on; `resize`,
    `set_theme`, `set_wide` and, where those were lazy, `settle` and reading lines may change all of
    them.

    If `printed`, as many lines as can be are stable as early as can be, since they go where nothing is changed
    any more: code is not coloured again when it ends and its label offers nothing, and a line of dashes under a
    long paragraph is a rule. Use `reflow` then in place of `resize`.
    """

    def __init__(
        self,
        width: int,
        *,
        theme: MarkdownTheme = DARK,
        link_targets: bool = True,
        wide: WideMode = "wrap",
        printed: bool = False,
    ) -> None:
        self._parser = BlockParser()
        self._definitions = self._parser.assembly.definitions
        self._link_targets = link_targets
        surface = Surface(width, theme, self._definitions, link_targets=link_targets, wide=wide, printed=printed)
        if printed:
            self._parser.assembly.longest_title = LONGEST_TITLE
        self._layout = Layout(self._parser.assembly, surface)
        self._parts: list[str] = []
        self._cleaner = Cleaner()
        self._finished = False
        self._lazy = False

    # What it is

    @property
    def text(self) -> str:
        """The Markdown source so far, with control characters replaced and newlines normalized."""
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0] if self._parts else ""

    @property
    def width(self) -> int:
        """The width in cells that lines are laid out for."""
        return self._layout.surface.width

    @property
    def theme(self) -> MarkdownTheme:
        """The styles."""
        return self._layout.surface.theme

    @property
    def wide(self) -> WideMode:
        """What is done with code and tables that are too wide."""
        return self._layout.surface.wide

    @property
    def height(self) -> int:
        """The number of lines; an estimate after a lazy change until `settled`."""
        return self._settled_layout().height

    @property
    def finished(self) -> bool:
        """Whether `finish` was called."""
        return self._finished

    @property
    def settled(self) -> bool:
        """Whether all is laid out, so that no height is an estimate."""
        return not self._layout.pending

    @property
    def frozen_height(self) -> int:
        """How many lines, from the first, no text to come can change at this width."""
        layout = self._settled_layout()
        return layout.height if self._finished and not layout.pending else layout.frozen()

    @property
    def stable_height(self) -> int:
        """How many lines, from the first, no text to come can change: `frozen_height`, and lines of the open block."""
        return self._stable(waiting=False)

    @property
    def waiting_height(self) -> int:
        """How many lines, from the first, no text to come can change but for the definition of a label in them."""
        return self._stable(waiting=True)

    def _stable(self, *, waiting: bool) -> int:
        layout = self._settled_layout()
        return layout.height if self._finished and not layout.pending else layout.stable(waiting=waiting)

    @property
    def blocks(self) -> Sequence[BlockInfo]:
        """The blocks in order, each described when it is looked at; valid until the next change."""
        layout = self._settled_layout()
        return BlockList(layout.views, layout.starts)

    def block_at(self, line: int) -> BlockInfo | None:
        """The block that shows a line, None if there is no such line."""
        layout = self._settled_layout()
        return self.blocks[layout.index_at(line)] if 0 <= line < layout.height else None

    # What changes it

    def append(self, text: str, *, lazy: bool = False) -> int:
        """Add text; the index of the first line that changed is returned, the height if none did.

        If `lazy`, the blocks that it begins are laid out when they are looked at or settled, and their heights
        estimated until then: so a long text that is complete is loaded in slices of little cost.

        Raises:
            ValueError: the text was finished before.
        """
        if self._finished:
            raise ValueError("the text is finished")
        text = self._cleaner.clean(text)
        layout = self._settled_layout()
        if not text:
            return layout.height
        self._parts.append(text)
        self._parser.append(text)
        self._lazy = self._lazy or lazy
        return layout.sync(lazy=lazy)

    def finish(self) -> int:
        """End the text; the index of the first line that changed is returned. May be called again."""
        layout = self._settled_layout()
        if self._finished:
            return layout.height
        self._finished = True
        self._parser.finish()
        return layout.sync(lazy=layout.pending and self._lazy)

    def resize(self, width: int, *, lazy: bool = False) -> None:
        """Lay out for another width in cells.

        All is laid out when it is next asked for anything. If `lazy`, only what is looked at; heights of
        the rest are estimated until `settle` has laid it out, and lines move while it does.
        """
        surface = self._layout.surface
        if max(1, width) != surface.width:
            surface.resized(width)
            self._invalidate(surface, lazy=lazy)

    @property
    def strained(self) -> bool:
        """Whether the columns of the last table are narrower than its text asks for, see `hold`."""
        return self._settled_layout().strained

    def hold(self) -> None:
        """From now on let a table whose rows may change keep its columns until `fit` or its end."""
        self._layout.surface.held = True

    def fit(self) -> int:
        """Lay out a table that is `strained` as its text asks for; the first line that changed is returned."""
        return self._settled_layout().fit()

    def seal(self, line: int) -> None:
        """Leave the blocks that the lines before this one belong to as they are, whatever is defined later."""
        self._settled_layout().seal(line)

    def reflow(self, width: int) -> None:
        """Lay out for another width in cells what is not stable; stable lines, waiting or not, stay as they are."""
        layout = self._settled_layout()
        layout.seal(layout.stable(waiting=True))
        layout.surface.resized(width)
        layout.reflow()

    def set_theme(self, theme: MarkdownTheme, *, lazy: bool = True) -> None:
        """Change the styles; as heights stay the same, what is not looked at may well wait."""
        old = self._layout.surface
        if theme != old.theme:
            new = Surface(old.width, theme, self._definitions, link_targets=self._link_targets, wide=old.wide)
            new.exceptions = old.exceptions
            self._invalidate(new, lazy=lazy)

    def set_wide(self, wide: WideMode, *, lazy: bool = False) -> None:
        """Wrap all code and tables that are too wide, or let them be scrolled sideways."""
        surface = self._layout.surface
        if wide != surface.wide or surface.exceptions:
            surface.wide = wide
            surface.exceptions.clear()
            self._layout.offsets.clear()
            self._invalidate(surface, lazy=lazy)

    def set_block_wide(self, line: int, wide: WideMode) -> int:
        """Wrap the block at `line` or let it be scrolled; the first line that changed is returned."""
        layout = self._settled_layout()
        layout.settle_lines(line, line + 1)
        if not 0 <= line < layout.height:
            return layout.height
        index = layout.index_at(line)
        leaf = layout.views[index].leaf
        layout.surface.exceptions[leaf] = wide
        layout.offsets.pop(leaf, None)
        return layout.rebuild(index)

    def scroll_block(self, line: int, offset: int) -> int:
        """Scroll the wide block at `line` sideways; the cell offset that it has then is returned."""
        layout = self._settled_layout()
        layout.settle_lines(line, line + 1)
        if not 0 <= line < layout.height:
            return 0
        view = layout.views[layout.index_at(line)]
        view.offset = max(0, min(offset, view.overflow))
        layout.offsets[view.leaf] = view.offset
        return view.offset

    def settle(self, characters: int | None = None) -> bool:
        """Lay out some of what a lazy change left; whether all is laid out is returned.

        Lines move: keep a place by its source offset, with `source_range` before and `line_of` after.

        Args:
            characters: about how many characters of source to lay out, all if None.
        """
        return self._layout.settle(characters) if self._layout.pending else True

    # What it shows

    def lines(self, first: int, last: int) -> list[list[Segment]]:
        """The lines [first, last), those that there are."""
        layout = self._settled_layout()
        layout.settle_lines(first, last)
        first, last = max(0, first), min(last, layout.height)
        found: list[SegmentLine] = []
        index = layout.index_at(first)
        while first < last:
            begin, end = layout.starts[index], min(last, layout.starts[index + 1])
            view = layout.views[index]
            found.extend([view.line(number - begin) for number in range(first, end)])
            first = max(first, end)
            index += 1
        return found

    def plain(self, first: int, last: int) -> list[str]:
        """The text of the lines [first, last) without trailing spaces."""
        return ["".join([segment.text for segment in line]).rstrip() for line in self.lines(first, last)]

    def source_range(self, first: int, last: int) -> tuple[int, int]:
        """Start and end in `text` of what the lines [first, last) show.

        That is whole blocks; of code and tables, whole source lines.
        """
        layout = self._settled_layout()
        layout.settle_lines(first, last)
        last = min(last, layout.height)
        first = max(0, min(first, last - 1))
        if last <= 0:
            return 0, 0
        low, high = layout.index_at(first), layout.index_at(last - 1)
        above, below = layout.views[low], layout.views[high]
        start = above.source_of(first - layout.starts[low], above.height)[0]
        begin = first - layout.starts[low] if low == high else 0
        return start, max(start, below.source_of(begin, last - layout.starts[high])[1])

    def line_of(self, offset: int) -> int:
        """The first line of the block, code line or table row that shows the source at an offset.

        Where nothing shows it, as with a definition, the last line before it.
        """
        layout = self._settled_layout()
        if not layout.views:
            return 0
        index = layout.index_of(offset)
        layout.settle_lines(layout.starts[index], layout.starts[index] + 1)
        start = layout.starts[index]
        if layout.starts[index + 1] == start:
            return max(0, start - 1)
        return min(start + layout.views[index].line_of(offset), layout.height - 1)

    # How

    def _invalidate(self, surface: Surface, *, lazy: bool) -> None:
        self._lazy = lazy and (self._lazy or not self._layout.pending)
        self._layout.invalidate(surface)

    def _settled_layout(self) -> Layout:
        """The layout, complete unless it may be lazy."""
        if self._layout.pending and not self._lazy:
            self._layout.settle(None)
        return self._layout
