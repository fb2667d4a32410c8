"""One source line being read by the block parser: columns, tabs and the patterns that begin blocks.

It exists because CommonMark counts columns, not characters: a tab may be used up in part by a container
and the rest of it belongs to the content.
"""

from __future__ import annotations

import re
from typing import Final

from markdown_it.common.html_blocks import block_names
from markdown_it.common.html_re import HTML_OPEN_CLOSE_TAG_STR

CODE_INDENT: Final = 4
LONG_LINE: Final = 4096
"""Characters. A longer line begins no heading, fence, table, HTML block or formula, so that a line
without an end is known for running text while it still grows."""

ATX: Final = re.compile(r"#{1,6}(?:[ \t]+|$)")
ATX_CLOSE: Final = re.compile(r"(?:^|[ \t]+)#+[ \t]*$")
FENCE_OPEN: Final = re.compile(r"`{3,}(?=[^`]*$)|~{3,}")
FENCE_CLOSE: Final = re.compile(r"(`{3,}|~{3,})[ \t]*$")
SETEXT: Final = re.compile(r"(?:=+|-+)[ \t]*$")
RULE: Final = re.compile(r"(?:\*[ \t]*){3,}$|(?:_[ \t]*){3,}$|(?:-[ \t]*){3,}$")
BULLET: Final = re.compile(r"[*+-](?=[ \t]|$)")
ORDERED: Final = re.compile(r"(\d{1,9})([.)])(?=[ \t]|$)")
FOOTNOTE: Final = re.compile(r"\[\^([^\]\[\s^]{1,60})\]:[ \t]*")
TABLE_DELIMITER: Final = re.compile(r"(?:\||:?-+:?[ \t]*\||:-|-[-:])[-:| \t]*$")
MARKER_ONLY: Final = re.compile(
    r"(?:[\s>]|(?:[-*+]|\d{1,9}[.)])[ \t])*+"
    r"(?:[-*+_=#`~$|: \t]*|\d{1,9}[.)]?|\\\[?|(?<=[ \t])\[[ xX]?\]?)[ \t]*$"
)
"""A line that is not finished and has nothing but marks: what it will be is not known yet."""
TEXTUAL: Final = re.compile(r"[^-=*_+#|:\s`~$\d.)>\\\[]")
SPECIAL: Final = frozenset("#`~*+-_=<>[$\\|:0123456789")

_HTML_OPEN: Final = (
    re.compile(r"<(?:script|pre|textarea|style)(?=\s|>|$)", re.IGNORECASE),
    re.compile(r"<!--"),
    re.compile(r"<\?"),
    re.compile(r"<![A-Za-z]"),
    re.compile(r"<!\[CDATA\["),
    re.compile(r"</?(?:" + "|".join(block_names) + r")(?=\s|/?>|$)", re.IGNORECASE),
    re.compile(HTML_OPEN_CLOSE_TAG_STR + r"\s*$"),
)
_HTML_CLOSE: Final = (
    re.compile(r"</(?:script|pre|textarea|style)>", re.IGNORECASE),
    re.compile(r"-->"),
    re.compile(r"\?>"),
    re.compile(r">"),
    re.compile(r"\]\]>"),
)
HTML_UNTIL_BLANK: Final = 6


def html_block_type(text: str, *, interrupts: bool) -> int:
    """The CommonMark type (1 to 7) of the HTML block that `text` begins, 0 for none."""
    for number, pattern in enumerate(_HTML_OPEN, 1):
        if number > HTML_UNTIL_BLANK and interrupts:
            return 0
        if pattern.match(text):
            return number
    return 0


def html_block_ends(block_type: int, text: str) -> bool:
    """Whether `text` holds the end of an HTML block of that type."""
    return block_type < HTML_UNTIL_BLANK and _HTML_CLOSE[block_type - 1].search(text) is not None


class Line:
    """A cursor over one line without its newline."""

    __slots__ = ("blank", "column", "indent", "next", "next_column", "partial_tab", "pos", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0
        self.column = 0
        self.partial_tab = False
        self.look()

    def look(self) -> None:
        """Find the next character that is not white space."""
        text, pos, column = self.text, self.pos, self.column
        size = len(text)
        while pos < size:
            character = text[pos]
            if character == " ":
                column += 1
            elif character == "\t":
                column += 4 - column % 4
            else:
                break
            pos += 1
        self.next = pos
        self.next_column = column
        self.indent = column - self.column
        self.blank = pos >= size

    def to_next(self) -> None:
        """Step over white space."""
        self.pos = self.next
        self.column = self.next_column
        self.partial_tab = False
        self.indent = 0

    def step(self, characters: int) -> None:
        """Step over characters that are not tabs, and look again."""
        self.pos += characters
        self.column += characters
        self.partial_tab = False
        self.look()

    def step_columns(self, columns: int) -> None:
        """Step over up to so many columns of white space, a tab in part if need be, and look again."""
        text = self.text
        while columns > 0 and self.pos < len(text):
            if text[self.pos] == "\t":
                to_stop = 4 - self.column % 4
                self.partial_tab = to_stop > columns
                taken = min(columns, to_stop)
                self.column += taken
                self.pos += 0 if self.partial_tab else 1
                columns -= taken
            else:
                self.partial_tab = False
                self.pos += 1
                self.column += 1
                columns -= 1
        self.look()

    def at_space(self) -> bool:
        """Whether the cursor stands on a space or tab."""
        return self.text[self.pos : self.pos + 1] in (" ", "\t") and self.pos < len(self.text)

    def rest(self) -> str:
        """What is left, with the unused columns of a tab as spaces."""
        if self.partial_tab:
            return " " * (4 - self.column % 4) + self.text[self.pos + 1 :]
        return self.text[self.pos :]

    def content(self) -> str:
        """What is left without leading white space."""
        return self.text[self.next :]
