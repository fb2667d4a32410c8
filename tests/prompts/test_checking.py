from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tui_stream.errors import SchemaError
from tui_stream.prompts import _checking

ENDLESS = {"pattern": "^(a+)+$"}
ANSWER = "a" * 40 + "!"
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")


def children() -> set[int]:
    """The processes that this one has started and not yet ended."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        if int(text.rpartition(")")[2].split()[1]) == os.getpid():
            found.add(int(stat.parent.name))
    return found


async def test_faults_are_told_first_things_first() -> None:
    value = {"b": [1, 2, 3, 4], "a": 1}
    texts = {"type": "string"}
    schema = {"properties": {"a": texts, "b": {"items": texts}}}
    found, count = await _checking.faults(schema, value)
    assert found[:2] == ["$.a: 1 is not of type 'string'", "$.b[0]: 1 is not of type 'string'"]
    assert (len(found), count) == (3, 5)
    assert await _checking.faults(schema, {"a": "x"}) == ([], 0)


@needs_proc
async def test_an_expression_without_end_is_given_up() -> None:
    before = children()
    with pytest.raises(SchemaError, match=r"takes longer than 0.5 s. Look in the schema for a pattern"):
        await _checking.faults(ENDLESS, ANSWER, limit=0.5)
    assert children() == before


@needs_proc
async def test_whoever_waits_may_stop_waiting() -> None:
    before = children()
    task = asyncio.create_task(_checking.faults(ENDLESS, ANSWER))
    async with asyncio.timeout(10):
        while children() == before:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert children() == before


async def test_the_process_ends_by_itself_if_nobody_ends_it() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", str(_checking._WORKER), "1", stdin=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(20):
        await process.communicate(b'[{"pattern": "^(a+)+$"}, "%s"]' % ANSWER.encode())
    assert process.returncode is not None
    assert process.returncode < 0


async def test_a_process_that_fails_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_checking, "_WORKER", tmp_path / "none.py")
    with pytest.raises(SchemaError, match="what checks it ended with the code 2"):
        await _checking.faults({}, 1)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    with pytest.raises(SchemaError, match="no process can be started"):
        await _checking.faults({}, 1)
