from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual._xterm_parser import XTermParser

from tests.trust.payloads import ALL
from tui_stream.ui.pastes import Pastes

START, END = "\x1b[200~", "\x1b[201~"


@pytest.mark.parametrize("name", ALL)
def test_pasted_text_presses_no_key_wherever_it_is_torn(name: str) -> None:
    sent = f"a{START}{ALL[name]}\r{END}b"
    for at in range(len(sent)):
        pastes, parser = Pastes(), XTermParser(debug=False)
        pieces = [pastes.feed(sent[:at]), pastes.feed(sent[at:])]
        received = [event for piece in pieces if piece for event in parser.feed(piece)]
        first, paste, last = received
        assert isinstance(first, events.Key)
        assert isinstance(paste, events.Paste)
        assert isinstance(last, events.Key)
        assert (first.key, last.key) == ("a", "b")
        assert not any(ord(letter) < 32 and letter not in "\t\n\r" for letter in paste.text)


@given(st.lists(st.sampled_from(["\x1b", "[", "2", "0", "1", "~", "x", "\x1b[A", "\x1b[20~"])))
def test_what_is_typed_is_handed_on_at_once_and_as_it_is(pieces: list[str]) -> None:
    if START in "".join(pieces):
        return
    pastes = Pastes()
    assert [pastes.feed(piece) for piece in pieces] == pieces


@given(st.lists(st.sampled_from([START, END, "\x1b", "[20", "1~", "text", "\r", "\x18"])), st.data())
def test_it_does_not_matter_how_it_is_torn(pieces: list[str], data: st.DataObject) -> None:
    whole = "".join([*pieces, END])
    at = data.draw(st.integers(0, len(whole)))
    torn = Pastes()
    assert torn.feed(whole[:at]) + torn.feed(whole[at:]) == Pastes().feed(whole)
