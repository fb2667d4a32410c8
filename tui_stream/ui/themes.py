"""Themes beside Textual's own: high contrast, and colours that are told apart with any kind of colour vision."""

from __future__ import annotations

from textual.theme import BUILTIN_THEMES, Theme

from tui_stream.errors import ConfigError


def own_themes() -> list[Theme]:
    """The themes that the program adds.

    The high contrast ones keep at least 7:1 between text and background (WCAG 2.2, success criterion 1.4.6);
    the others use the colours of Okabe and Ito.
    """
    return [
        Theme(
            "high-contrast",
            primary="#ffff00",
            secondary="#00ffff",
            accent="#00ffff",
            warning="#ffff00",
            error="#ff8080",
            success="#00ff00",
            foreground="#ffffff",
            background="#000000",
            surface="#000000",
            panel="#1a1a1a",
            dark=True,
            variables={
                "border": "#ffffff",
                "border-blurred": "#ffffff",
                "text-muted": "#ffffff",
                "foreground-muted": "#ffffff",
            },
        ),
        Theme(
            "high-contrast-light",
            primary="#00008b",
            secondary="#5c0000",
            accent="#00008b",
            warning="#5c3a00",
            error="#8b0000",
            success="#004d00",
            foreground="#000000",
            background="#ffffff",
            surface="#ffffff",
            panel="#e6e6e6",
            dark=False,
            variables={
                "border": "#000000",
                "border-blurred": "#000000",
                "text-muted": "#000000",
                "foreground-muted": "#000000",
            },
        ),
        Theme(
            "colour-blind",
            primary="#56b4e9",
            secondary="#e69f00",
            accent="#f0e442",
            warning="#e69f00",
            error="#d55e00",
            success="#56b4e9",
            foreground="#e6e6e6",
            background="#12161c",
            surface="#1b2028",
            panel="#262b36",
            dark=True,
        ),
        Theme(
            "colour-blind-light",
            primary="#005f99",
            secondary="#8a5a00",
            accent="#8f3f6f",
            warning="#8a5a00",
            error="#a33c00",
            success="#005f99",
            foreground="#1f2328",
            background="#ffffff",
            surface="#f2f4f7",
            panel="#e4e8ed",
            dark=False,
        ),
    ]


def check_theme(name: str) -> None:
    """Sees to it that there is a theme of that name.

    Raises:
        ConfigError: there is none; it lists those that there are.
    """
    names = sorted({*BUILTIN_THEMES, *(theme.name for theme in own_themes())})
    if name not in names:
        raise ConfigError(f"ui.theme: there is no theme {name!r}.", hint=f"There are: {', '.join(names)}.")
