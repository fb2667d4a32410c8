"""The presets: what is promised of their colours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import pytest
from rich.color_triplet import ColorTriplet
from rich.style import Style

from tui_stream.markdown import HIGH_CONTRAST, HIGH_CONTRAST_LIGHT, THEMES, LiveMarkdown, MarkdownTheme

BLACK, WHITE = ColorTriplet(0, 0, 0), ColorTriplet(255, 255, 255)


def styles(theme: MarkdownTheme) -> Iterator[tuple[str, Style]]:
    """Every style of a theme."""
    for field in fields(theme):
        value = getattr(theme, field.name)
        if isinstance(value, Style):
            yield field.name, value
        elif isinstance(value, tuple):
            yield from ((field.name, style) for style in value)
    yield from (theme.code_tokens or {}).items()


def luminance(colour: ColorTriplet) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: ColorTriplet, other: ColorTriplet) -> float:
    """The contrast ratio, as WCAG 2.2 defines it."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("theme", "background"), [(HIGH_CONTRAST, BLACK), (HIGH_CONTRAST_LIGHT, WHITE)])
def test_high_contrast_is_high(theme: MarkdownTheme, background: ColorTriplet) -> None:
    seen = 0
    for name, style in styles(theme):
        under = style.bgcolor.triplet if style.bgcolor else background
        over = style.color.triplet if style.color else WHITE if background == BLACK else BLACK
        assert under is not None, name
        assert over is not None, name
        assert contrast(over, under) >= 7, name
        seen += style.color is not None
    assert seen > 20


@pytest.mark.parametrize("name", sorted(THEMES))
def test_every_preset_shows_the_same_text(name: str) -> None:
    text = "# Head\n\nSome `code` and a [link](https://a.example)\n\n```python\nx = 1\n```\n"
    shown = LiveMarkdown(60, theme=THEMES[name])
    shown.append(text)
    shown.finish()
    usual = LiveMarkdown(60)
    usual.append(text)
    usual.finish()
    assert shown.plain(0, shown.height) == usual.plain(0, usual.height)
