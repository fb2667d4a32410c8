"""What is known of endpoints, from one run of the program to the next: a pipe asks once and is gone.

A small JSON file in the cache folder, readable by its owner alone. It holds no secrets: of an address neither user,
password nor query. A file that is damaged or cannot be written costs what it would have told, and nothing else.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import msgspec

from tui_stream.core.private_files import make_folder, make_temporary
from tui_stream.core.sanitize import repair
from tui_stream.paths import cache_dir
from tui_stream.providers._pool_choice import LONGEST_ASKED, STALE, Standing

MOST_ENTRIES = 200
"""Endpoints that the file holds; those that were asked last are kept."""

_MOST_BYTES = 1 << 20
_MOST_LETTERS = 500
_DAY = 86_400.0

Moment = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
Text = Annotated[str, msgspec.Meta(max_length=_MOST_LETTERS)]


class Key(NamedTuple):
    """Whom a standing is of: a provider's name, an address without secrets, and a model."""

    provider: str
    url: str
    model: str


class _Entry(msgspec.Struct, omit_defaults=True):
    """A standing as the file has it; times are seconds since 1970."""

    provider: Text
    url: Text
    model: Text
    ttft: Annotated[float, msgspec.Meta(ge=0, le=_DAY)] | None = None
    measured_at: Moment = 0
    failures: Annotated[int, msgspec.Meta(ge=0, le=1 << 30)] = 0
    failed_at: Moment = 0
    failing_until: Moment = 0
    passed_over: Annotated[int, msgspec.Meta(ge=0, le=1 << 30)] = 0
    asked_until: Moment = 0

    @property
    def key(self) -> Key:
        return Key(self.provider, self.url, self.model)

    @property
    def newest(self) -> float:
        return max(self.measured_at, self.failed_at)


class _File(msgspec.Struct):
    format: Literal[1]
    endpoints: list[msgspec.Raw]


@dataclass(slots=True)
class _Clocks:
    """One moment by both clocks: the wall's, which the file has, and the one that only ever grows."""

    wall: float
    now: float

    def standing(self, entry: _Entry) -> Standing:
        """An entry's standing.

        The wall clock may have been set since: a figure from the future counts as old, and a rest never lasts longer
        than it was meant to.
        """
        age = self.wall - entry.measured_at
        return Standing(
            entry.ttft,
            self.now - (age if age >= 0 else STALE),
            entry.failures,
            self.now - max(0.0, self.wall - entry.failed_at),
            self._end(entry.failing_until, entry.failed_at),
            entry.passed_over,
            self._end(entry.asked_until, entry.failed_at) if entry.asked_until else float("-inf"),
        )

    def entry(self, key: Key, standing: Standing) -> _Entry:
        """The entry of a standing."""
        failed = standing.failures > 0
        return _Entry(
            *key,
            standing.ttft,
            0 if standing.ttft is None else min(self.wall, self._on_wall(standing.measured_at)),
            standing.failures,
            min(self.wall, self._on_wall(standing.failed_at)) if failed else 0,
            self._on_wall(standing.rests_until) if failed else 0,
            standing.passed_over,
            self._on_wall(standing.asked_until) if failed else 0,
        )

    def _end(self, until: float, since: float) -> float:
        """When a rest ends that the wall's clock has."""
        return self.now + min(until - self.wall, until - since, LONGEST_ASKED)

    def _on_wall(self, moment: float) -> float:
        return max(0.0, self.wall + (moment - self.now))


class Memory:
    """The file. `read` and `write` wait for the disk: they are to be called in a thread.

    Args:
        path: where it is; it need not exist.
        wall: seconds since 1970.
        clock: the clock of all standings.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        wall: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._wall = wall
        self._clock = clock
        self._writing = threading.Lock()
        self._noting = threading.Lock()  # never held while the disk is waited for
        self._kept: dict[Key, _Entry] = {}

    def read(self) -> dict[Key, Standing]:
        """All standings of the file; none where it cannot be read."""
        clocks = self._clocks()
        return {entry.key: clocks.standing(entry) for entry in self._entries()}

    def keep(self, standings: Mapping[Key, Standing]) -> None:
        """Notes how these stand now, for the next `write`; does not wait."""
        clocks = self._clocks()
        entries = {key: clocks.entry(key, standing) for key, standing in standings.items() if _fits(key)}
        with self._noting:
            self._kept.update(entries)

    def write(self) -> None:
        """Writes what was noted, beside what others have written meanwhile; does nothing where that is impossible."""
        with self._writing:
            with self._noting:
                kept, self._kept = self._kept, {}
            if kept:
                with suppress(OSError):
                    self._replace(self._merged(kept))

    def _clocks(self) -> _Clocks:
        return _Clocks(self._wall(), self._clock())

    @property
    def _file(self) -> Path:
        return self._path or cache_dir() / "endpoints.json"

    def _entries(self) -> list[_Entry]:
        try:
            with self._file.open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
            listed = msgspec.json.decode(data, type=_File).endpoints if len(data) <= _MOST_BYTES else []
        except (OSError, ValueError, RecursionError):  # msgspec's errors are ValueErrors
            return []
        entries = []
        for raw in listed:
            with suppress(ValueError, RecursionError):
                entries.append(msgspec.json.decode(raw, type=_Entry))
        return entries

    def _merged(self, kept: Mapping[Key, _Entry]) -> list[_Entry]:
        """The newest entries; a moment that is still to come is none that anything was asked at."""
        wall = self._wall()
        every = {entry.key: entry for entry in self._entries()} | dict(kept)
        by_age = sorted(every.values(), key=lambda entry: entry.newest if entry.newest <= wall else 0.0)
        return by_age[-MOST_ENTRIES:]

    def _replace(self, entries: list[_Entry]) -> None:
        data = msgspec.json.format(msgspec.json.encode({"format": 1, "endpoints": entries}), indent=1)
        folder = self._file.parent
        make_folder(folder)
        handle, made = make_temporary(folder, ".endpoints-", ".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            made.replace(self._file)
        finally:
            with suppress(OSError):
                made.unlink()


def _fits(key: Key) -> bool:
    """Whether the file can hold it: a name from the command line may be no text, or a very long one."""
    return all(len(text) <= _MOST_LETTERS and repair(text) == text for text in key)
