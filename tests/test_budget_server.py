"""A budget over a real connection: the server counts what it sent after the stop."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from tests.servers import EVENT_STREAM, ChatServer, Exchange, sse
from tui_stream.compose import open_session
from tui_stream.config import OpenAISettings, Providers, Settings
from tui_stream.config.money import BudgetSetting, PriceSetting
from tui_stream.core.models import FinishReason, MessageStatus, Source
from tui_stream.core.session import ChatSession
from tui_stream.core.turn import Turn
from tui_stream.errors import BudgetError
from tui_stream.providers import _http

PIECE = "four "
LIMIT = 40


async def run(session: ChatSession, turn: Turn) -> None:
    async with aclosing(session.run(turn)) as updates:
        async for _ in updates:
            pass


@pytest.mark.parametrize("early", [False, True], ids=["silent", "reporting early"])
@pytest.mark.parametrize("named", ["told-so", "told-so-2026-02-03"], ids=["plain", "dated"])
@pytest.mark.parametrize(
    "budget",
    [BudgetSetting("turn", tokens=LIMIT), BudgetSetting("day", dollars=LIMIT / 1_000_000, model="told-so")],
    ids=["tokens", "dollars"],
)
async def test_the_server_sends_no_more_than_a_batch_after_the_limit(
    budget: BudgetSetting, named: str, early: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_http, "is_local", lambda _: False)  # it costs money, though it is on this machine
    sent: list[str] = []

    async def endless(exchange: Exchange) -> None:
        """Sends a piece, and the next one only when the client has had time to take it in."""
        await exchange.head(200, EVENT_STREAM)
        if early:
            await exchange.piece(server.usage(5, 1))
        while not exchange.gone.is_set() and len(sent) < 1000:
            sent.append(PIECE)
            await exchange.piece(server.chunk({"content": PIECE}))
            await taken(len(sent))
        if not exchange.gone.is_set():
            await exchange.piece(server.chunk({}, "stop") + sse("[DONE]"))
            await exchange.end()

    async def taken(count: int) -> None:
        """Waits until the client has shown so many pieces, or is gone."""
        while shown() < count and not server.exchanges[0].gone.is_set():
            await asyncio.sleep(0)

    def shown() -> int:
        return len(turn.message.text) // len(PIECE)

    async with ChatServer(named) as server:
        server.on("/v1/chat/completions", endless)
        settings = Settings(
            provider="openai",
            providers=Providers(openai=OpenAISettings(base_url=server.base_url, model="told-so", api_key_env="")),
            prices=(PriceSetting("told-so", 1.0, 1.0),),
            budgets=(budget,),
        )
        session = (await open_session(settings, frame=0)).session
        turn = session.begin("Hi")
        with pytest.raises(BudgetError):
            await run(session, turn)
        await server.exchanges[0].gone.wait()
        usage = turn.message.usage
        assert usage is not None
        assert usage.input_tokens is not None
        assert usage.output_tokens is not None
        whole = usage.input_tokens + usage.output_tokens
        assert LIMIT <= whole <= LIMIT + 3, "it stops with the piece that reaches the limit"
        assert len(sent) - shown() <= 1, "the server got to send one piece more at most"
        assert (turn.message.model, usage.source) == (named, Source.ESTIMATED)
        assert (turn.message.status, turn.message.finish_reason) == (MessageStatus.CUT_OFF, FinishReason.BUDGET)
        await session.aclose()
