"""Fixtures of the tests of the app."""

from __future__ import annotations

import pytest
from textual import _wait

_GRANULARITY = 0.004
"""Seconds after which the harness looks whether the app is idle, a fifth of what Textual waits."""


@pytest.fixture(autouse=True)
def _quick_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual's pilot waits after each key until the program uses little of a core for a while: for a shorter while."""
    monkeypatch.setattr(_wait, "SLEEP_IDLE", _wait.SLEEP_IDLE * _GRANULARITY / _wait.SLEEP_GRANULARITY)
    monkeypatch.setattr(_wait, "SLEEP_GRANULARITY", _GRANULARITY)
