from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import threading
from pathlib import Path

import pytest

from tests.providers.embedded_fakes import until
from tui_stream.errors import DiskFullError, WeightsError
from tui_stream.providers._weights_files import (
    FolderLock,
    StoppedError,
    disk_errors,
    free_bytes,
    in_thread,
    make_private_folder,
    open_private,
    publish,
    sha256_of,
)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_what_is_made_is_private_at_any_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        make_private_folder(tmp_path / "a" / "b")
        with open_private(tmp_path / "a" / "b" / "c", "xb") as file:
            file.write(b"x")
    finally:
        os.umask(before)
    for path, mode in {"a": 0o700, "a/b": 0o700, "a/b/c": 0o600}.items():
        assert (tmp_path / path).stat().st_mode & 0o777 == mode


def test_one_lock_at_a_time(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path / "lock"), FolderLock(tmp_path / "lock")
    assert first.acquire()
    assert not second.acquire()
    first.release()
    first.release()
    assert second.acquire()
    second.release()


def test_publishing_replaces_in_one_step(tmp_path: Path) -> None:
    (tmp_path / "new").write_bytes(b"new")
    (tmp_path / "target").write_bytes(b"old")
    publish(tmp_path / "new", tmp_path / "target")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
    assert (tmp_path / "target").read_bytes() == b"new"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_no_room_and_no_quota_are_a_full_disk(tmp_path: Path, code: int) -> None:
    with pytest.raises(DiskFullError, match="needs 99 MB") as caught, disk_errors(tmp_path, 98_362_432):
        raise OSError(code, os.strerror(code))
    assert str(tmp_path) in caught.value.message
    assert caught.value.hint


def test_a_folder_that_must_not_be_used(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="permission denied") as caught, disk_errors(tmp_path, 1):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    assert not isinstance(caught.value, DiskFullError)


def test_the_room_that_is_left(tmp_path: Path) -> None:
    assert free_bytes(tmp_path) > 0


async def test_hashing_in_a_thread(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 3_000_000)
    assert await in_thread(lambda stop: sha256_of(path, stop)) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_hashing_can_be_stopped(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        sha256_of(path, stop)


async def test_cancelled_it_waits_until_the_thread_has_let_go() -> None:
    seen: list[str] = []

    def work(stop: threading.Event) -> None:
        seen.append("begun")
        stop.wait(10)
        seen.append("over")
        raise StoppedError

    task = asyncio.create_task(in_thread(work))
    await until(lambda: seen)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["begun", "over"]
