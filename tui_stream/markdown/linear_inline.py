"""Inline markup said in words.

It exists because what a screen shows by colour and lines, speech has to say: where a link leads, what was
struck out, that something is an image. Emphasis is left out, as voices do. The tokens are those of the
renderer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markdown_it.token import Token
from rich.style import Style

from tui_stream.markdown.cells import Run
from tui_stream.markdown.division import Division
from tui_stream.markdown.formula_words import spoken_formula
from tui_stream.markdown.inline import InlineParser, Walk, plain_label, says_more
from tui_stream.markdown.inline_rules import readable
from tui_stream.markdown.references import Definitions
from tui_stream.markdown.themes import MarkdownTheme

_NONE: Final = Style.null()


class SpokenInline(InlineParser):
    """Makes text of inline Markdown that says what the markup means."""

    def __init__(self, definitions: Definitions) -> None:
        super().__init__(MarkdownTheme(), definitions)

    def paragraph(self, text: str) -> str:
        """A text of any length; it has newlines where its lines have to end."""
        division = Division(self, _NONE)
        division.tail = text
        runs = [run for piece in division.pieces() for run in piece]
        runs.extend(division.rest(division.tail.rstrip(" \n"), finished=True))
        return _joined(runs)

    def line(self, text: str) -> str:
        """A heading or the cell of a table, without newlines."""
        return ", ".join(part.strip() for part in _joined(self.parse_short(text, _NONE)).split("\n"))

    def _runs(self, tokens: Sequence[Token], base: Style) -> list[Run]:
        return _SpokenWalk(self, base).walk(tokens)


class _SpokenWalk(Walk):
    def _token(self, token: Token) -> None:
        if token.type == "s_open":
            self._apart("(struck out: ")
        super()._token(token)
        if token.type == "s_close":
            self._add(")")

    def _show_target(self, target: str, label: str) -> None:
        if says_more(target, label):
            self._apart(f"(link: {_address(target)})")

    def _image(self, token: Token) -> None:
        target = str(token.attrGet("src") or "")
        label = plain_label(token.children or ()).strip()
        words = ["Image:" if label else "Image", label, f"({_address(target)})" if target else ""]
        self._apart(" ".join(filter(None, words)))

    def _math(self, source: str) -> None:
        self._add(" ".join(spoken_formula(source)))

    def _footnote(self, label: str) -> None:
        if not self._parser.definitions.has_footnote(label):
            self._add(f"[^{label}]")
        else:
            self._apart(f"(footnote {label})")

    def _apart(self, words: str) -> None:
        """Add words of our own, apart from the word before them."""
        before = self._runs[-1][0][-1:] if self._runs else " "
        self._add(words if before.isspace() or before == "(" else f" {words}")


def _address(target: str) -> str:
    """A link's target as it is said; data within the text is not."""
    return "embedded data" if target[:5].lower() == "data:" else readable(target)


def _joined(runs: Sequence[Run]) -> str:
    lines = "".join([text for text, _ in runs]).split("\n")
    return "\n".join(" ".join(line.split(" ")).strip() for line in lines)
