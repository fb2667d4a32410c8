from __future__ import annotations

import asyncio
import importlib.util
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from tests.providers.asking import ask, request
from tests.providers.ws_asking import DONE, answer, heard, outcome, ws_provider
from tests.servers import Exchange, Server
from tests.ws_server import (
    WsServer,
    reset,
    stall,
)
from tui_stream.errors import (
    CertificateError,
    ConfigError,
    ConnectionFailedError,
    StreamBrokenError,
)
from tui_stream.providers._proxies import proxy_for
from tui_stream.providers._ws_client import plain_address

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate with openssl")


# TLS.


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, signed by itself."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1"
    made = [
        *command.split(),
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        str(file),
        "-out",
        str(file) + ".crt",
    ]
    subprocess.run(made, check=True, capture_output=True, timeout=60)
    file.write_text(file.read_text() + Path(f"{file}.crt").read_text())
    return file


def serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@needs_openssl
async def test_a_certificate_that_is_not_trusted(certificate: Path) -> None:
    async with asyncio.timeout(30), WsServer(serving(certificate)) as server:
        _, error = await ask(ws_provider(server.base_url))
        assert type(error) is CertificateError
        assert "not valid" in error.message
        assert not server.handshakes


@needs_openssl
async def test_an_answer_over_tls(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with asyncio.timeout(30), WsServer(serving(certificate)) as server:
        provider = ws_provider(server.base_url)
        server.say("one")
        server.then("two", stall)
        server.then("three", reset)
        assert await answer(provider) == "one"
        stream = provider.stream(request())
        await heard(stream, "two")
        await stream.aclose()
        with pytest.raises(StreamBrokenError):
            await answer(provider)
        assert len(server.talks) == 1
        await provider.aclose()


async def test_tls_to_a_server_without() -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with asyncio.timeout(30), await asyncio.start_server(plain, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        _, error = await ask(ws_provider(f"wss://127.0.0.1:{port}/"))
        assert type(error) is CertificateError
        assert "speaks plain" in error.hint


# Proxies.


async def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async def tunnel(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        exchange.close()

    async with asyncio.timeout(30), Server() as proxy:
        proxy.then(tunnel)
        monkeypatch.setenv("HTTP_PROXY", f"http://me:secret@127.0.0.1:{proxy.port}")
        _, error = await ask(ws_provider("ws://chat.example:81/x"))
        assert type(error) is ConnectionFailedError
        assert "407" in error.message
        assert "secret" not in str(error)
        assert (proxy.requests[0].method, proxy.requests[0].target) == ("CONNECT", "chat.example:81")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert await outcome("straight", DONE) == ("straight", None)
        assert len(proxy.requests) == 1


@pytest.mark.parametrize("proxy", ["http://me:secret@", "ftp://me:secret@127.0.0.1:1", "http://secret@127.0.0.1:1"])
async def test_a_proxy_that_is_no_address(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(ConfigError) as raised:
        await ask(ws_provider("ws://chat.example/"))
    assert "secret" not in str(raised.value)


@pytest.mark.skipif(importlib.util.find_spec("python_socks") is not None, reason="shows what is said without it")
async def test_a_socks_proxy_without_the_package_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(ConfigError, match="python-socks"):
        await ask(ws_provider("ws://chat.example/"))


@pytest.mark.parametrize(
    ("url", "environ", "expected"),
    [
        ("ws://a.example/", {}, None),
        ("ws://a.example/", {"HTTP_PROXY": "http://p:1"}, "http://p:1"),
        ("ws://a.example/", {"HTTPS_PROXY": "http://p:1"}, None),
        ("wss://a.example/", {"HTTPS_PROXY": "http://p:1", "ALL_PROXY": "http://q:1"}, "http://p:1"),
        ("wss://a.example/", {"ALL_PROXY": "q:1"}, "http://q:1"),
        ("ws://a.example:81/", {"ALL_PROXY": "http://q:1", "NO_PROXY": "b.example, .example"}, None),
        ("ws://a.example/", {"ALL_PROXY": "http://q:1", "NO_PROXY": "*"}, None),
        ("ws://[fe80::1]:3000/", {"ALL_PROXY": "http://q:1", "NO_PROXY": "fe80::1"}, None),
        ("ws://[::1]:3000/", {"ALL_PROXY": "http://q:1"}, None),
        ("ws://0.0.0.0:3000/", {"HTTP_PROXY": "http://q:1"}, None),
        ("ws://a.localhost/", {"HTTP_PROXY": "http://q:1"}, None),
        ("wss://127.0.0.2/", {"HTTPS_PROXY": "http://q:1"}, None),
        ("ws://127.0.0.1.a.example/", {"HTTP_PROXY": "http://q:1"}, "http://q:1"),
    ],
)
def test_which_proxy(url: str, environ: dict[str, str], expected: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name.lower(), value)
    assert proxy_for(plain_address(url)[0]) == expected


def test_importing_the_provider_does_not_import_the_library() -> None:
    program = "import sys, tui_stream.providers.websocket; sys.exit('websockets' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


async def test_the_library_writes_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    await outcome("kept", b"\x83\x00", stall, api_key_env="K", environ={"K": "sk-hush"})
    assert not [record for record in caplog.records if "asyncio" not in record.name]
