"""Meters that run inside the measured program: how late its event loop is, and when the garbage collector runs."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Generator
from contextlib import contextmanager

from tests.benchmarks.render.wire import PERIOD


class StallMeter:
    """A task that asks for a short sleep again and again, and notes how late it wakes.

    A wake-up costs a good part of 100 us of CPU on some machines, so CPU is never measured while this runs.

    Attributes:
        late: seconds too late, one for each sleep.
        busy: CPU seconds of the loop's thread during each sleep.
    """

    def __init__(self) -> None:
        self.late: list[float] = []
        self.busy: list[float] = []

    async def run(self) -> None:
        """Runs until it is cancelled."""
        while True:
            used, due = time.thread_time(), time.perf_counter() + PERIOD
            await asyncio.sleep(PERIOD)
            self.late.append(max(0.0, time.perf_counter() - due))
            self.busy.append(time.thread_time() - used)


class Collections:
    """Notes each run of the garbage collector.

    Attributes:
        pauses: the generation and the seconds of each.
    """

    def __init__(self) -> None:
        self.pauses: list[tuple[int, float]] = []
        self._began = 0.0

    def note(self, phase: str, info: dict[str, int]) -> None:
        """Called by the collector before and after it runs."""
        now = time.perf_counter()
        if phase == "start":
            self._began = now
        else:
            self.pauses.append((info["generation"], now - self._began))

    @contextmanager
    def watched(self) -> Generator[list[tuple[int, float]]]:
        """Watches the collector; gives the list that fills meanwhile."""
        self.pauses = []
        gc.callbacks.append(self.note)
        try:
            yield self.pauses
        finally:
            gc.callbacks.remove(self.note)
