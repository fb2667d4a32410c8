"""Long text divided into pieces that are parsed on their own.

It exists because a paragraph may be as long as the answer: a piece ends where no markup is open, so that
it is parsed once whatever follows. Where pieces end depends on the text alone, so what is shown does not
depend on how it arrived.
"""
# ruff: noqa: RUF001 - the punctuation is meant

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rich.style import Style

from tui_stream.markdown.cells import Run
from tui_stream.markdown.completion import closing
from tui_stream.markdown.inline import InlineParser

_SENTENCE_END: Final = re.compile(
    r"[.!?:;…][\"')\]]*[ ]+(?=[^\s*_~|#$`])|[。！？；](?=[^\s*_~。！？；”’」』）)])|\n(?=\S)"
)
_GAP: Final = re.compile(r"\s(?=[^\s*_~#])")
DIVIDED: Final = 160
_LARGEST_PIECE: Final = 640
"""Characters. Text is divided after at least `DIVIDED` of them; where markup stays open for more than the
larger number, only strong emphasis is carried on."""
_LONGEST_TARGET: Final = 2560
"""The same for the target of a link."""


class Division:
    """The text of one paragraph, taken in pieces."""

    __slots__ = ("_inline", "_style", "_threshold", "marks", "tail")

    def __init__(self, inline: InlineParser, style: Style) -> None:
        self._inline = inline
        self._style = style
        self._threshold = DIVIDED
        self.tail = ""
        """The text that is not divided off yet."""
        self.marks = ""
        """Marks of strong emphasis that was opened in an earlier piece."""

    def pieces(self) -> Iterator[list[Run]]:
        """Divide off what can be, piece by piece."""
        start, tail = 0, self.tail
        while len(tail) - start > 2 * self._threshold:
            threshold = self._threshold
            end = _division(tail, start + threshold, start + 2 * threshold)
            text = self.marks + tail[start:end]
            parsed = self._inline.parse(text, self._style)
            if not parsed.balanced and threshold < (_LONGEST_TARGET if parsed.in_target else _LARGEST_PIECE):
                self._threshold *= 2
                continue
            self._threshold, self.marks, start = DIVIDED, parsed.marks, end
            yield self._marked(text) if parsed.marks else parsed.runs
        self.tail = tail[start:]

    def rest(self, text: str, *, finished: bool) -> list[Run]:
        """The runs of `text`, which begins where the last piece ended."""
        if self.marks:
            return self._inline.parse_open(self.marks + text, self._style, passing=not finished) if text else []
        if finished:
            return self._inline.parse(text, self._style).runs
        return self._inline.parse_open(text, self._style)

    def _marked(self, text: str) -> list[Run]:
        """The runs of a piece at whose end strong emphasis or strikethrough is open."""
        runs = self._inline.parse(text.rstrip() + closing(self.marks), self._style).runs
        if text[-1:].isspace():
            style = self._inline.marked_style(self.marks, self._style)
            runs.append(("\n" if text.endswith("  \n") else " ", style))
        return runs


def _division(text: str, low: int, high: int) -> int:
    """A place in [low, high] to divide `text` at: after a sentence, else at a space, else at `high`."""
    for pattern in (_SENTENCE_END, _GAP):
        match = pattern.search(text, low, high + 1)
        if match and match.end() <= high:
            return match.end()
    return high
