"""One conversation on the screen: header, transcript and status, fed by one session."""

from __future__ import annotations

import asyncio
import gc
import importlib
from collections import deque
from collections.abc import Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from tui_stream.core.events import Progress, TurnState, TurnUpdate
from tui_stream.core.models import MessageStatus
from tui_stream.errors import ModelNotFoundError, TuiStreamError
from tui_stream.ui.entries import PromptEntry
from tui_stream.ui.widgets.conversation import ConversationView
from tui_stream.ui.widgets.header_bar import HeaderBar
from tui_stream.ui.widgets.status_bar import StatusBar
from tui_stream.ui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from tui_stream.config import UiSettings
    from tui_stream.core.provider import Pulls
    from tui_stream.core.session import ChatSession, OpenedSession, OpenSession
    from tui_stream.core.turn import Turn
    from tui_stream.ui.answer import AnswerEntry

_WELCOME = "Type a question and press Enter. Esc stops the answer, F1 lists the keys."
_FIGURES = 0.2  # seconds from one set of figures to the next while text streams in
_TIDY = 1.0  # seconds from the end of a turn to looking for garbage
_TICK = 0.25  # seconds from one look at a silent stream to the next


class ChatPane(Vertical):
    """Shows one session; any number of panes may stand on one screen.

    It does one job at a time: opening the session, fetching a model, or a turn. Prompts wait until it is free.
    """

    @dataclass
    class GaveBack(Message):
        """Prompts that were not answered; they belong back into the prompt box."""

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
        self._transcript = Transcript(keep_thinking=ui.show_reasoning, wide="scroll" if ui.wide == "scroll" else "wrap")
        self._conversation = ConversationView(self._transcript)
        self._status_bar = StatusBar(id="status")
        self._opened: OpenedSession | None = None
        self._waiting: deque[PromptEntry] = deque()
        self._job: asyncio.Task[None] | None = None
        self._side_jobs: set[asyncio.Task[None]] = set()
        self._turn: Turn | None = None
        self._answer: AnswerEntry | None = None
        self._retry_at = 0.0
        self._shown_state = TurnState.IDLE
        self._shown_at = 0.0

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self._header_bar
        yield self._conversation
        yield self._status_bar

    def on_mount(self) -> None:
        """Sets the clock that shows silence and countdowns."""
        self._ticker = self.set_interval(_TICK, self._tick, pause=True)
        self._status_bar.show(stall_notice=self._stall_notice)

    async def on_unmount(self) -> None:
        """Stops what is under way, and waits until it has ended."""
        jobs = {job for job in (self._job, *self._side_jobs) if job is not None and not job.done()}
        for job in jobs:
            job.cancel()
        if jobs:
            await asyncio.wait(jobs)

    @property
    def session(self) -> ChatSession | None:
        """The session, once it is open."""
        return self._opened.session if self._opened else None

    @property
    def transcript(self) -> Transcript:
        """The conversation."""
        return self._transcript

    @property
    def conversation(self) -> ConversationView:
        """The conversation with its find bar."""
        return self._conversation

    @property
    def busy(self) -> bool:
        """Whether there is anything to stop."""
        return self._job is not None and not self._job.done()

    @property
    def newest(self) -> AnswerEntry | None:
        """The newest answer."""
        return self._answer

    def open(self) -> None:
        """Opens the session in the background, once, and prepares its provider."""
        if not self.busy and self._opened is None:
            self._start(self._open())

    def ask(self, text: str) -> None:
        """Sends a prompt, or queues it behind what is under way."""
        self.open()
        entry = PromptEntry(text, queued=self.busy or bool(self._waiting))
        self._waiting.append(entry)
        self._transcript.add(entry)
        self._transcript.follow()
        self._start_next()
        self._show_waiting()

    def stop(self) -> None:
        """Stops what is under way: the answer, or the preparation."""
        if self._job is not None:
            self._job.cancel()

    def pull(self, model: str) -> None:
        """Lets the provider fetch a model it does not have."""
        if not self.busy and self._puller is not None:
            self._start(self._pull(self._puller, model))

    # -- jobs ---------------------------------------------------------------------------------------

    def _start(self, work: Coroutine[None, None, None]) -> None:
        self._job = asyncio.create_task(work)
        self._job.add_done_callback(self._job_done)

    def _start_next(self) -> None:
        if self._waiting and not self.busy and self._opened is not None:
            self._start(self._run_next(self._opened.session))

    def _job_done(self, job: asyncio.Task[None]) -> None:
        """Goes on with the next prompt; where a job was stopped before any turn began, prompts go back."""
        if not self.is_attached:
            return
        if not job.cancelled() and (failure := job.exception()) is not None:
            self.call_later(self._fall_over, failure)
            return
        if job.cancelled() and self._turn is None:
            self._status_bar.show(state=TurnState.CANCELLED, progress=None)
            self._give_back()
        self._turn = None
        self._start_next()
        self._show_waiting()

    def _fall_over(self, failure: BaseException) -> None:
        """A fault of the program itself ends it, with its traceback."""
        raise failure

    def _give_back(self, *texts: str) -> None:
        """Puts these, and all prompts that wait, back into the prompt box."""
        given = [*texts, *(entry.prompt for entry in self._waiting)]
        self._transcript.drop(self._waiting)
        self._waiting.clear()
        if given:
            self.post_message(self.GaveBack("\n\n".join(given)))

    # -- opening ------------------------------------------------------------------------------------

    async def _open(self) -> None:
        self._status_bar.show(state=TurnState.PREPARING, progress=None)
        await asyncio.to_thread(importlib.import_module, "tui_stream.markdown")
        try:
            opened = await self._open_session()
            self._opened = opened
            self._show_choice()
            prices = asyncio.ensure_future(opened.load_prices())
            self._side_jobs.add(prices)
            prices.add_done_callback(self._side_jobs.discard)
            async with aclosing(opened.session.provider.prepare()) as steps:
                async for progress in steps:
                    self._show_progress(progress)
        except TuiStreamError as error:
            self._fail(error)
            return
        self._status_bar.show(state=TurnState.IDLE, progress=None)
        self._show_choice()

    def _show_choice(self) -> None:
        if self._opened is None:
            return
        provider, reason = self._opened.session.provider, self._opened.reason
        self._header_bar.show(provider.name, self._opened.session.model, reason)
        self._status_bar.show(window=provider.capabilities.context_window)
        self._transcript.welcome(_WELCOME)

    def _show_progress(self, progress: Progress) -> None:
        self._status_bar.show(state=TurnState.PREPARING, progress=progress)

    def _fail(self, error: TuiStreamError) -> None:
        self._status_bar.show(state=TurnState.FAILED, progress=None)
        self._transcript.add_trouble(str(error))
        self._give_back()

    async def _pull(self, puller: Pulls, model: str) -> None:
        try:
            async with aclosing(puller.pull(model)) as steps:
                async for progress in steps:
                    self._show_progress(progress)
        except TuiStreamError as error:
            self._fail(error)
            return
        self._status_bar.show(state=TurnState.IDLE, progress=None)

    @property
    def _puller(self) -> Pulls | None:
        """The provider, if it can fetch models."""
        from tui_stream.core.provider import Pulls

        provider: object = self.session.provider if self.session else None
        return provider if isinstance(provider, Pulls) else None

    # -- turns --------------------------------------------------------------------------------------

    async def _run_next(self, session: ChatSession) -> None:
        from tui_stream.ui.turns import run_turn

        entry = self._waiting.popleft()
        self._transcript.begin(entry)
        self._answer = self._transcript.add_answer(session.model, after=entry)
        await run_turn(session, entry.prompt, self)

    def turn_began(self, turn: Turn) -> None:
        """Watches the turn."""
        self._turn = turn
        self._ticker.resume()
        self._show_waiting()

    async def turn_updated(self, turn: Turn, update: TurnUpdate) -> None:
        """Hands text to the answer and figures to the status bar."""
        now = asyncio.get_running_loop().time()
        if update.retrying is not None:
            self._retry_at = now + update.retrying.delay
            self._status_bar.show(retrying=update.retrying)
        if update.events or turn.state is not self._shown_state or now - self._shown_at >= _FIGURES:
            self._shown_state, self._shown_at = turn.state, now
            self._show_turn(turn, progress=update.progress)
        answer = self._answer
        if answer is None:
            return
        if turn.message.model != answer.model:
            self._transcript.changed(answer, answer.name_model(turn.message.model))
        if update.reasoning:
            self._transcript.changed(answer, answer.append_thinking(update.reasoning))
        if update.text:
            await self._transcript.write(answer, update.text)
        await self.app.link.ready()  # type: ignore[attr-defined] # its app is a ChatApp

    def turn_ended(self, turn: Turn, error: TuiStreamError | None) -> None:
        """Says how the turn ended; an unanswered prompt goes back into the prompt box."""
        if not self.is_attached:
            return
        self._ticker.pause()
        self.set_timer(_TIDY, self._tidy)
        self._show_turn(turn)
        message = turn.message
        if self._answer is not None:
            self._transcript.changed(self._answer, self._answer.finish(message))
        if message.status is MessageStatus.FAILED:
            self._give_back(*([] if turn.has_token else [turn.prompt.text]))
        elif message.status is MessageStatus.CANCELLED and not turn.has_token:
            self.post_message(self.GaveBack(turn.prompt.text))
        if isinstance(error, ModelNotFoundError) and self._puller is not None:
            self.post_message(self.ModelMissing(self, message.model))

    def _tidy(self) -> None:
        """Looks for garbage while nothing is going on, which is not done while an answer streams in."""
        if not self.busy:
            gc.collect()

    def _tick(self) -> None:
        if self._turn is not None:
            self._show_turn(self._turn, progress=self._status_bar.status.progress)

    def _show_turn(self, turn: Turn, *, progress: Progress | None = None) -> None:
        session = self.session
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
            window=session.provider.capabilities.context_window,
        )

    @on(Transcript.Behind)
    def _show_behind(self, event: Transcript.Behind) -> None:
        event.stop()
        self._status_bar.show(behind=event.lines)

    def _show_waiting(self) -> None:
        self._status_bar.show(queued=len(self._waiting))
