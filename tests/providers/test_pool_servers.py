"""Two servers on loopback, one of which fails: what the person sees, what the message holds, what is left behind."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import aclosing

import pytest

from tests.providers.asking import request, text_of
from tests.scripted import Handler, close, reset, stall, whole
from tests.servers import ChatServer, body
from tui_stream import paths, providers
from tui_stream.config import OpenAISettings, Providers, Settings, Timeouts
from tui_stream.core.events import Event, Rerouted, TurnUpdate
from tui_stream.core.models import MessageStatus
from tui_stream.core.provider import Provider
from tui_stream.core.session import ChatSession, SessionOptions
from tui_stream.core.turn import Turn
from tui_stream.core.watchdog import Limits
from tui_stream.errors import ModelNotFoundError, ProviderError, ServerError, StreamBrokenError, TimedOutError
from tui_stream.providers import pool
from tui_stream.providers._pool_choice import Standing
from tui_stream.providers._pool_memory import Key
from tui_stream.providers.pool import Member, Memory

BUSY = whole({"error": {"message": "Loading model", "type": "unavailable_error"}}, 503)
NO_MODEL = whole({"error": {"message": "The model `told-so` does not exist.", "code": "model_not_found"}}, 404)
NO_KEY = whole({"error": {"message": "Invalid API Key", "type": "authentication_error"}}, 401)
WRONG = whole({"error": {"message": "temperature must be a number", "type": "invalid_request_error"}}, 400)
PAGE = whole(b"<html><title>Starting</title></html>", content_type="text/html")

FAULTS: dict[str, tuple[Handler, str]] = {
    "503": (BUSY, "failed (HTTP 503)"),
    "model missing": (NO_MODEL, "does not have the model"),
    "key refused": (NO_KEY, "refused access (HTTP 401)"),
    "web page": (PAGE, "a web page"),
    "reset before the headers": (reset, "was reset before the answer began"),
    "closed after the headers": (body(close), "before the answer began"),
}


def provider_for(*servers: ChatServer, timeouts: Timeouts | None = None) -> Provider:
    urls = tuple(server.base_url for server in servers)
    table = OpenAISettings(base_urls=urls, api_key_env="")
    settings = Settings(model="told-so", providers=Providers(openai=table), timeouts=timeouts or Timeouts())
    return providers.create("openai", settings)


async def events_of(provider: Provider) -> list[Event]:
    async with aclosing(provider.stream(request())) as events:
        return [event async for event in events]


async def run(session: ChatSession) -> tuple[Turn, list[TurnUpdate]]:
    turn = session.begin("Hello")
    return turn, await updates_of(session, turn)


async def updates_of(session: ChatSession, turn: Turn) -> list[TurnUpdate]:
    async with aclosing(session.run(turn)) as updates:
        return [update async for update in updates]


async def all_closed(*servers: ChatServer) -> None:
    """Every connection was closed by our side."""
    async with asyncio.timeout(5):
        for server in servers:
            for exchange in server.exchanges:
                await exchange.gone.wait()


@pytest.mark.parametrize("fault", FAULTS)
async def test_where_one_fails_the_other_answers(fault: str) -> None:
    handler, said = FAULTS[fault]
    before = asyncio.all_tasks()
    async with ChatServer() as bad, ChatServer() as good:
        bad.then(handler)
        good.say("hel", "lo")
        provider = provider_for(bad, good)
        turn, updates = await run(ChatSession(provider))
        (event,) = [event for update in updates for event in update.events if isinstance(event, Rerouted)]
        assert (event.failed, event.chosen) == (bad.base_url, good.base_url)
        assert said in event.reason
        assert (turn.message.text, turn.message.status, turn.attempts) == ("hello", MessageStatus.COMPLETE, 1)
        assert (len(bad.requests), len(good.requests)) == (1, 1)
        await provider.aclose()
        await all_closed(bad, good)
    assert asyncio.all_tasks() == before


def known(**seconds: float) -> None:
    """Writes what an earlier run measured: seconds by the URLs of endpoints."""
    memory = Memory()
    for url, ttft in seconds.items():
        memory.keep({Key("openai", url, "told-so"): Standing(ttft, measured_at=time.monotonic())})
    memory.write()


def reasons(events: list[Event]) -> list[str]:
    return [event.reason for event in events if isinstance(event, Rerouted)]


async def test_one_that_is_killed_is_left_alone() -> None:
    before = asyncio.all_tasks()
    async with ChatServer() as second:
        async with ChatServer() as first:
            known(**{first.base_url: 1e-6, second.base_url: 1000})
            provider = provider_for(first, second)
            first.say("one")
            assert text_of(await events_of(provider)) == "one"
        second.say("two")
        events = await events_of(provider)
        assert (text_of(events), reasons(events)) == ("two", [f"Nothing answers at {first.base_url}."])
        second.say("three")
        events = await events_of(provider)
        assert (text_of(events), reasons(events)) == ("three", [])
        await provider.aclose()
        await all_closed(first, second)
    assert asyncio.all_tasks() == before
    entries = json.loads((paths.cache_dir() / "endpoints.json").read_text())["endpoints"]
    failures = {entry["url"]: (entry["model"], entry.get("failures", 0)) for entry in entries}
    assert failures == {first.base_url: ("told-so", 1), second.base_url: ("told-so", 0)}


async def test_one_that_breaks_off_in_mid_answer_keeps_its_text_and_the_next_question_goes_to_the_other() -> None:
    async with ChatServer() as first, ChatServer() as second:
        known(**{first.base_url: 1e-6, second.base_url: 1000})
        first.then(body(first.chunk({"content": "hel"}), reset))
        second.say("hello")
        provider = provider_for(first, second)
        session = ChatSession(provider)
        turn = session.begin("Hello")
        with pytest.raises(StreamBrokenError):
            await updates_of(session, turn)
        assert (turn.message.text, turn.message.status) == ("hel", MessageStatus.CUT_OFF)
        assert len(second.requests) == 0
        turn, updates = await run(session)
        assert (turn.message.text, turn.message.status) == ("hello", MessageStatus.COMPLETE)
        assert not [event for update in updates for event in update.events if isinstance(event, Rerouted)]
        await provider.aclose()


async def test_one_that_refuses_is_known_to_the_next_run() -> None:
    async with ChatServer() as good:
        async with ChatServer() as bad:
            pass
        for rerouted in (1, 0):
            good.say("hello")
            provider = provider_for(bad, good)
            events = await events_of(provider)
            assert text_of(events) == "hello"
            assert reasons(events) == [f"Nothing answers at {bad.base_url}."] * rerouted
            await provider.aclose()


async def test_a_request_that_is_wrong_is_asked_once() -> None:
    async with ChatServer() as first, ChatServer() as second:
        first.then(WRONG)
        provider = provider_for(first, second)
        with pytest.raises(ProviderError, match="temperature must be a number"):
            await events_of(provider)
        assert (len(first.requests), len(second.requests)) == (1, 0)
        await provider.aclose()


async def test_where_both_fail_the_turn_loop_tries_again() -> None:
    async with ChatServer() as first, ChatServer() as second:
        first.then(BUSY, BUSY, BUSY)
        second.then(BUSY, BUSY)
        second.say("at last")
        provider = provider_for(first, second)
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        turn, updates = await run(ChatSession(provider, sleep=sleep))
        assert (turn.message.text, turn.attempts, len(slept)) == ("at last", 3, 2)
        said = [update.retrying.reason for update in updates if update.retrying]
        assert "(all 2 endpoints tried)" in said[0]
        assert "(all 2 endpoints tried)" in said[1]
        await provider.aclose()


@pytest.mark.parametrize(("handler", "kind"), [(BUSY, ServerError), (NO_MODEL, ModelNotFoundError)])
async def test_where_both_fail_for_good_the_error_is_theirs(handler: Handler, kind: type[ProviderError]) -> None:
    async with ChatServer() as first, ChatServer() as second:
        for server in (first, second):
            server.then(handler)
        provider = provider_for(first, second)
        with pytest.raises(kind, match=r"\(all 2 endpoints tried\)"):
            await events_of(provider)
        await provider.aclose()


@pytest.mark.parametrize("hang", [lambda: stall, lambda: body(stall)], ids=["before the headers", "after the headers"])
async def test_one_that_hangs_is_cut_by_the_turn_loop_and_the_other_answers_next_time(
    hang: Callable[[], Handler],
) -> None:
    before = asyncio.all_tasks()
    async with ChatServer() as stuck, ChatServer() as good:
        stuck.then(hang())
        good.say("hello")
        members = [Member(server.base_url, provider_for(server)) for server in (stuck, good)]
        provider = pool.make(members, hang=0.1)
        async for _ in provider.prepare():
            pass
        session = ChatSession(provider, options=SessionOptions(limits=Limits(first_token=0.3)))
        with pytest.raises(TimedOutError, match="No answer began within"):
            await run(session)
        turn, _ = await run(session)
        assert (turn.message.text, turn.attempts, turn.message.notes) == ("hello", 1, [])
        await stuck.exchanges[0].gone.wait()
        await provider.aclose()
        await all_closed(stuck, good)
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize("hang", [lambda: stall, lambda: body(stall)], ids=["before the headers", "after the headers"])
async def test_one_that_hangs_is_given_up_before_the_limit_of_the_settings(hang: Callable[[], Handler]) -> None:
    async with ChatServer() as stuck, ChatServer() as good:
        stuck.then(hang())
        good.say("hello")
        known(**{stuck.base_url: 1e-6, good.base_url: 1000})
        limit = 0.5
        provider = provider_for(stuck, good, timeouts=Timeouts(first_token=limit))
        options = SessionOptions(limits=Limits(first_token=limit))
        turn, _ = await run(ChatSession(provider, options=options))
        assert (turn.message.text, turn.attempts) == ("hello", 1)
        said = f"{stuck.base_url} failed (No answer began within 0.45 s); {good.base_url} was asked instead."
        assert turn.message.notes == [said]
        await provider.aclose()
        await all_closed(stuck, good)


async def test_cancelling_closes_the_connection_and_leaves_nothing_behind() -> None:
    before = asyncio.all_tasks()
    async with ChatServer() as first, ChatServer() as second:
        first.then(body(first.chunk({"content": "hel"}), stall))
        provider = provider_for(first, second)
        stream = provider.stream(request())
        text = ""
        while text != "hel":
            text = text_of([await anext(stream)])
        task = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(5):
            await first.exchanges[0].gone.wait()
        assert len(second.requests) == 0
        await provider.aclose()
    assert asyncio.all_tasks() == before
