"""Text with inline markup turned into styled runs.

It exists to hide markdown-it-py's tokens from the layout: they are dropped as soon as the runs are made,
and text without any mark does not go through the parser at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from rich.style import Style

from tui_stream.markdown.balance import ends_in_target, is_balanced
from tui_stream.markdown.cells import Run
from tui_stream.markdown.cleaning import harmless
from tui_stream.markdown.completion import DANGLING, closers, complete_spans, open_marks
from tui_stream.markdown.flanking import FlankingState
from tui_stream.markdown.formula import formula_text
from tui_stream.markdown.inline_rules import addresses, build_parser, readable
from tui_stream.markdown.references import Definitions
from tui_stream.markdown.scan import LONG_LINE
from tui_stream.markdown.simple_inline import simple_runs
from tui_stream.markdown.themes import MarkdownTheme

_MARKED: Final = re.compile(r"[\\`*_\[\]<&~$@]|://|www\.|  \n", re.IGNORECASE)
_LINE_BREAK: Final = re.compile(r"<br\s*/?>", re.IGNORECASE)
_SUPERSCRIPT: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_MOST_BRACKETS: Final = 200
"""In one piece of text; beyond that it is no prose, and looking for links in it would take long."""
_TARGET_SHOWN: Final = 60
"""Characters of a link's address that are shown; the middle of a longer one is left out."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """Runs, and whether text that follows could change them."""

    runs: list[Run]
    balanced: bool
    in_target: bool = False
    """Whether they end within the target of a link."""
    marks: str = ""
    """The strong emphasis that is open at the end."""


class InlineParser:
    """Makes runs of inline Markdown in one theme, looking references up in one set of definitions."""

    def __init__(self, theme: MarkdownTheme, definitions: Definitions, *, link_targets: bool = True) -> None:
        self.theme = theme
        self.definitions = definitions
        self.link_targets = link_targets

    @cached_property
    def _md(self) -> MarkdownIt:
        return build_parser()

    def parse(self, text: str, base: Style) -> Parsed:
        """Parse text that is complete."""
        if _MARKED.search(text) is None or text.count("[") > _MOST_BRACKETS:
            return Parsed(plain_runs(text, base), balanced=True)
        simple = simple_runs(text, base, self.theme)
        if simple is not None:
            return Parsed(simple, balanced=True)
        state = self._tokenize(text, unfinished=False)
        in_target = ends_in_target(state)
        balanced = not in_target and is_balanced(state)
        return Parsed(self._runs(state.tokens, base), balanced, in_target, open_marks(state.delimiters))

    def parse_open(self, text: str, base: Style, *, passing: bool = True) -> list[Run]:
        """Parse text that is still arriving: what is open in it is shown as if it were closed.

        Labels that it looks up in vain are not remembered if it is `passing`: it is parsed again when complete.
        """
        if _MARKED.search(text) is None or text.count("[") > _MOST_BRACKETS:
            return plain_runs(text.removesuffix("!"), base)
        simple = None if DANGLING.search(text) else simple_runs(text, base, self.theme)
        if simple is not None:
            return simple
        links = self.definitions.links
        links.passing = passing
        try:
            text = complete_spans(text, self._missing)
            state = self._tokenize(text, unfinished=True)
            missing = closers(state.delimiters)
            if missing:
                state = self._tokenize(text.rstrip() + missing, unfinished=True)
            return self._runs(state.tokens, base)
        finally:
            links.passing = False

    def parse_short(self, text: str, base: Style, *, unfinished: bool = False) -> list[Run]:
        """Parse text of a block that is read whole, as plain text if it is longer than a line ever is."""
        if len(text) > LONG_LINE:
            return plain_runs(text, base)
        return self.parse_open(text, base) if unfinished else self.parse(text, base).runs

    def _missing(self, text: str) -> str:
        """The marks that close the emphasis left open in a text."""
        return closers(self._tokenize(text, unfinished=True).delimiters)

    def marked_style(self, marks: str, base: Style) -> Style:
        """The style of text within strong emphasis and strikethrough; `marks` has two characters of each."""
        for index in range(0, len(marks), 2):
            base += self.theme.strike if marks[index] == "~" else self.theme.strong
        return base

    def _tokenize(self, text: str, *, unfinished: bool) -> StateInline:
        env = {"references": self.definitions.links, "open": unfinished}
        state = FlankingState(text, self._md, env, [])
        self._md.inline.tokenize(state)
        for rule in self._md.inline.ruler2.getRules(""):
            rule(state)
        return state

    def _runs(self, tokens: Sequence[Token], base: Style) -> list[Run]:
        return Walk(self, base).walk(tokens)


