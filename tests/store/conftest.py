"""A history in a folder of its own for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.store.keeping import Clock, Talk, opened
from tui_stream.store.archive import SqliteArchive


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "tui-stream"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def archive(folder: Path, clock: Clock) -> AsyncIterator[SqliteArchive]:
    async with opened(folder, clock=clock) as made:
        yield made


@pytest.fixture
def talk(archive: SqliteArchive) -> Talk:
    return Talk(archive)
