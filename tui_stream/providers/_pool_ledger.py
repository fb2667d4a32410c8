"""What a pool knows of its endpoints: read once, brought up to date by each request, written in the background."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from tui_stream.core.events import Progress
from tui_stream.core.provider import Provider
from tui_stream.core.stats import Clock
from tui_stream.errors import ConnectionFailedError, OfflineError, OverrunError, ProviderError
from tui_stream.providers._pool_choice import Standing, order
from tui_stream.providers._pool_errors import is_its_own
from tui_stream.providers._pool_memory import Key, Memory
from tui_stream.providers._pool_watch import Watch

_TELLING = 1.0  # seconds from which a wait that was given up says something of the endpoint's speed
_USUAL = 2.0  # times its time to first token that an endpoint may always be silent


class Member(NamedTuple):
    """One endpoint: its address, and the provider that asks there and nowhere else."""

    url: str
    provider: Provider


@dataclass(slots=True, eq=False)
class Endpoint:
    """A member of a pool.

    Attributes:
        name: its address without secrets.
        model: the one it asks where a request names none, as it was set up; it may settle on another one later.
        prepared: its preparation is done.
        barred: the person wants no connection to it in this run; that says nothing of the endpoint.
    """

    name: str
    provider: Provider
    model: str
    prepared: bool = False
    barred: bool = False

    async def prepare(self) -> AsyncGenerator[Progress, None]:
        """Prepares it, where that was not done yet."""
        if not self.prepared:
            async with aclosing(self.provider.prepare()) as steps:
                async for step in steps:
                    yield step
            self.prepared = True


def endpoints(members: Iterable[Member]) -> Iterator[Endpoint]:
    """The members under their names; those that differ only in what a name does not show are numbered."""
    seen: dict[str, int] = {}
    for url, provider in members:
        parts = urlsplit(url.strip())
        name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")
        seen[name] = number = seen.get(name, 0) + 1
        yield Endpoint(name if number == 1 else f"{name} ({number})", provider, provider.model)


class Ledger:
    """The standings of a pool's endpoints, for each model that they were asked for.

    Args:
        hang: seconds of silence after which a request that is given up counts as the endpoint's failure.
        patience: the same before the first token, also of an endpoint that always takes long; None for no such limit.
    """

    def __init__(
        self, every: Iterable[Endpoint], clock: Clock, memory: Memory, hang: float, patience: float | None
    ) -> None:
        self._endpoints = tuple(every)
        self._clock = clock
        self._memory = memory
        self._hang = hang
        self._patience = patience
        self._lock = asyncio.Lock()
        self._recalled = False
        self._standings: dict[Key, Standing] = {}
        self._saving: asyncio.Future[None] | None = None

    async def recall(self) -> None:
        """Reads what earlier runs knew, once."""
        async with self._lock:
            if not self._recalled:
                self._standings = await asyncio.to_thread(self._memory.read)
                self._recalled = True

    def candidates(self, model: str) -> list[Endpoint]:
        """The endpoints to ask for a model, in order."""
        standings = [self._standing(endpoint, model) for endpoint in self._endpoints]
        ordered = [self._endpoints[place] for place in order(standings, self._clock())]
        return [endpoint for endpoint in ordered if not endpoint.barred] or ordered

    def healthy(self) -> list[Endpoint]:
        """The endpoints that do not rest; all of them where every one does."""
        now = self._clock()
        found = [endpoint for endpoint in self._endpoints if self._standing(endpoint, "").healthy(now)]
        return found or list(self._endpoints)

    def watch(self, patience: float | None) -> Watch:
        """What is to follow the next request, which may keep silent for so many seconds."""
        return Watch(self._clock, patience)

    def answered(self, endpoint: Endpoint, model: str, watch: Watch) -> None:
        """The first token has come."""
        now = self._clock()
        for other in self._endpoints:
            self._standing(other, model).passed_over += 1
        standing = self._standing(endpoint, model)
        standing.learn(watch.waited, now)
        standing.wake(now)

    def ended(self, endpoint: Endpoint, model: str) -> None:
        """An answer has come to its proper end."""
        self._standing(endpoint, model).failures = 0

    def failed(self, endpoint: Endpoint, model: str, error: ProviderError) -> None:
        """It raised an error, which counts where it `is_its_own`; one that was given up is slow, too."""
        standing = self._standing(endpoint, model)
        if isinstance(error, OfflineError):
            endpoint.barred = True
            return
        if isinstance(error, OverrunError) and self._patience is not None:
            standing.learn(self._patience, self._clock())
        if is_its_own(error):
            self._fail(standing, error.retry_after)

    def given_up(self, endpoint: Endpoint, model: str, watch: Watch) -> None:
        """Nobody waits any longer: no failure, unless it was silent for long, but perhaps a sign that it is slow.

        One that was answering is well, whatever it failed at before.
        """
        standing, silence = self._standing(endpoint, model), watch.silence
        usual, waited = standing.ttft or 0.0, watch.waited + silence
        long = max(self._hang, _USUAL * usual)
        if self._patience is not None and not watch.answered:
            long = min(long, self._patience)
        if silence >= long:
            self._fail(standing)
        elif watch.answered:
            standing.failures = 0
        elif watch.asked and waited > max(usual, _TELLING):
            standing.learn(waited, self._clock())

    def exhausted(self, failures: Sequence[tuple[Endpoint, ProviderError]], model: str) -> None:
        """All that could be asked have failed.

        Where none of them could be connected to, the fault may well be on this side: then none rests for longer than
        after a first failure, lest the fastest one be left out for minutes once the network is back.
        """
        lost = [endpoint for endpoint, error in failures if _unreached(error)]
        if len(lost) == len(failures):
            for endpoint in lost:
                self._standing(endpoint, model).forgive()
            self.save(model)

    def save(self, model: str) -> None:
        """Has what is known written in a thread, which nobody waits for but `saved`."""
        keys = [self._key(endpoint, model) for endpoint in self._endpoints]
        self._memory.keep({key: self._standings[key] for key in keys if key in self._standings})
        self._saving = asyncio.get_running_loop().run_in_executor(None, self._memory.write)

    async def saved(self) -> None:
        """Waits until everything is written."""
        if self._saving is not None:
            await self._saving

    def _key(self, endpoint: Endpoint, model: str) -> Key:
        return Key(endpoint.provider.name, endpoint.name, model or endpoint.model)

    def _fail(self, standing: Standing, asked: float | None = None) -> None:
        now = self._clock()
        standing.fail(now, asked, again=not standing.healthy(now))

    def _standing(self, endpoint: Endpoint, model: str) -> Standing:
        return self._standings.setdefault(self._key(endpoint, model), Standing())


def _unreached(error: ProviderError) -> bool:
    kept_waiting = isinstance(error, OverrunError)
    return isinstance(error, ConnectionFailedError) and not kept_waiting and error.retry_after is None
