"""Paragraphs and headings laid out.

It exists because a paragraph may be as long as the answer: its text is taken in pieces that end where no
markup is open, and each piece is parsed and laid out once.
"""
# ruff: noqa: RUF001 - the punctuation is meant

from __future__ import annotations

import re
from typing import Final

from rich.style import Style

from tui_stream.markdown.cells import Run, SegmentLine, wrap_runs
from tui_stream.markdown.completion import closing
from tui_stream.markdown.nodes import ContainerKind, Kind, Leaf
from tui_stream.markdown.views import Surface, View

_TASK: Final = re.compile(r"\[([ xX])\][ \t]")
_SENTENCE_END: Final = re.compile(
    r"[.!?:;…][\"')\]]*[ ]+(?=[^\s*_~|#$`])|[。！？；](?=[^\s*_~。！？；”’」』）)])|\n(?=\S)"
)
_GAP: Final = re.compile(r"\s(?=[^\s*_~#])")
_CHUNK: Final = 160
_LARGEST_CHUNK: Final = 640
"""Characters. Text is divided after at least `_CHUNK` of them; where markup stays open for more than the
larger number, only strong emphasis is carried on."""


class ProseView(View):
    """A paragraph or heading.

    Its text is taken in pieces that end at places where no markup is open. Where they end depends on the
    text alone, so the lines do not depend on how the text arrived.
    """

    def __init__(self, leaf: Leaf, surface: Surface, lead: int) -> None:
        super().__init__(leaf, surface, lead)
        self._style = self._base_style()
        self._restart()

    def _restart(self) -> None:
        self.leaf.rewritten = False
        self._taken = 0
        self._tail = ""
        self._threshold = _CHUNK
        self._stable = 0
        self._carry: list[Run] = []
        self._marks = ""
        """Marks of strong emphasis that was opened in an earlier piece."""
        self._task: str | None = None

    def _base_style(self) -> Style:
        base = self.surface.decorator.base_style(self.leaf.container)
        if self.leaf.kind is Kind.HEADING:
            return base + self.surface.theme.headings[self.leaf.level - 1]
        return base

    def update(self) -> int:
        """Lay out the text that came since the last call."""
        leaf = self.leaf
        if leaf.rewritten:
            self.rows.clear()
            self._restart()
        before = self._stable
        kept = self.rows[before:]
        self._take()
        tail = self._open_tail()
        rows = wrap_runs(self._carry + tail, self.room).lines if self._carry or tail else []
        if not rows and leaf.markers and not self._stable:
            rows = [[]]
        self.rows[self._stable :] = rows
        return _first_difference(kept, self.rows, before)

    def _take(self) -> None:
        """Take over the text that is finished, and lay out the pieces that are balanced."""
        pieces = self.leaf.final
        if self._taken < len(pieces):
            self._tail += "".join(pieces[self._taken :]).replace("\t", " ")
            self._taken = len(pieces)
        if self._task is None and len(self._tail) >= _CHUNK:
            self._tail = self._strip_task(self._tail)
        start = 0
        while len(self._tail) - start > 2 * self._threshold:
            start = self._take_piece(start)
        self._tail = self._tail[start:]

    def _take_piece(self, start: int) -> int:
        """Lay out the text up to the next place it may be divided at, or look further next time."""
        threshold = self._threshold
        end = _division(self._tail, start + threshold, start + 2 * threshold)
        text = self._marks + self._tail[start:end]
        parsed = self.surface.inline.parse(text, self._style)
        if not parsed.balanced and threshold < _LARGEST_CHUNK:
            self._threshold *= 2
            return start
        self._threshold = _CHUNK
        self._marks = parsed.marks
        runs = self._marked(text, parsed.marks) if parsed.marks else parsed.runs
        wrapped = wrap_runs(self._carry + runs, self.room)
        self.rows[self._stable :] = wrapped.lines[:-1]
        self._stable += len(wrapped.lines) - 1
        self._carry = wrapped.rest
        return end

    def _marked(self, text: str, marks: str) -> list[Run]:
        """The runs of a piece at whose end strong emphasis or strikethrough is open."""
        runs = self.surface.inline.parse(text.rstrip() + closing(marks), self._style).runs
        theme, style = self.surface.theme, self._style
        for index in range(0, len(marks), 2):
            style += theme.strike if marks[index] == "~" else theme.strong
        if text[-1:].isspace():
            runs.append(("\n" if text.endswith("  \n") else " ", style))
        return runs

    def _strip_task(self, text: str) -> str:
        """Turn the box at the beginning of a task into its item's marker."""
        leaf = self.leaf
        self._task = ""
        match = _TASK.match(text)
        if match is None or leaf.kind is not Kind.PARAGRAPH or not leaf.markers:
            return text
        if leaf.markers[-1].kind is not ContainerKind.ITEM:
            return text
        self._task = match[1]
        self.prefix = self.surface.decorator.prefix(leaf, match[1])
        return text[match.end() :]

    def _open_tail(self) -> list[Run]:
        """The runs of the text that is not divided off."""
        leaf, text = self.leaf, self._tail
        if leaf.held is not None:
            text = self.surface.inline.definitions.preview(leaf.source)
        elif leaf.tentative is not None:
            text = f"{text}\n{leaf.tentative}" if text or self._carry else leaf.tentative
        if self._task is None:
            text = self._strip_task(text)
            self._task = None
        text = text.replace("\t", " ").rstrip(" \n")
        if self._marks:
            return self.surface.inline.parse_open(self._marks + text, self._style) if text else []
        if leaf.closed or leaf.kind is Kind.HEADING:
            return self.surface.inline.parse(text, self._style).runs
        return self.surface.inline.parse_open(text, self._style)


def _division(text: str, low: int, high: int) -> int:
    """A place in [low, high] to divide `text` at: after a sentence, else at a space, else at `high`."""
    for pattern in (_SENTENCE_END, _GAP):
        match = pattern.search(text, low, high + 1)
        if match and match.end() <= high:
            return match.end()
    return high


def _first_difference(kept: list[SegmentLine], rows: list[SegmentLine], base: int) -> int:
    for index, row in enumerate(kept):
        if base + index >= len(rows) or rows[base + index] != row:
            return base + index
    return base + len(kept)
