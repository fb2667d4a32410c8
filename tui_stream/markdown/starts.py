"""What may begin a block: one function for each construct of CommonMark, GFM and the extensions.

They exist apart from the parser's loop because each is a rule of its own, tried in the order of `STARTS`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from tui_stream.markdown import scan
from tui_stream.markdown.assembly import Assembly, last_line_index
from tui_stream.markdown.nodes import Container, ContainerKind, Kind, Leaf, ListGroup
from tui_stream.markdown.rows import table_start
from tui_stream.markdown.scan import Line

MAX_DEPTH: Final = 48
"""Containers inside one another; the markers of deeper ones are shown as text."""
_FOOTNOTE_INDENT: Final = 4
_MATH_PAIRS: Final = (("$$", "$$"), ("\\[", "\\]"))


class Begun(Enum):
    """What a rule did with the line."""

    NOTHING = auto()
    LEAF = auto()
    CONTAINER = auto()


class Start:
    """A place in a line where a block may begin."""

    __slots__ = ("assembly", "line", "matched", "opened", "paragraph")

    def __init__(self, assembly: Assembly, line: Line, matched: int, paragraph: Leaf | None) -> None:
        self.assembly = assembly
        self.line = line
        self.matched = matched
        """How many open containers the line continues."""
        self.paragraph = paragraph
        """The paragraph that the line would continue, if it does not begin a block."""
        self.opened = False
        """Whether this line already opened a container."""

    @property
    def parent(self) -> Container | None:
        """The container that what begins here lies in."""
        return self.assembly.stack[-1] if self.assembly.stack else None

    def run(self) -> Begun:
        """Open what the line begins: any number of containers, then a leaf or nothing."""
        line = self.line
        while not line.blank:
            if line.indent >= scan.CODE_INDENT:
                return self._indented_code()
            if line.text[line.next] not in scan.SPECIAL:
                break
            begun = next((b for rule in STARTS if (b := rule(self)) is not Begun.NOTHING), Begun.NOTHING)
            if begun is not Begun.CONTAINER:
                return begun
            self.opened = True
            self.paragraph = None
        return Begun.NOTHING

    def close_unmatched(self) -> None:
        """Close what the line does not continue, before something new is opened."""
        if not self.opened:
            self.assembly.close_to(self.matched)

    def leaf(self, kind: Kind) -> Leaf:
        """Open a leaf here."""
        self.close_unmatched()
        return self.assembly.open_leaf(kind)

    def container(self, kind: ContainerKind, indent: int = 0) -> Container:
        """Open a container here."""
        self.close_unmatched()
        self.assembly.close_leaf()
        container = Container(kind, self.parent, self.assembly.offset, indent)
        self.assembly.stack.append(container)
        return container

    def _indented_code(self) -> Begun:
        tip = self.assembly.leaf
        if tip is not None and tip.kind is Kind.PARAGRAPH and not self.opened:
            return Begun.NOTHING
        leaf = self.leaf(Kind.CODE)
        self.line.step_columns(scan.CODE_INDENT)
        self.assembly.add_line(leaf, self.line.rest())
        return Begun.LEAF


def enter_quote(line: Line) -> bool:
    """Step over a quote's mark and the space after it, if the line has one here."""
    if line.blank or line.indent >= scan.CODE_INDENT or line.text[line.next] != ">":
        return False
    line.to_next()
    line.step(1)
    if line.at_space():
        line.step_columns(1)
    return True


def _quote(start: Start) -> Begun:
    if len(start.assembly.stack) >= MAX_DEPTH or not enter_quote(start.line):
        return Begun.NOTHING
    start.container(ContainerKind.QUOTE)
    return Begun.CONTAINER


def _heading(start: Start) -> Begun:
    content = start.line.content()
    match = scan.ATX.match(content)
    if match is None or len(content) > scan.LONG_LINE:
        return Begun.NOTHING
    leaf = start.leaf(Kind.HEADING)
    leaf.level = len(match[0].rstrip())
    start.assembly.add_line(leaf, scan.ATX_CLOSE.sub("", content[match.end() :]).strip())
    start.assembly.close_leaf()
    return Begun.LEAF


def _fence(start: Start) -> Begun:
    line = start.line
    match = scan.FENCE_OPEN.match(line.text, line.next)
    if match is None or len(line.text) > scan.LONG_LINE:
        return Begun.NOTHING
    start.close_unmatched()
    leaf = start.assembly.open_fence()
    leaf.fence, leaf.indent = match[0], line.indent
    leaf.info = line.text[match.end() :].strip()
    return Begun.LEAF


def _math(start: Start) -> Begun:
    text = start.line.content().rstrip()
    for opener, closer in _MATH_PAIRS:
        if not text.startswith(opener):
            continue
        whole = len(opener) + len(closer) < len(text) <= scan.LONG_LINE and text.endswith(closer)
        if not whole and text != opener:
            continue
        leaf = start.leaf(Kind.MATH)
        leaf.fence = closer
        if whole:
            start.assembly.add_line(leaf, text[len(opener) : -len(closer)].strip())
            start.assembly.close_leaf()
        return Begun.LEAF
    return Begun.NOTHING


