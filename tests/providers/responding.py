"""A server that speaks OpenAI's Responses API, and its events, for tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from tests.servers import ChatServer, Step, body
from tui_stream.config import OpenAIResponsesSettings, Providers, Settings
from tui_stream.providers.openai_responses import OpenAIResponsesProvider


def responses_provider(
    base_url: str, *, environ: Mapping[str, str] | None = None, **settings: object
) -> OpenAIResponsesProvider:
    """A provider for an endpoint; ``settings`` are those of its own table."""
    table = OpenAIResponsesSettings(base_url=base_url, **settings)  # type: ignore[arg-type] # each test names real ones
    return OpenAIResponsesProvider(Settings(providers=Providers(openai_responses=table)), environ or {})


def event(kind: str, **fields: object) -> bytes:
    """A named event as OpenAI sends it."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def delta(text: str, kind: str = "output_text", **fields: object) -> bytes:
    """A piece of a part."""
    return event(f"response.{kind}.delta", **{"item_id": "i", "output_index": 0, "delta": text, **fields})


def done(kind: str = "output_text", **fields: object) -> bytes:
    """The end of a part, with its full text in a field."""
    return event(f"response.{kind}.done", **{"item_id": "i", "output_index": 0, **fields})


def added(item: Mapping[str, object], index: int = 0) -> bytes:
    """The beginning of an item."""
    return event("response.output_item.added", output_index=index, item=dict(item))


def finished(item: Mapping[str, object], index: int = 0) -> bytes:
    """The end of an item."""
    return event("response.output_item.done", output_index=index, item=dict(item))


def message(*texts: str, kind: str = "output_text", field: str = "text", ident: str = "i") -> dict[str, object]:
    """A whole message."""
    return {"id": ident, "type": "message", "role": "assistant", "content": [{"type": kind, field: t} for t in texts]}


def usage(sent: int, made: int) -> dict[str, object]:
    """The accounts of a response."""
    return {"input_tokens": sent, "output_tokens": made, "total_tokens": sent + made}


def response(status: str, output: Iterable[object] = (), **fields: object) -> dict[str, object]:
    """A response as it stands."""
    return {"id": "resp_1", "object": "response", "status": status, "output": list(output), **fields}


def ended(status: str = "completed", output: Iterable[object] = (), **fields: object) -> bytes:
    """The event that ends a response."""
    return event(f"response.{status}", response=response(status, output, **fields))


class ResponsesServer(ChatServer):
    """Speaks the Responses API; what it streams, it tells again at the end."""

    def created(self) -> bytes:
        """The event that begins a response."""
        return event("response.created", response=response("in_progress", model=self.model, usage=None))

    def say(self, *pieces: str | Step, finish: str = "completed", usage: tuple[int, int] | None = (7, 3)) -> None:
        """Queues an answer: text, bytes, gates and other steps, then the ends of the part, item and response."""
        steps = [delta(piece) if isinstance(piece, str) else piece for piece in pieces]
        text = "".join(piece for piece in pieces if isinstance(piece, str))
        counts = {"input_tokens": usage[0], "output_tokens": usage[1]} if usage else None
        end = ended(finish, [message(text)], model=self.model, usage=counts)
        start = added({**message(), "status": "in_progress"})
        self.then(body(self.created(), start, *steps, done(text=text), finished(message(text)), end))
