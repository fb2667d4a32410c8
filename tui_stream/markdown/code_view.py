"""Code blocks laid out.

It exists because code is coloured: each line once, as it arrives, and the whole block once more at its
end where only the whole tells the colours.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from rich.segment import Segment
from rich.style import Style

from tui_stream.markdown.cells import Run, SegmentLine, crop, width_of
from tui_stream.markdown.highlight import RELEX_LIMIT, TAB, Highlighter
from tui_stream.markdown.lines_view import LinesView
from tui_stream.markdown.nodes import Kind, Leaf
from tui_stream.markdown.views import replace_tail, row_width

_PADDING: Final = 1
"""Cells between the edge of a code block and the code."""
_LABEL_GAP: Final = 2
"""Cells at least between the two parts of a label."""


class CodeView(LinesView):
    """A code block on a background of its own.

    A fence begins with a label line: its language at the left, how to copy it, with its number, at the
    right. The latter carries the number as `code` in its style's meta.
    """

    __slots__ = ("_filled", "_highlighter", "_looked_at")

    def _begin(self) -> None:
        self._highlighter: Highlighter | None = Highlighter(language_of(self.leaf), self.surface.code)
        """None once the block is closed and all is coloured."""
        self._looked_at = self._filled = 0
        if self.leaf.kind is Kind.FENCE:
            self.origins.append(-1)
            style = self.surface.theme.code_label
            number = self.leaf.number
            language = Segment(language_of(self.leaf) or "text", style)
            self.rows.append([language, Segment(f"copy {number}", style + Style(meta={"code": number}))])

    def update(self) -> int:
        """Lay out the lines that came, or all of them when the fence closes if the whole may tell more."""
        highlighter = self._highlighter
        if highlighter is None or not self.leaf.closed:
            return super().update()
        changed = self._relex(highlighter) if self._is_lexed_whole(highlighter) else super().update()
        self._highlighter = None
        return changed

    def _is_lexed_whole(self, highlighter: Highlighter) -> bool:
        lines = self.leaf.final
        if self.leaf.kind is not Kind.FENCE or highlighter.exact or not lines or self.surface.printed:
            return False
        return sum(map(len, lines)) + len(lines) <= RELEX_LIMIT

    def _relex(self, highlighter: Highlighter) -> int:
        """Colour the finished block as a whole."""
        self._done, self._shown = len(self.leaf.final), None
        tail: list[SegmentLine] = []
        del self.origins[1:]
        lines = [line.expandtabs(TAB) for line in self.leaf.final]
        for number, runs in enumerate(highlighter.whole(lines)):
            rows = self._fold(runs)
            tail.extend(rows)
            self.origins.extend([number] * len(rows))
        return replace_tail(self.rows, 1, tail)

    def _complete(self) -> int:
        lines = self.leaf.final
        if self.leaf.kind is not Kind.CODE:
            return len(lines)
        for number in range(self._looked_at, len(lines)):
            if lines[number].strip():  # blank lines at the end of indented code do not belong to it
                self._filled = number + 1
        self._looked_at = len(lines)
        return self._filled

    def _runs(self, line: str, *, final: bool) -> list[Run]:
        text = line.expandtabs(TAB)
        if self._highlighter is None:
            return [(text, self._long_style())] if text else []
        return self._highlighter.feed(text) if final else self._highlighter.peek(text)

    def _long_style(self) -> Style:
        return self.surface.theme.code_block

    def _is_settled(self) -> bool:
        """Whether the line that is still arriving cannot be the one that closes the fence."""
        leaf = self.leaf
        return super()._is_settled() or (leaf.kind is Kind.FENCE and bool((leaf.tentative or "").strip(" \t`~")))

    @property
    def overflow(self) -> int:
        """Cells by which the widest row of code exceeds its room."""
        label = 1 if self.leaf.kind is Kind.FENCE else 0
        return max(0, max(map(row_width, islice(self.rows, label, None)), default=0) - self.text_room)

    @property
    def text_room(self) -> int:
        """Cells between the paddings."""
        return max(1, self.room - 2 * _PADDING)

    def finish_row(self, row: SegmentLine) -> SegmentLine:
        """A row on its background, from one edge to the other."""
        if self.leaf.kind is Kind.FENCE and row is self.rows[0]:
            return self._name(row[0]) if self.surface.printed else self._label(*row)
        style, room = self._long_style(), self.room
        if room <= 2 * _PADDING:
            return crop(row, 0, room)
        width = row_width(row)
        inside = self.text_room
        if self.offset or width > inside:
            row = crop(row, self.offset, inside)
            width = row_width(row)
        return [Segment(" ", style), *row, Segment(" " * (room - width - _PADDING), style)]

    def _name(self, language: Segment) -> SegmentLine:
        """The label line of code that is printed: there is nothing to click."""
        style, room = self.surface.theme.code_label, self.room
        edge = Segment(" " * _PADDING, style)
        return crop([edge, language, Segment(" " * room, style)], 0, room)

    def _label(self, language: Segment, copy: Segment) -> SegmentLine:
        """The label line; where there is no room for both the language goes first."""
        style, room = self.surface.theme.code_label, self.room
        left = room - 2 * _PADDING - width_of(copy.text)
        if left < 0:
            return [Segment(" " * room, style)]
        edge = Segment(" " * _PADDING, style)
        gap = left - width_of(language.text)
        if gap < _LABEL_GAP:
            return [Segment(" " * (left + _PADDING), style), copy, edge]
        return [edge, language, Segment(" " * gap, style), copy, edge]


def language_of(leaf: Leaf) -> str:
    """The language a fence names, "" if none."""
    words = leaf.info.split()
    return words[0].strip("{}").removeprefix(".").partition(",")[0].partition(":")[0] if words else ""
