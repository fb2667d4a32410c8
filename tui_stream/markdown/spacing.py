"""Which blocks are set apart by an empty line, and how each kind is laid out.

It exists because both are decided from the leaf and the one before it alone: what comes later must not
move a line.
"""

from __future__ import annotations

import re
from typing import Final

from tui_stream.markdown.assembly import is_within
from tui_stream.markdown.code_view import CodeView
from tui_stream.markdown.lines_view import LinesView, MathView
from tui_stream.markdown.nodes import Container, ContainerKind, Kind, Leaf
from tui_stream.markdown.prose_view import ProseView
from tui_stream.markdown.scan import LONG_LINE
from tui_stream.markdown.table_view import TableView
from tui_stream.markdown.views import SignView, View

_TABLE_LIKE: Final = re.compile(r"\|[^|\n]+\|[^\n]*$")
_VIEWS: Final[dict[Kind, type[View]]] = {
    Kind.PARAGRAPH: ProseView,
    Kind.HEADING: ProseView,
    Kind.FENCE: CodeView,
    Kind.CODE: CodeView,
    Kind.HTML: LinesView,
    Kind.TABLE: TableView,
    Kind.MATH: MathView,
    Kind.RULE: SignView,
    Kind.EMPTY: SignView,
    Kind.DEFINITION: SignView,
}


def view_type(leaf: Leaf) -> type[View]:
    """How a leaf is laid out.

    A line that looks like the header of a table is shown as one as long as nothing follows it.
    """
    if leaf.kind is Kind.PARAGRAPH and not leaf.closed and leaf.held is None and len(leaf.final) <= 1:
        source = leaf.source
        if source.startswith("|") and len(source) < LONG_LINE and _TABLE_LIKE.match(source):
            return TableView
    return _VIEWS[leaf.kind]


def lead_lines(before: Leaf | None, leaf: Leaf) -> int:
    """How many empty lines set a leaf apart from the one shown before it.

    In lists that is as it was written; elsewhere there is always one.
    """
    if before is None or leaf.kind is Kind.DEFINITION:
        return 0
    if leaf.blank_before:
        return 1
    return 0 if _is_tight(before, leaf) else 1


def _is_tight(before: Leaf, leaf: Leaf) -> bool:
    parent = leaf.markers[0].parent if leaf.markers else leaf.container
    if parent is not None and parent.kind is not ContainerKind.QUOTE and is_within(before.container, parent):
        return True
    if not leaf.markers:
        return False
    return _are_siblings(before.container, leaf.markers[0])


def _are_siblings(inner: Container | None, other: Container) -> bool:
    """Whether `other` continues the list, or the footnotes, that `inner` lies in."""
    while inner is not None and inner.depth > other.depth:
        inner = inner.parent
    if inner is None or inner.kind is not other.kind or inner.parent is not other.parent:
        return False
    return inner.group is other.group and other.kind is not ContainerKind.QUOTE
