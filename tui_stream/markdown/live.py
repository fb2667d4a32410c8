"""Markdown that grows: the engine a user interface draws from.

It exists to put the parser and the views together: it keeps where each block begins, lays out only what
changed, and says from which line on a screen has to be drawn again.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from rich.segment import Segment

from tui_stream.markdown.block_info import BlockInfo, BlockList
from tui_stream.markdown.blocks import BlockParser
from tui_stream.markdown.cells import SegmentLine
from tui_stream.markdown.nodes import Kind, Leaf
from tui_stream.markdown.spacing import lead_lines, view_type
from tui_stream.markdown.themes import DARK, MarkdownTheme
from tui_stream.markdown.views import Surface, View, WideMode

_CONTROL: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_COMPARED: Final = 400
"""Lines that are compared at most to find the first that changed."""


class LiveMarkdown:
    """One text, laid out for a width in cells.

    Lines are counted from 0. `append`, `finish`, `resize` and `set_theme` change them; nothing else does.
    """

    def __init__(
        self,
        width: int,
        *,
        theme: MarkdownTheme = DARK,
        link_targets: bool = True,
        wide: WideMode = "wrap",
    ) -> None:
        self._parser = BlockParser()
        self._assembly = self._parser.assembly
        self._link_targets = link_targets
        self._surface = Surface(
            width, theme, self._assembly.definitions, link_targets=link_targets, wide=wide
        )
        self._parts: list[str] = []
        self._carriage_return = False
        self._finished = False
        self._views: list[View] = []
        self._starts: list[int] = [0]
        """The first line of each view, and the height of them all."""
        self._waiting: dict[str, set[int]] = {}
        """Leaves that looked a label up in vain."""
        self._frozen = 0
        self._stale = False
        self._offsets: dict[Leaf, int] = {}

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
        return self._surface.width

    @property
    def height(self) -> int:
        """The number of lines."""
        self._refresh()
        return self._starts[-1]

    @property
    def finished(self) -> bool:
        """Whether `finish` was called."""
        return self._finished

    @property
    def frozen_height(self) -> int:
        """How many lines, from the first, no text to come can change at this width."""
        self._refresh()
        if self._finished:
            return self._starts[-1]
        leaves = self._assembly.leaves
        while self._frozen < len(leaves) and self._is_frozen(leaves[self._frozen]):
            self._frozen += 1
        first = min((index for waiting in self._waiting.values() for index in waiting), default=self._frozen)
        return self._starts[min(first, self._frozen)]

    @property
    def blocks(self) -> Sequence[BlockInfo]:
        """The blocks in order, made when they are looked at; valid until the next change."""
        self._refresh()
        return BlockList(self._views, self._starts)

    # What changes it

    def append(self, text: str) -> int:
        """Add text; the index of the first line that changed is returned, the height if none did.

        Raises:
            ValueError: the text was finished before.
        """
        if self._finished:
            raise ValueError("the text is finished")
        text = self._clean(text)
        self._refresh()
        if not text:
            return self._starts[-1]
        self._parts.append(text)
        self._parser.append(text)
        return self._sync()

    def finish(self) -> int:
        """End the text; the index of the first line that changed is returned. May be called again."""
        self._refresh()
        if self._finished:
            return self._starts[-1]
        self._finished = True
        self._parser.finish()
        return self._sync()

    def resize(self, width: int) -> None:
        """Lay out for another width in cells, when lines are next asked for."""
        if max(1, width) != self._surface.width:
            self._surface.resized(width)
            self._stale = True

    def set_theme(self, theme: MarkdownTheme) -> None:
        """Change the styles, when lines are next asked for."""
        old = self._surface
        if theme != old.theme:
            self._surface = Surface(
                old.width, theme, self._assembly.definitions, link_targets=self._link_targets, wide=old.wide
            )
            self._stale = True

    def set_wide(self, wide: WideMode) -> None:
        """Wrap code and tables that are too wide, or let them be scrolled sideways."""
        if wide != self._surface.wide:
            self._surface.wide = wide
            self._offsets.clear()
            self._stale = True

    def scroll_block(self, line: int, offset: int) -> int:
        """Scroll the wide block at `line` sideways; the cell offset that it has then is returned."""
        self._refresh()
        view = self._view_at(line)
        if view is None:
            return 0
        view.offset = max(0, min(offset, view.overflow))
        self._offsets[view.leaf] = view.offset
        return view.offset

    # What it shows

    def lines(self, first: int, last: int) -> list[list[Segment]]:
        """The lines [first, last), those that there are."""
        self._refresh()
        first, last = max(0, first), min(last, self._starts[-1])
        found: list[SegmentLine] = []
        index = bisect_right(self._starts, first) - 1
        while first < last:
            begin, end = self._starts[index], min(last, self._starts[index + 1])
            view = self._views[index]
            found.extend(view.line(number - begin) for number in range(first, end))
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
        self._refresh()
        last = min(last, self._starts[-1])
        first = max(0, min(first, last - 1))
        if last <= 0:
            return 0, 0
        low, high = (bisect_right(self._starts, line) - 1 for line in (first, last - 1))
        above, below = self._views[low], self._views[high]
        start = above.source_of(first - self._starts[low], above.height)[0]
        begin = first - self._starts[low] if low == high else 0
        return start, max(start, below.source_of(begin, last - self._starts[high])[1])

    # How

    def _clean(self, text: str) -> str:
        """Normalize newlines and replace characters that would break a line."""
        if self._carriage_return:
            text = "\r" + text
            self._carriage_return = False
        if text.endswith("\r"):
            text = text[:-1]
            self._carriage_return = True
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if _CONTROL.search(text) is None:
            return text
        return _CONTROL.sub(_replacement, text)

    def _view_at(self, line: int) -> View | None:
        if not 0 <= line < self._starts[-1]:
            return None
        return self._views[bisect_right(self._starts, line) - 1]

    def _refresh(self) -> None:
        """Lay everything out again if width or theme changed."""
        if self._stale:
            self._stale = False
            self._views.clear()
            self._build(0)

    def _sync(self) -> int:
        """Lay out the leaves that changed; the first line that changed."""
        assembly = self._assembly
        first = min(assembly.changed, len(self._views))
        assembly.changed = len(assembly.leaves)
        kept, changed = self._update(first)
        if kept < len(assembly.leaves) or kept < len(self._views):
            self._count(first)
            rebuilt = self._build(kept, compare=changed is None)
            changed = rebuilt if changed is None else changed
        else:
            self._count(first)
        if assembly.definitions.added:
            changed = self._resolve(self._starts[-1] if changed is None else changed)
        return self._starts[-1] if changed is None else min(changed, self._starts[-1])

    def _update(self, first: int) -> tuple[int, int | None]:
        """Update views until one does not fit its leaf: the index of that, and the first changed line."""
        changed: int | None = None
        stop = min(len(self._assembly.leaves), len(self._views))
        for index in range(first, stop):
            view = self._views[index]
            if not self._fits(index):
                return index, changed
            before = view.height
            row = view.update()
            self._note_misses(index)
            if changed is None and (row < len(view.rows) or before != view.height):
                changed = self._starts[index] + (view.lead + row if before and view.rows else 0)
        return stop, changed

    def _is_frozen(self, leaf: Leaf) -> bool:
        return leaf.closed and not (leaf.kind is Kind.EMPTY and leaf is self._assembly.leaves[-1])

    def _fits(self, index: int) -> bool:
        leaf, view = self._assembly.leaves[index], self._views[index]
        return view.leaf is leaf and type(view) is view_type(leaf) and view.lead == self._lead(index)

    def _lead(self, index: int) -> int:
        return lead_lines(self._views[index - 1].shown if index else None, self._assembly.leaves[index])

    def _build(self, kept: int, *, compare: bool = False) -> int:
        """Make new views after the first `kept`; with `compare`, the first line that is another now."""
        start = self._starts[kept] if kept < len(self._starts) else 0
        old = self._plain_lines(kept) if compare else []
        del self._views[kept:]
        for index in range(kept, len(self._assembly.leaves)):
            self._views.append(self._make(index))
        self._count(kept)
        new = self._plain_lines(kept) if compare else []
        same = next((n for n, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), None)
        return start + (min(len(old), len(new)) if same is None else same)

    def _make(self, index: int) -> View:
        leaf = self._assembly.leaves[index]
        view = view_type(leaf)(leaf, self._surface, self._lead(index))
        view.before = self._views[index - 1].shown if index else None
        view.offset = self._offsets.get(leaf, 0)
        view.update()
        self._note_misses(index)
        return view

    def _plain_lines(self, first: int) -> list[SegmentLine]:
        """Some lines from a view on, to compare with what they become."""
        lines: list[SegmentLine] = []
        for view in self._views[first:]:
            lines.extend(view.line(number) for number in range(min(view.height, _COMPARED)))
            if len(lines) >= _COMPARED:
                break
        return lines[:_COMPARED]

    def _count(self, first: int) -> None:
        """Add up heights from a view on."""
        starts = self._starts
        del starts[first + 1 :]
        starts.extend(accumulate((view.height for view in self._views[first:]), initial=starts.pop()))

    def _note_misses(self, index: int) -> None:
        missed = self._assembly.definitions.links.missed
        if missed:
            for label in missed:
                self._waiting.setdefault(label, set()).add(index)
            missed.clear()

    def _resolve(self, changed: int) -> int:
        """Lay out again what looked up a label that is defined now."""
        added = self._assembly.definitions.added
        found = {index for label in added for index in self._waiting.pop(label, ())}
        added.clear()
        for index in sorted(found):
            if index < len(self._views):
                changed = min(changed, self._starts[index])
                self._views[index] = self._make(index)
        if found:
            self._count(min(*found, len(self._views)))
        return changed


def _replacement(match: re.Match[str]) -> str:
    character = match[0]
    if character in "\x0b\x0c\u2028\u2029":
        return " "
    return "" if "\u202a" <= character <= "\u2069" else "\ufffd"
