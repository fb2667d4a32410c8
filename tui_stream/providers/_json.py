"""Foreign JSON: fast where it is well-formed, forgiving where only its text is at fault."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable

import msgspec

from tui_stream.errors import ProtocolError

MAX_DEPTH = 64
"""Objects and lists inside one another; no stream needs ten, and whoever walks deeper runs out of stack."""

MOST_VALUES = 1 << 16
"""Values in one piece of a stream. An answer's own has a few dozen, and each takes a hundred times the room in memory
that it takes on the wire."""

_MOST_LOOKED_AT = 4096  # bytes of a text, to see whether it is JSON
_WORDS = ("true", "false", "null", "NaN", "Infinity", "-Infinity")
_HALF_A_NUMBER = re.compile(r"\.|[eE][+-]?")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_ALONE = re.compile("[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]")
_HALF_AN_ESCAPE = 5  # characters of it at most

_MOST_DIGITS = 300  # of a whole number; about where floating point numbers end too


def decode(data: bytes | str, most: int = MOST_VALUES) -> object:
    r"""The value of a JSON text.

    Accepted, because servers send them: a lone surrogate (``\ud83d``, see `TextJoiner`), bytes that are not
    UTF-8 (they become U+FFFD), NaN and infinities; a whole number of absurd length is infinite too.

    Args:
        data: the text.
        most: values that there may be in it.

    Raises:
        ProtocolError: there are more of them; none is made.
        ValueError: it is no JSON, or nested more than `MAX_DEPTH` deep.
    """
    if len(data) > most:
        check_values(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"), most)
    try:
        value: object = msgspec.json.decode(data)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        value = _lenient(data if isinstance(data, str) else data.decode("utf-8", "replace"))
    if _opened(data) > MAX_DEPTH and _is_deep(value):
        raise ValueError("nested too deeply")
    return value


def check_values(data: bytes, most: int) -> None:
    """Looks how many values there are in a JSON text, before any is made.

    Raises:
        ProtocolError: more than ``most``.
        ValueError: it is nested more than `MAX_DEPTH` deep for certain.
    """
    if separators(data) <= most:
        return
    bare = data.replace(rb"\\", b"").replace(rb"\"", b"")  # every quote left begins or ends a text
    if bare.count(b'"') > 4 * most:
        raise too_many(most)
    bare = b"".join(bare.split(b'"')[::2])
    if separators(bare) <= most:
        return
    commas = bare.count(b",")
    if separators(bare) - commas > MAX_DEPTH * (commas + 1):
        raise ValueError("nested too deeply")
    raise too_many(most)


def separators(data: bytes) -> int:
    """How many commas and brackets open a value in a JSON text, or stand in its texts; the values are no more."""
    return data.count(b",") + data.count(b"[") + data.count(b"{")


def too_many(most: int) -> ProtocolError:
    """The error for a piece of more than ``most`` values."""
    return ProtocolError(
        f"The server sent a single piece of more than {most:,} values, which no answer needs.",
        hint="Look at what answers under the base URL.",
    )


def begins_json(data: bytes) -> bool:
    """Whether this is JSON, the beginning of some, or one value of it after another."""
    rest = data[:_MOST_LOOKED_AT].decode("utf-8-sig", "replace").strip()
    decoder = json.JSONDecoder(parse_int=_whole)
    try:
        while rest:
            _, end = decoder.raw_decode(rest)
            rest = rest[end:].lstrip()
    except json.JSONDecodeError as error:
        return _is_cut_short(rest, error)
    except RecursionError:
        pass
    return True


def _is_cut_short(text: str, error: json.JSONDecodeError) -> bool:
    """Whether a text could not be read because it ends too soon, and for no other reason."""
    rest = text[error.pos :]
    if error.msg.startswith("Unterminated string") or _HALF_A_NUMBER.fullmatch(rest):
        return True
    if "uXXXX" in error.msg:
        return len(rest) <= _HALF_AN_ESCAPE
    return any(word.startswith(rest) for word in _WORDS)


def _lenient(text: str) -> object:
    try:
        value: object = json.loads(text, parse_int=_whole)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def _whole(digits: str) -> int | float:
    if len(digits) <= _MOST_DIGITS:
        return int(digits)
    return -math.inf if digits.startswith("-") else math.inf


def _opened(data: bytes | str) -> int:
    """How many objects and lists there are at most."""
    return data.count("{") + data.count("[") if isinstance(data, str) else data.count(b"{") + data.count(b"[")


def _is_deep(value: object) -> bool:
    level: list[object] = [value]
    for _ in range(MAX_DEPTH):
        level = [item for holder in level for item in _held_by(holder) if isinstance(item, dict | list)]
        if not level:
            return False
    return True


def _held_by(holder: object) -> Iterable[object]:
    if isinstance(holder, dict):
        return holder.values()
    return holder if isinstance(holder, list) else ()


class TextJoiner:
    """Puts characters together again that a server has cut in two between pieces.

    A server that counts in UTF-16 cuts an emoji into two surrogates, one at the end of a piece and one at the
    start of the next.
    """

    __slots__ = ("_high",)

    def __init__(self) -> None:
        self._high = ""

    def feed(self, text: str) -> str:
        """The text with what was held back before it and without half a character at its end."""
        if not self._high and text.isascii():
            return text
        text = self._high + text
        self._high = text[-1] if text and "\ud800" <= text[-1] <= "\udbff" else ""
        if self._high:
            text = text[:-1]
        return _paired(text)

    def flush(self) -> str:
        """A half character that the end of the text left alone, as U+FFFD."""
        high, self._high = self._high, ""
        return "\ufffd" if high else ""


def _paired(text: str) -> str:
    """The text with pairs of surrogates made one character and single ones U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        if _ALONE.search(text):
            text = "\ufffd".join(_ALONE.split(text))  # a codec would call its error handler for each of them
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le") if _PAIR.search(text) else text
    return text
