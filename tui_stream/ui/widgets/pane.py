"""One conversation on the screen: header, transcript and status, fed by one session."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message

from tui_stream.core.events import TurnState, TurnUpdate
from tui_stream.core.models import UNDER_WAY
from tui_stream.errors import ModelNotFoundError, TuiStreamError
from tui_stream.ui.answer import AnswerEntry
from tui_stream.ui.entries import PromptEntry
from tui_stream.ui.turns import run_turn
from tui_stream.ui.widgets.transcript import Transcript
from tui_stream.ui.widgets.waiting_pane import WaitingPane

if TYPE_CHECKING:
    from tui_stream.config import UiSettings
    from tui_stream.core.archive import Archive
    from tui_stream.core.models import Conversation
    from tui_stream.core.models import Message as ChatMessage
    from tui_stream.core.session import ChatSession, OpenSession
    from tui_stream.core.turn import Turn

_TIDY = 1.0  # seconds from the end of a turn to looking for garbage
_TICK = 0.25  # seconds from one look at a silent stream to the next


class ChatPane(WaitingPane):
    """Shows one session; any number of panes may stand on one screen.

    It does one job at a time: opening the session, fetching a model, or a turn. Prompts wait until it is free.
    """

    @dataclass
    class Halted(Message):
        """Nothing is under way, as it was asked for; this is to be done now."""

        then: Callable[[], None]

    @dataclass
    class ModelMissing(Message):
        """The provider does not have the model, and could fetch it."""

        pane: ChatPane
        model: str

    def __init__(
        self, open_session: OpenSession, *, ui: UiSettings, archive: Archive | None = None, stall_notice: float = 5.0
    ) -> None:
        super().__init__(open_session, ui, archive)
        self._stall_notice = stall_notice
        self._turn: Turn | None = None
        self._asked = ""
        self._handing_over = False

    def on_mount(self) -> None:
        """Sets the clock that shows silence and countdowns."""
        self._ticker = self.set_interval(_TICK, self._tick, pause=True)
        self._status_bar.show(stall_notice=self._stall_notice)

    @property
    def answering(self) -> bool:
        """Whether anything is under way or waits that belongs to the conversation."""
        under_way = self._job is not None and not self._job.done() and not self._opening
        return under_way or self._moves > 0 or (bool(self._waiting) and not self.arriving)

    @property
    def asked(self) -> str:
        """What the newest turn asked, in so far as it went back into the prompt box."""
        return self._asked

    @property
    def newest(self) -> AnswerEntry | None:
        """The newest answer."""
        return self._display.answer

    def show(self, conversation: Conversation) -> None:
        """Shows another conversation, its end first, while nothing is `answering`; prompts that wait go with it."""
        self._asked = ""
        super().show(conversation)
        self._wait_again()

    async def halt(self, then: Callable[[], None]) -> None:
        """Stops what is under way, and says `Halted` once it has ended and what waits was given back."""
        self.give_back()
        if self._job is not None and not self._opening:
            self.stop()
            await asyncio.wait([self._job])
        self.post_message(self.Halted(then))

    def add(self, text: str) -> None:
        """Adds to what is being answered; where nothing is, sends it as a prompt."""
        if self._turn is None or self.session is None:
            self.ask(text)
        else:
            self._start_aside(self._add(self.session, self._turn, text))

    @property
    def under_way(self) -> bool:
        """Whether a turn runs."""
        return self._turn is not None and self._turn.message.status in UNDER_WAY

    @property
    def waits(self) -> bool:
        """Whether a failed request waits to be sent again."""
        return self._turn is not None and self._turn.state is TurnState.RETRYING

    def hurry(self) -> None:
        """Sends a failed request again now."""
        if self._turn is not None:
            self._turn.hurry()

    def resume(self) -> None:
        """Lets the model go on with an answer that broke off."""
        if self.offers.resume and self.session is not None and self._display.answer is not None:
            self._start(self._resume(self.session, self._display.answer))

    def retry(self) -> None:
        """Asks again for an answer that broke off, which makes room for the new one; or for one that never began."""
        answer = self.message_of(self._display.answer)
        if (question := self.question) is not None:
            self.answer(question)
        elif self.offers.retry and answer is not None:
            self.ask_again(answer)

    # -- jobs ---------------------------------------------------------------------------------------

    def _start_next(self) -> None:
        if self._waiting and not self.busy and self._opened is not None:
            self._start(self._run_next(self._opened.session))

    def job_ended(self, *, cancelled: bool) -> None:
        """Goes on with the next prompt; where a job was stopped before any turn began, prompts go back."""
        if cancelled and self._turn is None:
            self._status_bar.show(state=TurnState.CANCELLED, progress=None)
            self.give_back()
        self._turn = None
        self._start_next()
        self._show_waiting()

    # -- turns --------------------------------------------------------------------------------------

    async def _run_next(self, session: ChatSession) -> None:
        """Begins the turn of the prompt that waits longest, or of the notes for which an answer was stopped.

        What is to be asked before is asked first; until it is agreed to, the prompt waits.
        """
        stopped = self._waiting[0].adds_to
        alike = takewhile(lambda entry: entry.adds_to is stopped, self._waiting)
        entries = [self._waiting[0]] if stopped is None else list(alike)
        text = "\n\n".join(entry.prompt for entry in entries)
        agreed = await self.agree(session, text, cuts=True)
        if agreed is None:
            self.give_back()
            return
        for _ in entries:
            self._waiting.popleft()
        if agreed.apart:
            self._transcript.drop(entries)
            await self._run_beside(session, agreed.applied(session.begin_apart(text)))
            return
        newest = session.conversation.messages[-1:] == [stopped]
        turn = session.follow_up(stopped, text) if stopped is not None and newest else session.begin(text)
        agreed.applied(turn)
        for entry in entries:
            self._transcript.begin(entry, turn.prompt)
        answer = self._transcript.add_answer(session.model, after=entries[-1], message_id=turn.message.id)
        await self._run(session, turn, answer)

    async def _resume(self, session: ChatSession, answer: AnswerEntry) -> None:
        agreed = await self.agree(session, resumed=answer.message)
        if answer.message is not None and agreed is not None:
            turn = agreed.applied(session.resume(answer.message))
            self._transcript.changed(answer, answer.reopen())
            await self._run(session, turn, answer)

    async def _run(self, session: ChatSession, turn: Turn, answer: AnswerEntry) -> None:
        turn.permit = self.permit
        self._display.expect(session, answer)
        await run_turn(session, turn, self)

    async def _add(self, session: ChatSession, turn: Turn, text: str) -> None:
        """Hands a note to the model; where it takes none meanwhile, stops it and lets it go on with the note."""
        answer = self._display.answer
        note = await session.add_context(turn, text)
        if note is not None and answer is not None:
            if self._transcript.entry_of(note.id) is None:
                self._transcript.insert(PromptEntry(text, message=note), before=answer)
        elif self._turn is turn:
            earlier = [entry for entry in self._waiting if entry.adds_to is turn.message]
            entry = PromptEntry(text, queued=True, adds_to=turn.message)
            self._waiting.insert(len(earlier), entry)
            self._transcript.add(entry, after=earlier[-1] if earlier else answer)
            self.stop()
        else:
            self.ask(text)

    def turn_began(self, turn: Turn) -> None:
        """Watches the turn."""
        self._turn, self._asked, self._handing_over = turn, "", True
        self._ticker.resume()
        self._show_waiting()

    async def turn_updated(self, turn: Turn, update: TurnUpdate) -> None:
        """Shows what is new."""
        self._look_after_prompt()
        await self._display.update(turn, update)
        await self.app.link.ready()  # type: ignore[attr-defined] # its app is a ChatApp

    def turn_ended(self, turn: Turn, error: TuiStreamError | None) -> None:
        """Says how the turn ended; an unanswered prompt goes back into the prompt box."""
        if not self.is_attached:
            return
        self._ticker.pause()
        self.set_timer(_TIDY, self._tidy)
        self._display.end(turn)
        if turn.recalled:
            self._show_path()
        message = turn.message
        asked = [] if self._adds_to(message) or self.session is None else self.session.unanswered(message)
        self._asked = "\n\n".join(prompt.text for prompt in asked)
        if error is not None:
            self.give_back(*[self._asked] if asked else [])
        elif asked:
            self.post_message(self.GaveBack(self._asked))
        self.show_notices()
        self._start_aside(self.look_elsewhere())
        self.turn_is_over()
        self.post_message(self.Changed())
        if isinstance(error, ModelNotFoundError) and self._puller is not None:
            self.post_message(self.ModelMissing(self, message.model))

    def _adds_to(self, message: ChatMessage) -> bool:
        """Whether a prompt waits that goes on with this answer."""
        return any(entry.adds_to is message for entry in self._waiting)

    def _tidy(self) -> None:
        """Looks for garbage while nothing is going on, which is not done while an answer streams in."""
        if not self.busy:
            gc.collect()

    def _tick(self) -> None:
        if self._turn is not None:
            self._look_after_prompt()
            self._display.tick(self._turn)

    def _look_after_prompt(self) -> None:
        """Says so once the history has the prompt that was sent."""
        if self._handing_over and not self.holder.unkept:
            self._handing_over = False
            self.post_message(self.Changed())

    @on(Transcript.Behind)
    def _show_behind(self, event: Transcript.Behind) -> None:
        event.stop()
        self._status_bar.show(behind=event.lines)
