from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from tests.providers.embedded_fakes import collect, until
from tui_stream.core.events import Progress
from tui_stream.errors import ProviderError, WeightsError
from tui_stream.providers._llama_shared import SharedWork


class Work:
    """Work in steps that the test lets through."""

    def __init__(self) -> None:
        self.runs = 0
        self.steps: asyncio.Queue[Progress | Exception | None] = asyncio.Queue()
        self.cleaned = False

    async def run(self) -> AsyncGenerator[Progress, None]:
        self.runs += 1
        try:
            while (step := await self.steps.get()) is not None:
                if isinstance(step, Exception):
                    raise step
                yield step
        finally:
            self.cleaned = True


async def test_it_is_done_once_and_everybody_sees_its_progress() -> None:
    work = Work()
    shared = SharedWork(work.run)
    first = asyncio.create_task(collect(shared.watch()))
    await until(lambda: work.runs)
    work.steps.put_nowait(Progress("one"))
    await until(work.steps.empty)
    second = asyncio.create_task(collect(shared.watch()))
    await asyncio.sleep(0)
    work.steps.put_nowait(Progress("two"))
    await until(work.steps.empty)
    work.steps.put_nowait(None)
    assert Progress("two") in await first
    assert Progress("two") in await second
    assert work.runs == 1
    assert not shared.is_open()


async def test_everybody_gets_its_error() -> None:
    work = Work()
    shared = SharedWork(work.run)
    tasks = [asyncio.create_task(collect(shared.watch())) for _ in range(3)]
    work.steps.put_nowait(WeightsError("no room"))
    for task in tasks:
        with pytest.raises(WeightsError, match="no room"):
            await task


async def test_it_goes_on_while_somebody_watches_and_stops_with_the_last() -> None:
    work = Work()
    shared = SharedWork(work.run)
    work.steps.put_nowait(Progress("begun"))
    staying = shared.watch()
    await anext(staying)
    async with aclosing(shared.watch()) as leaving:
        await anext(leaving)
    assert shared.is_open()
    await staying.aclose()
    assert not shared.is_open()
    await shared.over()
    assert work.cleaned


async def test_closing_it_tells_those_who_watch() -> None:
    work = Work()
    shared = SharedWork(work.run)
    task = asyncio.create_task(collect(shared.watch()))
    await asyncio.sleep(0)
    await shared.aclose()
    with pytest.raises(ProviderError, match="closed"):
        await task


async def test_work_that_comes_after_other_work() -> None:
    first, second = Work(), Work()
    before = SharedWork(first.run)
    watching = asyncio.create_task(collect(before.watch()))
    after = SharedWork(second.run, after=before)
    second.steps.put_nowait(None)
    waiting = asyncio.create_task(collect(after.watch()))
    await until(lambda: first.runs)
    assert second.runs == 0
    first.steps.put_nowait(WeightsError("no room"))
    assert await waiting == []
    with pytest.raises(WeightsError):
        await watching


async def test_closing_it_closes_what_it_comes_after() -> None:
    first, second = Work(), Work()
    before = SharedWork(first.run)
    watching = asyncio.create_task(collect(before.watch()))
    after = SharedWork(second.run, after=before)
    waiting = asyncio.create_task(collect(after.watch()))
    await until(lambda: first.runs)
    await after.aclose()
    assert first.cleaned
    for task in (watching, waiting):
        with pytest.raises(ProviderError, match="closed"):
            await task


async def test_closing_what_nobody_began() -> None:
    await SharedWork(Work().run).aclose()
