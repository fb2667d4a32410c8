from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import pytest
from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.style import Style

from tui_stream.markdown.themes import THEMES, MarkdownTheme
from tui_stream.scrollback.colours import Encoder
from tui_stream.scrollback.palette import Palette

_NEUTRAL = 0x20
"""How far the levels of a colour that is nearly grey are apart."""


def styles(theme: MarkdownTheme) -> Iterator[Style]:
    for field in fields(theme):
        value = getattr(theme, field.name)
        found = value if isinstance(value, tuple) else value.values() if isinstance(value, dict) else [value]
        yield from (style for style in found if isinstance(style, Style))


def spread(colour: Color) -> int:
    levels = colour.get_truecolor()
    return max(levels) - min(levels)


@pytest.mark.parametrize("name", THEMES)
def test_no_background_that_is_nearly_grey_becomes_a_colour_or_black(name: str) -> None:
    for style in styles(THEMES[name]):
        if style.bgcolor is None or style.bgcolor.triplet is None or spread(style.bgcolor) > _NEUTRAL:
            continue
        found = Palette().nearest(style.bgcolor)
        assert found is not None
        assert spread(found) == 0, style
        before, after = sum(style.bgcolor.get_truecolor()), sum(found.get_truecolor())
        assert abs(before - after) <= 3 * 12, style


@pytest.mark.parametrize("name", THEMES)
def test_a_colour_of_a_theme_stays_a_colour_and_a_grey_a_grey(name: str) -> None:
    for colour in (part for style in styles(THEMES[name]) for part in (style.color, style.bgcolor)):
        if colour is None or colour.triplet is None:
            continue
        found = Palette().nearest(colour)
        assert found is not None
        assert abs(spread(found) - spread(colour)) <= 0x60, colour
        assert all(abs(a - b) <= 0x50 for a, b in zip(found.get_truecolor(), colour.triplet, strict=True)), colour


def test_what_is_in_the_palette_is_itself() -> None:
    for number in (16, 17, 52, 129, 231, 233, 244, 255):
        found = Palette().nearest(Color.from_triplet(Color.from_ansi(number).get_truecolor()))
        assert found is not None
        assert found.get_truecolor() == Color.from_ansi(number).get_truecolor()


def test_the_colours_of_the_terminal_are_left_to_it() -> None:
    assert Palette().nearest(None) is None
    for name in ("red", "default", "color(9)"):
        assert Palette().nearest(Color.parse(name)) == Color.parse(name)


def test_code_is_on_a_dark_grey_where_there_are_256_colours() -> None:
    row = Encoder(ColorSystem.EIGHT_BIT).row([Segment("x", THEMES["dark"].code)])
    assert row == (("x", "38;5;179;48;5;236", ""),)
    assert "48;2;38;43;54" in Encoder(ColorSystem.TRUECOLOR).row([Segment("x", THEMES["dark"].code)])[0][1]
