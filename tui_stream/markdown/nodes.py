"""The block model shared by the parser and the layout.

It exists so that the two sides agree on one small vocabulary: containers (what indents or decorates) and
leaves (what holds text). A document is a flat list of leaves, each with the container it lies in,
because a flat list can grow, freeze and be drawn from its end without walking a tree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_TASK: Final = re.compile(r"\[([ xX])\][ \t]")
TASK_BOX: Final = 4
"""Characters of the box of a task with the space after it."""


class Kind(StrEnum):
    """What a leaf is; the values are what `BlockInfo.kind` shows."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    FENCE = "fence"
    CODE = "code"
    HTML = "html"
    TABLE = "table"
    RULE = "rule"
    MATH = "math"
    EMPTY = "empty"
    DEFINITION = "definition"


PROLONGED: Final = frozenset({Kind.FENCE, Kind.CODE, Kind.HTML, Kind.TABLE})
"""Leaves to whose unfinished line more is added as it comes."""


class ContainerKind(StrEnum):
    """What a container is."""

    QUOTE = "quote"
    ITEM = "item"
    FOOTNOTE = "footnote"


@dataclass(frozen=True, slots=True, eq=False)
class ListGroup:
    """The list that sibling items share; compared by identity."""

    ordered: bool
    delimiter: str
    start: int


class Container:
    """A quote, a list item or a footnote definition, with its parent."""

    __slots__ = ("depth", "group", "indent", "kind", "label", "number", "parent", "start")

    def __init__(self, kind: ContainerKind, parent: Container | None, start: int, indent: int = 0) -> None:
        self.kind = kind
        self.parent = parent
        self.depth: int = parent.depth + 1 if parent else 1
        self.start = start
        self.indent = indent
        """Columns that a continuing line has to be indented by."""
        self.group: ListGroup | None = None
        self.number = 0
        """The ordinal of an item of an ordered list, or its position in a bullet list."""
        self.label = ""

    def chain(self) -> list[Container]:
        """This container and all around it, the outermost first."""
        chain: list[Container] = []
        node: Container | None = self
        while node is not None:
            chain.append(node)
            node = node.parent
        chain.reverse()
        return chain


class Leaf:
    """One block that holds text.

    `final` holds pieces of text that will not change any more: text to be joined for paragraphs,
    headings and HTML, lines for code, fences, math and tables (the delimiter row of a table is left
    out). `tentative` is the part from the line not finished yet, or None; what comes to a very long one
    is in `grown`, piece by piece.
    """

    __slots__ = (
        "aligns",
        "blank_before",
        "closed",
        "container",
        "end",
        "fence",
        "final",
        "grown",
        "held",
        "html_end",
        "indent",
        "info",
        "kind",
        "level",
        "line_offsets",
        "markers",
        "number",
        "rewritten",
        "start",
        "tentative",
    )

    def __init__(self, kind: Kind, container: Container | None, start: int) -> None:
        self.kind = kind
        self.container = container
        self.start = start
        """Offset of the start of its first source line."""
        self.end = start
        self.final: list[str] = []
        self.tentative: str | None = None
        self.grown: Sequence[str] = ()
        self.line_offsets: Sequence[int] = ()
        """For code and fences, the offset of each source line in `final`."""
        self.closed = False
        self.level = 0
        self.info = ""
        self.fence = ""
        self.number = 0
        """For a fence, how many fences there are up to this one."""
        self.indent = 0
        self.html_end = 0
        self.aligns: tuple[str, ...] = ()
        self.blank_before = False
        self.markers: tuple[Container, ...] = ()
        """Containers whose marker is drawn in front of this leaf, the outermost first."""
        self.rewritten = False
        """Whether a finished line was taken away again, to become the header of a table."""
        self.held: list[str] | None = None
        """Lines of a paragraph that may still turn out to be link definitions."""

    def add_offset(self, offset: int) -> None:
        """Note where a source line begins."""
        if isinstance(self.line_offsets, list):
            self.line_offsets.append(offset)
        else:
            self.line_offsets = [offset]

    @property
    def lines(self) -> list[str]:
        """Finished and unfinished lines together; a new list."""
        unfinished = self.unfinished
        return self.final if unfinished is None else [*self.final, unfinished]

    @property
    def unfinished(self) -> str | None:
        """The text of the line not finished yet."""
        return "".join([self.tentative, *self.grown]) if self.grown and self.tentative is not None else self.tentative

    @property
    def source(self) -> str:
        """Finished and unfinished text of a paragraph or heading."""
        text = "".join(self.final) if self.held is None else "\n".join(self.held)
        if self.tentative is None:
            return text
        return f"{text}\n{self.tentative}" if text else self.tentative


def task_mark(leaf: Leaf, text: str) -> str:
    """What stands in the box of a task, " " or "x", if `text` is its beginning; else ""."""
    if leaf.kind is not Kind.PARAGRAPH or not leaf.markers or leaf.markers[-1].kind is not ContainerKind.ITEM:
        return ""
    match = _TASK.match(text)
    return match[1].lower() if match else ""
