"""Where an API key comes from: an environment variable, a command that prints it, the keyring. Never a file of ours."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tui_stream.core.sanitize import clean_line
from tui_stream.errors import AuthenticationError, ConfigError

COMMAND_TIMEOUT = 10.0
"""Seconds that the command may take."""

KEYRING_TIMEOUT = 60.0
"""Seconds that the keyring may take: a person may have to type a password to unlock it."""

_HINT = "Run the command of the setting api_key_command in a shell to see what it does."


_KEYRING = (sys.executable, "-P", str(Path(__file__).with_name("_keyring_worker.py")))
_KEYRING_SAYS = {
    "missing": (
        "The package keyring is not installed, and api_key_keyring needs it.",
        "Install it: pip install 'tui-stream[keyring]'",
    ),
    "none": (
        "There is no keyring on this machine that could be asked.",
        'Set api_key_env or api_key_command; "keyring --list-backends" says what was found.',
    ),
    "locked": ("The keyring is locked: {text}.", "Unlock it, then send again."),
    "empty": (
        "The keyring has no key for {user} at {service}.",
        "Put one there: keyring set '{service}' '{user}'",
    ),
}


class KeySettings(Protocol):
    """The settings of a provider that say where its key is."""

    @property
    def api_key_env(self) -> str:
        """The name of an environment variable."""

    @property
    def api_key_command(self) -> str:
        """A command line that prints it."""

    @property
    def api_key_keyring(self) -> str:
        """An entry of the system's keyring, as ``service/user``."""


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where to look for a key; the first that has one gives it.

    Attributes:
        variable: the name of an environment variable.
        command: a command line; run without a shell, without input and without a terminal. The first line that it
            prints is the key.
        entry: an entry of the system's keyring, as ``service/user``.
    """

    variable: str = ""
    command: str = ""
    entry: str = ""

    @classmethod
    def of(cls, table: KeySettings) -> KeySource:
        """What a provider's settings name."""
        return cls(table.api_key_env, table.api_key_command.strip(), table.api_key_keyring.strip())

    @property
    def named(self) -> str:
        """The first source, for people; empty where there is none."""
        if self.variable:
            return self.variable
        return "the setting api_key_command" if self.command else "the keyring" if self.entry else ""

    def gives_one(self, environ: Mapping[str, str]) -> bool:
        """Whether a key will be sent, as far as can be told without looking for it."""
        return bool(environ.get(self.variable, "").strip() or self.command or self.entry)


async def find_key(
    source: KeySource,
    environ: Mapping[str, str],
    *,
    limit: float = COMMAND_TIMEOUT,
    keyring: Sequence[str] = (),
) -> str:
    """The key, or an empty string where no source is given.

    Args:
        source: where to look.
        environ: the environment.
        limit: seconds that the command may take.
        keyring: the command that asks the keyring, in place of our own.

    Raises:
        AuthenticationError: the command or the keyring fails, or what is found cannot be a key.
        ConfigError: a setting cannot be read.
    """
    if source.variable and (key := environ.get(source.variable, "").strip()):
        return checked_key(key, f"The environment variable {source.variable}")
    if source.command:
        return await _from_command(source.command, environ, limit)
    if source.entry:
        return checked_key(await _from_keyring(source.entry, environ, keyring or _KEYRING), "The keyring's entry")
    return ""


async def _from_command(command: str, environ: Mapping[str, str], limit: float) -> str:
    program = _program(command)
    code, printed, complaint = await _run(_split(command), environ, limit, f"The command for the key ({program})")
    if code:
        said = clean_line(complaint.decode("utf-8", "replace").strip(), limit=160)
        failed = f"The command for the key ({program}) failed with code {code}"
        raise AuthenticationError(f"{failed}: {said}" if said else f"{failed}.", hint=_HINT)
    lines = printed.decode("utf-8", "replace").strip().splitlines()
    if not lines:
        raise AuthenticationError(f"The command for the key ({program}) printed nothing.", hint=_HINT)
    return checked_key(lines[0].strip(), f"The first line of the command for the key ({program})")


async def _from_keyring(entry: str, environ: Mapping[str, str], command: Sequence[str]) -> str:
    """What the keyring holds under an entry.

    It is asked in a process of its own: a keyring may wait for a person to unlock it, may need a loop of its own, and
    can be left waiting without a trace.

    Raises:
        AuthenticationError: it holds nothing there, is locked or not to be had.
        ConfigError: the entry has no form that it could have.
    """
    service, slash, user = entry.rpartition("/")
    if not slash or not service or not user:
        raise ConfigError(
            "The setting api_key_keyring names no entry.", hint='It is of the form "service/user", as in "openai/me".'
        )
    _, printed, complaint = await _run([*command, service, user], environ, KEYRING_TIMEOUT, "The keyring")
    try:
        answer = json.loads(printed)
        kind, text = str(answer["kind"]), str(answer["text"])
    except (ValueError, KeyError, TypeError) as error:
        said = clean_line(complaint.decode("utf-8", "replace").strip().rpartition("\n")[2], limit=160)
        raise AuthenticationError(f"The keyring cannot be asked: {said or 'it gave no answer'}.") from error
    if kind == "key":
        return text
    message, hint = _KEYRING_SAYS.get(kind, ("The keyring cannot be read: {text}.", "Unlock it, or set api_key_env."))
    shown = {"text": clean_line(text, limit=160).rstrip("."), "service": service, "user": user}
    raise AuthenticationError(message.format(**shown), hint=hint.format(**shown))


def checked_key(key: str, source: str) -> str:
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


async def _run(
    arguments: Sequence[str], environ: Mapping[str, str], limit: float, what: str
) -> tuple[int | None, bytes, bytes]:
    """Runs a program and says how it ended and what it wrote.

    It is ended, and what it started, when it takes too long or the caller is cancelled.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(environ),
            start_new_session=True,
        )
    except OSError as error:
        raise AuthenticationError(f"{what} cannot be run: {error.strerror}.", hint=_HINT) from error
    try:
        async with asyncio.timeout(limit):
            printed, complaint = await process.communicate()
    except TimeoutError as error:
        raise AuthenticationError(f"{what} took longer than {limit:g} s.", hint=_HINT) from error
    finally:
        await _end(process)
    return process.returncode, printed, complaint


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