def _html(start: Start) -> Begun:
    content = start.line.content()
    if content[0] != "<" or len(content) > scan.LONG_LINE:
        return Begun.NOTHING
    tip = start.assembly.leaf
    interrupts = tip is not None and tip.kind in (Kind.PARAGRAPH, Kind.TABLE) and not start.opened
    block_type = scan.html_block_type(content, interrupts=interrupts)
    if not block_type:
        return Begun.NOTHING
    leaf = start.leaf(Kind.HTML)
    leaf.html_end = block_type
    start.assembly.add_line(leaf, start.line.rest())
    if scan.html_block_ends(block_type, content):
        start.assembly.close_leaf()
    return Begun.LEAF


def _setext(start: Start) -> Begun:
    paragraph = start.paragraph
    if paragraph is None:
        return Begun.NOTHING
    content = start.line.content()
    if not scan.SETEXT.match(content) or start.assembly.tentative:
        return Begun.NOTHING
    if paragraph.end - paragraph.start > start.assembly.longest_title:
        return Begun.NOTHING
    if not start.assembly.settle_held(paragraph):
        return Begun.NOTHING
    heading = start.assembly.replace_leaf(paragraph, Kind.HEADING)
    heading.level = 1 if content[0] == "=" else 2
    heading.final = paragraph.final
    start.assembly.close_leaf()
    return Begun.LEAF


def _rule(start: Start) -> Begun:
    if not scan.RULE.match(start.line.text, start.line.next):
        return Begun.NOTHING
    start.leaf(Kind.RULE)
    start.assembly.close_leaf()
    return Begun.LEAF


def _table(start: Start) -> Begun:
    paragraph = start.paragraph
    if paragraph is None or paragraph.held is not None or start.assembly.tentative:
        return Begun.NOTHING
    delimiter = start.line.content().rstrip()
    if not scan.TABLE_DELIMITER.match(delimiter):
        return Begun.NOTHING
    header = "".join(paragraph.final[last_line_index(paragraph) :]).removeprefix("\n")
    aligns = table_start(header, delimiter)
    if aligns is None or (len(header) > start.assembly.longest_title and not header.startswith("|")):
        return Begun.NOTHING
    table = start.assembly.split_header(paragraph)
    table.aligns = aligns
    return Begun.LEAF


def _footnote(start: Start) -> Begun:
    line = start.line
    match = scan.FOOTNOTE.match(line.text, line.next)
    if match is None or len(start.assembly.stack) >= MAX_DEPTH:
        return Begun.NOTHING
    container = start.container(ContainerKind.FOOTNOTE, _FOOTNOTE_INDENT)
    container.label = match[1]
    if not start.assembly.tentative:
        start.assembly.definitions.add_footnote(match[1])
    line.to_next()
    line.step(match.end() - match.start())
    return Begun.CONTAINER


def _item(start: Start) -> Begun:
    line, assembly = start.line, start.assembly
    ordered = scan.ORDERED.match(line.text, line.next)
    marker = ordered or scan.BULLET.match(line.text, line.next)
    if marker is None or len(assembly.stack) >= MAX_DEPTH:
        return Begun.NOTHING
    if start.paragraph is not None:
        if ordered and int(ordered[1]) != 1:
            return Begun.NOTHING
        if not line.text[marker.end() :].strip(" \t"):
            return Begun.NOTHING
    delimiter = ordered[2] if ordered else marker[0]
    previous = _previous_item(start, delimiter)
    item = start.container(ContainerKind.ITEM)
    if previous is not None and previous.group is not None:
        item.group, item.number = previous.group, previous.number + 1
    else:
        item.number = int(ordered[1]) if ordered else 0
        item.group = ListGroup(ordered is not None, delimiter, item.number)
    item.indent = _enter_item(line, marker.end() - marker.start())
    return Begun.CONTAINER


def _previous_item(start: Start, delimiter: str) -> Container | None:
    """The item before this one in the same list."""
    stack, leaves = start.assembly.stack, start.assembly.leaves
    if start.opened or not leaves:
        return None
    previous = leaves[-1].container
    if start.matched < len(stack):
        previous = stack[start.matched]
    elif leaves[-1].kind is not Kind.EMPTY or previous is None or previous.parent is not start.parent:
        return None  # only an item that a blank line ended before it had content leaves its list open
    if previous.group is not None and previous.group.delimiter == delimiter:
        return previous
    return None


def _enter_item(line: Line, marker: int) -> int:
    """Step over an item's marker and the space after it; the columns its other lines are indented by."""
    outer = line.indent
    line.to_next()
    line.step(marker)
    if line.blank or not 0 < line.indent <= scan.CODE_INDENT:
        if line.at_space():
            line.step_columns(1)
        return outer + marker + 1
    spaces = line.indent
    line.step_columns(spaces)
    return outer + marker + spaces


STARTS: Final[tuple[Callable[[Start], Begun], ...]] = (
    _table,
    _quote,
    _heading,
    _fence,
    _math,
    _html,
    _setext,
    _rule,
    _footnote,
    _item,
)
