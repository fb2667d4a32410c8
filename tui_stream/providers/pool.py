"""Several endpoints for one model: edge regions, two machines with a GPU. The fastest healthy one is asked.

Where it fails before its first token, the next one is asked at once; what failed rests for a while. After the first
token nothing is asked again: the answer is one endpoint's from its beginning to its end. What is known of the
endpoints outlasts the program (`tui_stream.providers._pool_memory`).

Silence is the turn loop's to limit, but its limit ends the request and not only the endpoint's part in it. So shortly
before that limit an endpoint that keeps silent counts as failed, and the next one has the whole time again.

An error of the request itself (a field that is not valid, a conversation that is too long) would be the same
everywhere and is raised at once. A key that is refused, a model that is missing and a web page in place of an answer
are matters of one endpoint: the machines of one person are rarely set up alike.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from typing import cast

from tui_stream.core.events import Event, Progress, Rerouted, StreamEnd
from tui_stream.core.models import ChatRequest, ModelInfo
from tui_stream.core.provider import Capabilities, Pulls, TakesContext, TellsWindow
from tui_stream.core.stats import Clock
from tui_stream.errors import ProviderError
from tui_stream.providers._endpoint import Reachable
from tui_stream.providers._pool_errors import in_vain, is_its_own, to_ask_again
from tui_stream.providers._pool_every import from_all
from tui_stream.providers._pool_ledger import Endpoint, Ledger, Member, endpoints
from tui_stream.providers._pool_memory import Memory
from tui_stream.providers._pool_watch import Watch

__all__ = ["HANG", "Member", "Memory", "Pool", "make"]

HANG = 10.0
"""Seconds of silence after which a request that is given up counts as the endpoint's failure."""

PATIENCE = 0.9
"""The part of the turn loop's limit on the first token after which the next endpoint is asked."""


class Pool:
    """A provider made of several of the same kind; made by `make`.

    Args:
        members: at least one, in the order in which unknown ones are asked.
        clock: the clock of all times to first token and rests.
        memory: what earlier runs knew, on the same clock.
        hang: see `HANG`.
        limit: seconds that the turn loop waits for the first token or a sign before it, 0 for no limit.
    """

    def __init__(
        self,
        members: Sequence[Member],
        *,
        clock: Clock = time.monotonic,
        memory: Memory | None = None,
        hang: float = HANG,
        limit: float = 0.0,
    ) -> None:
        self._endpoints = tuple(endpoints(members))
        self._patience = PATIENCE * limit if limit else None
        self._ledger = Ledger(self._endpoints, clock, memory or Memory(clock=clock), hang, self._patience)
        self._asked = self._endpoints[0]
        self._streaming: list[tuple[Endpoint, Watch]] = []

    @property
    def name(self) -> str:
        """The name of its members."""
        return self._endpoints[0].provider.name

    @property
    def model(self) -> str:
        """The model used when a request names none; that of the endpoint asked last, where they differ."""
        return self._asked.provider.model

    @property
    def capabilities(self) -> Capabilities:
        """What every member can do; it is local where all of them are."""
        every = [endpoint.provider.capabilities for endpoint in self._endpoints]
        windows = [one.context_window for one in every if one.context_window is not None]
        return Capabilities(
            local=all(one.local for one in every),
            reasoning=any(one.reasoning for one in every),
            context=all(one.context for one in every),
            images=all(one.images for one in every),
            schemas=all(one.schemas for one in every),
            context_window=min(windows) if len(windows) == len(every) else None,
        )

    async def prepare(self) -> AsyncGenerator[Progress, None]:
        """Prepares the endpoint that would be asked, the next one where that fails.

        Raises:
            TuiStreamError: none can be prepared.
        """
        await self._ledger.recall()
        failures: list[tuple[Endpoint, ProviderError]] = []
        for endpoint in self._ledger.candidates(""):
            try:
                async with aclosing(endpoint.prepare()) as steps:
                    async for step in steps:
                        yield step
            except ProviderError as error:
                if not is_its_own(error):
                    raise
                self._ledger.failed(endpoint, "", error)
                failures.append((endpoint, error))
            else:
                return
        raise self._in_vain(failures, "") from failures[-1][1]

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        """Asks one endpoint after the other until one answers; see `tui_stream.core.provider.Provider`.

        The request is as it was when it came. Where a note was sent along since, no other endpoint is asked, and the
        error is one after which the turn loop asks again, with the note.

        Raises:
            ProviderError: none answered (the error of the last one that may be asked again, with the number of those
                that were tried), or the one that did broke off, or the request is not valid.
        """
        await self._ledger.recall()
        failures: list[tuple[Endpoint, ProviderError]] = []
        candidates = self._ledger.candidates(request.model)
        for endpoint in candidates:
            if failures:
                yield Rerouted(failures[-1][0].name, endpoint.name, failures[-1][1].message)
            others = endpoint is not candidates[-1]
            watch = self._ledger.watch(self._patience if others else None)
            try:
                async with aclosing(self._ask(endpoint, request, watch)) as events:
                    async for event in events:
                        yield event
            except ProviderError as error:
                if watch.answered or not is_its_own(error):
                    raise
                if watch.notes and others:
                    raise to_ask_again(error) from error
                failures.append((endpoint, error))
            else:
                return
        raise self._in_vain(failures, request.model) from failures[-1][1]

    async def models(self) -> Sequence[ModelInfo]:
        """The models of all healthy endpoints, each once, in the order of the endpoints.

        Raises:
            TuiStreamError: none of them can be asked.
        """
        lists = await from_all(self._ledger, lambda provider: provider.models())
        found: dict[str, ModelInfo] = {}
        for model in (model for models in lists for model in models):
            found.setdefault(model.name, model)
        return list(found.values())

    async def window(self, model: str, options: Mapping[str, object]) -> int | None:
        """The context window of a model at the endpoint that was asked last, where it tells.

        Raises:
            TuiStreamError: it cannot be asked.
        """
        teller: object = self._asked.provider
        return await teller.window(model, options) if isinstance(teller, TellsWindow) else None

    async def aclose(self) -> None:
        """Closes all members, and sees to it that what was learned is written."""
        async with AsyncExitStack() as stack:
            for endpoint in self._endpoints:
                stack.push_async_callback(endpoint.provider.aclose)
            await self._ledger.saved()

    async def _ask(self, endpoint: Endpoint, request: ChatRequest, watch: Watch) -> AsyncGenerator[Event, None]:
        """Asks one endpoint, and takes note of how it does."""
        ledger, model = self._ledger, request.model
        try:
            async with aclosing(self._answer(endpoint, request, watch)) as events:
                while (event := await watch.next(events)) is not None:
                    if watch.came(event):
                        ledger.answered(endpoint, model, watch)
                    if isinstance(event, StreamEnd):
                        ledger.ended(endpoint, model)
                    yield event
                    watch.listens()
        except ProviderError as error:
            ledger.failed(endpoint, model, error)
            raise
        except (asyncio.CancelledError, GeneratorExit):
            ledger.given_up(endpoint, model, watch)
            raise
        finally:
            ledger.save(model)

    async def _answer(self, endpoint: Endpoint, request: ChatRequest, watch: Watch) -> AsyncGenerator[Event, None]:
        """The work ahead of the request, and what comes back."""
        async with aclosing(endpoint.prepare()) as steps:
            async for step in steps:
                yield step
        self._asked = endpoint
        self._streaming.append((endpoint, watch))
        watch.sends()
        try:
            async with aclosing(endpoint.provider.stream(request)) as events:
                async for event in events:
                    yield event
        finally:
            self._streaming.remove((endpoint, watch))

    def _in_vain(self, failures: Sequence[tuple[Endpoint, ProviderError]], model: str) -> ProviderError:
        self._ledger.exhausted(failures, model)
        return in_vain([error for _, error in failures], len(self._endpoints))


