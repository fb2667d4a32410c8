"""What a pool knows of its endpoints: read once, brought up to date by each request, written in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from tui_stream.core.provider import Provider
from tui_stream.core.stats import Clock
from tui_stream.errors import ConnectionFailedError, ModelNotFoundError, OfflineError, ProviderError, RequestError
from tui_stream.providers._pool_choice import Standing, order
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


def endpoints(members: Iterable[Member]) -> Iterator[Endpoint]:
    """The members under their names; those that differ only in what a name does not show are numbered."""
    seen: dict[str, int] = {}
    for url, provider in members:
        parts = urlsplit(url.strip())
        name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")
        seen[name] = number = seen.get(name, 0) + 1
        yield Endpoint(name if number == 1 else f"{name} ({number})", provider, provider.model)


def is_its_own(error: ProviderError) -> bool:
    """Whether an error is the endpoint's, so that another one may do better: all but those of the request itself."""
    return not isinstance(error, RequestError) or isinstance(error, ModelNotFoundError)


class Ledger:
    """The standings of a pool's endpoints, for each model that they were asked for.

    Args:
        hang: seconds of silence after which a request that is given up counts as the endpoint's failure.
    """

    def __init__(self, every: Iterable[Endpoint], clock: Clock, memory: Memory, hang: float) -> None:
        self._endpoints = tuple(every)
        self._clock = clock
        self._memory = memory
        self._hang = hang
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

    def watch(self) -> Watch:
        """What is to follow the next request."""
        return Watch(self._clock)

    def answered(self, endpoint: Endpoint, model: str, watch: Watch) -> None:
        """The first token has come."""
        now = self._clock()
        for other in self._endpoints:
            self._standing(other, model).passed_over += 1
        standing = self._standing(endpoint, model)
        standing.learn(watch.waited, now)
        standing.rests_until = min(standing.rests_until, now)

    def ended(self, endpoint: Endpoint, model: str) -> None:
        """An answer has come to its proper end."""
        self._standing(endpoint, model).failures = 0

    def failed(self, endpoint: Endpoint, model: str, error: ProviderError) -> None:
        """It raised an error, which counts where it `is_its_own`."""
        if isinstance(error, OfflineError):
            endpoint.barred = True
        elif is_its_own(error):
            self._standing(endpoint, model).fail(self._clock(), error.retry_after)

    def given_up(self, endpoint: Endpoint, model: str, watch: Watch) -> None:
        """Nobody waits any longer: no failure, unless it was silent for long, but perhaps a sign that it is slow."""
        standing, silence, now = self._standing(endpoint, model), watch.silence, self._clock()
        usual, waited = standing.ttft or 0.0, watch.waited + silence
        if silence >= max(self._hang, _USUAL * usual):
            standing.fail(now)
        elif watch.asked and not watch.answered and waited > max(usual, _TELLING):
            standing.learn(waited, now)

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

    def _standing(self, endpoint: Endpoint, model: str) -> Standing:
        return self._standings.setdefault(self._key(endpoint, model), Standing())


def _unreached(error: ProviderError) -> bool:
    return isinstance(error, ConnectionFailedError) and error.retry_after is None
