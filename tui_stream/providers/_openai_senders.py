"""Two ways to send a request to OpenAI's APIs: through the SDK once it is loaded, and directly before that.

To import the SDK takes most of a second, several times as long as all else that a pipe does before its request leaves.
A chat loads it while the person types. What is sent and how errors are told is the same on both ways.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tui_stream.providers import _http
from tui_stream.providers._large_json import LargeJson, is_large

if TYPE_CHECKING:
    import httpx2
    import openai


class Sender(Protocol):
    """Sends requests."""

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What it may raise."""

    def create(self, body: dict[str, Any], headers: Mapping[str, str]) -> AbstractAsyncContextManager[httpx2.Response]:
        """Asks for an answer; a header that is empty is not sent."""

    def list(self, headers: Mapping[str, str]) -> AbstractAsyncContextManager[httpx2.Response]:
        """Asks for the list of models; headers as of `create`."""


@dataclass(frozen=True, slots=True)
class Sdk:
    """Through the SDK, imported and warm.

    Attributes:
        resource: the part of the client that answers.
        required: the fields that it wants to be given; what is in ``body`` goes before them.
    """

    client: openai.AsyncOpenAI
    resource: Any
    required: tuple[str, ...]
    errors: tuple[type[Exception], ...]

    @asynccontextmanager
    async def create(self, body: dict[str, Any], headers: Mapping[str, str]) -> AsyncGenerator[httpx2.Response, None]:
        """Asks for an answer.

        All is in the body: as a parameter, each message of the conversation would be compared with the SDK's types,
        which takes 0.2 to 0.4 ms.
        """
        asked = self.resource.with_streaming_response.create(
            **dict.fromkeys(self.required, ()),
            model=body["model"],
            stream=True,
            extra_body=body,
            extra_headers=_sdk_headers(headers),
        )
        async with asked as answer:
            yield answer.http_response

    @asynccontextmanager
    async def list(self, headers: Mapping[str, str]) -> AsyncGenerator[httpx2.Response, None]:
        """Asks for the list of models."""
        async with self.client.models.with_streaming_response.list(extra_headers=_sdk_headers(headers)) as answer:
            yield answer.http_response


def load(
    client: Callable[[], httpx2.AsyncClient],
    root: str,
    resource_of: Callable[[openai.AsyncOpenAI], Any],
    required: tuple[str, ...],
) -> Sdk:
    """Imports the SDK and whatever it puts off until its first request; to be run in a thread.

    Args:
        client: makes the HTTP client, which takes time.
        root: the base URL without a query.
        resource_of: the part of the SDK's client that answers.
        required: fields that it wants to be given.
    """
    import openai

    sdk = openai.AsyncOpenAI(
        api_key="unused: every request brings its own Authorization header, or none",
        base_url=root,
        max_retries=0,
        http_client=client(),
    )
    resource = resource_of(sdk)
    resource.with_streaming_response  # noqa: B018 - it is the looking up that costs
    errors: tuple[type[Exception], ...] = (openai.OpenAIError, *_http.failures())
    return Sdk(sdk, resource, required, errors)


def _sdk_headers(headers: Mapping[str, str]) -> dict[str, str | openai.Omit]:
    """The headers as the SDK takes them: it would send what is only left out."""
    import openai

    return {name: value or openai.omit for name, value in headers.items()}


@dataclass(frozen=True, slots=True)
class Direct:
    """Without the SDK.

    Attributes:
        root: the base URL without a query.
        path: of the resource, under it.
        environ: where OpenAI's own names for an organisation and a project are looked up, as the SDK does.
    """

    client: httpx2.AsyncClient
    root: str
    path: str
    environ: Mapping[str, str]
    errors: tuple[type[Exception], ...]

    @asynccontextmanager
    async def create(self, body: dict[str, Any], headers: Mapping[str, str]) -> AsyncGenerator[httpx2.Response, None]:
        """Asks for an answer."""
        url, about = f"{self.root}/{self.path}", {"content-type": "application/json", **self._sent(headers)}
        if is_large(body):
            content: Any = LargeJson(body)
            about |= {"content-length": str(await asyncio.to_thread(lambda: content.size))}
            asking = self.client.stream("POST", url, content=content, headers=about)
        else:
            asking = self.client.stream("POST", url, json=body, headers=about)
        async with asking as got:
            yield got

    @asynccontextmanager
    async def list(self, headers: Mapping[str, str]) -> AsyncGenerator[httpx2.Response, None]:
        """Asks for the list of models."""
        async with self.client.stream("GET", f"{self.root}/models", headers=self._sent(headers)) as got:
            yield got

    def _sent(self, headers: Mapping[str, str]) -> dict[str, str]:
        own = {"openai-organization": "OPENAI_ORG_ID", "openai-project": "OPENAI_PROJECT_ID"}
        known = {name: self.environ.get(variable, "") for name, variable in own.items()}
        return {"accept": "application/json"} | {name: value for name, value in {**known, **headers}.items() if value}


def direct(client: Callable[[], httpx2.AsyncClient], root: str, path: str, environ: Mapping[str, str]) -> Direct:
    """Makes the client, which takes time, and what sends with it; arguments as of `load`."""
    return Direct(client(), root, path, environ, _http.failures())
