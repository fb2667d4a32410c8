"""The conversation that a pane shows, and the session that goes on with it once it is open."""

from __future__ import annotations

import asyncio
import importlib
from abc import abstractmethod
from contextlib import aclosing
from typing import TYPE_CHECKING

from tui_stream.core.archive import Notice
from tui_stream.core.events import Progress, TurnState
from tui_stream.core.models import Conversation
from tui_stream.errors import TuiStreamError
from tui_stream.ui.answer import AnswerEntry
from tui_stream.ui.keys import shown_keys
from tui_stream.ui.turn_display import TurnDisplay
from tui_stream.ui.widgets.job_pane import JobPane

if TYPE_CHECKING:
    from tui_stream.config import UiSettings
    from tui_stream.core.provider import Pulls
    from tui_stream.core.session import ChatSession, OpenedSession, OpenSession

_WELCOME = "Type a question and press Enter. Esc stops the answer, F1 lists the keys."


class SessionPane(JobPane):
    """Opens a session, and shows one conversation of it at a time; a kept one also where no session can be had."""

    def __init__(self, open_session: OpenSession, ui: UiSettings) -> None:
        super().__init__(ui)
        self._open_session = open_session
        self._opened: OpenedSession | None = None
        self._opening = False
        self._shown = Conversation()
        self._display = TurnDisplay(self._transcript, self._status_bar, self.show_spending)

    @abstractmethod
    def give_back(self, *texts: str) -> None:
        """Puts these, and all prompts that wait, back into the prompt box."""

    @abstractmethod
    def concerns(self, conversation_id: str) -> bool:
        """Whether this conversation is shown, or about to be."""

    @abstractmethod
    def look_ahead(self) -> None:
        """Works out anew what was spent and what the next request would be."""

    @abstractmethod
    def show_spending(self) -> None:
        """Shows what was spent, with what streams now."""

    @property
    def session(self) -> ChatSession | None:
        """The session, once it is open."""
        return self._opened.session if self._opened else None

    @property
    def shown(self) -> Conversation:
        """The conversation that is shown; prompts go on with it."""
        return self.session.conversation if self.session is not None else self._shown

    def open(self) -> None:
        """Opens the session in the background, once, and prepares its provider."""
        if not self.busy and self._opened is None:
            self._opening = True
            self._start(self._open())

    def show(self, conversation: Conversation) -> None:
        """Shows another conversation, its end first, while nothing of the one before is under way."""
        if self.session is not None and self.session.conversation is not conversation:
            self.session.open(conversation)
            conversation = self.session.conversation
        self._shown = conversation
        self._transcript.replace(conversation)
        self._display.take_up(self.session)
        self._take_up_newest()
        if not self.busy and self.session is not None:
            self._status_bar.show(state=TurnState.IDLE, progress=None)
        if not conversation.messages and self.session is not None:
            self._transcript.welcome(_WELCOME)
        self.look_ahead()

    def _take_up_newest(self) -> None:
        """Offers what can be done about the last answer, if it broke off and nothing stands below it."""
        entries = self._transcript.column.entries
        newest = next((entry for entry in reversed(entries) if isinstance(entry, AnswerEntry)), None)
        self._display.go_on_with(newest)
        if newest is not None and newest is entries[-1]:
            self._transcript.changed(newest, newest.offer())

    # -- opening ------------------------------------------------------------------------------------

    async def _open(self) -> None:
        self._status_bar.show(state=TurnState.PREPARING, progress=None)
        try:
            await self._open_and_prepare()
        finally:
            self._opening = False

    async def _open_and_prepare(self) -> None:
        await asyncio.to_thread(importlib.import_module, "tui_stream.markdown")
        try:
            opened = await self._open_session()
            self._take_up(opened)
            self._show_choice()
            self.show_notices()
            self._start_aside(self._load_prices(opened))
            async with aclosing(opened.session.provider.prepare()) as steps:
                async for progress in steps:
                    self._show_progress(progress)
        except TuiStreamError as error:
            self._fail(error)
            return
        self._status_bar.show(state=TurnState.IDLE, progress=None)
        self._show_choice()
        self.look_ahead()

    async def _load_prices(self, opened: OpenedSession) -> None:
        await opened.load_prices()
        self.look_ahead()

    def _take_up(self, opened: OpenedSession) -> None:
        """Goes on with the conversation that is shown already, or else shows the one that the session came with."""
        self._opened = opened
        if self._shown.messages:
            opened.session.open(self._shown)
            self._display.take_up(opened.session)
        elif opened.session.conversation.messages:
            self.show(opened.session.conversation)

    def show_notices(self) -> None:
        """Says what there is to be told: of the history, and of keys that would travel unencrypted."""
        for notice in self._opened.notices() if self._opened is not None else ():
            about = notice.conversation_id if isinstance(notice, Notice) else ""
            if not about:
                self._transcript.add_trouble(notice)
            elif not self.concerns(about):
                self._transcript.add_trouble(f"{notice} {shown_keys()['conversations']} leads there.")

    def _show_choice(self) -> None:
        if self._opened is None:
            return
        session, reason = self._opened.session, self._opened.reason
        self._header_bar.show(session.provider.name, session.model, reason)
        self._status_bar.show(window=session.window)
        self._transcript.welcome(_WELCOME)

    def _show_progress(self, progress: Progress) -> None:
        self._status_bar.show(state=TurnState.PREPARING, progress=progress)

    def _fail(self, error: TuiStreamError) -> None:
        self._status_bar.show(state=TurnState.FAILED, progress=None)
        self._transcript.add_trouble(str(error))
        self.give_back()

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

    def pull(self, model: str) -> None:
        """Lets the provider fetch a model it does not have."""
        if not self.busy and self._puller is not None:
            self._start(self._pull(self._puller, model))
