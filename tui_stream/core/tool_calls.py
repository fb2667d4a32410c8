"""The tool calls of one answer, put together out of the pieces in which they come."""

from __future__ import annotations

from tui_stream.core.events import ToolCallDelta
from tui_stream.core.marks import MOST_MARKS
from tui_stream.core.models import ToolCall
from tui_stream.core.sanitize import Cleaner, clean_line

MOST_TOOL_CALLS = 256
"""Calls in one answer; those beyond are passed over."""


class ToolCalls:
    """Adds to the calls of a message.

    The pieces of a batch are put behind one another first: behind arguments that are long already, each piece by itself
    would cost as much as all of them.

    Args:
        calls: those that the message has; more are added to them.
        cleaner: takes out what could steer a terminal.
    """

    def __init__(self, calls: list[ToolCall], cleaner: Cleaner) -> None:
        self._calls = calls
        self._before = len(calls)
        self._clean = cleaner
        self._pieces: dict[int, list[str]] = {}
        self._passed_over = 0

    @property
    def size(self) -> int:
        """Characters that have come of them."""
        return sum(len(call.name) + len(call.arguments) for call in self._calls) + self._passed_over

    def add(self, delta: ToolCallDelta) -> None:
        """Takes a piece in; its arguments are there after `join`."""
        if not 0 <= delta.index < MOST_TOOL_CALLS:
            self._passed_over += len(delta.name) + len(delta.arguments)
            return
        index = self._before + delta.index
        while len(self._calls) <= index:
            self._calls.append(ToolCall())
        call = self._calls[index]
        call.id = call.id or clean_line(delta.id)
        call.name += clean_line(delta.name)
        self._pieces.setdefault(index, []).append(delta.arguments)

    def join(self) -> None:
        """Puts the arguments that came behind those that were there."""
        for index, pieces in self._pieces.items():
            call = self._calls[index]
            call.arguments += self._clean("".join(pieces), call.arguments[-MOST_MARKS:])
        self._pieces.clear()
