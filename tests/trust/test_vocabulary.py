"""The look-out itself: it finds every payload in what a careless program would write."""

from __future__ import annotations

import pytest

from tests.trust.payloads import HOSTILE
from tests.trust.vocabulary import marks, strays, strays_in_file, strays_in_lines, strays_in_scrollback


@pytest.mark.parametrize("name", HOSTILE)
def test_every_payload_is_found_where_it_comes_through(name: str) -> None:
    text = HOSTILE[name]
    shown = f"\x1b[1;1H\x1b[38;2;1;2;3m{text}\x1b[0m".encode()
    if name.endswith("marks"):
        assert "bidi" in name or marks(text) > 8
    if not name.endswith("marks") or "bidi" in name:
        assert strays(shown)
        assert strays_in_lines(text.encode())
        assert strays_in_file(text)
        assert (
            strays_in_scrollback(shown.removeprefix(b"\x1b[1;1H").replace(b"\x1b[0m", b"\x1b[m"))
            or name == "carriage_return"
        )


def test_colours_and_places_that_the_program_never_uses_are_found() -> None:
    for text in ("\x1b[31m", "\x1b[1;41m", "\x1b[41;1H", "\x1b[1;121H", "\x1b[38;5;1m", "\x1b]52;c;YQ==\x07"):
        assert strays(text.encode()), text
    assert strays(b"\xff")
    for text in ("\x1b[H", "\x1b[2J", "\x1b[?1049h", "\x1b[5m", "\x1b[38;5;1m", "\x1b]8;;https://a\x1b\\", "\x1b[100A"):
        assert strays_in_scrollback(text.encode()), text


def test_the_programs_own_are_let_pass() -> None:
    assert not strays(b"\x1b[?1049h\x1b[40;120H\x1b[1;38;2;1;2;3;48;2;3;4;5mword\x1b[0m\x1b[1;5r\x1b[1H\x1b[2M\x1b[r")
    assert not strays_in_lines(b"\x1b[1;33mword\x1b[0m\r\n")
    assert not strays_in_scrollback(b"\x1b[?2026h\x1b[A\x1b[9G\x1b[0;1;38;2;1;2;3mw\x1b[m\x1b[K\r\r\n\x1b[?2026l")
