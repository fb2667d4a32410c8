"""Shows one turn after the other: their text in the transcript, their figures in the status bar."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_stream.core.events import Progress, TurnState, TurnUpdate
from tui_stream.core.models import UNDER_WAY

if TYPE_CHECKING:
    from tui_stream.core.session import ChatSession
    from tui_stream.core.turn import Turn
    from tui_stream.ui.answer import AnswerEntry
    from tui_stream.ui.widgets.status_bar import StatusBar
    from tui_stream.ui.widgets.transcript import Transcript

_FIGURES = 0.2  # seconds from one set of figures to the next while text streams in


class TurnDisplay:
    """Shows the turns of one pane.

    Args:
        tell_spending: called whenever figures are shown while a turn runs, for what it adds to.

    Attributes:
        answer: the newest answer, None before the first.
    """

    def __init__(self, transcript: Transcript, status_bar: StatusBar, tell_spending: Callable[[], None]) -> None:
        self._transcript = transcript
        self._tell_spending = tell_spending
        self._status_bar = status_bar
        self._session: ChatSession | None = None
        self._retry_at = 0.0
        self._shown_state = TurnState.IDLE
        self._shown_at = 0.0
        self.answer: AnswerEntry | None = None

    def expect(self, session: ChatSession, answer: AnswerEntry) -> None:
        """The next turn grows in this entry; what was offered for the one before holds no longer."""
        self.withdraw()
        self._session, self.answer = session, answer

    def take_up(self, session: ChatSession | None) -> None:
        """Another conversation is shown, which this session goes on with."""
        self._session = session
        if session is not None:
            self._status_bar.show(stats=None, total=session.cost())

    def go_on_with(self, answer: AnswerEntry | None) -> None:
        """This is the newest answer now; of the one before, nothing is offered any more."""
        if answer is not self.answer:
            self.withdraw()
            self.answer = answer

    async def update(self, turn: Turn, update: TurnUpdate) -> None:
        """Hands text to the answer and figures to the status bar."""
        now = asyncio.get_running_loop().time()
        if update.retrying is not None:
            self._retry_at = now + update.retrying.delay
            self._status_bar.show(retrying=update.retrying)
        if update.events or turn.state is not self._shown_state or now - self._shown_at >= _FIGURES:
            self._shown_state, self._shown_at = turn.state, now
            self.show_figures(turn, progress=update.progress)
            if turn.message.status in UNDER_WAY:
                self._tell_spending()
        if self.answer is not None:
            await self._write(self.answer, turn, update)

    async def _write(self, answer: AnswerEntry, turn: Turn, update: TurnUpdate) -> None:
        if turn.message.model != answer.model or update.notes:
            self._transcript.changed(answer, answer.name_model(turn.message.model, turn.message.notes))
        if update.reasoning:
            self._transcript.changed(answer, answer.append_thinking(update.reasoning))
        if update.text:
            await self._transcript.write(answer, update.text)

    def tick(self, turn: Turn) -> None:
        """Time has passed."""
        self.show_figures(turn, progress=self._status_bar.status.progress)

    def end(self, turn: Turn) -> None:
        """The turn is over: says how it ended, and what can be done about it."""
        self.show_figures(turn)
        if self.answer is not None:
            self._transcript.changed(self.answer, self.answer.finish(turn.message))
            self._transcript.call_after_refresh(self._tell_cost, self.answer)

    def _tell_cost(self, answer: AnswerEntry) -> None:
        """What an answer cost stands above it, and is drawn after its last lines."""
        if answer in self._transcript.column:
            self._transcript.changed(answer, answer.tell_cost())

    def keep(self) -> None:
        """The newest answer stays as it is: what can be done about it is not said any more."""
        if self.answer is not None and self.answer.offers and self.answer in self._transcript.column:
            self._transcript.changed(self.answer, self.answer.keep())

    def withdraw(self) -> None:
        """The newest answer stays as it is: nothing is offered for it any more."""
        if self.answer is not None and self.answer.offers and self.answer in self._transcript.column:
            self._transcript.changed(self.answer, self.answer.withdraw())

    def show_figures(self, turn: Turn, *, progress: Progress | None = None) -> None:
        """Shows what the turn has come to so far."""
        session = self._session
        if session is None:
            return
        stats = turn.stats
        under_way = [stats.cost] if turn.message.cost is None and stats.usage.input_tokens is not None else []
        self._status_bar.show(
            state=turn.state,
            stats=stats,
            total=session.cost(*under_way),
            retry_left=self._retry_at - asyncio.get_running_loop().time(),
            progress=progress,
            window=session.window,
            context=None,
        )
        if turn.near is not None:
            self._status_bar.tell_budget(turn.near)
