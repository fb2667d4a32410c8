"""Writes one answer while it comes: as text, in one piece, checked by a schema, or as events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from tui_stream.core.events import TurnUpdate
from tui_stream.core.images import Image
from tui_stream.core.models import FinishReason
from tui_stream.core.turn import Turn
from tui_stream.errors import BudgetError, SchemaError, TuiStreamError
from tui_stream.piping.events import Events
from tui_stream.piping.notes import Notes
from tui_stream.piping.output import HeldOutput, Output, PartedOutput
from tui_stream.piping.stats import stats_line

EXIT_LENGTH = 6
EXIT_FILTERED = 7

_FINISHED = {FinishReason.LENGTH: EXIT_LENGTH, FinishReason.CONTENT_FILTER: EXIT_FILTERED}
_SAID = {
    FinishReason.LENGTH: "The answer was cut off: it reached its length limit.",
    FinishReason.CONTENT_FILTER: "The answer was refused, or cut off by the provider's content filter.",
}

Updates = AsyncGenerator[tuple[Turn, TurnUpdate], None]
"""What is new in an answer, each time with its turn."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How a prompt is asked, and how its answer is written.

    Attributes:
        images: pictures that go with it.
        answers: how many to ask for; in the history they stand beside each other.
        whole: the answer is written in one piece, once it is complete.
        checked: what is written in place of a complete answer; raises a `SchemaError` where that is not valid.
        reasoning: what the model thinks goes to stderr.
        stats: a line with tokens, cost and times goes to stderr.
        events: writes events in place of the answer.
    """

    images: Sequence[Image] = ()
    answers: int = 1
    whole: bool = False
    checked: Callable[[str], Awaitable[str]] | None = None
    reasoning: bool = False
    stats: bool = False
    events: Events | None = None


class Writer:
    """Writes answers, one after the other."""

    def __init__(self, output: Output, notes: Notes, asking: Asking) -> None:
        self._output = PartedOutput(output)
        self._notes = notes
        self._asking = asking

    async def write(self, number: int, conversation: str, updates: Updates) -> int:
        """Writes the answer with this number, from 1; returns its exit code.

        One that is interrupted or that a budget stops, and was to be written in one piece, is written as far as it
        has come.

        Raises:
            BudgetError: a limit was reached.
            TuiStreamError: what else made the answer fail.
            OSError: it cannot be written.
        """
        asking = self._asking
        self._output.another()
        held = HeldOutput(self._output) if asking.whole or asking.checked or asking.events else None
        output: Output = self._output if held is None else held
        turn: Turn | None = None
        try:
            async with aclosing(updates):
                async for turn, update in updates:
                    if asking.reasoning:
                        self._notes.think(update.reasoning)
                    _pass_on(update, output, self._notes)
                    if held is not None and asking.events is None and not asking.reasoning:
                        self._notes.receiving(len(turn.message.text), len(turn.message.reasoning))
                    if asking.events is not None:
                        asking.events.update(number, conversation, turn, update)
        except asyncio.CancelledError:
            if held is not None and asking.events is None:
                self._interrupted(held.text)
            raise
        except BudgetError as error:
            self._stopped(number, turn, held, error)
            raise
        finally:
            self._notes.clear()
        invalid = None if held is None else await self._release(held)
        output.end()
        return 0 if turn is None else self._ended(turn, invalid)

    def failed(self, number: int, error: TuiStreamError) -> None:
        """Says why this answer failed, as others follow.

        Raises:
            OSError: it cannot be written.
        """
        self._output.end()
        self._notes.say(f"Answer {number} failed: {error}")
        if (events := self._asking.events) is not None:
            events.fail(error, number)
            events.end(error.exit_code)

    def failed_all(self, number: int, error: TuiStreamError) -> None:
        """Takes note that this answer failed, and that none follows; whoever raised the error has it said.

        Raises:
            OSError: it cannot be written.
        """
        if self._asking.events is not None:
            self._asking.events.fail(error, number)

    def _interrupted(self, text: str) -> None:
        """Writes what has come of an answer that was to be whole, if anybody is still there to read it."""
        self._output.write_last(text)
        self._output.end()
        self._warn_unchecked(text, "Interrupted")

    def _stopped(self, number: int, turn: Turn | None, held: HeldOutput | None, error: BudgetError) -> None:
        """Writes what has come of an answer that a budget stopped, and says how to go past it."""
        error.hint = f"{error.hint.rstrip('.')}, or go past it for this once (--over-budget)."
        events = self._asking.events
        if events is not None:
            events.fail(error, number)
            events.end(error.exit_code)
        elif held is not None:
            text = held.text
            held.release(text)
            self._output.end()
            self._warn_unchecked(text, "Stopped")
        self._output.end()
        if self._asking.stats and turn is not None:
            self._notes.say(stats_line(turn))

    def _warn_unchecked(self, text: str, why: str) -> None:
        if text and self._asking.checked is not None:
            self._notes.say(f"{why}: what had come of the answer is written unchecked.")

    async def _release(self, held: HeldOutput) -> SchemaError | None:
        """Writes a complete answer, even one that is not valid: a person may want to see it. Returns why it is not."""
        text, invalid = held.text, None
        try:
            text = text if self._asking.checked is None else await self._asking.checked(text)
        except SchemaError as error:
            invalid = error
        except asyncio.CancelledError:
            if self._asking.events is None:
                self._interrupted(text)
            raise
        if self._asking.events is None:
            held.release(text)
        return invalid

    def _ended(self, turn: Turn, invalid: SchemaError | None) -> int:
        events = self._asking.events
        code = _finish(turn, self._notes)
        if invalid is not None and not code:
            code = invalid.exit_code
            self._notes.say(str(invalid))
            if events is not None:
                events.fail(invalid)
        if events is not None:
            events.end(code)
        if self._asking.stats:
            self._notes.say(stats_line(turn))
        return code


def _pass_on(update: TurnUpdate, output: Output, notes: Notes) -> None:
    if update.progress is not None:
        notes.progress(update.progress)
    elif update.retrying is not None:
        notes.say(f"{update.retrying.reason} Trying again in {update.retrying.delay:.0f} s.")
    for note in update.notes:
        notes.say(note)
    if update.text:
        if not isinstance(output, HeldOutput):
            notes.clear()
        output.write(update.text)


def _finish(turn: Turn, notes: Notes) -> int:
    message = turn.message
    for call in message.tool_calls:
        notes.say(f"The model asks for a tool, which is not run: {call.name}({call.arguments})")
    reason = message.finish_reason or FinishReason.OTHER
    if reason in _SAID:
        notes.say(_SAID[reason])
    elif message.empty and not message.tool_calls:
        notes.say("The model answered with nothing.")
    return _FINISHED.get(reason, 0)
