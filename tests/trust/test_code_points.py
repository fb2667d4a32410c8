"""Any code points survive the way: stream, screen, store, export, import, next request."""

from __future__ import annotations

import asyncio
import io
import json
import tempfile
from contextlib import aclosing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.servers import EVENT_STREAM, Exchange, Server, sse
from tests.store.keeping import opened
from tui_stream.config import Providers, Settings, SseSettings
from tui_stream.core.models import Conversation, MessageStatus
from tui_stream.core.sanitize import clean, repair
from tui_stream.core.session import ChatSession, SessionOptions
from tui_stream.exchange import Format, read_any, write
from tui_stream.markdown import LiveMarkdown
from tui_stream.providers.sse import create

PIECES = st.lists(st.one_of(st.text(max_size=12), st.binary(max_size=12)), min_size=1, max_size=6)
"""What a server sends: text of any code points, lone surrogates among them, or bytes that need not be UTF-8."""

ANY = st.text(st.characters(), max_size=20)


def _raw(piece: bytes) -> bytes:
    """The bytes that a string of JSON can hold as they are."""
    return bytes(byte for byte in piece if byte >= 0x20 and byte not in b'"\\')


def event(piece: str | bytes) -> bytes:
    """A piece of an answer on the wire."""
    if isinstance(piece, str):
        return b"data: " + json.dumps({"content": f"<{piece}>"}).encode() + b"\n\n"
    return b'data: {"content": "<' + _raw(piece) + b'>"}\n\n'


def meant(piece: str | bytes) -> str:
    """What is meant by it."""
    return f"<{piece}>" if isinstance(piece, str) else f"<{_raw(piece).decode('utf-8', 'replace')}>"


async def talked(
    pieces: list[list[str | bytes]], prompts: list[str], folder: Path
) -> tuple[Conversation, list[object]]:
    """A conversation of these answers, kept in a folder; what the server was asked."""

    async def answer(exchange: Exchange) -> None:
        await exchange.head(200, EVENT_STREAM)
        for piece in left.pop(0):
            await exchange.piece(event(piece))
        await exchange.piece(sse("[DONE]"))
        await exchange.end()

    left = [list(one) for one in pieces]
    async with Server() as server, opened(folder) as archive:
        server.on("/chat", answer)
        provider = create(Settings(providers=Providers(sse=SseSettings(base_url=f"{server.url}/chat"))))
        session = ChatSession(provider, options=SessionOptions(frame=0), store=archive)
        for prompt in prompts:
            async with aclosing(session.run(session.begin(prompt))) as updates:
                async for _ in updates:
                    pass
        await session.aclose()
        loaded = await archive.load(session.conversation.id)
        assert [one.text for one in loaded.messages] == [one.text for one in session.conversation.messages]
        return loaded, [request.json()["messages"] for request in server.requests]


async def through(pieces: list[str | bytes], prompt: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        conversation, sent = await talked([pieces, ["so"]], [f"a{prompt}", "b"], folder / "one")
        question, answer, *_ = conversation.messages
        whole = "".join(map(meant, pieces))
        assert answer.status is MessageStatus.COMPLETE
        assert (answer.text, question.text) == (clean(whole), repair(f"a{prompt}"))
        assert sent[1] == [
            {"role": "user", "content": question.text},
            {"role": "assistant", "content": answer.text},
            {"role": "user", "content": "b"},
        ]
        _shown(answer.text)
        await _exported(conversation, folder)


def _shown(text: str) -> None:
    """On the screen, and in all the forms that people take away."""
    live = LiveMarkdown(40)
    live.append(text)
    live.finish()
    for line in live.plain(0, live.height):
        assert line.encode().decode() == line
        assert clean(line) == line


async def _exported(conversation: Conversation, folder: Path) -> None:
    kept = [one.text for one in conversation.messages]
    for wanted in Format:
        file = io.StringIO()
        write([conversation], file, wanted)
        written = folder / f"export{wanted.suffix}"
        written.write_bytes(file.getvalue().encode())
        if wanted is Format.JSON:
            (read,) = read_any(written)
            assert [one.text for one in read.messages] == kept
            async with opened(folder / "two") as archive:
                assert await archive.import_conversation(read)
                again = await archive.load(read.id)
                assert [one.text for one in again.messages] == kept


@given(PIECES, ANY)
@example(["\ud800", "\udc00x", b"\xff\xfe\xc3"], "\udcff")
@example(["\U0001f469\u200d", "\U0001f4bb\ufe0f", "\x1b[2J\x9b\x00\u202e\U000e0041"], "\ufeff\u2028\x85")
@example([b"\xe2\x82", b"\xf0\x9f\x98", "\ufffe\uffff"], "\U0010ffff")
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_code_points_survive_the_way(pieces: list[str | bytes], prompt: str) -> None:
    asyncio.run(through(pieces, prompt))


@pytest.mark.parametrize(("text", "kept"), [(chr(0xD83D), "\ufffd"), (f"x{chr(0xDCFF)}y", "x\ufffdy")])
def test_what_no_file_can_hold_is_repaired_before_it_is_sent_or_kept(text: str, kept: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        conversation, sent = asyncio.run(talked([["so"]], [f"Hi {text}"], Path(name)))
    assert conversation.messages[0].text == f"Hi {kept}"
    assert sent == [[{"role": "user", "content": f"Hi {kept}"}]]
