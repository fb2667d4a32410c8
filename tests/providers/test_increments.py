from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import FakeClock
from tests.providers.asking import ask, ollama_provider, openai_provider, reasoning_of, text_of
from tests.providers.endpoints import answer, provider_of
from tests.providers.responding import ResponsesServer, responses_provider
from tests.providers.ws_asking import ws_provider
from tests.servers import ChatServer, OllamaServer, Server, reset
from tests.ws_server import WsServer, drop
from tui_stream.core.events import Event, ReasoningDelta, StreamEnd, TextDelta, ToolCallDelta, UsageReport
from tui_stream.core.models import Usage
from tui_stream.errors import ProviderError, ServerError, StreamBrokenError
from tui_stream.providers._increments import LONGEST, PATIENCE, Increments, _common

TOLD = ["Hel", "Hello", "Hello wor", "Hello world", "Hello world."]


def passed(*pieces: str, ended: bool = True) -> list[str]:
    """What is handed on of each piece, the end being one more."""
    increments = Increments()
    events: list[Event] = [*map(TextDelta, pieces), *([StreamEnd()] if ended else [])]
    return [text_of(list(increments.passed([event]))) for event in events]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (TOLD, "Hello world."),
        (["Hel", "Hello", "Hello world"], "Hello world"),
        (["a", "ab", "abc"], "abc"),
        (["a", "ab", "abc", "abcd", "abcde", "abcdef"], "abcdef"),
        (["I", "I", "I am", "I am", "I am here", "I am here"], "I am here"),
        (["=" * count for count in range(1, 12)], "=" * 11),
        ([*TOLD, "Hello world."], "Hello world."),
        ([*TOLD, "Hello"], "Hello world."),
        ([*TOLD, "Hello world! Yes"], "Hello world.! Yes"),
        ([*TOLD, "Another text", "Another text."], "Hello world.Another text."),
    ],
)
def test_pieces_that_tell_all_again_are_told_once(pieces: list[str], text: str) -> None:
    assert "".join(passed(*pieces)) == text


@pytest.mark.parametrize(
    "pieces",
    [
        ["ha", "haha"],
        ["ha", "haha", "hahaha"],
        ["ha", "ha", "ha", "!"],
        ["1", "10", "100", ", and so on"],
        ["-", "--", "----", "--------", "\n"],
        ["\n", "\n\n", "Text"],
        [" ", " The", " sky"],
        ["The", "Theory", " is"],
        ["Row, row", "Row, row", " your boat"],
        ["Yes", "Yes, indeed."],
        ["x"] * 40,
        ["once", *TOLD],
    ],
)
def test_no_stream_of_increments_loses_anything(pieces: list[str]) -> None:
    assert "".join(passed(*pieces)) == "".join(pieces)


def grows(pieces: list[str]) -> bool:
    """Whether the first three pieces, one that comes again left aside, each begin with all of the one before."""
    different = [piece for place, piece in enumerate(pieces) if piece and piece not in pieces[:place]][:3]
    return len(different) > 2 and different[1].startswith(different[0]) and different[2].startswith(different[1])


@given(st.lists(st.text("ab ", max_size=4), max_size=12).filter(lambda pieces: not grows(pieces)))
def test_any_other_stream_comes_as_it_is(pieces: list[str]) -> None:
    assert "".join(passed(*pieces)) == "".join(pieces)


@given(st.text(min_size=1), st.lists(st.integers(0, 50), min_size=3))
def test_what_comes_out_is_one_of_the_two_readings(text: str, ends: list[int]) -> None:
    pieces = [text[:end] for end in sorted(ends)]
    assert "".join(passed(*pieces)) in {pieces[-1], "".join(pieces)}


def test_the_first_piece_and_an_honest_stream_are_never_held_up() -> None:
    assert passed("a", "b", "c", ended=False) == ["a", "b", "c"]
    assert passed("a", "ab", "x", ended=False) == ["a", "", "abx"]
    assert passed(*["a"] * 20, ended=False)[16:] == ["a" * 16, "a", "a", "a"]


def test_once_it_is_clear_every_piece_comes_at_once() -> None:
    assert passed(*TOLD) == ["Hel", "", "lo wor", "ld", ".", ""]


