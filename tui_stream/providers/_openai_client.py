"""OpenAI's SDK, imported when it is first needed, as a client for one endpoint."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui_stream.providers import _http

if TYPE_CHECKING:
    import httpx2
    import openai

_SDK_ONLY = ("extra_headers", "extra_query", "extra_body", "timeout", "stream_options")


@dataclass(frozen=True, slots=True)
class Sdk:
    """The SDK, imported and warm.

    Attributes:
        resource: the part of the client that answers.
        errors: what it may raise.
        parameters: those of ``create`` that a person may set.
    """

    client: openai.AsyncOpenAI
    resource: Any
    errors: tuple[type[Exception], ...]
    parameters: frozenset[str]


def load(
    base_url: str,
    make_client: Callable[..., httpx2.AsyncClient],
    resource_of: Callable[[openai.AsyncOpenAI], Any],
    fixed: Sequence[str],
) -> Sdk:
    """Imports the SDK and whatever it puts off until its first request; to be run in a thread.

    Args:
        base_url: what is asked.
        make_client: makes the HTTP client, given ``url`` and the ``query`` that each request carries.
        resource_of: the part of the client that answers.
        fixed: parameters that the program alone sets.
    """
    import openai

    url, query = _http.split_query(base_url)  # the SDK would put its paths behind the query
    client = openai.AsyncOpenAI(
        api_key="unused: every request brings its own Authorization header, or none",
        base_url=url,
        max_retries=0,
        http_client=make_client(url=url, query=query),
    )
    resource = resource_of(client)
    resource.with_streaming_response  # noqa: B018 - it is the looking up that costs
    parameters = frozenset(inspect.signature(resource.create).parameters)
    errors: tuple[type[Exception], ...] = (openai.OpenAIError, *_http.failures())
    return Sdk(client, resource, errors, parameters.difference(_SDK_ONLY, fixed))
