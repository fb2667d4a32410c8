"""What the environment says about the terminal, and what prints to such a one.

It exists so that the command and the pipe make the same choices.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rich.color import ColorSystem

from tui_stream.markdown.themes import THEMES, MarkdownTheme
from tui_stream.scrollback.colours import Encoder
from tui_stream.scrollback.printer import LinePrinter, Printer, Size

_WITHOUT_CURSOR: Final = frozenset({"", "dumb", "unknown"})
_CUTTING: Final = ("linux", "screen", "vt")
"""How the names of terminals begin that cut lines which have become too long; tmux, which breaks them, may have one of
these too."""
_LINKING: Final = frozenset({"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "Tabby", "rio"})
_LINKING_TERMS: Final = frozenset({"xterm-kitty", "xterm-ghostty", "foot", "foot-extra", "alacritty", "contour"})
_VTE_LINKING: Final = 5000
_LIGHT: Final = frozenset({7, *range(9, 16)})


def is_capable(environ: Mapping[str, str]) -> bool:
    """Whether the terminal is one that can move its cursor."""
    return environ.get("TERM", "").strip().lower() not in _WITHOUT_CURSOR


def reflows(environ: Mapping[str, str]) -> bool:
    """Whether the terminal breaks lines anew when it is made narrower; xterm says who it is and does not."""
    if "TMUX" in environ:
        return True
    return "XTERM_VERSION" not in environ and not environ.get("TERM", "").startswith(_CUTTING)


def colours_of(environ: Mapping[str, str]) -> ColorSystem | None:
    """The colours that the environment says the terminal knows; None for no styles at all.

    Sources: terminfo's names for TERM; COLORTERM as S-Lang and VTE introduced it.
    """
    term = environ.get("TERM", "").strip().lower()
    if term in _WITHOUT_CURSOR:
        return None
    if environ.get("COLORTERM", "").strip().lower() in {"truecolor", "24bit"}:
        return ColorSystem.TRUECOLOR
    if term.endswith(("-direct", "-kitty", "-ghostty")):
        return ColorSystem.TRUECOLOR
    return ColorSystem.EIGHT_BIT if "256color" in term else ColorSystem.STANDARD


def knows_links(environ: Mapping[str, str]) -> bool:
    """Whether the terminal is one of those known to understand OSC 8; not within a multiplexer, which may not."""
    term = environ.get("TERM", "")
    if "TMUX" in environ or term.startswith(("screen", "tmux")):
        return False
    version = environ.get("VTE_VERSION", "")
    return (
        environ.get("TERM_PROGRAM", "") in _LINKING
        or term in _LINKING_TERMS
        or "WT_SESSION" in environ
        or "KONSOLE_VERSION" in environ
        or (version.isdecimal() and int(version) >= _VTE_LINKING)
    )


def theme_for(name: str, environ: Mapping[str, str], colours: ColorSystem | None) -> MarkdownTheme:
    """The theme of that name; without one, that which fits the terminal's background and colours.

    Raises:
        KeyError: there is none of that name.
    """
    if name:
        return THEMES[name]
    if colours is ColorSystem.STANDARD:
        return THEMES["ansi"]
    background = environ.get("COLORFGBG", "").rpartition(";")[2]  # rxvt's: "foreground;background"
    light = background.isdecimal() and int(background) in _LIGHT
    return THEMES["light" if light else "dark"]


def encoder_for(environ: Mapping[str, str]) -> Encoder:
    """An encoder for the terminal; without colours where NO_COLOR is set (https://no-color.org)."""
    return Encoder(colours_of(environ), attributes_only=bool(environ.get("NO_COLOR")), links=knows_links(environ))


def printer_for(size: Size, environ: Mapping[str, str], theme: str = "") -> Printer:
    """What prints to a terminal that `is_capable`."""
    chosen = theme_for(theme, environ, colours_of(environ))
    return Printer(size, chosen, encoder_for(environ), reflows=reflows(environ))


def line_printer_for(
    columns: int, environ: Mapping[str, str], theme: str = "", *, colours: bool = False
) -> LinePrinter:
    """What prints to anything else, with colours if whoever reads that in the end shows them, as a pager does."""
    encoder = encoder_for(environ) if colours else Encoder(None)
    return LinePrinter(columns, theme_for(theme, environ, colours_of(environ)), encoder)
