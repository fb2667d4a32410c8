"""The incremental block parser: CommonMark's line by line algorithm, kept between appends.

It exists because a parser that is handed the whole text again at each token costs more the longer the
answer is. Here a finished line is read once. The line that is not finished is read tentatively and
forgotten before the next append; once it is known for running text, it is taken for good and simply
grows.
"""

from __future__ import annotations

from typing import Final

from tui_stream.markdown import scan
from tui_stream.markdown.assembly import Assembly
from tui_stream.markdown.nodes import PROLONGED, Container, ContainerKind, Kind, Leaf
from tui_stream.markdown.scan import CODE_INDENT, LONG_LINE, Line
from tui_stream.markdown.starts import Begun, Start, enter_quote

_SETTLE: Final = 80


class BlockParser:
    """Turns text into a growing, flat list of leaves, `assembly.leaves`."""

    def __init__(self) -> None:
        self.assembly = Assembly()
        self._line = Line("")
        self._partial = ""
        self._growing = False
        self._long: list[str] = []
        """What came to a very long line of code after it was read tentatively."""

    def append(self, text: str) -> None:
        """Read more text, which has no carriage returns and no control characters but tab and newline."""
        if self._long and "\n" not in text:
            self._prolong(text)
            return
        self._join_long()
        self.assembly.forget()
        if self._growing:
            text = self._grow(text)
        if self._growing:
            return
        *lines, partial = (self._partial + text).split("\n")
        for line in lines:
            self._feed(line)
            self.assembly.offset += len(line) + 1
        self._partial = partial
        if partial and not self._is_ambiguous(partial):
            self._feed_partial(partial)

    def finish(self) -> None:
        """End the text: take the last line for good and close all blocks."""
        self._join_long()
        self.assembly.forget()
        if self._partial:
            self._feed(self._partial)
        self._partial, self._growing = "", False
        self.assembly.close_leaf()
        self.assembly.stack = []

    # The line that is not finished

    def _grow(self, text: str) -> str:
        """Add to a settled line; what follows its newline is returned."""
        leaf = self.assembly.leaves[-1]
        head, newline, rest = text.partition("\n")
        leaf.final.append(head)
        leaf.end += len(head)
        self.assembly.touch()
        if newline:
            self._growing = False
            self.assembly.offset = leaf.end + 1
        return rest

    def _prolong(self, text: str) -> None:
        """Add to a line that is taken for code whatever follows; it is read again when it ends."""
        self._long.append(text)
        self.assembly.leaves[-1].grown = self._long
        self.assembly.touch()

    def _join_long(self) -> None:
        self._partial = "".join([self._partial, *self._long])
        self._long = []

    def _feed_partial(self, partial: str) -> None:
        self.assembly.begin_tentative()
        self._feed(partial)
        leaf = self.assembly.leaf
        if len(partial) > LONG_LINE and leaf is not None and leaf.kind in PROLONGED and leaf.tentative is not None:
            self._long = [""]
            return
        if self._is_settled(partial):
            self.assembly.forget()
            self._feed(partial)
            self._partial = ""
            self._growing = True

    def _is_ambiguous(self, partial: str) -> bool:
        """Whether the line has nothing yet that tells what it will be."""
        leaf = self.assembly.leaf
        if leaf is not None and leaf.kind in (Kind.FENCE, Kind.MATH):
            closer = leaf.fence if leaf.kind is Kind.MATH else leaf.fence[0]
            text = partial.strip(" \t>")
            if not text.strip(closer):
                return True
            if not self.assembly.stack or partial[0] in " \t":
                return False
        return scan.MARKER_ONLY.match(partial) is not None

    def _is_settled(self, partial: str) -> bool:
        """Whether the tentative line stays running text whatever follows."""
        leaf = self.assembly.leaf
        if leaf is None or leaf.kind is not Kind.PARAGRAPH or len(partial) < _SETTLE or leaf.held is not None:
            return False
        if len(partial) > 2 * LONG_LINE:
            return True
        content = self._line.content()
        if "|" in content or content.startswith(("```", "~~~", "<", "$$", "\\[")):
            return False
        return scan.TEXTUAL.search(content) is not None

    # One line

    def _feed(self, text: str) -> None:
        assembly, line = self.assembly, Line(text)
        self._line = line
        assembly.size = len(text)
        matched = self._match_containers(line)
        whole = matched == len(assembly.stack)
        if whole and assembly.leaf is not None and self._continue_leaf(assembly.leaf, line):
            return
        leaf = assembly.leaf if whole else None
        paragraph = leaf if leaf is not None and leaf.kind is Kind.PARAGRAPH else None
        start = Start(assembly, line, matched, paragraph)
        if start.run() is not Begun.LEAF:
            self._add_rest(start, leaf)
        assembly.fill_empty()

    def _add_rest(self, start: Start, leaf: Leaf | None) -> None:
        """Deal with a line, or what is left of it, that begins no leaf."""
        assembly, line = self.assembly, start.line
        tip = assembly.leaf
        if line.blank:
            start.close_unmatched()
            assembly.blank = True
        elif not start.opened and tip is not None and tip.kind is Kind.PARAGRAPH:
            assembly.add_text(tip, line.content())
        elif not start.opened and leaf is not None and leaf.kind is Kind.TABLE:
            assembly.add_line(leaf, line.content())
        else:
            start.close_unmatched()
            assembly.open_paragraph(line.content())

    def _match_containers(self, line: Line) -> int:
        """How many open containers the line continues."""
        for index, container in enumerate(self.assembly.stack):
            if not self._matches(container, line):
                return index
        return len(self.assembly.stack)

    def _matches(self, container: Container, line: Line) -> bool:
        if container.kind is ContainerKind.QUOTE:
            return enter_quote(line)
        if line.blank:
            if self.assembly.is_childless(container):
                return False
            line.to_next()
            return True
        if line.indent < container.indent:
            return False
        line.step_columns(container.indent)
        return True

    # The open leaf

    def _continue_leaf(self, leaf: Leaf, line: Line) -> bool:
        """Give the line to the open leaf; False if it may begin something else."""
        match leaf.kind:
            case Kind.FENCE:
                self._continue_fence(leaf, line)
                return True
            case Kind.MATH:
                self._continue_math(leaf, line)
                return True
            case Kind.CODE:
                taken = self._continue_code(leaf, line)
            case Kind.HTML:
                taken = self._continue_html(leaf, line)
            case _:
                if line.blank:
                    self.assembly.close_leaf()
                return False
        if not taken:
            self.assembly.close_leaf()
        return taken

    def _continue_fence(self, leaf: Leaf, line: Line) -> None:
        if line.indent < CODE_INDENT and not line.blank and line.text[line.next] == leaf.fence[0]:
            close = scan.FENCE_CLOSE.match(line.text, line.next)
            if close and len(close[1]) >= len(leaf.fence):
                self._end_leaf(leaf)
                return
        if leaf.indent and line.indent:
            line.step_columns(min(leaf.indent, line.indent))
        self.assembly.add_line(leaf, line.rest())

    def _continue_code(self, leaf: Leaf, line: Line) -> bool:
        if line.indent >= CODE_INDENT:
            line.step_columns(CODE_INDENT)
        elif line.blank:
            line.to_next()
        else:
            return False
        self.assembly.add_line(leaf, line.rest())
        self.assembly.blank = line.blank
        return True

    def _continue_html(self, leaf: Leaf, line: Line) -> bool:
        if line.blank and leaf.html_end >= scan.HTML_UNTIL_BLANK:
            return False
        self.assembly.add_line(leaf, line.rest())
        if scan.html_block_ends(leaf.html_end, line.rest()):
            self.assembly.close_leaf()
        return True

    def _continue_math(self, leaf: Leaf, line: Line) -> None:
        text = line.content().rstrip()
        ends = text.endswith(leaf.fence)
        if ends:
            text = text[: -len(leaf.fence)].rstrip()
        if text or not ends:
            self.assembly.add_line(leaf, text)
        if ends:
            self._end_leaf(leaf)

    def _end_leaf(self, leaf: Leaf) -> None:
        """Close a leaf with the line that ends it."""
        if not self.assembly.tentative:
            leaf.end = self.assembly.offset + self.assembly.size
        self.assembly.close_leaf()
