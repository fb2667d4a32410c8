"""The block model shared by the parser and the layout.

It exists so that the two sides agree on one small vocabulary: containers (what indents or decorates) and
leaves (what holds text). A document is a flat list of leaves, each with the container it lies in,
because a flat list can grow, freeze and be drawn from its end without walking a tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
    out). `tentative` is the part from the line not finished yet, or None.
    """

    __slots__ = (
        "aligns",
        "blank_before",
        "closed",
        "container",
        "end",
        "fence",
        "final",
        "held",
        "html_end",
        "indent",
        "info",
        "kind",
        "level",
        "line_offsets",
        "markers",
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
        self.line_offsets: list[int] = []
        """For code and fences, the offset of each source line in `final`."""
        self.closed = False
        self.level = 0
        self.info = ""
        self.fence = ""
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

    @property
    def lines(self) -> list[str]:
        """Finished and unfinished lines together; a new list."""
        return self.final if self.tentative is None else [*self.final, self.tentative]

    @property
    def source(self) -> str:
        """Finished and unfinished text of a paragraph or heading."""
        text = "".join(self.final) if self.held is None else "\n".join(self.held)
        if self.tentative is None:
            return text
        return f"{text}\n{self.tentative}" if text else self.tentative
