"""Formulas in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_stream.markdown.formula_words import spoken_formula


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (r"E = mc^2", "E = mc squared"),
        (r"x^3y", "x cubed y"),
        (r"a_1 + a_{ij}^{n+1}", "a sub 1 + a sub ij to the power (n+1)"),
        (r"\frac{a+b}{c}", "(a+b) over c"),
        (r"\frac12", "1 over 2"),
        (r"\frac{\frac{a}{b}}{c}", "(a over b) over c"),
        (r"\sqrt{2\pi} \neq \sqrt[3]{x} + \sqrt[n]{y}", "square root of 2π ≠ cube root of x + n-th root of y"),
        (r"\sqrt{x + 1}", "square root of (x + 1)"),
        (r"\sum_{i=1}^{n} x_i", "∑ from i=1 to n of x sub i"),
        (r"\int_0^1 f(x) dx", "∫ from 0 to 1 of f(x) dx"),
        (r"\lim_{x \to 0} \sin x", "lim as x → 0 of sin x"),
        (r"\max_i \frac{a_i}{2}", "max over i of (a sub i) over 2"),
        (r"\sum x_i", "∑ x sub i"),
        (r"\mathbb{R}^n", "double-struck R to the power n"),
        (r"\hat{y} - \vec{v} + \overline{ab}", "y hat - vector v + ab bar"),
        (r"\binom{n}{k}", "n choose k"),
        (r"90^\circ", "90 degrees"),
        (r"A^T A^{-1}", "A transposed A to the power (-1)"),
        (r"\text{if } x \leq 1", "if x ≤ 1"),
        ("", ""),
    ],
)
def test_height_and_size_are_said(source: str, said: str) -> None:
    assert " ".join(spoken_formula(source)) == said


def test_environments_have_lines() -> None:
    assert spoken_formula(r"\begin{aligned} a &= b^2 \\ c &= d \end{aligned}") == ["a = b squared", "c = d"]


@given(st.text(alphabet=r"\{}^_&$ abfracsqtum[]123()", max_size=80))
def test_any_source_gives_some_lines(source: str) -> None:
    assert all("\n" not in line for line in spoken_formula(source))


@pytest.mark.parametrize("piece", ["{", "\\frac{", "^", "_{", "\\sqrt", "\\sum_{", "\\left(", "x^", "\\hat"])
def test_deep_nesting_is_bounded(piece: str) -> None:
    assert isinstance(spoken_formula(piece * 900), list)
