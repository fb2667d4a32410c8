"""A request is the same with the SDK and without it, and so is what goes wrong."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from tests.providers.asking import ask, text_of
from tests.servers import ChatServer, reset, whole
from tui_stream.config import OpenAIResponsesSettings, OpenAISettings, Providers, Settings
from tui_stream.core.images import Image
from tui_stream.core.models import ChatMessage, ChatRequest, Role
from tui_stream.providers._openai_sdk import SdkProvider
from tui_stream.providers.openai import OpenAIProvider
from tui_stream.providers.openai_responses import OpenAIResponsesProvider

ENVIRON = {"OPENAI_API_KEY": "sk-test-0123456789", "OPENAI_ORG_ID": "org", "OPENAI_PROJECT_ID": "project"}
FULL = ChatRequest(
    "asked",
    (
        ChatMessage(Role.SYSTEM, "Be brief."),
        ChatMessage(Role.USER, "Hello 😀", (Image("a.png", "image/png", b"abc"),)),
    ),
    {"temperature": 0.5, "top_k": 4, "user": "me", "stream_options": {"include_usage": False}, "timeout": 3},
    {"type": "object"},
)
ONES = ("host", "user-agent")


def provider(kind: str, url: str, environ: Mapping[str, str], **table: Any) -> SdkProvider:
    if kind == "openai":
        providers = Providers(openai=OpenAISettings(base_url=url, **table))
        return OpenAIProvider(Settings(providers=providers), environ)
    providers = Providers(openai_responses=OpenAIResponsesSettings(base_url=url, **table))
    return OpenAIResponsesProvider(Settings(providers=providers), environ)


@pytest.mark.parametrize("kind", ["openai", "openai-responses"])
@pytest.mark.parametrize("official", [True, False])
@pytest.mark.parametrize(
    ("environ", "table"),
    [
        (ENVIRON, {}),
        ({}, {"headers": {"X-Title": "me", "Authorization": "Mine", "OpenAI-Project": "p"}, "body": {"user": "x"}}),
    ],
)
async def test_the_request(
    kind: str, official: bool, environ: Mapping[str, str], table: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)  # the SDK looks there by itself
    sent = []
    for with_sdk in (True, False):
        async with ChatServer() as server:
            server.on("/v1/chat/completions", whole({}))
            server.on("/v1/responses", whole({}))
            asked = provider(kind, f"{server.base_url}?a=b", environ, **table)
            asked._official = official
            if with_sdk:
                await asked._ready()
            await ask(asked, FULL)
            (one,) = server.requests
        headers = {name: value for name, value in one.headers.items() if not name.startswith("x-stainless")}
        sent.append((one.target, one.json(), {name: headers[name] for name in headers if name not in ONES}))
        assert ("x-stainless-lang" in one.headers) is with_sdk
    assert sent[0][:2] == sent[1][:2]
    lengths = [headers.pop("content-length") for *_, headers in sent]
    assert abs(int(lengths[0]) - int(lengths[1])) < 100
    assert sent[0][2] == sent[1][2]


@pytest.mark.parametrize(
    "answer",
    [
        *(whole({"error": {"message": "No.", "code": "x"}}, status) for status in (400, 401, 404, 429, 500)),
        whole({}),
        reset,
    ],
)
async def test_what_goes_wrong(answer: Any) -> None:
    said = []
    for with_sdk in (True, False):
        async with ChatServer() as server:
            server.on("/v1/chat/completions", answer)
            asked = provider("openai", server.base_url, ENVIRON)
            if with_sdk:
                await asked._ready()
            _, error = await ask(asked)
            said.append((type(error), str(error).replace(server.base_url, "").replace(str(server.port), "")))
    assert said[0][0] is not type(None)
    assert said[0] == said[1]


async def test_the_sdk_takes_over_once_it_is_loaded() -> None:
    async with ChatServer() as server:
        server.say("one")
        server.say("two")
        asked = provider("openai", server.base_url, ENVIRON)
        texts = []
        for with_sdk in (False, True):
            if with_sdk:
                await asked._ready()
            texts.append(text_of([event async for event in asked.stream(FULL)]))
        await asked.aclose()
    assert texts == ["one", "two"]
    assert ["x-stainless-lang" in one.headers for one in server.requests] == [False, True]


async def test_a_pipe_does_not_wait_for_the_sdk() -> None:
    code = (
        "import sys\nfrom tui_stream.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "heavy = {'openai', 'pydantic', 'textual', 'rich', 'typer', 'jsonschema', 'tomli_w'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    async with ChatServer() as server:
        server.say("ok")
        flags = ["--provider", "openai", "--base-url", server.base_url, "--model", "m", "Hi"]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, "pipe", *flags, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        _, said = await process.communicate()
    assert process.returncode == 0, said


async def test_a_window_is_asked_for_without_the_sdk() -> None:
    async with ChatServer() as server:
        server.on("/v1/models", whole({"data": [{"id": "m", "max_model_len": 77}]}))
        asked = provider("openai", server.base_url, ENVIRON)
        assert await asked.window("m", {}) == 77
        assert "x-stainless-lang" not in server.requests[-1].headers
        await asked._ready()
        assert await asked.window("m", {}) == 77
        assert "x-stainless-lang" in server.requests[-1].headers
        await asked.aclose()
    first, second = (one.headers for one in server.requests)
    mine = ("authorization", "accept", "openai-organization", "openai-project")
    assert [first.get(name) for name in mine] == [second.get(name) for name in mine]


async def test_several_requests_at_once_do_not_wait_for_the_sdk() -> None:
    async with ChatServer() as server:
        for _ in range(3):
            server.say("ok")
        asked = provider("openai", server.base_url, ENVIRON)

        async def answer() -> str:
            return text_of([event async for event in asked.stream(FULL)])

        assert await asyncio.gather(*(answer() for _ in range(3))) == ["ok"] * 3
        await asked.aclose()
    assert ["x-stainless-lang" in one.headers for one in server.requests] == [False] * 3
