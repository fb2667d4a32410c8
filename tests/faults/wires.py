"""The dialects as bytes on the wire: what a piece, an end marker, an error and a damaged piece look like in each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tests.providers import responding
from tests.providers.endpoints import DATA, TEXT, UI
from tests.servers import EVENT_STREAM, NDJSON, ChatServer, OllamaServer, sse
from tests.ws_server import frame
from tui_stream.config import (
    AiSdkSettings,
    OllamaSettings,
    OpenAIResponsesSettings,
    OpenAISettings,
    Providers,
    Settings,
    SseSettings,
    Timeouts,
    WebSocketSettings,
)

KEY = "sk-a-key-that-must-not-travel"
VARIABLE = "TEST_KEY"


@dataclass(frozen=True)
class Wire:
    """One dialect.

    Attributes:
        provider: the provider that speaks it.
        root: what its base URL has behind host and port.
        path: where the question is posted.
        piece: a piece of the answer.
        opening: what comes before the first piece.
        end: what ends an answer, nothing where only the end of the body does.
        failed: an error in the stream that says "It crashed".
        damaged: a piece that is no JSON.
        long: the beginning of a piece that never ends.
    """

    name: str
    provider: str
    root: str
    path: str
    headers: Mapping[str, str]
    piece: Callable[[str], bytes]
    end: bytes
    failed: bytes
    damaged: bytes
    long: bytes
    opening: bytes = b""

    @property
    def is_socket(self) -> bool:
        return self.name == "websocket"


def _ws(**fields: object) -> bytes:
    return frame(json.dumps(fields, ensure_ascii=False).encode())


_CHAT, _OLLAMA = ChatServer(), OllamaServer()
_ITEM = {**responding.message(), "status": "in_progress"}
_HALF = sse('{"content": "x"').replace(b'"x"', b'"x')

_ALL = (
    Wire(
        "openai",
        "openai",
        "/v1",
        "/v1/chat/completions",
        EVENT_STREAM,
        lambda text: _CHAT.chunk({"content": text}),
        end=_CHAT.chunk({}, "stop") + _CHAT.usage(7, 3) + sse("[DONE]"),
        failed=sse({"error": {"message": "It crashed", "type": "server_error", "code": 500}}),
        damaged=_HALF,
        long=b"data: ",
        opening=_CHAT.chunk({"role": "assistant", "content": None}),
    ),
    Wire(
        "openai-responses",
        "openai-responses",
        "/v1",
        "/v1/responses",
        EVENT_STREAM,
        responding.delta,
        end=responding.ended(),
        failed=responding.event("error", code="server_error", message="It crashed"),
        damaged=_HALF,
        long=b"data: ",
        opening=responding.ResponsesServer().created() + responding.added(_ITEM),
    ),
    Wire(
        "ollama",
        "ollama",
        "",
        "/api/chat",
        NDJSON,
        _OLLAMA.text,
        end=_OLLAMA.line(message={"role": "assistant", "content": ""}, done=True, done_reason="stop"),
        failed=b'{"error": "It crashed"}\n',
        damaged=b'{"message": {"content": "x\n',
        long=b'{"message": "',
    ),
    Wire(
        "sse",
        "sse",
        "/api/chat",
        "/api/chat",
        EVENT_STREAM,
        lambda text: sse({"content": text}),
        end=sse("[DONE]"),
        failed=sse({"error": "It crashed"}),
        damaged=_HALF,
        long=b"data: ",
    ),
    Wire(
        "ai-sdk-ui",
        "ai-sdk",
        "/api/chat",
        "/api/chat",
        UI,
        lambda text: sse({"type": "text-delta", "id": "t", "delta": text}),
        end=sse({"type": "finish"}) + sse("[DONE]"),
        failed=sse({"type": "error", "errorText": "It crashed"}),
        damaged=_HALF,
        long=b"data: ",
    ),
    Wire(
        "ai-sdk-data",
        "ai-sdk",
        "/api/chat",
        "/api/chat",
        DATA,
        lambda text: f"0:{json.dumps(text, ensure_ascii=False)}\n".encode(),
        end=b'd:{"finishReason":"stop"}\n',
        failed=b'3:"It crashed"\n',
        damaged=b'0:"x\n',
        long=b'0:"',
    ),
    Wire(
        "ai-sdk-text",
        "ai-sdk",
        "/api/chat",
        "/api/chat",
        TEXT,
        str.encode,
        end=b"",
        failed=b"",
        damaged=b"",
        long=b"",
    ),
    Wire(
        "websocket",
        "websocket",
        "/",
        "/",
        {},
        lambda text: _ws(type="token", content=text),
        end=_ws(type="done"),
        failed=_ws(type="error", message="It crashed"),
        damaged=frame(b'{"type": "token", "content": "x'),
        long=b"\x81\x7f" + (50 << 20).to_bytes(8, "big"),
    ),
)

WIRES: Mapping[str, Wire] = {wire.name: wire for wire in _ALL}


def settings_for(wire: Wire, base_url: str, timeouts: Timeouts | None = None) -> Settings:
    """Settings with which a provider asks there, with a key and a named model."""
    tables = Providers(
        openai=OpenAISettings(base_url=base_url, api_key_env=VARIABLE),
        openai_responses=OpenAIResponsesSettings(base_url=base_url, api_key_env=VARIABLE),
        ollama=OllamaSettings(base_url=base_url),
        sse=SseSettings(base_url=base_url, api_key_env=VARIABLE, headers={"x-api-key": KEY}),
        ai_sdk=AiSdkSettings(base_url=base_url, api_key_env=VARIABLE, headers={"x-api-key": KEY}),
    )
    if wire.is_socket:
        tables = Providers(
            websocket=WebSocketSettings(base_url=base_url, api_key_env=VARIABLE, headers={"x-api-key": KEY})
        )
    settings = Settings(provider=wire.provider, model="told-so", providers=tables)
    return settings if timeouts is None else replace(settings, timeouts=timeouts)
