"""Answers that are none, and the ways in which an answer ends."""

from __future__ import annotations

import pytest

from tests.providers.asking import ask, openai_provider, text_of
from tests.servers import EVENT_STREAM, ChatServer, body, close, sse, stall, whole
from tui_stream.core.events import StreamEnd, UsageReport
from tui_stream.core.models import FinishReason, Usage
from tui_stream.errors import (
    ConnectionFailedError,
    ProtocolError,
    ServerError,
    StreamBrokenError,
)
from tui_stream.providers import _pump


async def test_a_web_page_in_a_200_is_no_answer() -> None:
    async with ChatServer() as server:
        server.then(whole(b"\n<!doctype html><title>Sign in</title>", content_type="text/html"))
        _, error = await ask(openai_provider(server.base_url))
        assert isinstance(error, ProtocolError)
        assert "Sign in" in error.message
        assert server.base_url in error.hint


async def test_an_error_in_a_200_is_the_error() -> None:
    async with ChatServer() as server:
        server.then(whole({"error": {"message": "It crashed", "type": "server_error"}}))
        _, error = await ask(openai_provider(server.base_url))
        assert isinstance(error, ServerError)
        assert "It crashed" in error.message


async def test_the_wrong_content_type_does_not_matter() -> None:
    async with ChatServer() as server:
        steps = server.chunk({"content": "a"}), server.chunk({}, "stop")
        server.then(body(b"\n", b"\n", *steps, headers={"Content-Type": "application/json"}))
        assert text_of((await ask(openai_provider(server.base_url)))[0]) == "a"


@pytest.mark.parametrize("size", [(9 << 20) // 1000])
async def test_a_json_body_without_end_is_given_up(size: int) -> None:
    async with ChatServer() as server:
        server.then(body(b'{"a":"', *[b"x" * 1000] * size, stall))
        _, error = await ask(openai_provider(server.base_url))
        assert isinstance(error, ProtocolError)
        await server.exchanges[0].gone.wait()


async def test_a_close_after_the_finish_reason_is_no_fault() -> None:
    async with ChatServer() as server:
        server.then(body(server.chunk({"content": "a"}), server.chunk({}, "stop"), close))
        events, error = await ask(openai_provider(server.base_url))
        assert error is None
        assert events[-1] == StreamEnd(FinishReason.STOP)


async def test_silence_after_the_finish_reason_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pump, "TAIL_TIMEOUT", 0.05)
    async with ChatServer() as server:
        server.then(body(server.chunk({"content": "a"}), server.chunk({}, "stop"), server.usage(1, 2), stall))
        events, error = await ask(openai_provider(server.base_url))
        assert error is None
        assert events[-2:] == [UsageReport(Usage(1, 2)), StreamEnd(FinishReason.STOP)]
        await server.exchanges[0].gone.wait()


async def test_silence_after_the_end_marker_delays_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pump, "DRAIN_TIMEOUT", 0.05)
    async with ChatServer() as server:
        server.then(body(server.chunk({"content": "a"}, "stop"), sse("[DONE]"), stall))
        events, error = await ask(openai_provider(server.base_url))
        assert error is None
        assert events[-1] == StreamEnd(FinishReason.STOP)
        await server.exchanges[0].gone.wait()


@pytest.mark.parametrize(("said", "kind"), [("a", StreamBrokenError), ("", ConnectionFailedError)])
@pytest.mark.parametrize("properly", [True, False])
async def test_an_end_without_a_marker(said: str, kind: type[Exception], properly: bool) -> None:
    async with ChatServer() as server:
        ending = () if properly else (close,)
        server.then(body(server.chunk({"content": said}), *ending))
        events, error = await ask(openai_provider(server.base_url))
        assert type(error) is kind
        assert text_of(events) == said


async def test_plain_words_of_a_stream() -> None:
    async with ChatServer() as server:
        server.then(body(b"Unauthorized, go away", headers=EVENT_STREAM))
        _, error = await ask(openai_provider(server.base_url))
        assert isinstance(error, ProtocolError)
        assert "text that is no event stream: Unauthorized, go away." in error.message
