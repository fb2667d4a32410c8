"""Code turned into coloured runs, each line once.

It exists to join a language's lexer with the theme's colours. A block that ends and is not too long is
lexed once more as a whole, unless that is known to make no difference: so the outcome depends on the
text only, never on how it arrived.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from rich.style import Style

from tui_stream.markdown.cells import Run
from tui_stream.markdown.line_lexer import line_lexer
from tui_stream.markdown.pygments_bridge import find_lexer, find_style
from tui_stream.markdown.themes import MarkdownTheme

TAB: Final = 4
LONG_CODE_LINE: Final = 1000
"""Characters; the rest of a longer line of code is shown without colours."""
RELEX_LIMIT: Final = 6_000
"""Characters; a longer block is not lexed again when it ends."""
_EXACT: Final = frozenset({"Diff", "Go", "JSON", "Python", "SQL", "TOML", "Tcl", "YAML"})
"""Lexers for which line by line gives what the whole block gives."""


class CodeStyles:
    """The style of each Pygments token in one theme."""

    def __init__(self, theme: MarkdownTheme) -> None:
        self._theme = theme
        self._styles: dict[Any, Style] = {}
        self._shared = {theme.code_block: theme.code_block}
        """Each style once, so that text in equal styles is one piece."""
        self._source: Any = None
        self._sought = False

    @property
    def plain(self) -> Style:
        """The style of code without a colour."""
        return self._theme.code_block

    def __getitem__(self, token: Any) -> Style:
        style = self._styles.get(token)
        if style is None:
            style = self._theme.code_block + self._look_up(token)
            style = self._styles[token] = self._shared.setdefault(style, style)
        return style

    def _look_up(self, token: Any) -> Style:
        table = self._theme.code_tokens
        if table is None:
            return self._from_pygments(token)
        for ancestor in reversed(token.split()):
            found = table.get(str(ancestor).removeprefix("Token."))
            if found is not None:
                return found
        return Style.null()

    def _from_pygments(self, token: Any) -> Style:
        if not self._sought:
            self._source, self._sought = find_style(self._theme.pygments_style), True
        if self._source is None:
            return Style.null()
        while token not in self._source._styles and token.parent is not None:  # noqa: SLF001 - not said otherwise
            token = token.parent
        found = self._source.style_for_token(token)
        return Style(
            color=f"#{found['color']}" if found["color"] else None,
            bold=found["bold"] or None,
            italic=found["italic"] or None,
            underline=found["underline"] or None,
        )


class Highlighter:
    """Colours the lines of one block of code."""

    def __init__(self, language: str, styles: CodeStyles) -> None:
        self._lexer = find_lexer(language.lower())
        self._styles = styles
        self._lines = line_lexer(self._lexer) if self._lexer is not None else None

    @property
    def exact(self) -> bool:
        """Whether lexing the whole block would change nothing."""
        return self._lexer is None or self._lexer.name in _EXACT

    def feed(self, line: str) -> list[Run]:
        """Colour the next line."""
        return self._colour(line, keep=True)

    def peek(self, line: str) -> list[Run]:
        """Colour a line that is not finished, without moving on."""
        return self._colour(line, keep=False)

    def whole(self, lines: Iterable[str]) -> list[list[Run]]:
        """Colour all lines of a finished block."""
        text = "\n".join(lines)
        if self._lexer is None:
            return [self._runs([(None, line)]) for line in text.split("\n")]
        rows: list[list[Run]] = [[]]
        for _, token, value in self._lexer.get_tokens_unprocessed(text):
            first, *others = value.split("\n")
            _extend(rows[-1], first, self._styles[token])
            for part in others:
                rows.append([])
                _extend(rows[-1], part, self._styles[token])
        return rows

    def _colour(self, line: str, *, keep: bool) -> list[Run]:
        if self._lines is None:
            return self._runs([(None, line)])
        head, rest = line[:LONG_CODE_LINE], line[LONG_CODE_LINE:]
        return join(self._runs(self._lines.lex(head, keep=keep and not rest)), rest, self._styles.plain)

    def _runs(self, tokens: Iterable[tuple[Any, str]]) -> list[Run]:
        runs: list[Run] = []
        plain = self._styles.plain
        for token, value in tokens:
            _extend(runs, value.rstrip("\n"), plain if token is None else self._styles[token])
        return runs


def join(runs: list[Run], text: str, style: Style) -> list[Run]:
    """Add text to the last run if that has the very style, else as a run of its own."""
    if text and runs and runs[-1][1] is style:
        runs[-1] = (runs[-1][0] + text, style)
    elif text:
        runs.append((text, style))
    return runs


def _extend(runs: list[Run], text: str, style: Style) -> None:
    if not text:
        return
    if runs and (runs[-1][1] is style or (text.isspace() and not style.underline)):
        runs[-1] = (runs[-1][0] + text, runs[-1][1])
    else:
        runs.append((text, style))
