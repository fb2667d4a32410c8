"""Keeps every test away from the person's own files, settings and network."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

_KEPT = frozenset({"PATH", "LANG", "LC_ALL", "TMPDIR", "TUI_STREAM_TEST_WEIGHTS", "CI", "SYSTEMROOT"})


@pytest.fixture(autouse=True, scope="session")
def _interruptible() -> Iterator[None]:
    """Programs that tests start can be interrupted, also where the tests run in a shell's background, which cannot."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def _isolated_environment(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home of its own for each test, and none of the person's variables: keys, proxies, settings."""
    for name in list(os.environ):
        if name not in _KEPT and not name.startswith(("PYTEST", "COV", "VIRTUAL_ENV", "TEXTUAL_SNAPSHOT")):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    for name, folder in {
        "HOME": home,
        "USERPROFILE": home,
        "XDG_CONFIG_HOME": home / "config",
        "XDG_CACHE_HOME": home / "cache",
        "XDG_DATA_HOME": home / "data",
        "XDG_STATE_HOME": home / "state",
        "XDG_RUNTIME_DIR": home / "run",
    }.items():
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection of this process leaves the machine."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def checked_connect(self: socket.socket, address: object) -> None:
        _check(self, address)
        connect(self, address)  # type: ignore[arg-type] # whatever connect takes

    def checked_connect_ex(self: socket.socket, address: object) -> int:
        _check(self, address)
        return connect_ex(self, address)  # type: ignore[arg-type] # as above

    monkeypatch.setattr(socket.socket, "connect", checked_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", checked_connect_ex)


def _check(used: socket.socket, address: object) -> None:
    if used.family not in {socket.AF_INET, socket.AF_INET6} or not isinstance(address, tuple):
        return
    host = str(address[0])
    if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
        raise AssertionError(f"a test tried to connect to {address!r}")


@pytest.fixture
def home(_isolated_environment: None) -> Path:
    """The folder that stands for the person's home in this test."""
    return Path(os.environ["HOME"])
