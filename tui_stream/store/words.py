"""What a search takes for a word, the same for what is kept and for what is looked for.

Letters lose case and diacritics. Characters of scripts that put no spaces between words are words of their own: what is
looked for is then found inside of runs, as a phrase. An index of trigrams would find nothing shorter than three
characters, where many of those words have two, and is several times as large.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

_MARKS = "\u0300-\u036f"
_MARK = re.compile(f"[{_MARKS}]+")
_MOST_KNOWN = 1 << 16
_NO_WORD_BEFORE, _NO_WORD_BEHIND = r"(?<![^\W_])", r"(?![^\W_])"
_SYMBOLS = frozenset({"Sm", "Sc", "Sk", "So"})
_UNSPACED = re.compile(
    "[\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\uaa60-\uaa7f\ua9e0-\ua9ff"  # Myanmar
    "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"  # Hangul, whose particles follow without a space
    "\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf"  # Khmer, Tai Le, New Tai Lue, Tai Tham
    "\u0f00-\u0fff"  # Tibetan
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf\u31f0-\u31ff"  # kana, bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"  # Han, and half-width kana
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)
_GIVEN = re.compile(r"[+#=<>$%&@^|~*\\{}\[\]]")
"""Signs that a person who looks for code means as they stand; the rest of the punctuation only parts words."""


def _folded(character: str) -> str:
    """The character without case and diacritics."""
    apart = _MARK.sub("", unicodedata.normalize("NFKD", character))
    return unicodedata.normalize("NFC", apart).casefold()


def _indexed(character: str) -> str:
    """What the index holds for a character: letters, digits and marks, or a space for what parts words."""
    folded = ""
    for one in _folded(character):
        if unicodedata.category(one)[0] not in "LNM":
            folded += " "
        else:
            folded += f" {one} " if _UNSPACED.match(one) else one
    return folded


class _Table(dict[int, str]):
    """What each character becomes, worked out when it is first met."""

    def __init__(self, rule: Callable[[str], str]) -> None:
        super().__init__()
        self._rule = rule

    def __missing__(self, code: int) -> str:
        if len(self) > _MOST_KNOWN:
            self.clear()
        self[code] = made = self._rule(chr(code))
        return made


@cache
def _table(rule: Callable[[str], str]) -> _Table:
    return _Table(rule)


def indexable(text: str) -> str:
    """The words of a text, parted by spaces."""
    return text.translate(_table(_indexed))


def tokens(text: str) -> list[str]:
    """The words of a text."""
    return indexable(text).split()


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for.

    Attributes:
        phrases: each word's tokens; those of one word have to stand side by side.
        signs: words with signs that have to be there as they stand, in small letters where they are ASCII.
        patterns: what finds them in a text without case and diacritics.
    """

    phrases: tuple[tuple[str, ...], ...]
    signs: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]

    def __bool__(self) -> bool:
        return bool(self.phrases or self.signs)

    @property
    def match(self) -> str:
        """In the words of FTS5; the last word may be the beginning of one. Quoted, such that nothing is syntax."""
        quoted = [f'"{" ".join(phrase)}"' for phrase in self.phrases]
        return f"{' '.join(quoted)}*" if quoted else ""

    def spans(self, line: str) -> list[tuple[int, int]]:
        """Where in a line the words stand, as [start, end), in order and apart from each other."""
        plain, places = _plain(line)
        found = sorted(match.span() for pattern in self.patterns for match in pattern.finditer(plain))
        merged: list[tuple[int, int]] = []
        for start, end in ((places[a], places[b - 1] + 1) for a, b in found if b > a):
            if merged and start < merged[-1][1]:
                merged[-1] = merged[-1][0], max(end, merged[-1][1])
            else:
                merged.append((start, end))
        return merged


def _patterns(phrases: Sequence[tuple[str, ...]], signs: Sequence[str]) -> Iterator[re.Pattern[str]]:
    for number, phrase in enumerate(phrases, 1):
        begin = "" if _UNSPACED.match(phrase[0]) else _NO_WORD_BEFORE
        end = "" if number == len(phrases) or _UNSPACED.match(phrase[-1]) else _NO_WORD_BEHIND
        yield re.compile(begin + r"[\W_]*".join(map(re.escape, phrase)) + end)
    for sign in signs:
        yield re.compile(re.escape(sign))


def query(text: str) -> Query:
    """What a person looks for who typed this."""
    phrases = tuple(tuple(found) for word in text.split() if (found := tokens(word)))
    given = (word for word in text.split() if _GIVEN.search(word) or not tokens(word))
    signs = tuple(sign.lower() if sign.isascii() else sign for sign in given if _says_something(sign))
    return Query(phrases, signs, tuple(_patterns(phrases, signs)))


def _says_something(sign: str) -> bool:
    """Whether it is more than punctuation around nothing."""
    return bool(_GIVEN.search(sign)) or any(unicodedata.category(one) in _SYMBOLS for one in sign)


def _plain(line: str) -> tuple[str, Sequence[int]]:
    """The line without case and diacritics, and which of its characters each of the plain ones comes from."""
    if line.isascii():
        return line.lower(), range(len(line))
    table = _table(_folded)
    parts = [table[ord(character)] for character in line]
    return "".join(parts), [place for place, part in enumerate(parts) for _ in part]
