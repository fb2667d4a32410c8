"""Formulas as readable text."""
# ruff: noqa: RUF001 - the symbols are meant

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_stream.markdown.formula import formula_lines, formula_text


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (r"E = mc^2", "E = mc²"),
        (r"\frac{a+b}{2c}", "(a+b)/2c"),
        (r"\frac12", "1/2"),
        (r"\frac{1} {2}", "1/2"),
        (r"\sum_{i=1}^{n} x_i^2 \leq \sqrt{2\pi}", "∑ᵢ₌₁ⁿ xᵢ² ≤ √(2π)"),
        (r"\mathbb{R}^n \to \mathbb{R}", "ℝⁿ → ℝ"),
        (r"\lim_{x \to 0} \sin x", "lim_(x → 0) sin x"),
        (r"\sqrt[3]{x} \neq \hat{y}", "³√x ≠ y\u0302"),
        (r"\left( \alpha \cdot \beta \right)", "( α · β )"),
        (r"\text{if } x", "if x"),
        (r"\unknown{x}", r"\unknown x"),
        (r"90^\circ", "90°"),
        (r"a \% b", "a % b"),
        (r"x^{a_{b_c}}", "x^(a_(b_c))"),
        ("{{{", ""),
        ("", ""),
    ],
)
def test_simple_formulas_are_readable(source: str, shown: str) -> None:
    assert formula_text(source) == shown


def test_environments_have_lines() -> None:
    assert formula_lines(r"\begin{aligned} a &= b \\ c &= d \end{aligned}") == ["a = b", "c = d"]


@given(st.text(alphabet=r"\{}^_&$ abfracsqt[]123()", max_size=80))
def test_any_source_gives_some_lines(source: str) -> None:
    assert all("\n" not in line for line in formula_lines(source))


@pytest.mark.parametrize("piece", ["{", "\\frac{", "^", "_{", "\\sqrt", "\\text{", "\\left(", "x^"])
def test_deep_nesting_is_bounded(piece: str) -> None:
    assert isinstance(formula_text(piece * 1900), str)
