"""Runs the ``history`` commands within this process, on a history of their own."""

from __future__ import annotations

import pytest

from tests.commands.histories import Ran, Run
from tui_stream.cli import app


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs a command; errors that a person would be told of are raised."""

    def command(*arguments: str) -> Ran:
        capfd.readouterr()
        code = app(["history", *arguments], standalone_mode=False)
        return Ran(code or 0, *capfd.readouterr())

    return command
