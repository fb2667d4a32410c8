"""Where an API key comes from: an environment variable, or a command that prints it. Never a file of ours."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
from collections.abc import Mapping
from contextlib import suppress

from tui_stream.core.sanitize import clean_line
from tui_stream.errors import AuthenticationError, ConfigError

COMMAND_TIMEOUT = 10.0
"""Seconds that the command may take."""

_HINT = "Run the command of the setting api_key_command in a shell to see what it does."


async def find_key(variable: str, command: str, environ: Mapping[str, str], *, limit: float = COMMAND_TIMEOUT) -> str:
    """The key, or an empty string where neither the variable nor the command is given.

    Args:
        variable: the name of an environment variable.
        command: a command line; run without a shell, without input and without a terminal, and only where the
            variable is not set. The first line that it prints is the key.
        environ: the environment.
        limit: seconds that the command may take.

    Raises:
        AuthenticationError: the command fails, or what is found cannot be a key.
        ConfigError: the command line cannot be read.
    """
    if variable and (key := environ.get(variable, "").strip()):
        return _checked(key, f"The environment variable {variable}")
    if not command.strip():
        return ""
    printed = await _output(command, environ, limit)
    lines = printed.decode("utf-8", "replace").strip().splitlines()
    if not lines:
        raise AuthenticationError(f"The command for the key ({_program(command)}) printed nothing.", hint=_HINT)
    return _checked(lines[0].strip(), f"The first line of the command for the key ({_program(command)})")


def _checked(key: str, source: str) -> str:
    """The key, which must be fit for an HTTP header; it is never part of a message."""
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise AuthenticationError(f"{source} is no key: it has spaces or special characters.", hint="Check it.")
    return key


def _program(command: str) -> str:
    """The command's first word: the others might be secret."""
    return clean_line(_split(command)[0], limit=60)


def _split(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError as error:
        raise ConfigError(f"The setting api_key_command cannot be read: {error}.", hint=_HINT) from error


async def _output(command: str, environ: Mapping[str, str], limit: float) -> bytes:
    """Runs the command; ends it, and what it started, when it takes too long or the caller is cancelled."""
    program = _program(command)
    try:
        process = await asyncio.create_subprocess_exec(
            *_split(command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(environ),
            start_new_session=True,
        )
    except OSError as error:
        raise AuthenticationError(
            f"The command for the key ({program}) cannot be run: {error.strerror}.", hint=_HINT
        ) from error
    try:
        async with asyncio.timeout(limit):
            printed, complaint = await process.communicate()
    except TimeoutError as error:
        raise AuthenticationError(
            f"The command for the key ({program}) took longer than {limit:g} s.", hint=_HINT
        ) from error
    finally:
        await _end(process)
    if process.returncode:
        said = clean_line(complaint.decode("utf-8", "replace").strip(), limit=160)
        failed = f"The command for the key ({program}) failed with code {process.returncode}"
        raise AuthenticationError(f"{failed}: {said}" if said else f"{failed}.", hint=_HINT)
    return printed


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
