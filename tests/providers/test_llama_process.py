"""The parent's side: starting, cancelling, and every way in which the child can fail."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.providers.embedded_fakes import AT_ONCE, collect, fake_worker, gone, into, until
from tui_stream.errors import CorruptWeightsError, ProviderError, StreamBrokenError, WeightsError
from tui_stream.providers import _llama_process
from tui_stream.providers._llama_process import LlamaProcess, Load


def body(text: str) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": text}]}


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(b"GGUF")
    return path


@asynccontextmanager
async def started(weights: Path, *, grace: float = 5.0, **variables: str) -> AsyncIterator[LlamaProcess]:
    process = LlamaProcess(Load(str(weights)), command=fake_worker(**variables), grace=grace)
    try:
        await process.start()
        yield process
    finally:
        await process.aclose()


def leftovers() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob("tui-stream-*"))


async def test_it_answers_and_goes(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with started(weights) as process:
        assert process.alive
        assert leftovers() == []
        chunks = await collect(process.chat(body("say 3")))
        assert [c["choices"][0]["delta"].get("content") for c in chunks[:-1]] == ["0 ", "1 ", "2 ", None]
        pid = process.pid
    assert pid is not None
    assert gone(pid)
    assert not process.alive


async def test_signals_of_the_terminal_do_not_reach_it(weights: Path) -> None:
    async with started(weights) as process:
        assert process.pid is not None
        assert os.getsid(process.pid) == process.pid


async def test_closing_an_answer_returns_at_once_and_stops_it(weights: Path) -> None:
    async with started(weights) as process:
        answer = process.chat(body("slow 2000"))
        await anext(answer)
        begin = time.perf_counter()
        await answer.aclose()
        assert time.perf_counter() - begin < AT_ONCE
        pid = process.pid
        await process.settled()
        assert process.alive
        assert len(await collect(process.chat(body("say 2")))) == 4
        assert process.pid == pid


async def test_a_child_that_does_not_stop_is_killed_meanwhile_the_parent_is_free(weights: Path) -> None:
    async with started(weights, grace=0.05) as process:
        answer = process.chat(body("deaf"))
        await anext(answer)
        begin = time.perf_counter()
        await answer.aclose()
        assert time.perf_counter() - begin < AT_ONCE
        await process.settled()
        assert not process.alive
        assert process.pid is not None
        assert gone(process.pid)


async def test_cancelling_a_task_that_waits_for_the_first_chunk(weights: Path) -> None:
    async with started(weights, grace=0.05) as process:

        async def wait() -> None:
            async with aclosing(process.chat(body("deaf"))) as answer:
                async for _ in answer:
                    pass

        task = asyncio.create_task(wait())
        await until(lambda: b"deaf from now on" in process._log)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await process.settled()
        assert not process.alive


async def test_a_child_that_dies_in_mid_answer(weights: Path) -> None:
    async with started(weights) as process:
        seen: list[dict[str, Any]] = []
        with pytest.raises(StreamBrokenError, match="SIGKILL, as happens where memory runs out") as caught:
            await into(seen, process.chat(body("die")))
        assert len(seen) == 2
        assert caught.value.hint == "What had arrived is kept."
        assert not process.alive


async def test_a_child_that_was_killed_between_two_answers(weights: Path) -> None:
    async with started(weights) as process:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(StreamBrokenError):
            await collect(process.chat(body("say 2")))
        assert not process.alive


async def test_no_child_survives_a_parent_that_is_killed(weights: Path, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    script = (
        "import asyncio, sys\nfrom pathlib import Path\n"
        "from tui_stream.providers._llama_process import LlamaProcess, Load\n"
        "async def main():\n"
        "    process = LlamaProcess(Load(sys.argv[1]), command=sys.argv[3:])\n"
        "    await process.start()\n"
        "    answer = process.chat({'messages': [{'role': 'user', 'content': 'deaf'}]})\n"
        "    await anext(answer)\n"
        "    Path(sys.argv[2]).write_text(str(process.pid))\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, str(weights), str(pid_file), *fake_worker()),
        cwd=Path(__file__).parents[2],
    )
    await until(lambda: pid_file.exists() and pid_file.read_text())
    child = int(pid_file.read_text())
    assert not gone(child)
    parent.kill()
    await parent.wait()
    await until(lambda: gone(child))


async def test_a_damaged_file_is_told_in_llama_cpps_own_words_made_safe(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    weights.write_bytes(b"GGUFbad")
    with pytest.raises(CorruptWeightsError) as caught:
        async with started(weights):
            pass
    assert caught.value.message == "llama.cpp cannot read tiny.gguf: tensor [31mgone."
    assert "GGUF" in caught.value.hint
    assert leftovers() == []


async def test_xllamacpp_that_cannot_be_imported(weights: Path) -> None:
    with pytest.raises(ProviderError, match="libgomp") as caught:
        async with started(weights, FAKE_LLAMA="missing"):
            pass
    assert "tui-stream[embedded]" in caught.value.hint


async def test_a_child_that_dies_while_it_loads(weights: Path) -> None:
    process = LlamaProcess(Load(str(weights)), command=(sys.executable, "-c", "raise SystemExit(3)"))
    with pytest.raises(WeightsError, match="exit code 3"):
        await process.start()


async def test_a_child_that_cannot_be_started(weights: Path) -> None:
    process = LlamaProcess(Load(str(weights)), command=("/no/such/python",))
    with pytest.raises(ProviderError, match="cannot be started"):
        await process.start()


async def test_a_child_that_talks_nonsense(weights: Path) -> None:
    process = LlamaProcess(Load(str(weights)), command=(sys.executable, "-c", "print('hello')"))
    with pytest.raises(WeightsError):
        await process.start()
    assert not process.alive


async def test_cancelled_while_it_loads_nothing_stays(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    facts = tmp_path / "facts"
    command = fake_worker(FAKE_LLAMA="slow-load", FAKE_LLAMA_PARAMS=str(facts))
    process = LlamaProcess(Load(str(weights)), command=command)
    task = asyncio.create_task(process.start())
    await until(facts.exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert process.pid is not None
    assert gone(process.pid)
    assert leftovers() == []


async def test_a_long_folder_for_temporary_files(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    facts = tmp_path / "facts"
    async with started(weights, FAKE_LLAMA_PARAMS=str(facts)):
        assert '"hostnames": ["/tmp/tui-stream-' in facts.read_text()
    assert list(deep.iterdir()) == []


def test_threads_that_wait_do_not_spin_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _llama_process._environment()["GOMP_SPINCOUNT"] == "1000"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    assert "GOMP_SPINCOUNT" not in _llama_process._environment()
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    assert _llama_process._environment()["GOMP_SPINCOUNT"] == "7"
