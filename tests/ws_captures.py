"""The captures of real WebSocket servers in ``tests/wire``, and a handler that plays one as it was."""

from __future__ import annotations

import json
from dataclasses import dataclass

from tests.captures import FOLDER
from tests.ws_server import Handler, Talk, frame


@dataclass(frozen=True)
class WsCapture:
    """One recorded connection; ``frames`` are (who sent it, opcode, payload)."""

    name: str
    frames: tuple[tuple[str, str, bytes], ...]
    end: str

    @property
    def turns(self) -> list[list[bytes]]:
        """The server's messages, one list for each question."""
        turns: list[list[bytes]] = []
        for who, opcode, payload in self.frames:
            if who == "client" and opcode == "text" and b"cancel" not in payload:
                turns.append([])
            elif who == "server" and opcode == "text":
                turns[-1].append(payload)
        return turns

    def text(self, turn: int = 0) -> str:
        """The tokens of an answer, read in the plainest way."""
        values = [json.loads(message) for message in self.turns[turn]]
        return "".join(value["content"] for value in values if value["type"] == "token")


def load(name: str) -> WsCapture:
    """A capture by the name of its file without ``.json``."""
    found = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    frames = tuple((who, code, text.encode("utf-8", "surrogateescape")) for _, who, code, text in found["frames"])
    return WsCapture(name, frames, found["end"])


def played(capture: WsCapture) -> Handler:
    """A handler that waits for the client where the captured server did, and sends and ends as it did."""

    async def handle(talk: Talk) -> None:
        for who, opcode, payload in capture.frames:
            if (who, opcode) == ("server", "text"):
                await talk.raw(frame(payload))
            elif (who, opcode) == ("client", "text"):
                message = await talk.next()
                assert message is None or (message.get("type") == "cancel") == (b"cancel" in payload)
            elif who == "client":
                await talk.gone.wait()
        if capture.end.startswith("server closed TCP"):
            talk.drop()

    return handle
