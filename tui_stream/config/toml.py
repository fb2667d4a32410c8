"""What `tomllib` leaves out: on which line a key stands, and how a value is written.

Messages about the settings file name lines, ``config show`` and ``config.example.toml`` are TOML; both need
little enough that no further package is worth its start-up time.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple

KeyPath = tuple[str | int, ...]
"""The names, and the places in lists, that lead from the top of a document to a value."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_TOKEN = re.compile(
    r'''
      (?P<newline> \n )
    | (?P<comment> \#[^\n]* )
    | (?P<string>  """(?:\\.|[^\\])*?"{3,5} | \'\'\'.*?\'{3,5} | "(?:\\.|[^"\\\n])*" | '[^'\n]*' )
    | (?P<mark>    [\[\]{}=,] )
    | (?P<bare>    [^\s\[\]{}=,\#"']+ )
    ''',
    re.VERBOSE | re.DOTALL,
)
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def key_lines(text: str) -> dict[KeyPath, int]:
    """Tells for every key, table and list item of a document on which line, from 1, it begins.

    Args:
        text: a document that `tomllib` accepts; of any other the result means nothing.
    """
    return _LineFinder(text).document()


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """The line of a key or, where it does not stand in the document, of the nearest table around it."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


def dotted(path: KeyPath) -> str:
    """A path as people write it: ``prices[0].input``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{toml_key(part)}"
    return text.removeprefix(".")


def toml_key(key: str) -> str:
    """A key, in quotes where it needs them."""
    return key if _BARE_KEY.fullmatch(key) else toml_string(key)


def toml_string(text: str) -> str:
    """A basic string on one line; what cannot be seen in it is escaped, so that a terminal may show it."""
    return f'"{"".join(map(_escaped, text))}"'


def toml_value(value: object) -> str:
    """A value on one line.

    Raises:
        TypeError: TOML has no such value.
    """
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return toml_string(value)
        case Mapping():
            entries = [f"{toml_key(str(key))} = {toml_value(item)}" for key, item in value.items()]
            return f"{{ {', '.join(entries)} }}" if entries else "{}"
        case Sequence():
            return f"[{', '.join(map(toml_value, value))}]"
    raise TypeError(f"TOML has no {type(value).__name__}.")


def _escaped(character: str) -> str:
    if short := _SHORT_ESCAPES.get(character):
        return short
    if character.isprintable():
        return character
    if unicodedata.category(character) == "Cs":  # half of a surrogate pair, which no TOML document can hold
        return "\\uFFFD"
    return f"\\U{ord(character):08X}"


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


class _LineFinder:
    """Walks once over the tokens of a valid document and notes where keys stand."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [_Token(match.lastgroup or "", match.group(), *match.span()) for match in _TOKEN.finditer(text)]
        self._at = 0
        self._newlines = [place for place, character in enumerate(text) if character == "\n"]
        self._counts: dict[KeyPath, int] = {}
        self._lines: dict[KeyPath, int] = {}

    def document(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._skip_blank():
            if self._mark() == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    def _skip_blank(self, marks: str = "") -> bool:
        """Passes over line ends, comments and ``marks``; False at the end of the document."""
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.kind not in {"newline", "comment"} and not (token.kind == "mark" and token.text in marks):
                return True
            self._at += 1
        return False

    def _mark(self) -> str:
        """The punctuation that comes next, or an empty string."""
        if self._at < len(self._tokens) and self._tokens[self._at].kind == "mark":
            return self._tokens[self._at].text
        return ""

    def _line(self) -> int:
        return bisect_left(self._newlines, self._tokens[self._at].start) + 1

    def _header(self) -> KeyPath:
        line = self._line()
        self._at += 1
        array = self._mark() == "["
        self._at += array
        parts = self._key("]")
        self._at += array
        path: KeyPath = ()
        for part in parts[:-1]:
            path = self._inside((*path, part), line)
        path = (*path, parts[-1])
        if not array:
            self._lines[path] = line
            return path
        self._lines.setdefault(path, line)
        self._counts[path] = self._counts.get(path, 0) + 1
        path = (*path, self._counts[path] - 1)
        self._lines[path] = line
        return path

    def _inside(self, path: KeyPath, line: int) -> KeyPath:
        """The table that ``path`` leads into: itself, or the last one of an array of tables."""
        self._lines.setdefault(path, line)
        if path in self._counts:
            path = (*path, self._counts[path] - 1)
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self._line()
        path = table
        for part in self._key("="):
            path = (*path, part)
            self._lines.setdefault(path, line)
        self._value(path)

    def _key(self, end: str) -> list[str]:
        """The parts of a key, which ends before the mark ``end``; the mark is passed over too."""
        first = self._tokens[self._at].start
        while self._mark() != end:
            self._at += 1
        written = self._text[first : self._tokens[self._at].start].strip()
        self._at += 1
        return [written] if _BARE_KEY.fullmatch(written) else _key_parts(written)

    def _value(self, path: KeyPath) -> None:
        mark = self._mark()
        self._at += 1
        if mark == "{":
            while self._skip_blank(",") and self._mark() != "}":
                self._pair(path)
            self._at += 1
        elif mark == "[":
            place = 0
            while self._skip_blank(",") and self._mark() != "]":
                self._lines[*path, place] = self._line()
                self._value((*path, place))
                place += 1
            self._at += 1
        else:  # a date and its time are two bare words
            while self._at < len(self._tokens) and self._tokens[self._at].kind == "bare":
                self._at += 1


def _key_parts(written: str) -> list[str]:
    """Splits a dotted key, and takes quotes and escapes off its parts."""
    import tomllib

    parts: list[str] = []
    inner: object = tomllib.loads(f"{written} = 0")
    while isinstance(inner, dict):
        ((name, inner),) = inner.items()
        parts.append(name)
    return parts
