from __future__ import annotations

import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

from tui_stream.markdown.themes import THEMES
from tui_stream.scrollback.colours import Encoder, transition
from tui_stream.scrollback.setting import colours_of, encoder_for, is_capable, knows_links, reflows, theme_for

RED = Segment("red", Style(color="#ff0000", bold=True))
LINK = Segment("here", Style(underline=True, meta={"link": "https://x.org/é"}))


@pytest.mark.parametrize(
    ("environ", "colours"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, ColorSystem.TRUECOLOR),
        ({"TERM": "tmux-256color"}, ColorSystem.EIGHT_BIT),
        ({"TERM": "xterm-kitty"}, ColorSystem.TRUECOLOR),
        ({"TERM": "linux"}, ColorSystem.STANDARD),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, None),
        ({}, None),
    ],
)
def test_colours(environ: dict[str, str], colours: ColorSystem | None) -> None:
    assert colours_of(environ) is colours
    assert is_capable(environ) is (colours is not None)


@pytest.mark.parametrize(
    ("environ", "knows"),
    [
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "4000"}, False),
        ({"TERM": "tmux-256color", "TERM_PROGRAM": "WezTerm"}, False),
        ({"TERM": "xterm-256color"}, False),
    ],
)
def test_links_are_for_terminals_that_know_them(environ: dict[str, str], knows: bool) -> None:
    assert knows_links(environ) is knows
    row = encoder_for(environ).row([LINK])
    assert row[0][2] == ("https://x.org/%C3%A9" if knows else "")


@pytest.mark.parametrize("target", ["javascript:alert(1)", "file:///etc/passwd", "https://x.org/\x1b]", "/u"])
def test_no_other_address_becomes_a_link(target: str) -> None:
    row = Encoder(ColorSystem.TRUECOLOR, links=True).row([Segment("x", Style(meta={"link": target}))])
    assert row == (("x", "", ""),)


@pytest.mark.parametrize(
    ("environ", "breaks"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "xterm-256color", "XTERM_VERSION": "XTerm(390)"}, False),
        ({"TERM": "linux"}, False),
        ({"TERM": "screen-256color", "TMUX": "/tmp/x"}, True),
        ({"TERM": "screen-256color"}, False),
    ],
)
def test_which_terminals_break_lines_anew(environ: dict[str, str], breaks: bool) -> None:
    assert reflows(environ) is breaks


def test_themes() -> None:
    assert theme_for("", {"COLORFGBG": "0;15"}, ColorSystem.TRUECOLOR) is THEMES["light"]
    assert theme_for("", {"COLORFGBG": "15;0"}, ColorSystem.TRUECOLOR) is THEMES["dark"]
    assert theme_for("", {}, ColorSystem.STANDARD) is THEMES["ansi"]
    assert theme_for("high-contrast", {}, ColorSystem.TRUECOLOR) is THEMES["high-contrast"]


def test_no_colour_leaves_bold() -> None:
    environ = {"TERM": "xterm-256color", "NO_COLOR": "1"}
    assert encoder_for(environ).row([RED]) == (("red", "1", ""),)
    assert Encoder(None).row([RED]) == (("red", "", ""),)


def test_blanks_that_nothing_shows_of_are_left_out() -> None:
    encoder = Encoder(ColorSystem.TRUECOLOR)
    on_blue = Style(bgcolor="#0000ff")
    assert encoder.row([Segment("a "), Segment("  ", Style(bold=True))]) == (("a", "", ""),)
    assert encoder.row([Segment("a"), Segment("  ", on_blue)])[-1][0] == "  "
    assert encoder.row([Segment("a"), Segment("  ", on_blue)], growing=True) == (("a", "", ""),)
    assert encoder.row([Segment("a │  │")], growing=True) == (("a", "", ""),)


def test_from_one_style_to_another() -> None:
    plain, bold, linked = ("", "", ""), ("", "1", ""), ("", "4", "https://x.org")
    assert transition(plain, bold) == "\x1b[1m"
    assert transition(bold, plain) == "\x1b[m"
    assert transition(bold, linked) == "\x1b]8;;https://x.org\x1b\\\x1b[0;4m"