def plain_runs(text: str, base: Style) -> list[Run]:
    """Text without markup, its line ends as spaces."""
    if "\n" in text:
        text = text.replace(" \n", "\n").replace("\n", " ")
    return [(text, base)] if text else []


class Walk:
    """One pass over tokens, with the styles and links that are open."""

    def __init__(self, parser: InlineParser, base: Style) -> None:
        self._parser = parser
        self._theme = parser.theme
        self._styles = [base]
        self._runs: list[Run] = []
        self._links: list[tuple[str, int]] = []

    def walk(self, tokens: Sequence[Token]) -> list[Run]:
        """The runs of the tokens."""
        for token in tokens:
            self._token(token)
        return self._runs

    def _token(self, token: Token) -> None:
        match token.type:
            case "text":
                self._text(token.content)
            case "text_special":
                self._add(harmless(token.content))
            case "softbreak":
                self._add(" ")
            case "hardbreak":
                self._add("\n")
            case "code_inline":
                self._add(token.content, self._theme.code)
            case "strong_open":
                self._push(self._theme.strong)
            case "em_open":
                self._push(self._theme.emphasis)
            case "s_open":
                self._push(self._theme.strike)
            case "strong_close" | "em_close" | "s_close":
                self._styles.pop()
            case _:
                self._special(token)

    def _special(self, token: Token) -> None:
        match token.type:
            case "link_open":
                self._open_link(str(token.attrGet("href") or ""))
            case "link_close":
                self._close_link()
            case "address":
                self._add(token.content, None if self._links else self._link_style(token.content))
            case "image":
                self._image(token)
            case "html_inline":
                self._html(token.content)
            case "math_inline":
                self._math(token.content)
            case "footnote_ref":
                self._footnote(token.content)
            case _:
                self._add(token.content)

    def _add(self, text: str, style: Style | None = None) -> None:
        if text:
            top = self._styles[-1]
            self._runs.append((text, top if style is None else top + style))

    def _push(self, style: Style) -> None:
        self._styles.append(self._styles[-1] + style)

    def _text(self, text: str) -> None:
        done = 0
        if not self._links:
            for start, end, target in addresses(text):
                self._add(text[done:start])
                self._add(text[start:end], self._link_style(target))
                done = end
        self._add(text[done:])

    def _link_style(self, target: str) -> Style:
        return self._theme.link + Style(meta={"link": target}) if target else self._theme.link

    def _open_link(self, target: str) -> None:
        self._links.append((target, len(self._runs)))
        self._push(self._link_style(target))

    def _close_link(self) -> None:
        self._styles.pop()
        target, first = self._links.pop()
        label = "".join(text for text, _ in self._runs[first:])
        self._show_target(target, label)

    def _show_target(self, target: str, label: str) -> None:
        if not self._parser.link_targets or not says_more(target, label):
            return
        shown = readable(target)
        if len(shown) > _TARGET_SHOWN:
            shown = f"{shown[: _TARGET_SHOWN - 20]}…{shown[-19:]}"
        self._add(f" ({shown})", self._theme.link_target + Style(meta={"link": target}))

    def _image(self, token: Token) -> None:
        target = str(token.attrGet("src") or "")
        style = self._theme.image
        if target and not self._links:  # the target of a link around an image is the one that counts
            style += Style(meta={"link": target})
        label = plain_label(token.children or ()) or "image"
        self._add(f"▣ {label}", style)
        if not self._links:
            self._show_target(target, label)

    def _html(self, content: str) -> None:
        if _LINE_BREAK.fullmatch(content):
            self._add("\n")
        else:
            self._add(content.replace("\n", " "), self._theme.html)

    def _math(self, source: str) -> None:
        self._add(formula_text(source), self._theme.math)

    def _footnote(self, label: str) -> None:
        known = self._parser.definitions.has_footnote(label)
        if label.isascii() and label.isdigit():
            shown = label.translate(_SUPERSCRIPT)
        else:
            shown = f"[{label}]" if known else f"[^{label}]"
        self._add(shown, self._theme.footnote if known else None)


def says_more(target: str, label: str) -> bool:
    """Whether a link's target is not plain from its label."""
    shown = readable(target).removeprefix("mailto:").rstrip("/")
    return bool(target) and shown not in (label, label.rstrip("/"))


def plain_label(tokens: Sequence[Token]) -> str:
    """The text of tokens without markup, as the description of an image."""
    parts: list[str] = []
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif token.type == "image":
            parts.append(plain_label(token.children or ()))
        else:
            parts.append(harmless(token.content))
    return "".join(parts)