def test_other_events_pass_and_the_end_comes_last() -> None:
    increments = Increments()
    usage, call = UsageReport(Usage(1, 2)), ToolCallDelta(0, name="f")
    came: list[Event] = [TextDelta("a"), TextDelta("ab"), usage, call, StreamEnd()]
    assert list(increments.passed(came)) == [TextDelta("a"), usage, call, TextDelta("ab"), StreamEnd()]


def test_reasoning_and_text_share_one_verdict() -> None:
    increments = Increments()
    came: list[Event] = [*map(ReasoningDelta, TOLD), *map(TextDelta, ["Yes", "Yes, so", "Yes, so it is"]), StreamEnd()]
    events = list(increments.passed(came))
    assert (reasoning_of(events), text_of(events)) == ("Hello world.", "Yes, so it is")


def test_what_is_held_back_comes_before_an_error() -> None:
    def events() -> Iterator[Event]:
        yield TextDelta("ha")
        yield TextDelta("haha")
        raise ServerError("no")

    came = Increments().passed(events())
    assert text_of([next(came), next(came)]) == "hahaha"
    with pytest.raises(ServerError):
        next(came)


KINDS = ("openai", "openai-responses", "ollama", "sse", "ui", "data", "websocket")


async def answered(kind: str, *texts: str, broken: bool = False) -> tuple[str, ProviderError | None]:
    """The text that a provider makes of a stream with these pieces, and how it failed."""
    end = [reset] if broken else []
    events: list[Event]
    match kind:
        case "openai":
            async with ChatServer() as chat:
                chat.say(*texts, *end)
                events, error = await ask(openai_provider(chat.base_url))
        case "openai-responses":
            async with ResponsesServer() as responses:
                responses.say(*texts, *end)
                events, error = await ask(responses_provider(responses.base_url))
        case "ollama":
            async with OllamaServer() as ollama:
                ollama.say(*texts, *end)
                events, error = await ask(ollama_provider(ollama.url))
        case "websocket":
            async with WsServer() as socket:
                socket.say(*texts, *([drop] if broken else []))
                events, error = await ask(ws_provider(socket.base_url))
        case _:
            async with Server() as server:
                server.then(answer(kind, *texts, *end))
                events, error = await ask(provider_of(kind, server.url))
    return text_of(events), error


@pytest.mark.parametrize("kind", KINDS)
async def test_every_dialect_tells_a_text_once(kind: str) -> None:
    assert await answered(kind, *TOLD) == ("Hello world.", None)


@pytest.mark.parametrize("kind", KINDS)
async def test_every_dialect_keeps_what_only_looks_like_it(kind: str) -> None:
    assert await answered(kind, "ha", "haha") == ("hahaha", None)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_broken_connection_loses_nothing_that_was_held_back(kind: str) -> None:
    text, error = await answered(kind, "ha", "haha", broken=True)
    assert isinstance(error, StreamBrokenError)
    assert text == "hahaha"


@pytest.mark.parametrize(("pause", "patience"), [(0.01, PATIENCE), (0.2, 0.6), (10.0, LONGEST)])
def test_the_verdict_may_take_longer_where_pieces_come_slowly(pause: float, patience: float) -> None:
    clock = FakeClock(100)
    increments = Increments(clock)
    assert held(increments, "ha") is None
    clock.now += pause
    assert held(increments, "haha") == pytest.approx(patience)
    clock.now += patience / 2
    assert held(increments, "haha") == pytest.approx(patience / 2), "counted from the first one"
    clock.now += patience
    assert increments.patience == 0
    assert text_of(list(increments.release())) == "hahahaha"
    assert increments.settled


def held(increments: Increments, piece: str) -> float | None:
    """Seconds for which what is held back after this piece may be so."""
    list(increments.passed([TextDelta(piece)]))
    return increments.patience


@given(st.text("ab", max_size=30), st.text("ab", max_size=30))
def test_what_two_texts_begin_with_in_common(one: str, other: str) -> None:
    size = _common(one, other)
    assert one[:size] == other[:size]
    assert size == min(len(one), len(other)) or one[size] != other[size]
