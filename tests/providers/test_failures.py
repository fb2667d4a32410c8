"""Connections that fail, through a real client against real sockets."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.providers.asking import ask, ollama_provider, openai_provider, text_of
from tests.servers import ChatServer, OllamaServer, body, close, reset, whole
from tui_stream.config import OpenAISettings, Providers, Settings, Timeouts
from tui_stream.errors import (
    CertificateError,
    ConnectionFailedError,
    ProtocolError,
    ProviderError,
    RequestError,
    StreamBrokenError,
    TimedOutError,
)
from tui_stream.providers.openai import OpenAIProvider


@asynccontextmanager
async def raw(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    """A server that reads a request and then does as told; gives its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await talk(reader, writer)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def fail(base_url: str) -> ProviderError:
    """The error of asking there."""
    _, error = await ask(openai_provider(base_url))
    assert error is not None
    assert error.hint
    assert "\n" not in str(error)
    return error


async def free_port() -> int:
    async with ChatServer() as server:
        return server.port


async def test_refused() -> None:
    port = await free_port()
    error = await fail(f"http://127.0.0.1:{port}/v1")
    assert type(error) is ConnectionFailedError
    assert error.message == f"Nothing answers at http://127.0.0.1:{port}/v1."
    _, error_of_ollama = await ask(ollama_provider(f"http://127.0.0.1:{port}"))
    assert type(error_of_ollama) is ConnectionFailedError
    assert "ollama serve" in error_of_ollama.hint


async def test_an_unknown_host(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = await fail("http://no-such-host.example:8080/v1")
    assert type(error) is ConnectionFailedError
    assert "no-such-host.example:8080 cannot be resolved (Name or service not known)" in error.message
    assert error.hint == "Check that the server is running and that base_url is right."
    _, error_of_openai = await ask(openai_provider("https://api.openai.com/v1", environ={"OPENAI_API_KEY": "sk-1"}))
    assert type(error_of_openai) is ConnectionFailedError
    assert "api.openai.com cannot be resolved" in error_of_openai.message
    assert error_of_openai.hint == "Check the network connection."


async def test_tls_to_a_server_without() -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await plain(_, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        error = await fail(f"https://127.0.0.1:{port}/v1")
    assert type(error) is CertificateError
    assert "secure connection" in error.message
    assert "plain http" in error.hint


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate with openssl")
async def test_a_certificate_that_is_not_valid(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=127.0.0.1",
    ]
    command += ["-keyout", str(key), "-out", str(certificate)]
    await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with ChatServer(tls=context) as server:
        error = await fail(server.base_url)
        assert not server.requests
    assert type(error) is CertificateError
    assert "certificate" in error.message
    assert "self" in error.message


async def test_no_connection_in_time() -> None:
    """A listener whose queue is full answers no further connection."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        try:
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
            table = OpenAISettings(base_url=f"http://127.0.0.1:{port}/v1")
            settings = Settings(providers=Providers(openai=table), timeouts=Timeouts(connect=0.2))
            _, error = await ask(OpenAIProvider(settings, {}))
        finally:
            for filler in fillers:
                filler.close()
    assert type(error) is TimedOutError
    assert "within 0.2 s" in error.message
    assert "timeouts.connect" in error.hint


async def test_closed_before_the_headers() -> None:
    async def leave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with raw(leave) as port:
        error = await fail(f"http://127.0.0.1:{port}/v1")
    assert type(error) is ConnectionFailedError
    assert "before the answer began" in error.message


@pytest.mark.parametrize(
    "words", [b"SSH-2.0-OpenSSH_9.0\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"]
)
async def test_no_http(words: bytes) -> None:
    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)

    async with raw(babble) as port:
        error = await fail(f"http://127.0.0.1:{port}/v1")
    assert type(error) is ProtocolError
    assert "HTTP" in error.message


async def test_damaged_compression() -> None:
    async with ChatServer() as server:
        server.then(whole(b"this is no gzip", Content_Encoding="gzip"))
        error = await fail(server.base_url)
    assert type(error) is ProtocolError
    assert "compressed" in error.message


async def test_a_redirect_is_not_followed() -> None:
    async with ChatServer() as server, ChatServer() as other:
        server.then(whole({}, 308, Location=f"{other.base_url}/chat/completions?key=1"))
        error = await fail(server.base_url)
        assert other.connections == 0
    assert type(error) is RequestError
    assert f"{other.base_url}/chat/completions" in error.message
    assert "key=1" not in error.message


@pytest.mark.parametrize("ending", [close, reset])
async def test_a_break_in_the_middle_keeps_the_text(ending: Callable[..., Awaitable[None]]) -> None:
    word = "reset" if ending is reset else "closed"
    async with ChatServer() as server, OllamaServer() as ollama:
        server.then(body(server.chunk({"content": "so far"}), ending))
        ollama.then(body(ollama.text("so far"), ending))
        for provider in (openai_provider(server.base_url), ollama_provider(ollama.url)):
            events, error = await ask(provider)
            assert type(error) is StreamBrokenError
            assert word in error.message
            assert text_of(events) == "so far"


@pytest.mark.parametrize("ending", [close, reset])
async def test_a_break_before_the_answer_may_be_tried_again(ending: Callable[..., Awaitable[None]]) -> None:
    async with ChatServer() as server:
        server.then(body(server.chunk({"role": "assistant", "content": ""}), ending))
        error = await fail(server.base_url)
    assert type(error) is ConnectionFailedError
    assert error.retryable


async def test_the_key_is_in_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "")
    secret = "own-key-0123456789"
    port = await free_port()
    _, error = await ask(
        openai_provider(f"http://user:{secret}@127.0.0.1:{port}/v1", environ={"OPENAI_API_KEY": secret})
    )
    assert error is not None
    assert secret not in str(error)
