"""Foreign JSON: fast where it is well-formed, forgiving where only its text is at fault."""

from __future__ import annotations

import json

import msgspec


def decode(data: bytes | str) -> object:
    r"""The value of a JSON text.

    Accepted, because servers send them: a lone surrogate (``\ud83d``, see `TextJoiner`), bytes that are not
    UTF-8 (they become U+FFFD), NaN and infinities.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        text = data if isinstance(data, str) else data.decode("utf-8", "replace")
    try:
        value: object = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


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
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
