"""One turn: a prompt, its answer, and everything that is known about them while it grows."""

from __future__ import annotations

import asyncio
import copy
from dataclasses import replace

from tui_stream.core.accounts import Receipt
from tui_stream.core.admission import Permit
from tui_stream.core.batcher import Batch
from tui_stream.core.bills import Bills
from tui_stream.core.budgets import Standing
from tui_stream.core.events import (
    Event,
    Progress,
    Rerouted,
    ResponseStarted,
    StreamEnd,
    ToolCallDelta,
    TurnState,
    TurnUpdate,
    UsageReport,
)
from tui_stream.core.marks import MOST_MARKS
from tui_stream.core.metering import TurnMeter
from tui_stream.core.models import (
    Cost,
    FinishReason,
    Message,
    MessageStatus,
    Timing,
    Usage,
    utc_now,
)
from tui_stream.core.route import Answerer
from tui_stream.core.sanitize import Cleaner, clean, clean_line
from tui_stream.core.seam import Seam
from tui_stream.core.stats import TurnStats, TurnTimer, sum_timing, unseen_tokens
from tui_stream.core.thinking import Piece, ThinkingSplitter
from tui_stream.core.tool_calls import ToolCalls


class Turn:
    """Holds its own two messages; nothing here ever means "the last one".

    A request that the provider refused has neither usage nor cost.

    Attributes:
        prompt: the person's message.
        message: the assistant's, which grows.
        state: where the turn stands.
        attempts: requests sent so far.
        id: short, for a log.
        answerer: who is asked, once somebody is.
        resumed: the answer had been broken off; its text so far is a part of the request.
        instead: who is asked first in place of the one that the session would ask.
        instead_of: the answer that this one was asked for in place of, if that has any text.
        recalled: nothing came, and that answer stands in the conversation again.
        agreements: how often a person agreed to what the budgets say against it; each time to what is said then.
        near: the budget of which least is left, where that is to be said.
        permit: asks for that where the budgets do not allow it; None where nobody can be asked.
        bills: what its requests come to.
        truncated: the provider left out a part of what was sent, or may have; nothing is learned from it.
        hurried: set by a person who does not want to wait for the next try.

    Args:
        resume: goes on with ``message`` behind the text it has.
    """

    def __init__(
        self,
        prompt: Message,
        message: Message,
        *,
        meter: TurnMeter,
        timer: TurnTimer,
        cleaner: Cleaner = clean,
        resume: bool = False,
        instead: Answerer | None = None,
    ) -> None:
        self.prompt = prompt
        self.message = message
        self.resumed = resume
        self.instead = instead
        self.instead_of: Message | None = None
        self.recalled = False
        self.agreements = 0
        self.near: Standing | None = None
        self.permit: Permit | None = None
        self.truncated = False
        self.hurried = asyncio.Event()
        self.state = TurnState.CONNECTING
        self.attempts = 0
        self.id = message.id[:8]
        self.answerer: Answerer | None = None
        self._timer = timer
        self._clean = cleaner
        self._splitter = ThinkingSplitter()
        self._seam = Seam(message.text if resume else "")
        self._notes: list[str] = []
        self._earlier = replace(message)
        self.bills = Bills(message, meter, resumed=resume)
        self._calls = ToolCalls(message.tool_calls, cleaner)
        if resume:
            message.status, message.error, message.cost, message.finish_reason = MessageStatus.STREAMING, "", None, None
        self._ended = False

    @property
    def stats(self) -> TurnStats:
        """Times, tokens and cost at this moment; of a resumed answer the times and tokens of what is added."""
        usage, cost = self.bills.spent
        return self._timer.snapshot(usage, cost, unseen_tokens(usage, self.message.reasoning))

    @property
    def meter(self) -> TurnMeter:
        """Counts what the answerer is sent and makes."""
        return self.bills.meter

    @property
    def has_token(self) -> bool:
        """Whether anything of the answer arrived; from then on nothing is sent again by itself."""
        return self._timer.has_token

    @property
    def ended(self) -> bool:
        """Whether the provider's end marker was seen."""
        return self._ended

    @property
    def size(self) -> int:
        """Characters of the answer so far, thoughts and tool calls included."""
        return len(self.message.text) + len(self.message.reasoning) + self._calls.size

    def request(self) -> TurnUpdate:
        """A request is about to leave; the meter knows what it sends."""
        self.attempts += 1
        self.state = TurnState.CONNECTING
        return self.update()

    def permitted(self) -> None:
        """A person agreed to what the budgets say against it; the time until then was not spent on an answer."""
        self.agreements += 1
        self._timer.restart()

    def failed(self) -> None:
        """The request came to nothing, and another one may follow."""
        if self.answerer is not None:
            self.bills.failed(self.answerer.meter())

    def ask(self, answerer: Answerer) -> None:
        """This one is asked from now on."""
        if self.answerer is not answerer:
            self.answerer = answerer
            self.bills.ask(answerer.meter(), answerer.model_name)
            self.message.provider, self.message.model = answerer.provider.name, answerer.model_name
            self.message.asked = answerer.model_name
            self.message.parameters = dict(answerer.options)

    def note(self, text: str) -> None:
        """Tells, beside the answer, how it came about: a sentence, which is told once."""
        said = clean_line(text)
        if said not in self.message.notes:
            self._notes.append(said)
            self.message.notes.append(said)

    def hurry(self) -> None:
        """Sends the request again now, where it waits for that."""
        self.hurried.set()

    def apply(self, batch: Batch) -> TurnUpdate:
        """Takes a batch in and says what is new."""
        progress = None
        text, reasoning = batch.counted
        if text or reasoning:
            self.meter.count(batch.text[:text], batch.reasoning[:reasoning])
        for event in batch.events:
            self._apply_event(event)
            progress = event if isinstance(event, Progress) else None
        self._calls.join()
        pieces = self._split(batch, self._splitter)
        if batch.text or batch.reasoning:
            self.meter.count(batch.text[text:], batch.reasoning[reasoning:])
            self._timer.token()
            self.bills.accepted = True
            if batch.text and any(not reasoning for reasoning, _ in pieces):
                self.state = TurnState.STREAMING
            elif pieces or self._splitter.thinking:
                self.state = TurnState.THINKING
        return self._add(pieces, progress=progress, events=batch.events)

    def settle(self) -> TurnUpdate:
        """Nothing more will come: takes in what was held back because it might have become a tag."""
        return self._add(self._splitter.flush())

    def _split(self, batch: Batch, splitter: ThinkingSplitter) -> list[Piece]:
        """Text and reasoning of a batch. Where the provider tells them apart, its text is not searched for tags."""
        pieces: list[Piece] = []
        if batch.reasoning:
            pieces.append((True, self._clean(batch.reasoning, self.message.reasoning[-MOST_MARKS:])))
            if not splitter.thinking:
                pieces += splitter.flush()
        before = self.message.reasoning if splitter.thinking else self.message.text
        return pieces + splitter.feed(self._clean(batch.text, before[-MOST_MARKS:]))

    def _add(
        self,
        pieces: list[Piece],
        *,
        progress: Progress | None = None,
        events: tuple[Event, ...] = (),
    ) -> TurnUpdate:
        text, thoughts = _joined(pieces, self._seam)
        text += self._seam.flush() if self._ended else ""
        self._append(text)
        self.message.reasoning += thoughts
        return self.update(text=text, reasoning=thoughts, progress=progress, events=events)

    def _append(self, text: str) -> None:
        """Adds to the message's text, which is not copied for that where nobody else holds it at the moment."""
        whole, self.message.text = self.message.text, ""
        whole += text
        self.message.text = whole

    def _apply_event(self, event: Event) -> None:
        match event:
            case Progress():
                self._timer.restart()
                self.state = TurnState.PREPARING
            case ResponseStarted(model):
                self.bills.accepted = True
                self.state = TurnState.WAITING
                if model:
                    self.message.model = self.meter.model = clean_line(model)
            case Rerouted(failed, chosen, reason):
                self.note(f"{failed} failed ({reason.rstrip('.')}); {chosen} was asked instead.")
            case UsageReport(usage):
                self.bills.accepted = True
                self.meter.report(usage)
            case ToolCallDelta():
                self._timer.token()
                self.bills.accepted = True
                self.meter.count(event.name + event.arguments)
                self.state = TurnState.STREAMING
                self._calls.add(event)
            case StreamEnd(reason):
                self._ended = self.meter.ended = True
                self.message.finish_reason = reason or FinishReason.OTHER
            case _:
                pass

    def update(
        self,
        *,
        text: str = "",
        reasoning: str = "",
        progress: Progress | None = None,
        events: tuple[Event, ...] = (),
    ) -> TurnUpdate:
        """The present state, with what is new in it."""
        notes, self._notes = tuple(self._notes), []
        return TurnUpdate(self.message, self.state, self.stats, text, reasoning, progress, events=events, notes=notes)

    def close(self, status: MessageStatus, error: str = "") -> TurnUpdate:
        """Ends the turn: the message gets its status, its figures and what went wrong."""
        self._timer.end()
        rest = self.settle()
        if status is MessageStatus.FAILED and not self.bills.accepted:
            self.bills.keep_back()
        self.state = _STATES[status]
        self._set_status(status, error)
        self.message.finished_at = utc_now()
        self._set_figures()
        return self.update(text=rest.text, reasoning=rest.reasoning)

    def _set_status(self, status: MessageStatus, error: str) -> None:
        """An answer to which nothing could be added stays what it was."""
        message, earlier = self.message, self._earlier
        message.status, message.error = status, clean_line(error)
        if self.resumed and status is not MessageStatus.COMPLETE and not self.has_token:
            message.status, message.finish_reason = earlier.status, earlier.finish_reason
            message.error = message.error or earlier.error

    def _set_figures(self) -> None:
        message = self.message
        message.usage, message.cost, message.timing, message.receipts = self._figures()
        known = self._earlier.usage is None and not message.receipts and not self.truncated
        message.estimate = self.meter.estimate if known else None

    def _figures(self) -> tuple[Usage | None, Cost | None, Timing, tuple[Receipt, ...]]:
        """What the message has come to, with what it had come to before it was resumed, and request by request."""
        stats, timing = self.stats, self._earlier.timing
        spent = Timing(stats.elapsed, stats.first_token, stats.streaming, self.attempts)
        status = self.message.status
        teaches = not self.truncated and status is not MessageStatus.STREAMING
        receipts = self.bills.receipts(status, spent, teaches=teaches, reasoning=self.message.reasoning)
        return *self.bills.whole, spent if timing is None else sum_timing(timing, spent), receipts

    def snapshot(self, waiting: Batch | None = None) -> Message:
        """The message as it stands, with its figures so far: what is left of it if the program goes away.

        Args:
            waiting: what will be taken in next; its text is in it already.
        """
        usage, cost, timing, receipts = self._figures()
        message = replace(self.message, usage=usage, cost=cost, timing=timing, receipts=receipts)
        if waiting is not None and (waiting.text or waiting.reasoning):
            pieces = self._split(waiting, copy.deepcopy(self._splitter))
            text, thoughts = _joined(pieces, copy.copy(self._seam))
            message.text += text
            message.reasoning += thoughts
        return message


def _joined(pieces: list[Piece], seam: Seam) -> tuple[str, str]:
    """The text of the pieces, as far as it is new, and the reasoning."""
    text = "".join(piece for reasoning, piece in pieces if not reasoning)
    return seam.feed(text), "".join(piece for reasoning, piece in pieces if reasoning)


_STATES = {
    MessageStatus.COMPLETE: TurnState.DONE,
    MessageStatus.CUT_OFF: TurnState.CUT_OFF,
    MessageStatus.CANCELLED: TurnState.CANCELLED,
    MessageStatus.FAILED: TurnState.FAILED,
}
