"""The captures of real servers in ``tests/wire``, and a handler that serves one as it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.servers import Exchange, Handler

FOLDER = Path(__file__).parent / "wire"


@dataclass(frozen=True)
class Capture:
    """One recorded response; the README in the folder says what the files hold."""

    name: str
    status: int
    headers: Mapping[str, str]
    chunks: tuple[bytes, ...]
    end: str

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)


def load(name: str) -> Capture:
    """A capture by the name of its file without ``.json``."""
    found = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    response = found["response"]
    return Capture(
        name,
        response["status"],
        dict(response["headers"]),
        tuple(text.encode("utf-8", "surrogateescape") for _, text in found["chunks"]),
        found["end"],
    )


def names(*patterns: str) -> list[str]:
    """The names of the captures that match."""
    found = sorted(path.stem for pattern in patterns for path in FOLDER.glob(f"{pattern}.json"))
    assert found, patterns
    return found


def served(capture: Capture) -> Handler:
    """A handler that sends the captured head and pieces and ends as the capture ended."""

    async def handle(exchange: Exchange) -> None:
        await exchange.head(capture.status, capture.headers)
        for chunk in capture.chunks:
            await exchange.piece(chunk)
        if capture.end.startswith("clean"):
            await exchange.end()
        elif capture.end.startswith("ECONNRESET"):
            exchange.reset()
        elif "timed out" in capture.end:
            await exchange.gone.wait()
        else:
            exchange.close()

    return handle
