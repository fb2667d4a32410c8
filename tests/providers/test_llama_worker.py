"""The child process, spoken to directly."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.providers.embedded_fakes import fake_worker, until
from tui_stream.providers import _llama_worker


class Child:
    """The worker, with its protocol in the raw."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    def send(self, **message: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")

    def chat(self, ident: int, text: str) -> None:
        self.send(chat=ident, body={"messages": [{"role": "user", "content": text}]})

    async def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        async with asyncio.timeout(15):
            message: dict[str, Any] = json.loads(await self.process.stdout.readline())
        return message

    async def until_end(self, ident: int) -> list[dict[str, Any]]:
        found = [await self.receive()]
        while "end" not in found[-1]:
            found.append(await self.receive())
        assert found[-1] == {"end": ident}
        return found[:-1]


@contextlib.asynccontextmanager
async def child(weights: Path, folder: Path, *, load: bool = True, **variables: str) -> AsyncIterator[Child]:
    process = await asyncio.create_subprocess_exec(
        *fake_worker(**variables),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    found = Child(process)
    settings = {"path": str(weights), "name": "tiny", "context": 64, "threads": 3, "gpu_layers": 0}
    found.send(load={**settings, "folder": str(folder)})
    try:
        if load:
            assert await found.receive() == {"ready": {}}
        yield found
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await asyncio.wait_for(process.wait(), 15)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(b"GGUF")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "private"
    path.mkdir(mode=0o700)
    return path


async def test_an_answer_is_chunks_and_one_end(weights: Path, folder: Path) -> None:
    async with child(weights, folder) as worker:
        worker.chat(1, "say 3")
        chunks = await worker.until_end(1)
        assert [chunk["chunk"] for chunk in chunks] == [1] * 5
        assert chunks[0]["data"]["choices"][0]["delta"] == {"content": "0 "}
        worker.chat(2, "say 1")
        assert {chunk["chunk"] for chunk in await worker.until_end(2)} == {2}


async def test_the_listener_is_private_and_its_path_is_gone_once_loaded(
    weights: Path, folder: Path, tmp_path: Path
) -> None:
    facts = tmp_path / "facts.json"
    async with child(weights, folder, FAKE_LLAMA_PARAMS=str(facts)):
        params = json.loads(facts.read_text())
        assert [Path(host).parent for host in params["hostnames"]] == [folder]
        assert params["hostnames"][0].endswith(".sock")  # what llama.cpp takes for a path
        assert len(params["api_keys"][0]) >= 32
        assert params["cors_origins"] == "null"
        assert params["ui"] is params["endpoint_slots"] is params["endpoint_props"] is False
        assert params["n_batch"] == params["n_ubatch"] == _llama_worker.CPU_BATCH
        assert not folder.exists()


async def test_cancel_stops_a_running_answer(weights: Path, folder: Path) -> None:
    async with child(weights, folder) as worker:
        worker.chat(1, "slow 1000")
        await worker.receive()
        worker.send(cancel=1)
        assert len(await worker.until_end(1)) < 900
        worker.chat(2, "say 1")
        assert len(await worker.until_end(2)) == 3


async def test_cancel_overtakes_a_request_that_has_not_begun(weights: Path, folder: Path) -> None:
    async with child(weights, folder) as worker:
        worker.chat(1, "slow 50")
        worker.chat(2, "say 3")
        worker.send(cancel=2)
        await worker.until_end(1)
        assert await worker.until_end(2) == []


async def test_a_body_that_is_not_understood_is_an_error_and_an_end(weights: Path, folder: Path) -> None:
    async with child(weights, folder) as worker:
        worker.chat(1, "refuse")
        (chunk,) = await worker.until_end(1)
        assert chunk["data"]["error"] == {"message": "Expected 'messages' to be an array", "code": 400}


async def test_the_end_of_its_input_ends_it_in_the_middle_of_everything(weights: Path, folder: Path) -> None:
    async with child(weights, folder) as worker:
        worker.chat(1, "deaf")
        await worker.receive()
        assert worker.process.stdin is not None
        worker.process.stdin.close()
        assert await asyncio.wait_for(worker.process.wait(), 15) == 0


async def test_ended_while_it_loads_it_still_takes_its_folder_away(weights: Path, folder: Path, tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    variables = {"FAKE_LLAMA": "slow-load", "FAKE_LLAMA_PARAMS": str(facts)}
    async with child(weights, folder, load=False, **variables):
        await until(facts.exists)
    assert not folder.exists()


async def test_ctrl_c_in_the_terminal_is_not_for_it(weights: Path, folder: Path) -> None:
    async with child(weights, folder) as worker:
        os.kill(worker.process.pid, signal.SIGINT)
        worker.chat(1, "say 1")
        assert len(await worker.until_end(1)) == 3


async def test_a_parent_that_reads_no_more_ends_it(weights: Path, folder: Path) -> None:
    read, write = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *fake_worker(), stdin=asyncio.subprocess.PIPE, stdout=write, stderr=asyncio.subprocess.DEVNULL
    )
    os.close(write)
    os.close(read)
    worker = Child(process)
    settings = {"path": str(weights), "name": "tiny", "context": 0, "threads": 0, "gpu_layers": 0}
    worker.send(load={**settings, "folder": str(folder)})
    assert await asyncio.wait_for(process.wait(), 15) == 0
    assert process.stdin is not None
    process.stdin.close()


async def test_what_cannot_be_loaded_is_told(weights: Path, folder: Path) -> None:
    weights.write_bytes(b"GGUFbad")
    async with child(weights, folder, load=False) as worker:
        assert (await worker.receive())["error"] == "load"
        assert not folder.exists()


async def test_what_cannot_be_imported_is_told(weights: Path, folder: Path) -> None:
    async with child(weights, folder, load=False, FAKE_LLAMA="missing") as worker:
        message = await worker.receive()
    assert message["error"] == "missing"
    assert "libgomp" in message["message"]


@pytest.mark.parametrize(
    ("quota", "cores"),
    [("max 100000", -1), ("150000 100000", 2), ("50000 100000", 1), ("nonsense", -1), (None, -1)],
)
def test_threads_keep_to_what_the_process_may_use(
    quota: str | None, cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if quota is not None:
        (tmp_path / "cpu.max").write_text(f"{quota}\n")
    monkeypatch.setattr(_llama_worker, "_CGROUP_QUOTA", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)), raising=False)
    assert _llama_worker._usable_cores() == cores


def test_threads_keep_to_the_affinity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_llama_worker, "_CGROUP_QUOTA", tmp_path / "none")
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {1, 5}, raising=False)
    assert _llama_worker._usable_cores() == 2
