"""Runs the pipe as a program, against a server."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import jsonschema

from tests.servers import ChatServer
from tui_stream.piping.events import schema_text

PNG = b"\x89PNG\r\n\x1a\n123"
PERSON = '{"type": "object", "required": ["name"]}'
LINE = json.loads(schema_text())


async def ask(
    server: ChatServer,
    *flags: str,
    stdin: bytes = b"",
    stdout: int = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Runs the pipe against a server."""
    at = ("--provider", "openai", "--base-url", server.base_url, "--model", "m")
    command = [sys.executable, "-m", "tui_stream", "pipe", *at, *flags]
    return await asyncio.to_thread(
        subprocess.run,
        command,
        input=stdin,
        stdout=stdout,
        stderr=stderr,
        timeout=60,
        check=False,
        env={**os.environ, **(environment or {})},
    )


def sent(server: ChatServer, number: int = -1) -> Any:
    return [request for request in server.requests if request.method == "POST"][number].json()


async def history(*arguments: str) -> Any:
    """What the command prints as JSON."""
    command = [sys.executable, "-m", "tui_stream", "history", *arguments]
    done = await asyncio.to_thread(subprocess.run, command, stdout=subprocess.PIPE, timeout=60, check=True)
    return json.loads(done.stdout)


def events(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    """The lines of --json, each valid by the schema of the documentation."""
    found = [json.loads(line) for line in done.stdout.decode("ascii").splitlines()]
    for one in found:
        jsonschema.validate(one, LINE)
    return found