class _PullingPool(Pool):
    """Its members can fetch models."""

    async def pull(self, model: str) -> AsyncGenerator[Progress, None]:
        """Fetches the model to every endpoint, one after the other.

        Raises:
            ProviderError: one of them cannot have it; the others have it nevertheless.
        """
        failures: list[ProviderError] = []
        for endpoint in self._endpoints:
            try:
                async with aclosing(cast(Pulls, endpoint.provider).pull(model)) as steps:
                    async for step in steps:
                        yield Progress(f"{step.label} ({endpoint.name})", step.done, step.total)
            except ProviderError as error:
                failures.append(error)
        if failures:
            raise failures[0]


class _ToldPool(Pool):
    """Its members can be told more while they answer."""

    async def add_context(self, text: str) -> bool:
        """Sends a note along with the answer that streams; see `tui_stream.core.provider.TakesContext`."""
        streaming = tuple(self._streaming)
        if len({endpoint for endpoint, _ in streaming}) != 1:
            return False
        for _, watch in streaming:
            watch.notes += 1  # also while it is under way
        taken = await cast(TakesContext, streaming[0][0].provider).add_context(text)
        for _, watch in streaming:
            watch.notes -= not taken
        return taken


class _ReachablePool(Pool):
    """Its members can be looked for without asking a model anything."""

    async def reach(self) -> None:
        """Returns where something answers at one of the addresses.

        Raises:
            TuiStreamError: nothing does.
        """
        await from_all(self._ledger, lambda provider: cast(Reachable, provider).reach())


def make(
    members: Sequence[Member],
    *,
    clock: Clock = time.monotonic,
    memory: Memory | None = None,
    hang: float = HANG,
    limit: float = 0.0,
) -> Pool:
    """A pool that can do what all its members can: fetch models, take more context, be looked for."""
    kinds: dict[type, type[Pool]] = {Pulls: _PullingPool, TakesContext: _ToldPool, Reachable: _ReachablePool}
    able = [kind for asked, kind in kinds.items() if all(isinstance(member.provider, asked) for member in members)]
    made = cast(type[Pool], type("Pool", tuple(able), {})) if able else Pool
    return made(members, clock=clock, memory=memory, hang=hang, limit=limit)
