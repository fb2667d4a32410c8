"""Text whose markup is so simple that it needs no parser: words, `code`, **strong** and *emphasis*.

It exists because that is most of what models write, and reading it in one pass costs a tenth of parsing
it. What is not clearly simple is left to the parser; for the rest the outcome is the same.
"""

from __future__ import annotations

import re
from typing import Final

from rich.style import Style

from tui_stream.markdown.cells import Run
from tui_stream.markdown.themes import MarkdownTheme

_NOT_SIMPLE: Final = re.compile(r"[\\\[\]<&~$@\n]|://|www\.|\*_|_\*", re.IGNORECASE)
_WORD: Final = "A-Za-z0-9\u00c0-\u024f"
_PLAIN: Final = rf"(?:[^*_`]|(?<=[{_WORD}])_(?=[{_WORD}]))"
_PIECE: Final = re.compile(
    rf"(?P<text>{_PLAIN}+)"
    r"|`(?P<code>[^`]+)`(?!`)"
    rf"|\*\*(?P<strong>[{_WORD}](?:{_PLAIN}*?(?:[{_WORD}]|[.:;!?,)%](?=\*\*(?:[\s.:;!?,)]|$))))?)\*\*(?!\*)"
    rf"|\*(?P<emphasis>[{_WORD}](?:{_PLAIN}*?[{_WORD}])?)\*(?!\*)"
)


def simple_runs(text: str, base: Style, theme: MarkdownTheme) -> list[Run] | None:
    """The runs of a text, None if it is not simple."""
    if _NOT_SIMPLE.search(text) is not None:
        return None
    runs: list[Run] = []
    pos = 0
    while pos < len(text):
        match = _PIECE.match(text, pos)
        if match is None:
            return None
        pos = match.end()
        runs.append(_run(match, base, theme))
    return runs


def _run(match: re.Match[str], base: Style, theme: MarkdownTheme) -> Run:
    content = match[match.lastgroup or "text"]
    match match.lastgroup:
        case "code":
            padded = content[0] == content[-1] == " " and not content.isspace()
            return content[1:-1] if padded else content, base + theme.code
        case "strong":
            return content, base + theme.strong
        case "emphasis":
            return content, base + theme.emphasis
        case _:
            return content, base
