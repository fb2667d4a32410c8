"""A run as JSON, one event a line, for programs that want to know more than the text.

Every line is an object with ``event`` (its kind) and ``answer`` (1 for the first one, see ``-n``; missing in an error
before any answer). Version 2:

- ``start``: ``version`` (2), ``conversation`` and ``message`` (ids in the history), ``provider``, ``model``
- ``text``: ``text``, the next piece of the answer
- ``reasoning``: ``text``, the next piece of what the model thinks
- ``retry``: ``attempt`` (from 2), ``delay`` (seconds until then), ``reason`` (a sentence)
- ``note``: ``text``, a sentence on how the answer comes about: that another model answers, for instance
- ``usage``: ``input_tokens``, ``output_tokens``, ``cached_input_tokens``, ``cache_write_tokens``,
  ``reasoning_tokens`` (null: not known), ``source`` ("reported", "estimated" or "unknown"), ``cost`` (US dollars as a
  string; null: not known, or local), ``cost_source`` (as ``source``, or "local"), ``local``
- ``error``: ``message``, ``hint`` (sentences), ``code`` (the exit code; 8 where a budget stopped the answer, or did not
  let it be asked for)
- ``end``: ``code`` (the exit code), ``finish_reason`` ("stop", "length", "content_filter", "tool_calls", "other",
  "budget", or null where it did not finish), ``model`` (who answered), ``seconds``, ``first_token`` (seconds, or null),
  ``attempts``, ``tool_calls`` (each with ``name`` and ``arguments``)

With ``--no-stream`` there is one text at most, and one reasoning, when the answer is over, complete or not.
An answer's events are one start, any number of the others, one usage and one end; one that a budget did not let be
asked for has an error alone. Fields and kinds may be added within a version; readers pass over what they do not know.
All lines are ASCII: everything else is escaped, and so is whatever could steer a terminal. ``events.schema.json``
beside this module says the same as a JSON Schema.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tui_stream.core.amounts import Source
    from tui_stream.core.events import TurnUpdate
    from tui_stream.core.turn import Turn
    from tui_stream.errors import TuiStreamError
    from tui_stream.piping.output import Output

VERSION: Final = 2


def schema_text() -> str:
    """The JSON Schema of a line, as JSON."""
    from importlib.resources import files

    return files(__package__).joinpath("events.schema.json").read_text("utf-8")


class Events:
    """Writes the events of a run.

    Args:
        output: where to.
        whole: text and reasoning of an answer are written when it is over, in one event each.
    """

    def __init__(self, output: Output, *, whole: bool = False) -> None:
        self._output = output
        self._whole = whole
        self._held: dict[str, list[str]] = {"reasoning": [], "text": []}
        self._started = 0
        self._under_way: Turn | None = None
        self._told: set[TuiStreamError] = set()

    def update(self, number: int, conversation: str, turn: Turn, update: TurnUpdate) -> None:
        """Something is new in an answer, at first that it is asked for.

        Args:
            number: which answer, from 1.
            conversation: its id.
            turn: whose answer it is.
            update: what is new.

        Raises:
            OSError: it cannot be written.
        """
        if self._started != number:
            self._started, self._under_way, message = number, turn, turn.message
            self._write(
                "start",
                version=VERSION,
                conversation=conversation,
                message=message.id,
                provider=message.provider,
                model=message.model,
            )
        self._pass_on("reasoning", update.reasoning)
        self._pass_on("text", update.text)
        if (retry := update.retrying) is not None:
            self._write("retry", attempt=retry.attempt, delay=round(retry.delay, 3), reason=retry.reason)
        for note in update.notes:
            self._write("note", text=note)

    def _pass_on(self, kind: str, text: str) -> None:
        if text and self._whole:
            self._held[kind].append(text)
        elif text:
            self._write(kind, text=text)

    def _release(self, *, last: bool) -> None:
        """Writes what was held of an answer that is over."""
        for kind, pieces in self._held.items():
            if pieces:
                self._write(kind, last=last, text="".join(pieces))
                pieces.clear()

    def fail(self, error: TuiStreamError, number: int = 0, *, last: bool = False) -> None:
        """Something went wrong, before an answer or in it; is told once.

        Args:
            error: what.
            number: in which answer; 0 for the one under way.
            last: the run is over; a reader that takes nothing is given up.

        Raises:
            OSError: it cannot be written.
        """
        if error in self._told:
            return
        self._told.add(error)
        self._started = number or self._started
        self._write("error", last=last, message=error.message, hint=error.hint, code=error.exit_code)

    def end(self, code: int, *, last: bool = False) -> None:
        """The answer under way, if there is one, is over.

        Args:
            code: its exit code.
            last: as in `fail`.

        Raises:
            OSError: it cannot be written.
        """
        turn, self._under_way = self._under_way, None
        if turn is None:
            return
        self._release(last=last)
        message, stats = turn.message, turn.stats
        usage, cost = stats.usage, stats.cost
        self._write(
            "usage",
            last=last,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cached_input_tokens=usage.cached_input_tokens,
            cache_write_tokens=usage.cache_write_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            source=_source(usage.source, known=(usage.input_tokens, usage.output_tokens) != (None, None)),
            cost=None if cost.amount is None else str(cost.amount),
            cost_source="local" if cost.local else _source(cost.source, known=cost.amount is not None),
            local=cost.local,
        )
        self._write(
            "end",
            last=last,
            code=code,
            finish_reason=None if message.finish_reason is None else str(message.finish_reason),
            model=message.model,
            seconds=round(stats.elapsed, 3),
            first_token=None if stats.first_token is None else round(stats.first_token, 3),
            attempts=turn.attempts,
            tool_calls=[{"name": call.name, "arguments": call.arguments} for call in message.tool_calls],
        )

    def _write(self, kind: str, *, last: bool = False, **fields: object) -> None:
        number = {"answer": self._started} if self._started else {}
        line = json.dumps({"event": kind, **number, **fields}) + "\n"
        if last:
            self._output.write_last(line)
        else:
            self._output.write(line)


def _source(source: Source, *, known: bool) -> str:
    """Where a figure comes from, of the three states that it may be in."""
    return str(source) if known else "unknown"
