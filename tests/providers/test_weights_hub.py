from __future__ import annotations

import errno
import socket
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.providers.embedded_fakes import CONTENT, HubServer, collect, hub_server, pin
from tui_stream.core.events import Progress
from tui_stream.errors import WeightsError
from tui_stream.providers._weights_hub import Hub


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "file.part"


async def fetch(server: HubServer, part: Path) -> list[Progress]:
    return await collect(Hub(server.base, connect=5).fetch(pin(), part))


async def test_a_fresh_fetch_with_its_progress(part: Path) -> None:
    with hub_server() as server:
        steps = await fetch(server, part)
    assert part.read_bytes() == CONTENT
    assert {(step.label, step.total) for step in steps} == {("Fetching Tiny-1M", len(CONTENT))}
    counts = [step.done for step in steps]
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (0, len(CONTENT))
    assert len(counts) > 3
    assert server.seen == [""]
    assert part.stat().st_mode & 0o777 == 0o600


async def test_it_goes_on_where_it_stopped(part: Path) -> None:
    part.write_bytes(CONTENT[:300_000])
    with hub_server() as server:
        steps = await fetch(server, part)
    assert server.seen == ["bytes=300000-"]
    assert steps[0].done == 300_000
    assert part.read_bytes() == CONTENT


async def test_a_server_that_ignores_ranges_starts_over(part: Path) -> None:
    part.write_bytes(b"x" * 300_000)
    with hub_server() as server:
        server.ranges = False
        await fetch(server, part)
    assert part.read_bytes() == CONTENT


async def test_a_beginning_of_another_file_is_noticed_and_fetched_anew(part: Path) -> None:
    part.write_bytes(b"x" * 300_000)
    with hub_server() as server:
        await fetch(server, part)
    assert server.seen == ["bytes=300000-", ""]
    assert part.read_bytes() == CONTENT


@pytest.mark.parametrize("size", [len(CONTENT), len(CONTENT) + 5])
async def test_a_part_that_is_as_long_as_the_file_or_longer_is_not_trusted(part: Path, size: int) -> None:
    part.write_bytes(b"x" * size)
    with hub_server() as server:
        await fetch(server, part)
    assert part.read_bytes() == CONTENT


async def test_a_connection_that_is_cut_is_taken_up_again(part: Path) -> None:
    with hub_server() as server:
        server.cuts = [400_000, 200_000]
        await fetch(server, part)
    assert server.seen == ["", "bytes=400000-", "bytes=600000-"]
    assert part.read_bytes() == CONTENT


async def test_a_connection_that_brings_nothing_is_given_up_and_what_came_is_kept(part: Path) -> None:
    with hub_server() as server:
        server.cuts = [400_000, 0, 0, 0, 0, 0]
        with pytest.raises(WeightsError):
            await fetch(server, part)
    assert server.seen == ["", "bytes=400000-"]
    assert part.read_bytes() == CONTENT[:400_000]


async def test_another_file_of_the_same_size(part: Path) -> None:
    content = b"GGUF" + bytes(len(CONTENT) - 4)
    with hub_server(content) as server, pytest.raises(WeightsError, match="another file than expected"):
        await fetch(server, part)
    assert not part.exists()


@pytest.mark.parametrize("announced", [True, False])
async def test_a_file_of_another_size(part: Path, announced: bool) -> None:
    with hub_server(CONTENT * 2) as server:
        server.announced = announced
        with pytest.raises(WeightsError, match="another file than expected"):
            await fetch(server, part)
    assert not part.exists() or part.stat().st_size <= len(CONTENT)


@pytest.mark.parametrize("status", [401, 404, 500])
async def test_a_refusal_is_told(part: Path, status: int) -> None:
    with hub_server() as server:
        server.status = status
        with pytest.raises(WeightsError, match=f"it answered HTTP {status}"):
            await fetch(server, part)


async def test_a_range_it_cannot_serve_starts_over(part: Path) -> None:
    part.write_bytes(CONTENT[:100])
    with hub_server() as server:
        server.status = 416
        with pytest.raises(WeightsError):
            await fetch(server, part)
    assert server.seen[:2] == ["bytes=100-", ""]


async def test_nobody_there(part: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(WeightsError) as caught:
        await collect(Hub(f"http://127.0.0.1:{port}").fetch(pin(), part))
    assert "connect" in caught.value.message.lower()
    assert not part.exists()


async def test_no_such_host(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(WeightsError, match="no such host"):
        await collect(Hub("http://hub.invalid").fetch(pin(), part))


async def test_silence_ends_it_and_keeps_what_came(part: Path) -> None:
    with hub_server() as server:
        server.held = 1000
        with pytest.raises(WeightsError, match="fell silent"):
            await collect(Hub(server.base, silence=0.1).fetch(pin(), part))
    assert server.seen == ["", "bytes=1000-", "bytes=2000-", "bytes=3000-", "bytes=4000-"]
    assert part.read_bytes() == CONTENT[:5000]


async def test_closing_it_in_the_middle_keeps_what_came(part: Path) -> None:
    with hub_server() as server:
        server.held = 600_000
        async with aclosing(Hub(server.base).fetch(pin(), part)) as steps:
            async for step in steps:
                if step.done > 500_000:
                    break
        server.release.set()
        server.held = None
        size = part.stat().st_size
        assert 500_000 < size < len(CONTENT)
        await fetch(server, part)
    assert server.seen == ["", f"bytes={size}-"]
    assert part.read_bytes() == CONTENT


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's device that is always full")
async def test_a_full_disk_is_the_systems_error(part: Path) -> None:
    part.symlink_to("/dev/full")
    with hub_server() as server, pytest.raises(OSError, match="No space left") as caught:
        await fetch(server, part)
    assert caught.value.errno == errno.ENOSPC


def test_the_room_it_needs(part: Path) -> None:
    hub = Hub("http://127.0.0.1")
    assert hub.needed(pin(), part) == len(CONTENT)
    part.write_bytes(CONTENT[:1000])
    assert hub.needed(pin(), part) == len(CONTENT) - 1000
