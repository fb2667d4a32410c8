"""Pieces of a stream that are alike but for the text in them, read without parsing each as JSON.

A server sends thousands of objects which differ in one string. Where the bytes before that string and behind it are
those of an object that has been understood, and the string has neither a quote, a backslash nor a control character
in it, then the object means the same with another text: nothing else in it can have changed. That costs a tenth of
parsing it, and is found out anew where anything differs.
"""

from __future__ import annotations

import re

_PLAIN = r'[^"\\\x00-\x1f]*'
_END = re.compile(rb"\n\r?\n")
_CREDIT = 8.0  # times that a likeness is looked for though none of those found was of use
_EARNED = 1 / 16  # of one such time, by each piece that was alike


class Likeness:
    """What the events of one stream have in common.

    Args:
        field: the name of the string that differs.
        ignored: the name of a string behind it that may differ too, since nobody reads it.
    """

    def __init__(self, field: str, ignored: str) -> None:
        self._field = _String(field)
        self._ignored = _String(ignored)
        self._one: re.Pattern[bytes] | None = None
        self._credit = _CREDIT

    @property
    def wanted(self) -> bool:
        """Whether it is worth `learning`: streams are, unless all their events differ in more than the text."""
        return self._credit >= 1

    def learn(self, event: bytes, text: str) -> None:
        """An event, blank line included, was understood to be this piece of text in the field, and nothing else."""
        self._credit -= 1
        place = self._field.place(event)
        if place is None or not _is_one_line(event) or event[place] != text.encode("utf-8", "surrogatepass"):
            return
        behind = re.escape(event[place.stop :])
        other = self._ignored.place(event)
        if other is not None and other.start > place.stop:
            between, rest = event[place.stop : other.start], event[other.stop :]
            behind = re.escape(between) + _PLAIN.encode() + re.escape(rest)
        self._one = re.compile(re.escape(event[: place.start]) + f"({_PLAIN})".encode() + behind)

    def run(self, data: bytes, at: int) -> tuple[list[str], int]:
        """The texts of the events from a place on, as far as they are alike, and the place behind them."""
        texts: list[bytes] = []
        if self._one is not None:
            match = self._one.match
            while found := match(data, at):
                texts.append(found[1])
                at = found.end()
        self._credit = min(_CREDIT, self._credit + len(texts) * _EARNED)
        return [text.decode("utf-8", "replace") for text in texts], at


class _String:
    """A string of a JSON object, wherever it stands in that."""

    def __init__(self, name: str) -> None:
        self._name = b'"%b"' % name.encode()
        self._found = re.compile(re.escape(self._name) + rb'[ \t]*:[ \t]*"(' + _PLAIN.encode() + rb')"')

    def place(self, event: bytes) -> slice | None:
        """Where its text stands, if it is there once and is plain."""
        found = self._found.search(event)
        return None if found is None or event.count(self._name) > 1 else slice(*found.span(1))


def _is_one_line(event: bytes) -> bool:
    line = event.rstrip(b"\r\n")
    return line.startswith(b"data:") and b"\n" not in line and b"\r" not in line


def end_of_event(data: bytes, at: int) -> int:
    """Where the event ends that stands here: behind its blank line, or at the end of the data."""
    found = _END.search(data, at)
    return len(data) if found is None else found.end()
