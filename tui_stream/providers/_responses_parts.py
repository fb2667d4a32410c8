"""Texts of a response that come in pieces and are then told again as a whole, once, twice or three times.

The Responses API ends every part with its full text, ends every item with the full text of its parts, and
the response with all its items. What has come already must not be shown twice; what has not (a server that
sends no pieces, a piece that was lost) must not be missing.
"""

from __future__ import annotations

from io import StringIO

from tui_stream.providers._json import TextJoiner
from tui_stream.providers._translate import MOST_PARTS, check_parts

_MOST_RETOLD = 4 * MOST_PARTS
_MOST_COMPARED = 1 << 26  # characters; that takes a tenth of a second at the most

Place = int | str
"""Where an item stands: its ``output_index``, or its id where the server counts none."""

Places = tuple[Place, ...]
"""The places under which an item may be known, the surest first; at least one."""


class Retold:
    """How often a text was told again in one answer, and with how much it was compared: a short event may ask a lot."""

    __slots__ = ("_compared", "_times")

    def __init__(self) -> None:
        self._times = self._compared = 0

    def compare(self, characters: int) -> None:
        """A text is told again and will be compared with so many characters.

        Raises:
            ProtocolError: there were too many.
        """
        self._times += 1
        self._compared += characters
        if self._times > _MOST_RETOLD or self._compared > _MOST_COMPARED:
            check_parts(MOST_PARTS + 1)


class Part:
    """One text, as far as it has come."""

    __slots__ = ("_came", "_joiner")

    def __init__(self) -> None:
        self._joiner = TextJoiner()
        self._came = StringIO()

    @property
    def text(self) -> str:
        """All of it."""
        return self._came.getvalue()

    @property
    def size(self) -> int:
        """Characters of it."""
        return self._came.tell()

    def add(self, piece: str) -> str:
        """The next piece, as it can be shown."""
        text = self._joiner.feed(piece)
        self._came.write(text)
        return text

    def rest(self, full: str) -> str:
        """What is missing from the full text; nothing where it is another text than the one that came."""
        so_far = self.text
        joiner = TextJoiner()
        full = joiner.feed(full) + joiner.flush()
        if not full.startswith(so_far):
            return ""
        self._joiner = TextJoiner()
        self._came.write(full[len(so_far) :])
        return full[len(so_far) :]

    def flush(self) -> str:
        """A half character that the end of the stream left alone."""
        return self._joiner.flush()


class Strand:
    """The texts of one kind in the order in which they came: the answer, or the reasoning.

    Items of a response are texts of their own (a word before a tool call, the paragraphs of a summary), so a
    blank line is put between them.

    Args:
        retold: counts what is told again.
    """

    def __init__(self, retold: Retold) -> None:
        self._retold = retold
        self._found: dict[tuple[str, Place, int], Part] = {}
        self._parts: list[Part] = []
        self._begun = self._new_paragraph = False
        self._counted = True
        self._before: str | None = None

    @property
    def text(self) -> str:
        """All that has come."""
        return "".join(part.text for part in self._parts)

    def retell(self) -> None:
        """From here on everything is told again, perhaps under other ids and numbers."""
        self._before = self.text

    def separate(self) -> None:
        """What comes next is a text of its own."""
        self._new_paragraph = self._begun

    def add(self, kind: str, places: Places, number: int, piece: str) -> str:
        """A piece of a part, as it can be shown."""
        part = self._find(kind, places, number) or self._make(kind, places, number)
        return self._shown(part.add(piece))

    def rest(self, kind: str, places: Places, number: int, full: str) -> str:
        """What has not come yet of a part whose full text this is.

        Where its place says nothing for certain, a text that came before under another one is the same text.

        Raises:
            ProtocolError: too much is told again, or there are too many parts.
        """
        part = self._find(kind, places, number)
        if part is None:
            before = self._doubtful(places)
            self._retold.compare(len(before))
            if full in before:
                return ""
            part = self._make(kind, places, number)
            if number == 0 or kind == "summary":
                self.separate()
        self._retold.compare(part.size)
        return self._shown(part.rest(full))

    def flush(self) -> str:
        """What the end of the stream left."""
        return "".join(part.flush() for part in self._parts)

    def _find(self, kind: str, places: Places, number: int) -> Part | None:
        for place in places:
            if (part := self._found.get((kind, place, number))) is not None:
                return part
        return None

    def _doubtful(self, places: Places) -> str:
        """The text in which a part with an unknown place may stand already."""
        if self._before is not None:
            return self._before
        return "" if self._counted and _is_counted(places) else self.text

    def _make(self, kind: str, places: Places, number: int) -> Part:
        part = Part()
        self._parts.append(part)
        check_parts(len(self._parts))
        self._counted &= _is_counted(places)
        for place in places:
            self._found[kind, place, number] = part
        return part

    def _shown(self, text: str) -> str:
        if not text:
            return ""
        before = "\n\n" if self._new_paragraph else ""
        self._begun, self._new_paragraph = True, False
        return before + text


def _is_counted(places: Places) -> bool:
    """Whether the server counts its items: their numbers are certain, ids were seen to change."""
    return any(type(place) is int for place in places)
