"""One conversation on the screen: header, transcript and status, fed by one session."""

from __future__ import annotations

import asyncio
import importlib
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.worker import Worker, WorkerState

from tui_stream.core.events import TurnState, TurnUpdate
from tui_stream.core.models import MessageStatus
from tui_stream.errors import ModelNotFoundError, TuiStreamError
from tui_stream.ui.widgets.header_bar import HeaderBar
from tui_stream.ui.widgets.status_bar import StatusBar
from tui_stream.ui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from tui_stream.config import UiSettings
    from tui_stream.core.provider import Pulls
    from tui_stream.core.session import ChatSession, OpenSession
    from tui_stream.core.turn import Turn
    from tui_stream.ui.answer import AnswerEntry
    from tui_stream.ui.turns import TurnQueue

_WELCOME = "Type a question and press Enter. Esc stops the answer, F1 lists the keys."
_FIGURES = 0.2  # seconds from one set of figures to the next while text streams in
_TICK = 0.25  # seconds from one look at a silent stream to the next


class ChatPane(Vertical):
    """Shows one session; any number of panes may stand on one screen."""

    @dataclass
    class GaveBack(Message):
        """A prompt that was not answered; it belongs back into the prompt box."""

        text: str

    @dataclass
    class ModelMissing(Message):
        """The provider does not have the model, and could fetch it."""

        pane: ChatPane
        model: str

    def __init__(self, open_session: OpenSession, *, ui: UiSettings, stall_notice: float = 5.0) -> None:
        super().__init__()
        self._open_session = open_session
        self._ui = ui
        self._stall_notice = stall_notice
        self._header_bar = HeaderBar()
        self._transcript = Transcript()
        self._status_bar = StatusBar(id="status")
        self._turns: TurnQueue | None = None
        self._early: list[str] = []
        self._answer: AnswerEntry | None = None
        self._open_worker: Worker[None] | None = None
        self._turn_worker: Worker[None] | None = None
        self._retry_at = 0.0
        self._shown_state = TurnState.IDLE
        self._shown_at = 0.0

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self._header_bar
        yield self._transcript
        yield self._status_bar

    def on_mount(self) -> None:
        """Sets the clock that shows silence and countdowns."""
        self._ticker = self.set_interval(_TICK, self._tick, pause=True)
        self._status_bar.show(stall_notice=self._stall_notice)

    @property
    def session(self) -> ChatSession | None:
        """The session, once it is open."""
        return self._turns.session if self._turns else None

    @property
    def transcript(self) -> Transcript:
        """The conversation."""
        return self._transcript

    @property
    def busy(self) -> bool:
        """Whether there is anything to stop."""
        return any(worker is not None and not worker.is_finished for worker in (self._open_worker, self._turn_worker))

    @property
    def answer_text(self) -> str:
        """The newest answer, as Markdown."""
        return self._answer.source if self._answer else ""

    def open(self) -> None:
        """Opens the session in the background, once, and prepares its provider."""
        if self.busy or self._turns is not None:
            return
        self._open_worker = self.run_worker(self._open(), group="open", name="open")

    async def ask(self, text: str) -> None:
        """Sends a prompt, or queues it behind the answer under way."""
        self._transcript.follow()
        if self.busy:
            self._transcript.queue_prompt(text)
        if self._turns is None:
            self._early.append(text)
            self.open()
        else:
            self._turns.waiting.append(text)
            self._start_next()
        self._show_queued()

    def stop(self) -> None:
        """Stops what is under way: the answer, or the preparation."""
        for worker in (self._turn_worker, self._open_worker):
            if worker is not None and not worker.is_finished:
                worker.cancel()
                return

    def toggle_thinking(self) -> None:
        """Folds or unfolds what the model thought before the newest answer."""
        if self._answer is not None:
            self._transcript.changed(self._answer, self._answer.toggle_thinking())

    def pull(self, model: str) -> None:
        """Lets the provider fetch a model it does not have."""
        self._open_worker = self.run_worker(self._pull(model), group="open", name="pull")

    # -- opening ----------------------------------------------------------------------------------

    async def _open(self) -> None:
        self._status_bar.show(state=TurnState.PREPARING, progress=None)
        await asyncio.to_thread(importlib.import_module, "tui_stream.markdown")
        try:
            opened = await self._open_session()
            from tui_stream.ui.turns import TurnQueue

            self._turns = TurnQueue(opened.session, self)
            self._turns.waiting.extend(self._early)
            self._early.clear()
            await self._show_choice(opened.session, opened.reason)
            self.run_worker(opened.load_prices(), group="prices", name="prices")
            await self._prepare(opened.session)
        except TuiStreamError as error:
            await self._fail(error)
            return
        self._status_bar.show(state=TurnState.IDLE, progress=None)
        await self._show_choice(opened.session, opened.reason)

    async def _prepare(self, session: ChatSession) -> None:
        async with aclosing(session.provider.prepare()) as steps:
            async for progress in steps:
                self._status_bar.show(state=TurnState.PREPARING, progress=progress)

    async def _show_choice(self, session: ChatSession, reason: str) -> None:
        self._header_bar.show(session.provider.name, session.model, reason)
        window = session.provider.capabilities.context_window
        self._status_bar.show(window=window)
        self._transcript.welcome(f"{_WELCOME}\n\n{session.provider.name} answers: {reason}.")

    async def _fail(self, error: TuiStreamError) -> None:
        self._status_bar.show(state=TurnState.FAILED, progress=None)
        self._transcript.add_trouble(str(error))
        await self._give_back_waiting()

    async def _pull(self, model: str) -> None:
        provider = self._puller
        if provider is None:
            return
        try:
            async with aclosing(provider.pull(model)) as steps:
                async for progress in steps:
                    self._status_bar.show(state=TurnState.PREPARING, progress=progress)
        except TuiStreamError as error:
            await self._fail(error)
            return
        self._status_bar.show(state=TurnState.IDLE, progress=None)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Goes on with the next prompt when the work before it is over."""
        if event.worker not in (self._open_worker, self._turn_worker) or not event.worker.is_finished:
            return
        if event.worker is self._open_worker and event.state is WorkerState.CANCELLED:
            self._status_bar.show(state=TurnState.CANCELLED, progress=None)
            self.call_later(self._give_back_waiting)
        else:
            self._start_next()

    async def _give_back_waiting(self) -> None:
        texts = [*self._early, self._turns.take_back() if self._turns else ""]
        self._early.clear()
        self._transcript.drop_queued()
        text = "\n\n".join(text for text in texts if text)
        if text:
            self.post_message(self.GaveBack(text))
        self._show_queued()

    # -- turns ------------------------------------------------------------------------------------

    def _start_next(self) -> None:
        if self._turns is not None and self._turns.waiting and not self.busy:
            self._turn_worker = self.run_worker(self._turns.run_next(), group="turn", name="turn")

    async def turn_began(self, turn: Turn) -> None:
        """Shows the prompt and an answer with nothing in it yet."""
        self._transcript.begin_prompt(turn.prompt.text)
        self._answer = self._transcript.add_answer(turn.message.model, keep_thinking=self._ui.show_reasoning)
        self._ticker.resume()
        self._show_queued()

    async def turn_updated(self, turn: Turn, update: TurnUpdate) -> None:
        """Hands text to the answer and figures to the status bar."""
        if update.retrying is not None:
            self._retry_at = asyncio.get_running_loop().time() + update.retrying.delay
        now = asyncio.get_running_loop().time()
        if update.events or turn.state is not self._shown_state or now - self._shown_at >= _FIGURES:
            self._shown_state, self._shown_at = turn.state, now
            self._show_turn(turn, update)
        answer = self._answer
        if answer is None:
            return
        if turn.message.model != answer.model:
            self._transcript.changed(answer, answer.name_model(turn.message.model))
        if update.reasoning:
            self._transcript.changed(answer, answer.append_thinking(update.reasoning))
        if update.text:
            self._transcript.changed(answer, answer.append(update.text))

    def turn_ended(self, turn: Turn, error: TuiStreamError | None) -> None:
        """Says how the turn ended; an unanswered prompt goes back into the prompt box."""
        self._ticker.pause()
        self._show_turn(turn, None)
        if self._answer is not None:
            self._transcript.changed(self._answer, self._answer.finish(turn.message))
        message = turn.message
        if message.status in {MessageStatus.FAILED, MessageStatus.CANCELLED} and not turn.has_token:
            self.post_message(self.GaveBack(turn.prompt.text))
        if message.status is MessageStatus.FAILED:
            self.call_later(self._give_back_waiting)
        if isinstance(error, ModelNotFoundError) and self._puller is not None:
            self.post_message(self.ModelMissing(self, turn.message.model))

    @property
    def _puller(self) -> Pulls | None:
        """The provider, if it can fetch models."""
        from tui_stream.core.provider import Pulls

        provider: object = self.session.provider if self.session else None
        return provider if isinstance(provider, Pulls) else None

    def _tick(self) -> None:
        if self._turns is not None and self._turns.turn is not None:
            self._show_turn(self._turns.turn, None)

    def _show_turn(self, turn: Turn, update: TurnUpdate | None) -> None:
        stats = update.stats if update else turn.stats
        under_way = [stats.cost] if turn.message.cost is None else []
        whole = self._turns.session.cost(*under_way) if self._turns else None
        left = self._retry_at - asyncio.get_running_loop().time()
        changes: dict[str, object] = {"state": turn.state, "stats": stats, "total": whole, "retry_left": left}
        if update is not None:
            changes["progress"] = update.progress
        self._status_bar.show(**changes)

    @on(Transcript.Behind)
    def _show_behind(self, event: Transcript.Behind) -> None:
        event.stop()
        self._status_bar.show(behind=event.lines)

    def _show_queued(self) -> None:
        waiting = len(self._turns.waiting) if self._turns else len(self._early)
        self._status_bar.show(queued=waiting if self.busy else 0)
