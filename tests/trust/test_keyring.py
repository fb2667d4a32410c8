"""A key out of the system's keyring: asked in a process of its own, and every way in which that can fail."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.providers.asking import ask, text_of
from tests.providers.endpoints import answer, sse_provider
from tests.servers import Server
from tests.trust.canaries import KEY
from tui_stream.errors import AuthenticationError, ConfigError
from tui_stream.providers import _keys
from tui_stream.providers._keys import KeySource, find_key

ERRORS = """
class KeyringError(Exception): ...
class NoKeyringError(KeyringError, RuntimeError): ...
class KeyringLocked(KeyringError): ...
class InitError(KeyringError): ...
"""


@pytest.fixture
def keyring(tmp_path: Path) -> dict[str, str]:
    """An environment in which a package of this name stands, which does what its argument says."""
    package = tmp_path / "packages" / "keyring"
    package.mkdir(parents=True)
    (package / "errors.py").write_text(ERRORS)
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(package.parent)}


def does(keyring: dict[str, str], program: str) -> None:
    """Has the package do this when it is asked for a password."""
    lines = f"from . import errors\ndef get_password(service, user):\n    {program}\n"
    Path(keyring["PYTHONPATH"], "keyring", "__init__.py").write_text(lines)


async def test_the_entry_is_found_and_stands_in_no_argument(keyring: dict[str, str]) -> None:
    does(keyring, f"import sys; assert (service, user) == ('https://a/b', 'me'); return ' {KEY} '")
    assert await find_key(KeySource(entry="https://a/b/me"), keyring) == KEY


async def test_the_variable_and_the_command_come_first(keyring: dict[str, str]) -> None:
    does(keyring, "return 'from-the-keyring'")
    assert await find_key(KeySource("A", "", "a/b"), {**keyring, "A": "from-the-variable"}) == "from-the-variable"
    assert await find_key(KeySource("A", "echo from-the-command", "a/b"), keyring) == "from-the-command"
    assert await find_key(KeySource("A", "", "a/b"), keyring) == "from-the-keyring"


@pytest.mark.parametrize(
    ("program", "message", "hint"),
    [
        ("return None", "The keyring has no key for me at here.", "keyring set 'here' 'me'"),
        ("raise errors.KeyringLocked('no\\x1b[2J')", "The keyring is locked: no[2J.", "Unlock it"),
        ("raise errors.InitError", "The keyring is locked: nobody unlocked it.", "Unlock it"),
        ("raise errors.NoKeyringError('none')", "There is no keyring on this machine", "api_key_env"),
        ("raise errors.KeyringError('odd')", "The keyring cannot be read: odd.", "api_key_env"),
        ("raise ZeroDivisionError('a bug')", "The keyring cannot be asked: ZeroDivisionError: a bug.", ""),
        ("import os; os._exit(3)", "The keyring cannot be asked: it gave no answer.", ""),
        ("return 'two words'", "The keyring's entry is no key", "Check"),
    ],
)
async def test_what_gives_no_key_is_an_error(keyring: dict[str, str], program: str, message: str, hint: str) -> None:
    does(keyring, program)
    with pytest.raises(AuthenticationError) as raised:
        await find_key(KeySource(entry="here/me"), keyring)
    assert message in raised.value.message
    assert hint in raised.value.hint
    assert "two words" not in str(raised.value)


async def test_a_package_that_is_not_installed(tmp_path: Path) -> None:
    (tmp_path / "keyring.py").write_text("raise ImportError('No module named keyring')")
    with pytest.raises(AuthenticationError, match="The package keyring is not installed") as raised:
        await find_key(KeySource(entry="here/me"), {"PYTHONPATH": str(tmp_path)})
    assert raised.value.hint == "Install it: pip install 'tui-stream[keyring]'"


@pytest.mark.parametrize("entry", ["openai", "/me", "openai/", "/"])
async def test_an_entry_is_a_service_and_a_user(entry: str) -> None:
    with pytest.raises(ConfigError, match="names no entry") as raised:
        await find_key(KeySource(entry=entry), {})
    assert "service/user" in raised.value.hint


async def test_it_is_imported_when_it_is_needed_and_by_nobody_else(keyring: dict[str, str]) -> None:
    does(keyring, "return 'x-key'")
    assert await find_key(KeySource(entry="here/me"), keyring) == "x-key"
    assert "keyring" not in sys.modules


async def test_the_loop_is_free_while_somebody_unlocks_it(
    keyring: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "waits"
    does(keyring, f"import time; open({str(note)!r}, 'w').write('x'); time.sleep(60)")
    task = asyncio.create_task(find_key(KeySource(entry="here/me"), keyring))
    while not note.exists():
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    monkeypatch.setattr(_keys, "KEYRING_TIMEOUT", 0.5)
    with pytest.raises(AuthenticationError, match=r"The keyring took longer than 0.5 s"):
        await find_key(KeySource(entry="here/me"), keyring)


async def test_a_provider_sends_it(keyring: dict[str, str]) -> None:
    does(keyring, f"return {KEY!r}")
    async with Server() as server:
        server.then(answer("sse", "Hello"))
        events, error = await ask(sse_provider(f"{server.url}/chat", environ=keyring, api_key_keyring="here/me"))
        assert (text_of(events), error) == ("Hello", None)
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
