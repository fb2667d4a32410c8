"""LaTeX formulas as readable text.

It exists because a terminal has no formulas: what Unicode can say simply is said in Unicode, and the
rest stays as it was written rather than being guessed at.
"""

from __future__ import annotations

import re
from typing import Final

from tui_stream.markdown.formula_symbols import (
    ACCENTS,
    DOUBLE,
    DOWN,
    DROPPED,
    FUNCTIONS,
    SPACES,
    SYMBOLS,
    TEXT,
    UP,
)

_TOKEN: Final = re.compile(r"\\([A-Za-z]+)\*?\s*|\\(.)|([{}^_&~])|([^\\{}^_&~]+)", re.DOTALL)
_MAX_DEPTH: Final = 24
_MAX_LENGTH: Final = 4000


def formula_text(source: str) -> str:
    """The formula on one line; a source too long or nested too deeply is returned as it is."""
    return " ".join(formula_lines(source))


def formula_lines(source: str, kind: type[Formula] | None = None) -> list[str]:
    """The formula, one string for each of its lines; `kind` is a way to read it other than the usual."""
    if len(source) > _MAX_LENGTH:
        return [" ".join(source.split())]
    text = (kind or Formula)(source).read()
    return [" ".join(line.split()) for line in text.split("\n") if line.strip()] or [""]


class Formula:
    """One reading of a formula; what Unicode cannot say is said with marks, or in words by a subclass."""

    def __init__(self, source: str) -> None:
        self._tokens = [match for match in _TOKEN.finditer(source) if match[0]]
        self._pos = 0
        self._depth = 0
        self._text = ""
        """What is left of a piece of text of which one character was taken as an argument."""

    def read(self) -> str:
        """All of it, with newlines between its lines."""
        parts: list[str] = []
        while self._text or self._pos < len(self._tokens):
            parts.append(self._next())
        return "".join(parts)

    def _group(self) -> str:
        parts: list[str] = []
        while self._text or self._pos < len(self._tokens):
            if not self._text and self._tokens[self._pos][0] == "}":
                self._pos += 1
                break
            parts.append(self._next())
        return "".join(parts)

    def _next(self) -> str:
        if self._text:
            text, self._text = self._text, ""
            return text
        token = self._tokens[self._pos]
        self._pos += 1
        name, escaped, mark, text = token[1], token[2], token[3], token[4]
        if text is not None:
            return str(text).replace("\n", " ")
        if mark is not None:
            return self._mark(mark)
        if escaped is not None:
            return SPACES.get(escaped, SYMBOLS.get(escaped, escaped))
        return self._command(name, token[0])

    def _mark(self, mark: str) -> str:
        if mark == "{" and self._depth < _MAX_DEPTH:
            self._depth += 1
            text = self._group()
            self._depth -= 1
            return text
        if mark in "^_":
            return self._script(self._argument(), mark)
        return {"&": " ", "~": " "}.get(mark, "")

    def _argument(self) -> str:
        """The group, command or character that follows."""
        if self._depth >= _MAX_DEPTH:
            return ""
        if not self._text:
            while self._pos < len(self._tokens) and self._tokens[self._pos][0].isspace():
                self._pos += 1
            if self._pos >= len(self._tokens):
                return ""
            token = self._tokens[self._pos]
            if token[4] is None:
                self._depth += 1
                text = self._next()
                self._depth -= 1
                return text
            self._pos += 1
            self._text = token[4]
        text = self._text.lstrip()
        self._text = text[1:]
        return text[:1]

    def _command(self, name: str, whole: str) -> str:
        space = " " if whole[-1:].isspace() else ""
        if name in SYMBOLS or name in FUNCTIONS:
            return SYMBOLS.get(name, name) + space
        if name in SPACES or name in DROPPED:
            return SPACES.get(name, "")
        return self._argument() if name in TEXT else self._structure(name)

    def _structure(self, name: str) -> str:
        if name in ("frac", "dfrac", "tfrac"):
            return self._fraction(self._argument(), self._argument())
        if name == "binom":
            return self._choice(self._argument(), self._argument())
        if name == "sqrt":
            degree = self._degree()
            return self._root(degree, self._argument())
        if name in ("begin", "end"):
            self._argument()
            return "\n"
        return self._accented(name, self._argument()) if name in ACCENTS or name == "mathbb" else f"\\{name} "

    def _degree(self) -> str:
        """The degree of a root, "" if none is given."""
        rest = self._text or (self._tokens[self._pos][4] or "" if self._pos < len(self._tokens) else "")
        match = re.match(r"\[(\w)\]", rest)
        if match is None:
            return ""
        if not self._text:
            self._pos += 1
        self._text = rest[match.end() :]
        return match[1]

    # How the parts are written

    def _fraction(self, above: str, below: str) -> str:
        return f"{operand(above)}/{operand(below)}"

    def _choice(self, above: str, below: str) -> str:
        return f"C({above}, {below})"

    def _root(self, degree: str, text: str) -> str:
        mark = UP.get(degree, "") if degree != "2" else ""
        return f"{mark}√{text}" if len(text) == 1 else f"{mark}√({text})"

    def _accented(self, name: str, text: str) -> str:
        """Text in another alphabet or under an accent."""
        if name == "mathbb":
            return "".join(DOUBLE.get(char, char) for char in text)
        return text + ACCENTS[name] if len(text) == 1 else f"{name}({text})"

    def _script(self, text: str, mark: str) -> str:
        table = UP if mark == "^" else DOWN
        if text and all(char in table for char in text):
            return "".join(table[char] for char in text)
        if mark == "^" and text in ("∘", "°"):
            return "°"
        return f"{mark}{text}" if len(text) == 1 else f"{mark}({text})"


def operand(text: str) -> str:
    """Text in parentheses unless it reads as one."""
    return text if re.fullmatch(r"[\w.]+|[^+\-\s/]{1,3}", text) else f"({text})"
