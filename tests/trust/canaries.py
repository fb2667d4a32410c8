"""Secrets that must turn up nowhere, and servers that repeat them in every way that servers do."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from tests.faults.server import Answer, Behaviour, Line
from tests.faults.wires import VARIABLE, Wire
from tests.ws_server import closing, frame
from tui_stream.config import (
    AiSdkSettings,
    OllamaSettings,
    OpenAIResponsesSettings,
    OpenAISettings,
    Providers,
    Settings,
    SseSettings,
    WebSocketSettings,
)

KEY = 'canary/key+Q7"x9Zk&w<0123456789'
PASSWORD = "canary-password+0123456789"
IN_QUERY = "canary-query-0123456789"
IN_HEADER = "canary-header-0123456789"
SECRETS = (KEY, PASSWORD, IN_QUERY, IN_HEADER)

ENVIRONMENT = {VARIABLE: KEY, "OLLAMA_API_KEY": KEY, "OPENAI_API_KEY": KEY}


def forms() -> Iterator[str]:
    """Every form in which one of them might turn up, and the beginning of each."""
    for secret in SECRETS:
        for form in (secret, quote(secret, safe=""), quote(secret), json.dumps(secret)[1:-1], html.escape(secret)):
            yield form
            yield form[:12]
    yield base64.b64encode(f"me:{PASSWORD}".encode()).decode()


FORMS = tuple(sorted(set(forms())))


def found_in(text: str) -> list[str]:
    """The forms that stand in a text."""
    return [form for form in FORMS if form in text]


def found_under(folder: Path) -> list[tuple[str, str]]:
    """The files under a folder in which a form stands, and the form; their names count too."""
    found = []
    for path in folder.rglob("*"):
        text = str(path.relative_to(folder)) + (path.read_bytes().decode("latin-1") if path.is_file() else "")
        found += [(path.name, form) for form in found_in(text)]
    return found


def address(base_url: str) -> str:
    """A base URL with a login and a key in its query."""
    scheme, _, rest = base_url.partition("://")
    return f"{scheme}://me:{quote(PASSWORD, safe='')}@{rest}?api_key={IN_QUERY}"


def settings_for(wire: Wire, base_url: str) -> Settings:
    """Settings with a secret in every place that takes one."""
    url = address(base_url)
    common = {"base_url": url, "api_key_env": VARIABLE, "headers": {"X-Tenant-Token": IN_HEADER}}
    table: Mapping[str, object] = {
        "openai": lambda: Providers(openai=OpenAISettings(**common)),  # type: ignore[arg-type] # real fields
        "openai-responses": lambda: Providers(openai_responses=OpenAIResponsesSettings(**common)),  # type: ignore[arg-type] # as above
        "ollama": lambda: Providers(ollama=OllamaSettings(base_url=url)),
        "sse": lambda: Providers(sse=SseSettings(**common)),  # type: ignore[arg-type] # as above
        "ai-sdk": lambda: Providers(ai_sdk=AiSdkSettings(**common)),  # type: ignore[arg-type] # as above
        "websocket": lambda: Providers(websocket=WebSocketSettings(**common)),  # type: ignore[arg-type] # as above
    }
    make = table[wire.provider]
    assert callable(make)
    return replace(Settings(provider=wire.provider, model="told-so"), providers=make())


TOLD = f"No: {KEY} {PASSWORD} {IN_QUERY} {IN_HEADER} Bearer {KEY} Basic " + (
    base64.b64encode(f"me:{PASSWORD}".encode()).decode()
)
"""What a server says that repeats everything."""


def _page(text: str) -> bytes:
    return f"<html><head><title>{html.escape(text)}</title></head><body>no</body></html>".encode()


def _json(text: str) -> bytes:
    return json.dumps({"error": {"message": text, "type": text, "code": "invalid_api_key"}}).encode()


async def _in_the_stream(line: Line) -> None:
    await line.open()
    await line.say("Hel", "lo")
    told = json.dumps(f"It crashed {TOLD}")[1:-1].encode()
    failed = line.wire.failed
    if line.wire.is_socket:
        failed = frame(json.dumps({"type": "error", "message": f"It crashed {TOLD}"}).encode())
    await line.raw(failed.replace(b"It crashed", told))
    await line.end()


async def _in_garbage(line: Line) -> None:
    await line.open()
    await line.say("Hel", "lo")
    own = "" if line.wire.name == "ollama" else IN_HEADER  # which knows no headers of the settings
    garbage = f'{{"x": {KEY} {PASSWORD} {IN_QUERY} {own}'.encode()
    match line.wire.name:
        case "websocket":
            await line.raw(frame(garbage))
        case "ollama":
            await line.raw(garbage + b"\n")
        case "ai-sdk-data":
            await line.raw(b"0:" + garbage + b"\n")
        case _:
            await line.raw(b"data: " + garbage + b"\n\n")
    await line.end()


async def _in_the_close_frame(line: Line) -> None:
    await line.open()
    await line.say("Hel", "lo")
    await line.raw(closing(4401, f"No: {KEY} {PASSWORD} {IN_QUERY}"[:120]))
    await line.gone.wait()


async def _in_the_trouble_of_a_proxy(line: Line) -> None:
    """Half an answer, then a connection that is gone."""
    await line.open()
    await line.say("Hel", "lo")
    await line.reset()


REPEATS: Mapping[str, Answer | Behaviour] = {
    "401 in JSON": Answer(401, _json(TOLD)),
    "401 in JSON, long": Answer(401, _json("x" * 200 + " " + TOLD)),
    "403 in words": Answer(403, f"GET /v1?api_key={IN_QUERY} {TOLD}".encode(), "text/plain"),
    "404 page": Answer(404, _page(f"Cannot POST /v1?api_key={IN_QUERY} {TOLD}"), "text/html"),
    "404 page, long": Answer(404, _page("y" * 60 + TOLD), "text/html"),
    "429 with headers": Answer(429, _json(TOLD), headers={"X_Key": KEY, "Retry_After": "0"}),
    "500 in JSON": Answer(500, json.dumps({"error": TOLD}).encode()),
    "200 with an error": Answer(200, _json(TOLD)),
    "200 with a page": Answer(200, _page(TOLD), "text/html"),
    "redirect": Answer(
        307, headers={"Location": f"http://me:{PASSWORD}@127.0.0.1:9/{quote(KEY, safe='')}/{IN_HEADER}?k={IN_QUERY}"}
    ),
    "in the stream": _in_the_stream,
    "in garbage": _in_garbage,
    "in the close frame": _in_the_close_frame,
    "reset": _in_the_trouble_of_a_proxy,
}
