"""What the processes that the program starts are given, and what the embedded model's lets others do."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.providers.embedded_fakes import collect, fake_pip, fake_worker, make_wheel, pin, until
from tests.terminal import Terminal
from tests.trust.canaries import KEY, found_in
from tests.weights import real_weights
from tui_stream.providers import _llama_process
from tui_stream.providers._children import FOR_COMPUTING, FOR_FETCHING, environment
from tui_stream.providers._llama_process import LlamaProcess, Load, worker_command
from tui_stream.providers._weights_pip import Pip

KEYS = ("OPENAI_API_KEY", "OLLAMA_API_KEY", "MY_OWN_NAME", "AWS_SESSION_TOKEN", "GITHUB_PAT", "LLM_SECRET")
needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks into /proc")


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.setenv(name, KEY)


def seen(pid: int | None) -> str:
    """What others of the same user see of a process."""
    return "".join(Path(f"/proc/{pid}/{name}").read_bytes().decode("latin-1") for name in ("environ", "cmdline"))


@needs_proc
async def test_the_embedded_models_process_has_no_keys(tmp_path: Path) -> None:
    weights = tmp_path / "tiny.gguf"
    weights.write_bytes(b"GGUF")
    process = LlamaProcess(Load(str(weights)), command=fake_worker())
    try:
        await process.start()
        assert "PATH=" in seen(process.pid)
        assert found_in(seen(process.pid)) == []
    finally:
        await process.aclose()


@needs_proc
async def test_pip_has_no_keys(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    task = asyncio.create_task(
        collect(Pip([fake_pip("hang", make_wheel(tmp_path / "wheel.whl"), note)]).fetch(pin(), tmp_path / "part"))
    )
    try:
        await until(lambda: note.exists() and note.read_text())
        assert "PATH=" in seen(int(note.read_text().split()[0]))
        assert found_in(seen(int(note.read_text().split()[0]))) == []
    finally:
        task.cancel()
        await asyncio.wait([task])


def test_what_computing_and_fetching_need_is_passed_on() -> None:
    computing = ("PATH", "HOME", "LC_CTYPE", "TMPDIR", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "GGML_VK_DEVICE")
    fetching = ("PATH", "PIP_INDEX_URL", "https_proxy", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
    assert set(environment(FOR_COMPUTING, dict.fromkeys((*computing, *KEYS), "x"))) == set(computing)
    assert set(environment(FOR_FETCHING, dict.fromkeys((*fetching, *KEYS), "x"))) == set(fetching)
    assert found_in(str(_llama_process._environment())) == []


# -- the listener that xllamacpp always opens --------------------------------------------------------


@asynccontextmanager
async def listening(weights: Path) -> AsyncIterator[int]:
    """The real worker on a port, as where a socket in the file system is not to be had; that port."""
    process = await asyncio.create_subprocess_exec(
        *worker_command(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        load = {"path": str(weights), "name": "x", "context": 128, "threads": 1, "gpu_layers": 0, "folder": ""}
        process.stdin.write(json.dumps({"load": load}).encode() + b"\n")
        assert json.loads(await asyncio.wait_for(process.stdout.readline(), 60)) == {"ready": {}}
        yield _port(process.pid)
    finally:
        process.kill()
        await process.wait()


def _port(pid: int) -> int:
    """The one port that the process listens on, which is on loopback."""
    links = [os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()]  # noqa: PTH115 - a socket is no path
    inodes = {link[8:-1] for link in links if link.startswith("socket:")}
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    listening = [row[1] for row in rows if row[9] in inodes and row[3] == "0A"]
    assert len(listening) == 1
    address, _, port = listening[0].partition(":")
    assert address == "0100007F", "127.0.0.1 and no other"
    return int(port, 16)


def _asked(port: int, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        posts = path.startswith(("/v1/chat", "/completion"))
        body = json.dumps({"messages": [{"role": "user", "content": "x"}], "prompt": "x"}) if posts else None
        connection.request("POST" if posts else "GET", path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


@needs_proc
async def test_the_listener_answers_nobody_who_lacks_its_key_whatever_the_host_or_origin() -> None:
    strangers: tuple[dict[str, str], ...] = (
        {},
        {"Authorization": "Bearer guess"},
        {"Host": "evil.example"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {"Origin": "null"},
    )
    async with listening(real_weights()) as port:
        for headers in strangers:
            for path in ("/v1/chat/completions", "/completion", "/v1/models", "/props", "/slots", "/metrics"):
                status, told = await asyncio.to_thread(_asked, port, path, headers)
                assert status in {401, 404}, (path, headers)
                assert told.get("access-control-allow-origin") != "*"
                assert (
                    told.get("access-control-allow-origin") != headers.get("Origin", "-") or headers["Origin"] == "null"
                )


async def test_the_log_of_llama_cpp_never_reaches_the_screen() -> None:
    command = [sys.executable, "-m", "tui_stream", "chat", "--provider", "embedded", "--model", str(real_weights())]
    async with Terminal([*command, "-o", "max_tokens=8"]) as terminal:
        await terminal.until("ready")
        terminal.type("Hi\r")
        await terminal.until("done")
        terminal.type("\x11")
        await terminal.ended()
        for words in (b"llama_", b"ggml_", b"srv ", b"slot ", b"main:", b"load_tensors"):
            assert words not in terminal.output
