"""Link reference and footnote definitions, gathered while the text arrives.

It exists because a definition may come after the text that uses it: whoever looked a label up in vain
has to be found when it is defined at last. The grammar itself is markdown-it-py's.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference

_UNDECIDED: Final = re.compile(r"\[(?:[^\[\]\\]|\\.?)*(?:\]:|\]?$)", re.DOTALL)
_UNFINISHED: Final = re.compile(r"\[(?:[^\[\]\\]|\\.)*\]:\s*(?:\S+\s+(?:'[^'\n]*|\"[^\"\n]*|\([^)\n]*))?$", re.DOTALL)
"""A definition that still lacks its target or the end of its title."""


def held_is_undecided(text: str) -> bool:
    """Whether a paragraph that begins with `text` may still turn out to begin with a link definition."""
    return _UNDECIDED.match(text) is not None


class Links(dict[str, dict[str, str]]):
    """The link targets known so far, by normalized label; remembers the labels looked up in vain."""

    def __init__(self) -> None:
        super().__init__()
        self.missed: set[str] = set()
        self.passing = False
        """Whether what is looked up comes from text that is looked at again when it is complete."""

    def get(self, key: str, default: Any = None) -> Any:
        """The definition of a label, as markdown-it-py asks for it."""
        found = super().get(key, default)
        if found is default:
            self.miss(key)
        return found

    def miss(self, key: str) -> None:
        """Note that a label is not defined."""
        if not self.passing:
            self.missed.add(key)


class Definitions:
    """All definitions of one text."""

    def __init__(self) -> None:
        self.links = Links()
        self.footnotes: set[str] = set()
        self.added: list[str] = []
        """Labels defined since the engine last cleared this; a footnote's begins with "^"."""

    @cached_property
    def _parser(self) -> MarkdownIt:
        return MarkdownIt("zero").enable("reference")

    def take(self, text: str) -> str:
        """Keep the definitions at the beginning of `text` and return the text after them."""
        found: dict[str, Any] = {}
        rest = self._split(text, found)
        for label, target in found.items():
            if label not in self.links:
                self.links[label] = target
                self.added.append(label)
        return rest

    def preview(self, text: str) -> str:
        """The text after the definitions at the beginning of `text`, none of them kept."""
        return "" if _UNFINISHED.match(text) else self._split(text, {})

    def add_footnote(self, label: str) -> None:
        """Note that a footnote is defined."""
        key = footnote_key(label)
        if key not in self.footnotes:
            self.footnotes.add(key)
            self.added.append(key)

    def has_footnote(self, label: str) -> bool:
        """Whether a footnote is defined; remembered if it is not."""
        key = footnote_key(label)
        if key in self.footnotes:
            return True
        self.links.miss(key)
        return False

    def _split(self, text: str, found: dict[str, Any]) -> str:
        tokens = self._parser.parse(text, {"references": found})
        if not tokens or tokens[0].map is None:
            return ""
        return "\n".join(text.split("\n")[tokens[0].map[0] :])


def footnote_key(label: str) -> str:
    """How a footnote's label is told from a link's."""
    return "^" + normalizeReference(label)
