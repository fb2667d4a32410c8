"""Faults before anything is asked: nobody there, no such host, no secure connection."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.faults.asking import Outcome, in_pipe, nothing_left_behind
from tests.faults.behaviours import duplicate_chunks
from tests.faults.server import Misbehaving
from tests.faults.table import CONNECTING
from tests.faults.test_faults import check
from tests.faults.wires import WIRES, Wire, settings_for

PROVIDERS = ("openai", "openai-responses", "ollama", "sse", "ai-sdk-ui", "websocket")
HOST = "unheard-of.example"
_AUTHORITY = """
[ca]
default_ca = own
[own]
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
"""
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate with openssl")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Certificates for 127.0.0.1 with their keys, signed by themselves, one of them expired."""
    made = {"tls_self_signed": "20990101000000Z", "tls_expired": "20210101000000Z"}
    return {name: _certificate(tmp_path_factory.mktemp(name), end) for name, end in made.items()}


def _certificate(folder: Path, end: str) -> Path:
    """A certificate that is valid from 2020 until a moment, and its key; only ``openssl ca`` makes one for the past."""
    (folder / "ca.cnf").write_text(_AUTHORITY.format(folder=folder))
    (folder / "index").touch()
    (folder / "serial").write_text("01\n")
    _openssl(folder, "ecparam -name prime256v1 -genkey -noout -out key")
    _openssl(folder, "req -new -key key -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -out request")
    dates = f"-startdate 20200101000000Z -enddate {end}"
    _openssl(folder, f"ca -batch -config ca.cnf -selfsign -keyfile key -in request {dates} -notext -out certificate")
    both = folder / "both.pem"
    both.write_text((folder / "key").read_text() + (folder / "certificate").read_text())
    return both


def _openssl(folder: Path, command: str) -> None:
    subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True, timeout=60)


def _serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def checked(wire: Wire, name: str, base_url: str, asked: int = 0) -> Outcome:
    """What came of asking there, compared with the table."""
    fault = CONNECTING[name]
    async with nothing_left_behind(), asyncio.timeout(30):
        outcome = await in_pipe(settings_for(wire, base_url))
    check(fault, outcome, asked or fault.tries)
    return outcome


@pytest.mark.parametrize("name", PROVIDERS)
async def test_nobody_there(name: str) -> None:
    async with Misbehaving(WIRES[name], None) as server:
        base_url = server.base_url
    outcome = await checked(WIRES[name], "refused", base_url)
    assert base_url.rstrip("/") in str(outcome.error)


@pytest.mark.parametrize("name", PROVIDERS)
async def test_no_such_host(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def getaddrinfo(host: str | bytes, *_: object, **__: object) -> list[Any]:
        asked.append(host if isinstance(host, str) else host.decode())
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with Misbehaving(WIRES[name], None) as server:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        outcome = await checked(WIRES[name], "unknown_host", server.address(HOST))
        assert server.connections == 0
    assert set(asked) == {HOST}
    assert "cannot be resolved (Name or service not known)" in str(outcome.error)


@needs_openssl
@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("fault", ["tls_self_signed", "tls_expired"])
async def test_a_certificate_that_is_not_valid(
    name: str, fault: str, certificates: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault == "tls_expired":
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates[fault]))
    async with Misbehaving(WIRES[name], duplicate_chunks, _serving(certificates[fault])) as server:
        await checked(WIRES[name], fault, server.base_url)
        assert server.asked == 0, "no key leaves before the certificate is known to be good"


@pytest.mark.parametrize("name", PROVIDERS)
async def test_tls_to_a_server_without(name: str) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()
        await reader.read()

    async with await asyncio.start_server(plain, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        wire = WIRES[name]
        scheme = "wss" if wire.is_socket else "https"
        await checked(wire, "tls_to_plain_http", f"{scheme}://127.0.0.1:{port}{wire.root}")
