"""What a user interface may know about a block: where it is, what it is, and its code for copying.

It exists so that navigation and copying need nothing of the parser's own types.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from tui_stream.markdown.code_view import language_of
from tui_stream.markdown.nodes import ContainerKind, Kind
from tui_stream.markdown.views import View, WideMode


class BlockInfo:
    """One block at the time it was asked for."""

    __slots__ = ("_leaf", "_view", "first_line", "index", "line_count")

    def __init__(self, view: View, index: int, first_line: int, line_count: int) -> None:
        self._view = view
        self._leaf = view.leaf
        self.index = index
        """Its place among the blocks."""
        self.first_line = first_line
        """Its first line, not counting an empty line before it."""
        self.line_count = line_count
        """Its lines; 0 for a link definition, which is not shown."""

    @property
    def kind(self) -> str:
        """What it is.

        One of "paragraph", "heading", "fence", "code", "html", "table", "rule", "math", "empty" and
        "definition".
        """
        return str(self._leaf.kind)

    @property
    def level(self) -> int:
        """1 to 6 for a heading, else 0."""
        return self._leaf.level if self._leaf.kind is Kind.HEADING else 0

    @property
    def number(self) -> int:
        """1, 2, ... for a fence, in order, else 0; it never changes once the fence is closed."""
        return self._leaf.number

    @property
    def depth(self) -> int:
        """How many quotes, list items and footnotes it lies in."""
        return self._leaf.container.depth if self._leaf.container else 0

    @property
    def in_quote(self) -> bool:
        """Whether it lies in a quote."""
        container = self._leaf.container
        return container is not None and any(c.kind is ContainerKind.QUOTE for c in container.chain())

    @property
    def start(self) -> int:
        """Offset in the text of the beginning of its first source line."""
        return self._leaf.start

    @property
    def end(self) -> int:
        """Offset in the text of the end of its last finished source line."""
        return self._leaf.end

    @property
    def closed(self) -> bool:
        """Whether it can no longer grow."""
        return self._leaf.closed

    @property
    def language(self) -> str:
        """The language a fence names, "" if none."""
        return language_of(self._leaf) if self._leaf.kind is Kind.FENCE else ""

    @property
    def code(self) -> str:
        """The code of a fence or indented block so far, as it is to be copied; "" for other blocks."""
        if self._leaf.kind is Kind.CODE:
            return "\n".join(self._leaf.lines).rstrip("\n") + "\n"
        if self._leaf.kind is not Kind.FENCE:
            return ""
        return "".join([line + "\n" for line in self._leaf.lines])

    @property
    def wide(self) -> WideMode:
        """Whether what does not fit is wrapped, or scrolled sideways."""
        return self._view.wide

    @property
    def offset(self) -> int:
        """Cells by which it is scrolled to the left."""
        return self._view.offset

    @property
    def source(self) -> str:
        """The Markdown of a paragraph or heading without the marks of what it lies in."""
        return self._leaf.source if self._leaf.kind in (Kind.PARAGRAPH, Kind.HEADING) else ""

    def __repr__(self) -> str:
        return f"<BlockInfo {self.index} {self.kind} lines {self.first_line}+{self.line_count}>"


class BlockList(Sequence[BlockInfo]):
    """The blocks of a text, each described when it is looked at."""

    def __init__(self, views: Sequence[View], starts: Sequence[int]) -> None:
        self._views = views
        self._starts = starts

    def __len__(self) -> int:
        return len(self._views)

    @overload
    def __getitem__(self, index: int) -> BlockInfo: ...

    @overload
    def __getitem__(self, index: slice) -> list[BlockInfo]: ...

    def __getitem__(self, index: int | slice) -> BlockInfo | list[BlockInfo]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        if index < 0:
            index += len(self)
        view = self._views[index]
        lead = view.lead if view.rows else 0
        return BlockInfo(view, index, self._starts[index] + lead, len(view.rows))
