"""LaTeX formulas in words, for those who listen.

It exists because speech leaves out what a formula says by height and size: raised and lowered letters,
fractions, roots and accents are said here. Symbols stay, as screen readers know their names.
"""
# ruff: noqa: RUF001 - the symbols are meant

from __future__ import annotations

from typing import Final

from tui_stream.markdown.formula import Formula, formula_lines, operand

_RAISED: Final = {
    "2": "squared",
    "3": "cubed",
    "T": "transposed",
    "∘": "degrees",
    "°": "degrees",
    "′": "prime",
    "*": "star",
    "∗": "star",
}
_BOUNDS: Final = {
    "lim": ("as", "to"),
    "liminf": ("as", "to"),
    "limsup": ("as", "to"),
    **dict.fromkeys(("max", "min", "sup", "inf", "argmax", "argmin"), ("over", "to")),
    **dict.fromkeys(("sum", "prod", "coprod", "int", "iint", "iiint", "oint"), ("from", "to")),
    **dict.fromkeys(("bigcup", "bigcap", "bigoplus", "bigotimes"), ("over", "to")),
}
"""How what stands below and above an operator is said."""
_ACCENTS: Final = {
    "widehat": "hat",
    "overline": "bar",
    "vec": "vector",
    "ddot": "double dot",
    "mathbb": "double-struck",
}
_DEGREES: Final = {"": "square", "2": "square", "3": "cube"}


def spoken_formula(source: str) -> list[str]:
    """The formula in words, one string for each of its lines."""
    return formula_lines(source, _Spoken)


class _Spoken(Formula):
    """A formula whose parts are said one after another."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._bounds: tuple[str, str] | None = None
        """How the bounds of the operator just read are said."""
        self._bounded = False
        """Whether it had any."""

    def _next(self) -> str:
        if not self._text and self._tokens[self._pos][0] in ("_", "^"):
            return super()._next()
        bounds, bounded = self._bounds, self._bounded
        self._bounds, self._bounded = None, False
        said = super()._next()
        if not said.strip():
            self._bounds, self._bounded = bounds, bounded
        elif bounded:
            return f" of {said.lstrip()}"
        return said

    def _mark(self, mark: str) -> str:
        if mark not in "^_":
            return super()._mark(mark)
        bounds, self._bounds, self._bounded = self._bounds, None, False
        text = self._argument()
        if bounds is None:
            return self._script(text, mark)
        self._bounds, self._bounded = bounds, True
        return f" {bounds[mark == '^']} {text} "

    def _command(self, name: str, whole: str) -> str:
        said = super()._command(name, whole)
        if name in _BOUNDS:
            self._bounds = _BOUNDS[name]
        return said

    def _script(self, text: str, mark: str) -> str:
        text = text.strip()
        if mark == "_":
            return f" sub {operand(text)} " if text else ""
        if text in _RAISED:
            return f" {_RAISED[text]} "
        return f" to the power {operand(text)} " if text else ""

    def _fraction(self, above: str, below: str) -> str:
        return f" {_said(above)} over {_said(below)} "

    def _choice(self, above: str, below: str) -> str:
        return f" {_said(above)} choose {_said(below)} "

    def _root(self, degree: str, text: str) -> str:
        return f" {_DEGREES.get(degree, f'{degree}-th')} root of {_said(text)} "

    def _accented(self, name: str, text: str) -> str:
        word = _ACCENTS.get(name, name)
        return f" {word} {_said(text)} " if name in ("mathbb", "vec") else f" {_said(text)} {word} "


def _said(text: str) -> str:
    """What an operator is applied to, in parentheses unless it is one thing."""
    text = text.strip()
    return text if text.isalnum() else operand(text)
