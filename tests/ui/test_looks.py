"""Styles follow the theme."""

from __future__ import annotations

import pytest
from rich.style import Style
from textual.theme import BUILTIN_THEMES

from tui_stream.errors import ConfigError
from tui_stream.markdown import ANSI, COLOUR_BLIND_LIGHT, HIGH_CONTRAST, THEMES
from tui_stream.ui.looks import COMPONENTS, Looks, make_looks
from tui_stream.ui.themes import check_theme, own_themes

OWN = {theme.name: theme for theme in own_themes()}
STYLES = {name: Style() for name in COMPONENTS}


def looks(name: str) -> Looks:
    return make_looks(Style.parse("#ffffff on #000000"), STYLES, {**BUILTIN_THEMES, **OWN}[name])


def test_each_theme_of_ours_has_a_renderer_preset_of_its_own() -> None:
    assert set(OWN) <= set(THEMES)
    assert looks("high-contrast").markdown is HIGH_CONTRAST
    assert looks("colour-blind-light").markdown is COLOUR_BLIND_LIGHT
    assert looks("ansi-dark").markdown is ANSI


def test_code_follows_light_and_dark() -> None:
    assert looks("textual-dark").markdown.pygments_style != looks("textual-light").markdown.pygments_style


def test_nothing_stands_back_in_high_contrast() -> None:
    assert looks("high-contrast").quiet == Style()
    assert looks("textual-dark").quiet != Style()


def test_an_unknown_theme_is_refused_with_a_list() -> None:
    check_theme("high-contrast")
    with pytest.raises(ConfigError, match="no theme 'neon'") as caught:
        check_theme("neon")
    assert "colour-blind" in str(caught.value)
