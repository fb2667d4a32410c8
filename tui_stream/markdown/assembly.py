"""The document under construction: the open containers, the open leaf and the list of leaves.

It exists apart from the reading of lines because this is the state that a tentative line must leave as
it was.
"""

from __future__ import annotations

import sys
from typing import Final, NamedTuple

from tui_stream.markdown.nodes import Container, Kind, Leaf
from tui_stream.markdown.references import Definitions, held_is_undecided
from tui_stream.markdown.scan import LONG_LINE

TERMINABLE: Final = frozenset({Kind.PARAGRAPH, Kind.TABLE})
"""Leaves that end where another block begins."""

_MOST_HELD: Final = 1000
"""Characters of a link definition; beyond that it is taken for text unless it is one already."""


class _Mark(NamedTuple):
    stack: list[Container]
    leaf: Leaf | None
    size: int
    last: Leaf | None
    blank: bool
    fences: int


class Assembly:
    """Leaves and open containers, with one level of undo."""

    def __init__(self) -> None:
        self.longest_title = sys.maxsize
        """Characters of the longest paragraph that the line under it makes a heading, or the header of a table."""
        self.leaves: list[Leaf] = []
        self.stack: list[Container] = []
        self.leaf: Leaf | None = None
        """The open leaf, which lies in the deepest open container."""
        self.blank = False
        """Whether a blank line came since the last content."""
        self.fences = 0
        """How many fences there are so far."""
        self.definitions = Definitions()
        self.changed = 0
        """Index of the first leaf that changed since the caller last set this."""
        self.offset = 0
        """Offset in the text of the line being read."""
        self.size = 0
        """Its length."""
        self._mark: _Mark | None = None

    @property
    def tentative(self) -> bool:
        """Whether the line being read is not finished."""
        return self._mark is not None

    def begin_tentative(self) -> None:
        """Remember the state; what follows is undone by `forget`."""
        last = self.leaves[-1] if self.leaves else None
        self._mark = _Mark(list(self.stack), self.leaf, len(self.leaves), last, self.blank, self.fences)

    def forget(self) -> None:
        """Return to the state before the tentative line, if there is one."""
        mark = self._mark
        if mark is None:
            return
        self._mark = None
        del self.leaves[mark.size :]
        if mark.last is not None:
            self.leaves[mark.size - 1 :] = [mark.last]
            mark.last.tentative = None
            mark.last.grown = ()
        self.touch(mark.size - 1)
        self.stack, self.leaf, self.blank, self.fences = mark.stack, mark.leaf, mark.blank, mark.fences

    def touch(self, index: int = -1) -> None:
        """Note that a leaf changed, the last one if none is named."""
        if index < 0:
            index = max(0, len(self.leaves) - 1)
        self.changed = min(self.changed, index)

    def close_leaf(self) -> None:
        """End the open leaf, for good unless the line is tentative."""
        leaf, self.leaf = self.leaf, None
        if leaf is None or self.tentative:
            return
        if leaf.held is not None and not self.settle_held(leaf):
            leaf.kind, leaf.info = Kind.EMPTY if leaf.markers else Kind.DEFINITION, "definition"
            leaf.held = None
        leaf.closed = True
        self.touch()

    def close_to(self, depth: int) -> None:
        """Close all but the outermost `depth` containers, and the leaf that ends with them."""
        if depth < len(self.stack) or (self.leaf is not None and self.leaf.kind in TERMINABLE):
            self.close_leaf()
        del self.stack[depth:]

    def open_leaf(self, kind: Kind) -> Leaf:
        """Begin a leaf in the deepest open container."""
        self.close_leaf()
        container = self.stack[-1] if self.stack else None
        leaf = Leaf(kind, container, self.offset)
        leaf.end = self.offset + self.size
        leaf.blank_before, self.blank = self.blank, False
        last = self.leaves[-1] if self.leaves else None
        fresh = _fresh(container, last.container if last else None)
        if last is not None and last.kind is Kind.EMPTY and last.closed and is_within(container, last.container):
            self.leaves.pop()
            fresh[:0] = last.markers
            leaf.start, leaf.blank_before = last.start, last.blank_before
        leaf.markers = tuple(fresh)
        self.leaves.append(leaf)
        self.touch()
        self.leaf = leaf
        return leaf

    def fill_empty(self) -> None:
        """Give a container that was opened without content a leaf to show its marker with."""
        container = self.stack[-1] if self.stack else None
        if container is None or self.leaf is not None:
            return
        if not self.leaves or not is_within(self.leaves[-1].container, container):
            self.open_leaf(Kind.EMPTY)
            self.close_leaf()

    def is_childless(self, container: Container) -> bool:
        """Whether a container that is open has no content yet."""
        last = self.leaves[-1]
        return last.kind is Kind.EMPTY and last.container is container and not last.info

    def add_line(self, leaf: Leaf, text: str) -> None:
        """Add a line to a leaf made of lines."""
        if self.tentative:
            leaf.tentative = text
        else:
            leaf.final.append(text)
            if leaf.kind is not Kind.HEADING:
                leaf.add_offset(self.offset)
            leaf.end = self.offset + self.size
        self.touch()

    def add_text(self, leaf: Leaf, text: str) -> None:
        """Add a line, without its indentation, to a paragraph."""
        self.touch()
        if self.tentative:
            leaf.tentative = text
            return
        leaf.end = self.offset + self.size
        if leaf.held is not None:
            self._hold(leaf, leaf.held, text)
        else:
            leaf.final.append("\n" + text if leaf.final else text)

    def open_paragraph(self, text: str) -> None:
        """Begin a paragraph with its first line."""
        leaf = self.open_leaf(Kind.PARAGRAPH)
        if text.startswith("[") and len(text) <= LONG_LINE and held_is_undecided(text):
            leaf.held = []
        self.add_text(leaf, text)

    def open_fence(self) -> Leaf:
        """Begin a fence, with the next number."""
        leaf = self.open_leaf(Kind.FENCE)
        self.fences += 1
        leaf.number = self.fences
        return leaf

    def replace_leaf(self, old: Leaf, kind: Kind) -> Leaf:
        """Put a leaf of another kind in the place of the last one."""
        leaf = Leaf(kind, old.container, old.start)
        leaf.end = self.offset + self.size
        leaf.blank_before, leaf.markers = old.blank_before, old.markers
        self.leaves[-1] = self.leaf = leaf
        self.touch()
        return leaf

    def split_header(self, paragraph: Leaf) -> Leaf:
        """Make the last line of a paragraph the header of a table; what comes before it stays a paragraph."""
        first = last_line_index(paragraph)
        header = "".join(paragraph.final[first:])
        del paragraph.final[first:]
        if not paragraph.final:
            table = self.replace_leaf(paragraph, Kind.TABLE)
        else:
            paragraph.rewritten = True
            paragraph.end -= len(header)
            self.close_leaf()
            table = self.open_leaf(Kind.TABLE)
            table.start = paragraph.end + 1
        table.final.append(header.removeprefix("\n"))
        table.add_offset(table.start)
        return table

    def settle_held(self, leaf: Leaf) -> bool:
        """Take the definitions at the head of a paragraph; whether text remains."""
        if leaf.held is not None:
            self._decide_held(leaf, leaf.held)
        return bool(leaf.final)

    def _hold(self, leaf: Leaf, held: list[str], text: str) -> None:
        """Add a line to those that may be link definitions."""
        if held and (text.startswith("[") or sum(map(len, held)) > _MOST_HELD):
            held = self._decide_held(leaf, held)
        if leaf.held is None:
            leaf.final.append("\n" + text)
        elif not held and (len(text) > LONG_LINE or not held_is_undecided(text)):
            leaf.held = None
            leaf.final.append(text)
        else:
            held.append(text)

    def _decide_held(self, leaf: Leaf, held: list[str]) -> list[str]:
        """Take the definitions out of the lines held back; other lines become text."""
        rest = self.definitions.take("\n".join(held))
        fresh: list[str] = []
        leaf.held = None if rest else fresh
        if rest:
            first, *others = rest.split("\n")
            leaf.final += [first, *["\n" + line for line in others]]
        return fresh


def last_line_index(paragraph: Leaf) -> int:
    """The index of the piece of a paragraph with which its last line begins."""
    index = len(paragraph.final) - 1
    while index > 0 and not paragraph.final[index].startswith("\n"):
        index -= 1
    return index


def is_within(inner: Container | None, outer: Container | None) -> bool:
    """Whether `inner` is `outer` or lies in it; None is the document."""
    if outer is None:
        return True
    while inner is not None and inner.depth > outer.depth:
        inner = inner.parent
    return inner is outer


def _fresh(container: Container | None, known: Container | None) -> list[Container]:
    """The containers around `container` that `known` does not lie in, the outermost first."""
    fresh: list[Container] = []
    while container is not None and not is_within(known, container):
        fresh.append(container)
        container = container.parent
    fresh.reverse()
    return fresh
