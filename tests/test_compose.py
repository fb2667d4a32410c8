"""A session as the front ends are handed it, over real sockets."""

from __future__ import annotations

import json
from contextlib import aclosing, suppress
from pathlib import Path

import pytest

from tests.fakes import ScriptedProvider
from tests.providers.endpoints import answer
from tests.providers.test_failures import free_port
from tests.servers import Server, whole
from tui_stream.compose import open_session
from tui_stream.config import OpenAISettings, Providers, Retry, Settings, SseSettings
from tui_stream.core.models import MessageStatus
from tui_stream.core.provider import TakesContext
from tui_stream.core.session import ChatSession
from tui_stream.core.turn import Turn
from tui_stream.errors import TuiStreamError
from tui_stream.providers.recorder import RecordingFile, recorded

ONCE = Retry(attempts=1)


async def ran(session: ChatSession) -> Turn:
    turn = session.begin("Hi")
    with suppress(TuiStreamError):
        async with aclosing(session.run(turn)) as updates:
            async for _ in updates:
                pass
    await session.aclose()
    return turn


async def test_another_provider_answers_in_place_of_one_that_is_down(tmp_path: Path) -> None:
    async with Server() as server:
        server.then(answer("sse", "Hello"))
        down = OpenAISettings(base_url=f"http://127.0.0.1:{await free_port()}/v1", model="gpt", api_key_env="")
        settings = Settings(
            provider="openai",
            options={"temperature": 0},
            fallback=("sse/small",),
            providers=Providers(openai=down, sse=SseSettings(base_url=f"{server.url}/chat")),
            retry=ONCE,
            record=tmp_path / "recording.jsonl",
        )
        turn = await ran((await open_session(settings, frame=0)).session)
        assert (turn.message.text, turn.message.status) == ("Hello", MessageStatus.COMPLETE)
        assert (turn.message.provider, turn.message.model) == ("sse", "small")
        assert turn.message.notes == [
            f"openai/gpt failed (Nothing answers at {down.base_url}); sse/small was asked instead."
        ]
        sent = server.requests[0].json()
        assert sent["model"] == "small"
        assert "temperature" not in sent, "parameters of one provider are not another's"
    lines = [json.loads(line) for line in settings.record.read_text().splitlines()]  # type: ignore[union-attr] # set
    assert [line["event"] for line in lines[1:]][:3] == ["request", "error", "request"], "one recording of both"


async def test_a_model_of_the_same_provider_takes_the_same_parameters() -> None:
    async with Server() as server:
        server.then(whole({"error": {"message": "The model gpt does not exist", "code": "model_not_found"}}, 404))
        server.then(answer("sse", "Hello"))
        settings = Settings(
            provider="sse",
            model="gpt",
            options={"room": "lobby"},
            fallback=("small",),
            providers=Providers(sse=SseSettings(base_url=f"{server.url}/chat")),
            retry=ONCE,
        )
        turn = await ran((await open_session(settings, frame=0)).session)
        assert turn.message.text == "Hello"
        assert [request.json()["model"] for request in server.requests] == ["gpt", "small"]
        assert server.requests[1].json()["room"] == "lobby"


async def test_a_fallback_that_is_misspelled_is_passed_over() -> None:
    async with Server() as server:
        server.then(answer("sse", "Hello"))
        settings = Settings(
            provider="openai",
            fallback=("replay", "sse"),
            providers=Providers(
                openai=OpenAISettings(base_url=f"http://127.0.0.1:{await free_port()}/v1", model="gpt", api_key_env=""),
                sse=SseSettings(base_url=f"{server.url}/chat"),
            ),
            retry=ONCE,
        )
        turn = await ran((await open_session(settings, frame=0)).session)
        assert turn.message.text == "Hello"
        assert len(turn.message.notes) == 2


class Taking(ScriptedProvider):
    """Takes notes while it answers."""

    async def add_context(self, text: str) -> bool:
        return text == "yes"


@pytest.mark.parametrize(("provider", "taken"), [(Taking([[]]), True), (ScriptedProvider([[]]), False)])
async def test_a_recorded_provider_takes_notes_as_before(
    provider: ScriptedProvider, taken: bool, tmp_path: Path
) -> None:
    recorder: object = recorded(provider, RecordingFile(tmp_path / "r.jsonl"))
    assert isinstance(recorder, TakesContext)
    assert await recorder.add_context("yes") is taken
    assert not await recorder.add_context("no")
