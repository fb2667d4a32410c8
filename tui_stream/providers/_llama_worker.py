"""The child process that holds llama.cpp, so that neither loading nor generating blocks the program.

It is run as a plain file and imports nothing but the standard library and xllamacpp. Lines of JSON come in
on standard input and go out on what was standard output; llama.cpp's own log goes to standard error, which
the parent reads. The parent sends::

    {"load": {"path": ..., "name": ..., "context": ..., "threads": ..., "gpu_layers": ..., "folder": ...}}
    {"chat": 1, "body": {...}}          a request for OpenAI's chat completions; numbers only grow
    {"cancel": 1}                       stops that request and every earlier one

and is answered with ``{"ready": {}}`` or ``{"error": kind, "message": ...}`` to the first (after an error the
process ends by itself), and with any number of ``{"chunk": 1, "data": {...}}`` and exactly one ``{"end": 1}``
to the second. The end of the input ends the process at once, whatever it is doing: it cannot outlive its
parent.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import math
import os
import queue
import secrets
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import Any

CPU_BATCH = 128
"""Prompt tokens computed in one go without a GPU: a cancelled request can only stop between two batches, and
larger ones were measured to be no faster there."""

_CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")


class Channel:
    """Writes messages to the parent; both threads may."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lock = threading.Lock()

    def send(self, message: dict[str, object]) -> None:
        """Writes one line; a parent that is gone ends the process."""
        data = memoryview(json.dumps(message).encode("ascii") + b"\n")
        with self._lock:
            while data:
                try:
                    data = data[os.write(self._fd, data) :]
                except BrokenPipeError:
                    os._exit(0)


class Worker:
    """Answers the parent's messages one after the other; cancelling overtakes them."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._jobs: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._cancelled = 0
        self._folder = ""
        self._server: Any = None

    def listen(self, fd: int) -> None:
        """Reads the parent's messages until there are no more, then ends the process."""
        with open(fd, "rb", closefd=False) as lines:
            for line in lines:
                message = json.loads(line)
                if "cancel" in message:
                    self._cancelled = max(self._cancelled, message["cancel"])
                else:
                    self._folder = message.get("load", {}).get("folder") or self._folder
                    self._jobs.put(message)
        self._remove_folder()
        os._exit(0)

    def run(self) -> None:
        """Works until the process ends, or returns where there is no model to work with."""
        while True:
            message = self._jobs.get()
            if "chat" in message:
                self._chat(message["chat"], message["body"])
            elif not self._load(message["load"]):
                return

    def _load(self, load: dict[str, Any]) -> bool:
        answer: dict[str, object] = {"ready": {}}
        try:
            xllamacpp = importlib.import_module("xllamacpp")
            self._server = xllamacpp.Server(_parameters(xllamacpp, load))
        except ImportError as error:
            answer = {"error": "missing", "message": str(error)}
        except (RuntimeError, ValueError, OverflowError) as error:
            answer = {"error": "load", "message": str(error)}
        finally:
            self._remove_folder()
        self._channel.send(answer)
        return self._server is not None

    def _chat(self, ident: int, body: dict[str, Any]) -> None:
        def pass_on(chunk: dict[str, Any]) -> bool:
            if ident > self._cancelled:
                self._channel.send({"chunk": ident, "data": chunk})
            return ident <= self._cancelled

        if ident > self._cancelled:
            try:
                self._server.handle_chat_completions(body, pass_on)
            except (RuntimeError, ValueError, TypeError) as error:
                self._channel.send({"chunk": ident, "data": {"error": {"message": str(error), "code": 400}}})
        self._channel.send({"end": ident})

    def _remove_folder(self) -> None:
        """Takes away the path of the listener: afterwards nobody can connect to it."""
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


def _parameters(xllamacpp: Any, load: dict[str, Any]) -> Any:
    """What to start with: few surprises, and a listener (xllamacpp always opens one) that nobody can use."""
    params = xllamacpp.CommonParams()
    params.model.path = load["path"]
    params.model_alias = {load["name"]}
    params.n_ctx = load["context"]
    params.n_gpu_layers = load["gpu_layers"]
    params.n_parallel = 1
    params.verbosity = 1  # errors only
    params.hostnames = [str(Path(load["folder"], "l.sock"))] if load["folder"] else ["127.0.0.1"]
    params.api_keys = [secrets.token_urlsafe(32)]
    params.cors_origins = "null"
    params.cors_credentials = False
    params.n_threads_http = 1
    params.ui = params.endpoint_slots = params.endpoint_props = params.endpoint_metrics = False
    threads = load["threads"] or _usable_cores()
    if threads > 0:
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    if load["gpu_layers"] == 0 or not _has_gpu(xllamacpp):
        params.n_batch = params.n_ubatch = CPU_BATCH
    return params


def _has_gpu(xllamacpp: Any) -> bool:
    return any("GPU" in str(device.get("type")) for device in xllamacpp.get_device_info())


def _usable_cores() -> int:
    """Cores this process is confined to by its affinity or its control group; -1 where it has them all."""
    total = os.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else total
    with contextlib.suppress(OSError, ValueError):
        # "max 100000" or "200000 100000": microseconds of processor time in each period.
        quota, period = _CGROUP_QUOTA.read_text("ascii").split()
        usable = min(usable, max(1, math.ceil(int(quota) / int(period))))
    return usable if usable < total else -1


def main() -> None:
    """Runs until standard input ends, or until a model cannot be loaded."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = Channel(os.dup(1))
    os.dup2(2, 1)
    worker = Worker(channel)
    threading.Thread(target=worker.listen, args=(sys.stdin.fileno(),), daemon=True).start()
    worker.run()


if __name__ == "__main__":
    main()
