"""What the program may write to a terminal: every sequence of control characters that it has a use for, and no other.

A stray sequence is told from the program's own by its parameters: colours are always true colours, the cursor never
leaves the screen, and no text has a control code point in it.
"""

from __future__ import annotations

import re
import unicodedata

_MODES = "7|25|1000|1003|1004|1006|1015|1049|2004|2026|2048"
_COLOUR = r"[34]8;2;\d{1,3};\d{1,3};\d{1,3}"
_STYLE = rf"(?:[123479]|{_COLOUR})"
_OWN = re.compile(
    "|".join(
        (
            rf"\x1b\[(?:0|{_STYLE}(?:;{_STYLE})*)?m",
            r"\x1b\[(?P<row>\d+);(?P<column>\d+)H",
            r"\x1b\[(?P<top>\d+);(?P<bottom>\d+)r\x1b\[\d+H\x1b\[\d{1,3}[LM]\x1b\[r",  # what scrolls
            rf"\x1b\[\?(?:{_MODES})[hl]",
            r"\x1b\[\?20[24][68]\$p",
            r"\x1b\[>25u|\x1b\[<u",  # the keyboard's protocol
            r"\x1b\]22;[a-z-]*\x07",  # the pointer's shape
            r"\x1b\[[\d;]*(?=\x1b\[\?20(?:26|04)l)",  # a frame under way when the program was left
            r"\r\n",
        )
    )
)
_LINES = re.compile(r"\x1b\[(?:(?:[0-4]|3[0-7])(?:;(?:[0-4]|3[0-7]))*)?m|\r\n|\r\x1b\[2K")
_SCROLLED = re.compile(
    "|".join(
        (
            rf"\x1b\[(?:(?:0;)?{_STYLE}(?:;{_STYLE})*)?m",
            r"\x1b\[\d{0,2}[AB]|\x1b\[\d{1,3}G",  # the cursor, within what may still change
            r"\x1b\[[JK]|\x1b\[\d{1,3}M",  # the rest of the screen or of a line erased, lines deleted
            r"\x1b\[\?(?:7|2026)[hl]",
            r"\r+\n|\r",
        )
    )
)
_CONTROL = frozenset(map(chr, (*range(32), *range(0x7F, 0xA0))))
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufff9\ufffa\ufffb")
_MOST_MARKS = 8


def strays(output: bytes, *, columns: int = 120, rows: int = 40) -> list[str]:
    """What a chat wrote that is not in its vocabulary; the terminal has so many columns and rows."""
    text, found = _decoded(output)

    def outside(match: re.Match[str]) -> str:
        row, column, bottom = (int(match[name] or 1) for name in ("row", "column", "bottom"))
        if row > rows or column > columns or bottom > rows:
            found.append(repr(match[0]))
        return ""

    return found + _controls(_OWN.sub(outside, text))


def strays_in_lines(output: bytes) -> list[str]:
    """What a command wrote to a terminal that is neither a line of text nor a colour."""
    text, found = _decoded(output)
    return found + _controls(_LINES.sub("", text), allowed="\t")


def strays_in_scrollback(output: bytes) -> list[str]:
    """What Markdown rendered into the scroll-back wrote that is not in its vocabulary.

    A lone carriage return is: how the cursor goes back to the beginning of a line that is written anew.
    """
    text, found = _decoded(output)
    return found + _controls(_SCROLLED.sub("", text))


def strays_in_file(text: str) -> list[str]:
    """What a text file has in it that could steer a terminal which shows it."""
    return _controls(text, allowed="\t\n")


def marks(text: str) -> int:
    """The most combining marks on one character."""
    most = count = 0
    for character in text:
        count = count + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        most = max(most, count)
    return most


def _decoded(output: bytes) -> tuple[str, list[str]]:
    try:
        return output.decode(), []
    except UnicodeDecodeError as error:
        return output.decode(errors="replace"), [f"no UTF-8: {output[error.start - 20 : error.end + 20]!r}"]


def _controls(text: str, allowed: str = "") -> list[str]:
    return [
        repr(text[max(0, at - 10) : at + 60])
        for at, character in enumerate(text)
        if character not in allowed and (character in _CONTROL or character in _DIRECTION or _hidden(character))
    ]


def _hidden(character: str) -> bool:
    return "\U000e0000" <= character <= "\U000e007f" or "\ud800" <= character <= "\udfff"
