"""All views of a text in order, and where each begins.

It exists to lay out no more than has to be: of an append only the leaves it changed, of a change of
width or theme only what is looked at, the rest being estimated until there is time for it.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from itertools import accumulate
from typing import Final

from tui_stream.markdown.assembly import Assembly
from tui_stream.markdown.cells import SegmentLine
from tui_stream.markdown.nodes import Kind, Leaf
from tui_stream.markdown.pending_view import PendingView
from tui_stream.markdown.spacing import lead_lines, view_type
from tui_stream.markdown.views import Surface, View

_NONE: Final = sys.maxsize
_COMPARED: Final = 400
"""Lines that are compared at most to find the first that changed."""


class Layout:
    """Views of the leaves of an assembly."""

    def __init__(self, assembly: Assembly, surface: Surface) -> None:
        self.assembly = assembly
        self.surface = surface
        self.views: list[View] = []
        self.starts: list[int] = [0]
        """The first line of each view, and the number of all lines."""
        self.offsets: dict[Leaf, int] = {}
        """Cells by which wide blocks are scrolled."""
        self._waiting: dict[str, set[int]] = {}
        """Leaves that looked a label up in vain."""
        self._first_waiting = _NONE
        self._closed = 0
        """Leaves from the first that can no longer change."""
        self._first_lines: dict[int, int] = {}
        """For each leaf that looked a label up in vain, the first of its lines that may show that."""
        self._sealed = 0
        """Lines from the first that no definition changes any more."""
        self._reflowed = -1
        """The last leaf of which some lines stand as they were laid out for another width."""
        self.pending = False
        """Whether some heights are estimates."""

    # Where things are

    @property
    def height(self) -> int:
        """The number of lines."""
        return self.starts[-1]

    def index_at(self, line: int) -> int:
        """The view that shows a line."""
        return bisect_right(self.starts, line) - 1

    def index_of(self, offset: int) -> int:
        """The view that shows the source at an offset, or the last one before it."""
        return max(0, bisect_right(self.views, offset, key=lambda view: view.leaf.start) - 1)

    def frozen(self) -> int:
        """How many lines no text to come can change."""
        leaves = self.assembly.leaves
        while self._closed < len(leaves) and self._is_frozen(leaves[self._closed]):
            self._closed += 1
        first = min(self._first_waiting, self._closed, len(self.views))
        if self.pending:
            first = min(first, next((n for n, v in enumerate(self.views) if isinstance(v, PendingView)), first))
        return self.starts[first]

    def stable(self, *, waiting: bool) -> int:
        """How many lines no text to come can change, those of the open leaf among them.

        Args:
            waiting: whether to count lines that only a definition to come may change.
        """
        frozen = self.frozen()
        index = min(self._closed, len(self.views))
        if not waiting and self._first_waiting <= index:
            return frozen + self._first_lines.get(self._first_waiting, 0)
        rows = self.views[index].stable() if index < len(self.views) else 0
        return self.starts[index] + (self.views[index].lead + rows if rows else 0)

    def seal(self, line: int) -> None:
        """Note that the lines before this one stay as they are, whatever is defined later."""
        self._sealed = max(line, self._sealed)
        first = self._first_waiting
        if first < len(self.views) and self._is_sealed(first):
            left = {label: {n for n in found if not self._is_sealed(n)} for label, found in self._waiting.items()}
            self._waiting = {label: found for label, found in left.items() if found}
            self._first_waiting = self._least_waiting()

    def _is_sealed(self, index: int) -> bool:
        """Whether the leaf shows on a sealed line that it looked a label up in vain."""
        return index <= self._reflowed or self.starts[index] + self._first_lines.get(index, 0) < self._sealed

    def _least_waiting(self) -> int:
        return min((n for waiting in self._waiting.values() for n in waiting), default=_NONE)

    def _is_frozen(self, leaf: Leaf) -> bool:
        return leaf.closed and not (leaf.kind is Kind.EMPTY and leaf is self.assembly.leaves[-1])

    # After an append

    def sync(self, *, lazy: bool = False) -> int:
        """Lay out the leaves that changed, new ones later if `lazy`; the first line that changed is returned."""
        assembly = self.assembly
        first = min(assembly.changed, len(self.views))
        assembly.changed = len(assembly.leaves)
        kept, changed = self._update(first, lazy=lazy)
        self._count(first)
        if kept < len(assembly.leaves) or kept < len(self.views):
            rebuilt = self._build(kept, lazy=lazy, compare=changed is None and not lazy)
            changed = rebuilt if changed is None else changed
        if assembly.definitions.added:
            changed = self._resolve(self.height if changed is None else changed)
        return self.height if changed is None else min(changed, self.height)

    def _update(self, first: int, *, lazy: bool) -> tuple[int, int | None]:
        """Update views until one does not fit its leaf: the index of that, and the first changed line."""
        changed: int | None = None
        stop = min(len(self.assembly.leaves), len(self.views))
        for index in range(first, stop):
            if not lazy and self.views[index].leaf is self.assembly.leaves[index] and self._settle(index):
                changed = self.starts[index] if changed is None else changed
            view = self.views[index]
            if not self._fits(index):
                return index, changed
            before, stable = view.height, view.stable()
            row = view.update()
            self._note_misses(index, view.lead + stable if stable else 0)
            if changed is None and (row < len(view.rows) or before != view.height):
                changed = self.starts[index] + (view.lead + row if before and view.rows else 0)
        return stop, changed

    def _fits(self, index: int) -> bool:
        leaf, view = self.assembly.leaves[index], self.views[index]
        return view.leaf is leaf and type(view) is view_type(leaf) and view.lead == self._lead(index)

    def _lead(self, index: int) -> int:
        return lead_lines(self.views[index - 1].shown if index else None, self.assembly.leaves[index])

    def _build(self, kept: int, *, lazy: bool, compare: bool) -> int:
        """Make new views after the first `kept`; with `compare`, the first line that is another now."""
        start = self.starts[kept]
        old = self._some_lines(kept) if compare else []
        del self.views[kept:]
        for index in range(kept, len(self.assembly.leaves)):
            self.views.append(self._put_off(index) if lazy else self._make(index))
        self.pending = self.pending or lazy
        self._count(kept)
        new = self._some_lines(kept) if compare else []
        same = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), None)
        return start + (min(len(old), len(new)) if same is None else same)

    def _put_off(self, index: int) -> View:
        before = self.views[index - 1].shown if index else None
        return PendingView(self.assembly.leaves[index], self.surface, self._lead(index), before)

    def _make(self, index: int, first: int = 0) -> View:
        """The view of a leaf; `first` is the line from which on labels were looked up in vain, where that is known."""
        leaf = self.assembly.leaves[index]
        view = view_type(leaf)(leaf, self.surface, self._lead(index))
        view.before = self.views[index - 1].shown if index else None
        view.offset = self.offsets.get(leaf, 0)
        view.update()
        self._note_misses(index, first)
        return view

    def _some_lines(self, first: int) -> list[SegmentLine]:
        """Some lines from a view on, to compare with what they become."""
        lines: list[SegmentLine] = []
        for view in self.views[first:]:
            lines.extend(view.line(number) for number in range(min(view.height, _COMPARED)))
            if len(lines) >= _COMPARED:
                break
        return lines[:_COMPARED]

    def _count(self, first: int) -> None:
        """Add up heights from a view on."""
        starts = self.starts
        del starts[first + 1 :]
        starts.extend(accumulate((view.height for view in self.views[first:]), initial=starts.pop()))

    def _note_misses(self, index: int, line: int = 0) -> None:
        """Remember which labels the leaf looked up in vain, and from which of its lines on that shows."""
        missed = self.assembly.definitions.links.missed
        if not missed:
            return
        self._first_lines[index] = min(line, self._first_lines.get(index, line)) if line else 0
        if index < len(self.starts) and self._is_sealed(index):
            missed.clear()
        else:
            for label in missed:
                self._waiting.setdefault(label, set()).add(index)
            self._first_waiting = min(self._first_waiting, index)
            missed.clear()

    def _resolve(self, changed: int) -> int:
        """Lay out again what looked up a label that is defined now."""
        added = self.assembly.definitions.added
        found = {index for label in added for index in self._waiting.pop(label, ())}
        added.clear()
        self._first_waiting = self._least_waiting()
        for index in sorted(found):
            if index < len(self.views):
                changed = min(changed, self._remake(index))
        if found:
            self._count(min(*found, len(self.views)))
        return changed

    def _remake(self, index: int) -> int:
        """Make the view of a finished block again; the first line that is another now, `height` if none is."""
        old = self.views[index]
        if isinstance(old, PendingView):
            old.stale = True
            return self.height
        new = self.views[index] = self._make(index, self._first_lines.get(index, 0))
        first = _first_difference(old, new)
        return self.height if first is None else self.starts[index] + first

    @property
    def strained(self) -> bool:
        """Whether the last view holds something that the text asks to be laid out otherwise."""
        return bool(self.views) and self.views[-1].strained

    def fit(self) -> int:
        """Lay that out; the first line that changed is returned."""
        row = self.views[-1].fit() if self.views else None
        if row is None:
            return self.height
        index = len(self.views) - 1
        self._count(index)
        return self.starts[index] + self.views[index].lead + row

    # After a change of width or theme

    def reflow(self) -> None:
        """Lay out for another width what is not stable; the lines before it stay as they are."""
        self.frozen()
        index = min(self._closed, len(self.views))
        self._reflowed = index - 1
        for number in range(index, len(self.views)):
            if self.views[number].stable():
                self._reflowed = number
                self.views[number].reflow()
            else:
                self.views[number] = self._make(number)
        self._count(index)

    def rebuild(self, index: int) -> int:
        """Make one view again; its first line is returned."""
        self.views[index] = self._make(index)
        self._count(index)
        return self.starts[index]

    def invalidate(self, surface: Surface) -> None:
        """Note that all has to be laid out again."""
        self.surface = surface
        self.views = [PendingView(view.leaf, surface, view.lead, view.before, view) for view in self.views]
        self.pending = bool(self.views)
        self._count(0)

    def settle_lines(self, first: int, last: int) -> None:
        """Lay out what the lines [first, last) show."""
        if not self.pending or first >= min(last, self.height):
            return
        begin = index = self.index_at(max(0, first))
        line, moved = self.starts[index], False
        while index < len(self.views) and line < last:
            moved = self._settle(index) or moved
            line += self.views[index].height
            index += 1
        if moved:
            self._count(begin)

    def settle(self, characters: int | None) -> bool:
        """Lay out some of what is pending, about so many characters of source; whether all is laid out."""
        left = characters
        first = next((n for n, view in enumerate(self.views) if isinstance(view, PendingView)), len(self.views))
        index = first
        while index < len(self.views) and (left is None or left > 0):
            view = self.views[index]
            if isinstance(view, PendingView) and left is not None:
                left -= view.leaf.end - view.leaf.start + 1
            self._settle(index)
            index += 1
        self._count(first)
        if index >= len(self.views):
            self.pending = False
        return not self.pending

    def _settle(self, index: int) -> bool:
        """Lay out a view if it is pending, and say so."""
        view = self.views[index]
        if not isinstance(view, PendingView):
            return False
        old = view.old
        fits = old is not None and type(old) is view_type(old.leaf) and old.lead == self._lead(index)
        if old is not None and fits and not view.stale and old.surface is self.surface and old.refit():
            old.before = self.views[index - 1].shown if index else None
            self.views[index] = old
        else:
            self.views[index] = self._make(index)
        if not self.views[index].rows and view.rows:
            self._lead_anew(index + 1)
        return True

    def _lead_anew(self, index: int) -> None:
        """Make views again that took the one before them for one that shows something."""
        for number in range(index, len(self.views)):
            pending = isinstance(self.views[number], PendingView)
            self.views[number] = self._put_off(number) if pending else self._make(number)
            if self.views[number].rows:
                break


def _first_difference(old: View, new: View) -> int | None:
    """The first line that two views of a leaf do not have in common, None if there is none."""
    lines = zip(map(old.line, range(old.height)), map(new.line, range(new.height)), strict=False)
    first = next((number for number, (a, b) in enumerate(lines) if a != b), None)
    return min(old.height, new.height) if first is None and old.height != new.height else first
