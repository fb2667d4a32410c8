"""The parent's side of the process that holds llama.cpp: starting it, asking it, stopping it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tui_stream.core.sanitize import clean_line
from tui_stream.errors import CorruptWeightsError, ProviderError, StreamBrokenError, WeightsError
from tui_stream.providers._children import FOR_COMPUTING, environment
from tui_stream.providers._failures import CUT_OFF_HINT

INSTALL_HINT = "Install it: pip install 'tui-stream[embedded]'"

_WORKER = Path(__file__).with_name("_llama_worker.py")
_LINE_LIMIT = 4 * 1024 * 1024
_LOG_LIMIT = 16 * 1024
_SOCKET_LIMIT = 90
_REFUSAL = re.compile(r"error loading model: (?!.*failed to load model from)(?:llama_model_loader: )?(.+)")
_LOG_LINE = re.compile(r"^[\d.]+ E (?:\w+ +)?(?:\w+: )?(.+)$", re.MULTILINE)


def worker_command() -> tuple[str, ...]:
    """How the child is started. With -P its own folder, full of modules named like SDKs, is not searched."""
    return (sys.executable, "-P", str(_WORKER))


@dataclass(frozen=True, slots=True)
class Load:
    """What to load.

    Attributes:
        path: the GGUF file.
        name: what the model is called.
        context: the context window in tokens; 0 takes the model's own.
        threads: threads to compute with; 0 takes one for each core.
        gpu_layers: layers to put on a GPU; -1 as many as fit.
    """

    path: str
    name: str = ""
    context: int = 0
    threads: int = 0
    gpu_layers: int = -1


_SPINS = "1000"  # looks at whether the others are ready, before a thread sleeps


def _environment() -> dict[str, str]:
    """The child's environment, without the person's keys.

    llama.cpp's threads wait for each other hundreds of times a token, and by default spin for long while they
    do. Where another program wants a core, the one that is waited for does not get it: generation then falls
    from a hundred tokens a second to a few. Spinning briefly costs nothing where cores are free.
    """
    variables = environment(FOR_COMPUTING, os.environ)
    if not variables.keys() & {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"}:
        variables["GOMP_SPINCOUNT"] = _SPINS
    return variables


class LlamaProcess:
    """One child process with one model.

    Only one request runs at a time: the caller sees to that, and calls `settled` before the next one.

    Args:
        load: what to load.
        command: how to start the child.
        grace: seconds that a cancelled request may take to stop (it can be deep in a batch of its prompt)
            before the process is killed.
    """

    def __init__(self, load: Load, *, command: Sequence[str] | None = None, grace: float = 1.0) -> None:
        self.load = load
        self._command = tuple(command or worker_command())
        self._grace = grace
        self._process: asyncio.subprocess.Process | None = None
        self._logger: asyncio.Task[None] | None = None
        self._settling: asyncio.Task[None] | None = None
        self._log = b""
        self._last = 0

    @property
    def alive(self) -> bool:
        """The process runs and has not been told to end."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """The child's process id, None before it was started."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Starts the child and loads the model.

        Raises:
            ProviderError: xllamacpp is not installed.
            WeightsError: the model cannot be loaded.
        """
        folder = _socket_folder()
        ready = False
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=_LINE_LIMIT,
                start_new_session=True,
                env=_environment(),
            )
            self._logger = asyncio.create_task(self._read_log(self._process))
            self._send({"load": asdict(self.load) | {"folder": folder}})
            message = await self._receive()
            if message is None or "ready" not in message:
                raise await self._load_error(message)
            ready = True
        except OSError as error:
            raise ProviderError(f"The embedded model's process cannot be started: {error}.") from error
        finally:
            if folder:
                shutil.rmtree(folder, ignore_errors=True)
            if not ready:
                await self.aclose()

    async def chat(self, body: Mapping[str, object]) -> AsyncGenerator[dict[str, Any], None]:
        """Yields the chunks of one answer; closing the generator returns at once and stops the answer.

        Raises:
            StreamBrokenError: the process ended before the answer did.
        """
        self._last += 1
        ident, ended = self._last, False
        try:
            self._send({"chat": ident, "body": body})
            while (message := await self._receive()) is not None:
                if message.get("end") == ident:
                    ended = True
                    return
                if message.get("chunk") == ident:
                    yield message["data"]
            ended = True
            raise await self._death()
        finally:
            if not ended and self.alive:
                self._send({"cancel": ident})
                self._settling = asyncio.create_task(self._settle(ident))

    async def settled(self) -> None:
        """Waits until a cancelled request has stopped, or the process that would not stop is gone."""
        if self._settling is not None:
            await asyncio.shield(self._settling)

    async def aclose(self) -> None:
        """Ends the process, at once."""
        if self._settling is not None:
            self._settling.cancel()
        await self._kill()

    async def _settle(self, ident: int) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._grace):
                while (message := await self._receive()) is not None:
                    if message.get("end") == ident:
                        return
        await self._kill()

    def _send(self, message: Mapping[str, object]) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(json.dumps(message).encode("ascii") + b"\n")

    async def _receive(self) -> dict[str, Any] | None:
        """The child's next message; None when there will be no more."""
        if self._process is None or self._process.stdout is None:
            return None
        try:
            line = await self._process.stdout.readline()
            message = json.loads(line) if line.endswith(b"\n") else None
        except (OSError, ValueError):
            return None
        return message if isinstance(message, dict) else None

    async def _read_log(self, process: asyncio.subprocess.Process) -> None:
        while process.stderr is not None and (data := await process.stderr.read(4096)):
            self._log = (self._log + data)[-_LOG_LIMIT:]

    async def _kill(self) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._logger is not None:
            await self._logger

    async def _death(self) -> StreamBrokenError:
        await self._kill_if_silent()
        return StreamBrokenError(
            f"The embedded model's process ended in the middle of the answer ({self._fate()}).",
            hint=CUT_OFF_HINT,
        )

    async def _load_error(self, message: dict[str, Any] | None) -> ProviderError | WeightsError:
        await self._kill_if_silent()
        name = Path(self.load.path).name
        if message is not None and message.get("error") == "missing":
            cause = clean_line(str(message.get("message")))
            return ProviderError(f"The package xllamacpp cannot be imported: {cause}.", hint=INSTALL_HINT)
        log = self._log.decode("utf-8", "replace")
        found = _REFUSAL.search(log) or _LOG_LINE.search(log)
        cause = clean_line(found[1], limit=240).rstrip(".") if found else self._fate()
        if "error loading model" in log:
            hint = "Take another GGUF file, or fetch this one again."
            return CorruptWeightsError(f"llama.cpp cannot read {name}: {cause}.", hint=hint)
        hint = "If memory is short, a smaller providers.embedded.context or a smaller model needs less."
        return WeightsError(f"llama.cpp cannot load {name}: {cause}.", hint=hint)

    async def _kill_if_silent(self) -> None:
        """Waits shortly for a process that closed its output to be gone, so that its fate can be told."""
        if self._process is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), self._grace)
        await self._kill()

    def _fate(self) -> str:
        code = self._process.returncode if self._process else None
        if code is not None and code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
            return f"killed by {name}, as happens where memory runs out" if name == "SIGKILL" else f"killed by {name}"
        return f"exit code {code}"


def _socket_folder() -> str:
    """A fresh folder only this user may enter, for a socket whose path may have about 100 bytes."""
    if sys.platform == "win32":
        return ""
    folder = tempfile.mkdtemp(prefix="tui-stream-")
    if len(os.fsencode(folder)) > _SOCKET_LIMIT:
        Path(folder).rmdir()
        folder = tempfile.mkdtemp(prefix="tui-stream-", dir="/tmp")
    return folder
