"""Text made comparable: how a query and what is searched are brought to one form.

It exists because what a person types is not, character by character, what is shown: case, typographic
quotes and dashes, accents in two spellings and characters that nobody sees must not stand in the way.
"""
# ruff: noqa: RUF001 - the characters are meant

from __future__ import annotations

import re
import unicodedata
from typing import Final

UNSEEN: Final = "\u00ad\u200b\u2060\ufe0e\ufe0f\ufeff"
"""Characters that take part in layout only: soft hyphen, zero-width space, joiner and variation selectors."""
_MARKS: Final = "\u0300-\u036f\u1161-\u1175\u11a8-\u11c2\u3099\u309a"
"""Accents, Hangul vowels and finals, and kana's voice marks: what Unicode has composed characters for."""
IRREGULAR: Final = re.compile(rf"[\s{UNSEEN}]{{2,}}|[^\S ]|[{UNSEEN}]|[^\s{UNSEEN}{_MARKS}][{_MARKS}]+")
"""What `regular` replaces."""
_QUOTES: Final = {"'": "‘’‚‛ʼ′", '"': "“”„‟″", "-": "‐‑‒–—―−"}
_PLAIN: Final = {typed: plain for plain, all_typed in _QUOTES.items() for typed in all_typed}
_TYPOGRAPHIC: Final = re.compile(f"[{''.join(_PLAIN)}]")


def regular(irregular: str) -> str:
    """What an `IRREGULAR` piece is for a search: white space is one space, an accent part of its letter."""
    if any(char.isspace() for char in irregular):
        return " "
    return "" if irregular[0] in UNSEEN else unicodedata.normalize("NFC", irregular)


def fold(text: str, *, case: bool) -> str:
    """Text of the same length in which equal characters are the same; upper and lower too unless ``case``."""
    if not text.isascii():
        text = _TYPOGRAPHIC.sub(lambda match: _PLAIN[match[0]], text)
    if case:
        return text
    if text.isascii():
        return text.lower()
    return text.replace("İ", "i").lower().replace("ς", "σ")
