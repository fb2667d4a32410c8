"""Stands in for xllamacpp in the child process: no weights, no waiting, and every kind of trouble on demand.

The file of weights and the last message steer it::

    a file that begins with b"GGUFbad"   llama.cpp's log of a damaged file, then RuntimeError
    "say N"          N pieces, then usage
    "slow N"         the same, 5 ms apart
    "deaf"           begins, then neither ends nor looks whether it should
    "die"            two pieces, then the process ends as if killed
    "mute"           two pieces, then nothing: no reason, no error
    "long"           more tokens than the context window
    "refuse"         RuntimeError, as for a body that is not understood
    "echo"           the request itself, as JSON
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Callback = Callable[[dict[str, Any]], bool]

if os.environ.get("FAKE_LLAMA") == "missing":
    raise ImportError("libgomp.so.1: cannot open shared object file")


class _Bag:
    """Takes any attribute."""

    def __init__(self) -> None:
        self.path = ""


class CommonParams:
    """xllamacpp's parameters, as far as they are set."""

    def __init__(self) -> None:
        self.model = _Bag()
        self.cpuparams = _Bag()
        self.cpuparams_batch = _Bag()


def get_device_info() -> list[dict[str, Any]]:
    """What there is to compute with."""
    return [{"name": "CPU", "type": "GGML_BACKEND_DEVICE_TYPE_CPU"}]


class Server:
    """Writes what it was given to $FAKE_LLAMA_PARAMS, and a lot to standard output."""

    def __init__(self, params: CommonParams) -> None:
        print("llama.cpp says hello on standard output", flush=True)
        os.write(1, b"and once more below Python\n")
        if path := os.environ.get("FAKE_LLAMA_PARAMS"):
            sockets = [str(p) for name in params.hostnames for p in Path(name).parent.glob("*")]  # type: ignore[attr-defined]  # set by the worker
            facts = {k: v for k, v in vars(params).items() if not isinstance(v, _Bag | set)}
            Path(path).write_text(json.dumps(facts | {"sockets": sockets}))
        if os.environ.get("FAKE_LLAMA") == "slow-load":
            time.sleep(60)
        if Path(params.model.path).read_bytes().startswith(b"GGUFbad"):
            sys.stderr.write(
                "0.00.01 E llama_model_load: error loading model: llama_model_loader: tensor \x1b[31mgone\n"
            )
            sys.stderr.flush()
            raise RuntimeError("Failed to init server, please check the input params.")

    def handle_chat_completions(self, body: dict[str, Any], callback: Callback) -> None:
        """Plays the part that the last message names."""
        word, _, number = body["messages"][-1]["content"].partition(" ")
        if word == "long":
            error = {"code": 400, "type": "exceed_context_size_error", "n_prompt_tokens": 5000, "n_ctx": 4096}
            callback({"error": error | {"message": "too long"}})
            return
        if word == "refuse":
            raise RuntimeError("Expected 'messages' to be an array")
        if word == "echo":
            callback(_chunk({"content": json.dumps(body)}))
            callback(_chunk({}, "stop"))
            return
        self._play(word, int(number or 2), callback)

    def _play(self, word: str, count: int, callback: Callback) -> None:
        for index in range(count):
            if callback(_chunk({"content": f"{index} "})) and word != "deaf":
                return
            if word == "slow":
                time.sleep(0.005)
        if word == "deaf":
            print("deaf from now on", file=sys.stderr, flush=True)
            time.sleep(60)
        if word == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if word == "mute":
            return
        callback(_chunk({}, "stop"))
        usage = {
            "prompt_tokens": 7,
            "completion_tokens": count,
            "prompt_tokens_details": {"cached_tokens": 3},
        }
        callback({"model": "fake", "choices": [], "usage": usage})


def _chunk(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    return {"model": "fake", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
