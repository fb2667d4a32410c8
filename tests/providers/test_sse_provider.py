"""The provider ``sse`` against captures of real servers, and the program with it."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest

from tests.captures import Capture, load, names, served
from tests.providers.asking import ask, text_of
from tests.providers.endpoints import answer, sse_provider
from tests.servers import Server, close, stall, whole
from tui_stream.core.events import Event, ResponseStarted, StreamEnd, UsageReport
from tui_stream.core.models import Usage
from tui_stream.errors import ProviderError, RateLimitError, RequestError, ServerError, StreamBrokenError

ANSWERS = {
    "express-compression-gzip": None,
    "express-errors-mid-error": None,
    "express-errors-upstream-reset": None,
    "express-fixed-ok": Usage(35, 12, cached_input_tokens=34),
    "express-ollama-ok": None,
    "express-sse-429-retried": None,
    "express-sse-ok": None,
    "express-sse-reasoning": None,
    "express-sse-upstream-eof": None,
    "py-sse-starlette-json": None,
}
ERRORS: dict[str, type[ProviderError]] = {
    "express-errors-429": RateLimitError,
    "express-fixed-429": RateLimitError,
    "express-ollama-mid-error": StreamBrokenError,
    "express-sse-429": RateLimitError,
    "express-sse-500": ServerError,
    "express-sse-bad-body": RequestError,
    "express-sse-mid-error": StreamBrokenError,
    "express-sse-upstream-reset": StreamBrokenError,
}


def said_in(capture: Capture) -> str:
    """The text in a capture, read in the plainest way."""
    lines = capture.body.decode().replace("\r", "").split("\n")
    data = [line.removeprefix("data: ") for line in lines if line.startswith("data: {")]
    return "".join(json.loads(value).get("content", "") for value in data)


async def replay(name: str) -> tuple[list[Event], ProviderError | None]:
    async with Server() as server:
        server.then(served(load(name)))
        return await ask(sse_provider(f"{server.url}/api/chat"))


def test_every_capture_is_replayed() -> None:
    assert set(names("express-*", "py-sse-*")) == {*ANSWERS, *ERRORS}


@pytest.mark.parametrize(("name", "usage"), ANSWERS.items())
async def test_an_answer(name: str, usage: Usage | None) -> None:
    events, error = await replay(name)
    assert error is None
    plain = load("express-sse-ok" if "gzip" in name else name)
    text = text_of(events)
    assert text
    assert said_in(plain).startswith(text) if "gzip" in name else text == said_in(plain)
    assert events[0] == ResponseStarted()
    assert [event.usage for event in events if isinstance(event, UsageReport)] == ([usage] if usage else [])
    assert events[-1] == StreamEnd(None)


@pytest.mark.parametrize(("name", "kind"), ERRORS.items())
async def test_an_error(name: str, kind: type[ProviderError]) -> None:
    events, error = await replay(name)
    assert type(error) is kind
    assert error.hint
    assert not any(isinstance(event, StreamEnd) for event in events)
    if kind is StreamBrokenError:
        assert text_of(events) == said_in(load(name))
        assert text_of(events)


async def test_what_is_sent() -> None:
    async with Server() as server:
        server.then(answer("sse", "ok"))
        await ask(sse_provider(server.url))
        assert server.requests[0].json() == {
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
        }
        assert server.requests[0].headers["accept"].startswith("text/event-stream")


async def test_an_endpoint_that_does_not_stream_is_read_too() -> None:
    async with Server() as server:
        server.then(whole({"content": "Hi"}), whole({"error": "It crashed"}), whole({"hello": 1}))
        assert text_of((await ask(sse_provider(server.url)))[0]) == "Hi"
        for words in ("It crashed", "JSON instead of a stream"):
            _, error = await ask(sse_provider(server.url))
            assert error is not None
            assert words in error.message


# The program


async def run(*arguments: str) -> tuple[int, str, str]:
    """What the program writes to stdout and to stderr, and its exit code."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tui_stream", "pipe", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        stdout, stderr = await process.communicate()
    assert process.returncode is not None
    return process.returncode, stdout.decode(), stderr.decode()


@pytest.mark.parametrize(
    ("provider", "kind"), [("sse", "sse"), ("ai-sdk", "ui"), ("ai-sdk", "data"), ("ai-sdk", "text")]
)
async def test_the_program_answers_in_a_pipe(provider: str, kind: str) -> None:
    async with Server() as server:
        server.then(answer(kind, "Hel", "lo!"))
        code, stdout, stderr = await run("--provider", provider, "--base-url", f"{server.url}/api/chat", "hi")
        assert (code, stdout.strip(), stderr) == (0, "Hello!", "")
        messages = server.requests[0].json()["messages"]
        assert isinstance(messages, list)
        assert messages[-1]["content"] == "hi"


@pytest.mark.parametrize(
    ("provider", "kind"), [("sse", "sse"), ("ai-sdk", "ui"), ("ai-sdk", "data"), ("ai-sdk", "text")]
)
async def test_the_program_prints_what_came_of_a_cut_answer_and_says_so(provider: str, kind: str) -> None:
    async with Server() as server:
        server.then(answer(kind, "Hel", "lo", close))
        code, stdout, stderr = await run("--provider", provider, "--base-url", f"{server.url}/api/chat", "hi")
        assert (code, stdout.strip()) == (5, "Hello")
        assert "cut off" in stderr


@pytest.mark.parametrize(
    ("response", "status", "code", "words"),
    [
        ({"error": "No such room"}, 400, 1, "No such room"),
        ({"error": "Bad key"}, 401, 3, "Bad key"),
        ({"error": "It crashed"}, 200, 1, "It crashed"),
    ],
)
async def test_the_program_says_what_an_endpoint_refuses(response: object, status: int, code: int, words: str) -> None:
    async with Server() as server:
        server.on("/api/chat", whole(response, status))
        found, stdout, stderr = await run("--provider", "sse", "--base-url", f"{server.url}/api/chat", "hi")
        assert (found, stdout.strip()) == (code, "")
        assert words in stderr


async def test_the_program_breaks_off_a_stalled_answer(tmp_path: object) -> None:
    async with Server() as server:
        server.then(answer("sse", "Hello", stall))
        file = f"{tmp_path}/config.toml"
        with open(file, "w", encoding="utf-8") as written:  # noqa: ASYNC230, PTH123 - a few bytes
            written.write(
                f'provider = "sse"\n[providers.sse]\nbase_url = "{server.url}/c"\n[timeouts]\nbetween_tokens = 0.2\n'
            )
        code, stdout, _ = await run("--config", file, "hi")
        assert (code, stdout.strip()) == (5, "Hello")
        async with asyncio.timeout(5):
            await server.exchanges[0].gone.wait()
