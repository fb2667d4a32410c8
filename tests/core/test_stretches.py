"""What a request would send from each turn on, measured once, against what it really sends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_stream.core import estimates
from tui_stream.core.estimates import Estimator, Sent, Size
from tui_stream.core.foresight import _pieces
from tui_stream.core.history import request_messages
from tui_stream.core.models import Cut, Estimate, Message, MessageStatus, Role, Source, Usage
from tui_stream.core.stretches import carried, rests, turns_of

GUESS = Estimate(1, 4, 0, 4, 0, 5, 1)
ENDS = st.sampled_from([MessageStatus.COMPLETE, MessageStatus.CANCELLED])
ROLES = st.sampled_from([Role.USER, Role.ASSISTANT])
TEXTS = st.sampled_from(["", "Hm, 12.", "手机"])


@st.composite
def paths(draw: st.DrawFn) -> list[Message]:
    """Prompts and answers in any order, some of them empty, some cancelled, some with a cut."""
    path: list[Message] = []
    for number in range(draw(st.integers(0, 8))):
        role, text, status, cut = draw(st.tuples(ROLES, TEXTS, ENDS, st.booleans()))
        message = Message(role, text, status=status, id=f"m{number}")
        if path and cut:
            message.cut = Cut(draw(st.sampled_from(path)).id, summary="Before that.")
        path.append(message)
    return path


@given(paths(), st.sampled_from(["", "Be brief."]))
def test_each_rest_is_what_a_request_would_send(path: list[Message], system: str) -> None:
    prompt, starts = Message(Role.USER, "And now?", id="prompt"), turns_of(path)
    expected = [
        Sent.of(request_messages([*path, replace(prompt, cut=Cut(first))], system=system))
        for first in (*(path[start].id for start in starts), "prompt")
    ]
    assert list(rests(path, starts, prompt, system=system)) == expected


@given(paths(), st.integers(1, 60))
def test_pieces_are_the_whole_path_in_turns(path: list[Message], most: int) -> None:
    estimator, plain = Estimator(), [replace(message, cut=None) for message in path]
    pieces = list(_pieces(plain, estimator, most))
    assert [message for piece in pieces for message in piece] == plain
    assert list(_pieces(plain, estimator, None)) == ([plain] if plain else [])
    for piece in pieces:
        turns = [start for start in turns_of(piece) if start]
        assert not turns or estimator.prompt(Sent.of(request_messages(piece))) <= most, "one turn may be too long"


@pytest.mark.parametrize("turns", [50, 200])
def test_every_message_is_measured_once(monkeypatch: pytest.MonkeyPatch, turns: int) -> None:
    measured: list[str] = []
    size_of = estimates.size_of

    def counting(text: str) -> Size:
        measured.append(text)
        return size_of(text)

    path = [Message(role, "word " * 9) for _ in range(turns) for role in (Role.USER, Role.ASSISTANT)]
    monkeypatch.setattr(estimates, "size_of", counting)
    assert len(list(rests(path, turns_of(path), Message(Role.USER, "x")))) == turns + 1
    assert len(measured) <= len(path) + 1
    measured.clear()
    assert len(list(_pieces(path, Estimator(), 200))) > turns / 10
    assert len(measured) <= len(path)


def answer(text: str = "word " * 80, **more: object) -> Message:
    return replace(Message(Role.ASSISTANT, text, estimate=GUESS), **more)  # type: ignore[arg-type] # fields of a message


def test_reasoning_is_not_sent_again() -> None:
    told = answer(usage=Usage(1000, 20_010, reasoning_tokens=20_000))
    assert carried([told], Estimator()) == (1010, Source.REPORTED)
    seen = answer(reasoning="hmms " * 80 * 3, usage=Usage(1000, 400))
    assert carried([seen], Estimator()) == (1100, Source.REPORTED), "by the share of it that was seen"
    shown = answer(reasoning="hmm", usage=Usage(1000, 400, reasoning_tokens=300))
    assert carried([shown], Estimator()) == (1100, Source.REPORTED)


def test_an_answer_of_two_requests_is_not_counted_twice() -> None:
    before = answer(usage=Usage(4000, 500))
    prompt = Message(Role.USER, "word " * 80)
    resumed = answer("word " * 160, usage=Usage(9700, 375), estimate=None)
    tokens, source = carried([before, prompt, resumed], Estimator())
    assert (tokens, source) == (4500 + 104 + 204, Source.ESTIMATED)
    assert carried([resumed], Estimator()) == (10_075, Source.ESTIMATED), "better than nothing"


def test_what_was_said_since_is_estimated() -> None:
    assert carried([], Estimator()) == (0, Source.ESTIMATED)
    assert carried([Message(Role.USER, "word " * 80)], Estimator()) == (0, Source.ESTIMATED), "what came before?"
    guessed = answer(usage=Usage(7, 7, source=Source.ESTIMATED))
    assert carried([answer(usage=Usage(50, 5)), guessed], Estimator()) == (55 + 104, Source.ESTIMATED)
