"""Shows the path through a conversation that its holder leads to, as much of it as is loaded, and loads more of it.

What moves things about runs one after the other, beside everything else; prompts wait until it is done.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message

from tui_stream.core.holder import ConversationHolder
from tui_stream.core.store import NoStore
from tui_stream.errors import StoreError
from tui_stream.ui.widgets.money_pane import MoneyPane
from tui_stream.ui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from tui_stream.config import UiSettings
    from tui_stream.core.archive import Archive
    from tui_stream.core.models import Conversation
    from tui_stream.core.session import OpenSession

_AROUND = 20  # messages that are loaded before one that somebody jumps to
_COMING_IN = "An answer is coming in; Esc stops it."
_NOT_THERE = "The message is not there any more."
_CHANGED_ELSEWHERE = "This conversation was also changed elsewhere; Alt+← and Alt+→ lead to what was added."
_OTHER_BRANCH = "The message is on another branch; go there when no answer comes in."


class HolderPane(MoneyPane):
    """Keeps what is shown in step with the path, whoever moves it."""

    @dataclass
    class Said(Message):
        """Something that the person should know."""

        text: str
        trouble: bool = False

    def __init__(self, open_session: OpenSession, ui: UiSettings, archive: Archive | None = None) -> None:
        super().__init__(open_session, ui)
        self._archive = archive
        self._store = archive or NoStore()
        self._kept: ConversationHolder | None = None
        self._moves = 0
        self._way: object | None = None
        self._headed = ""
        self._turnstile = asyncio.Lock()

    # -- what a subclass does -----------------------------------------------------------------------

    @property
    @abstractmethod
    def answering(self) -> bool:
        """Whether anything is under way or waits that belongs to the conversation."""

    @abstractmethod
    def path_changed(self) -> None:
        """Something else is shown than before."""

    @abstractmethod
    def moved(self) -> None:
        """What was moved about is in its place; what waited for that can begin."""

    # -- on the way to another conversation -----------------------------------------------------------

    def depart(self, conversation_id: str) -> object:
        """Another conversation is about to be shown; prompts wait until `arrive` is told the same way."""
        self._way, self._headed = object(), conversation_id
        return self._way

    def arrive(self, way: object, *, arrived: bool) -> None:
        """What was on its way is shown, or will not be; of several ways the newest counts."""
        if way is not self._way:
            return
        self._way, self._headed = None, ""
        if self.is_attached:
            if not arrived:
                self.give_back()
            self.moved()

    @property
    def arriving(self) -> bool:
        """Whether another conversation is about to be shown."""
        return self._way is not None

    def concerns(self, conversation_id: str) -> bool:
        """Whether this conversation is shown, or about to be."""
        return conversation_id == (self._headed if self.arriving else self.shown.id)

    # -- what is there ------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether prompts have to wait."""
        return super().busy or self._moves > 0 or self.arriving

    @property
    def holder(self) -> ConversationHolder:
        """What moves between branches: the session, or where there is none something that can do no more."""
        if self.session is not None:
            return self.session
        if self._kept is None or self._kept.conversation is not self.shown:
            self._kept = ConversationHolder(self.shown, self._store, monotonic)
        return self._kept

    @property
    def refusal(self) -> str:
        """Why nothing can be moved about now; empty where it can."""
        return _COMING_IN if self.answering and not self._moves else ""

    def spent_beside(self) -> None:
        """Shows what was spent on the conversation beside its messages."""
        if self.session is not None:
            self._status_bar.show(total=self.session.cost())
        self.look_ahead()

    def _say(self, text: str, *, trouble: bool = False) -> None:
        self.post_message(self.Said(text, trouble))

    def _show_path(self) -> None:
        """Shows what the path is now, and what can be done about its last answer."""
        if self.is_attached:
            self._transcript.show_path(self.shown)
            self._take_up_newest()
            self.path_changed()
            self.look_ahead()

    async def whole(self) -> Conversation:
        """A copy of the conversation as it is now, with all of its messages; what is shown stays as it is.

        Raises:
            StoreError: they cannot be read.
        """
        shown = self.shown
        copy = replace(
            shown,
            tree=deepcopy(shown.tree),
            messages=[replace(message) for message in shown.messages],
            others=[replace(message) for message in shown.others],
        )
        await ConversationHolder(copy, self._store, monotonic).load_all()
        return copy

    async def look_elsewhere(self) -> None:
        """Takes in what another program added to the conversation, and says so."""
        conversation = self.shown
        if self._archive is None or self.holder.unkept:
            return
        try:
            kept = await self._archive.load(conversation.id, tail=0)
            found = self.shown is conversation and await self.holder.learn(kept.tree)
        except StoreError:
            return  # whatever is the matter with the history is told where somebody needs it
        if found and self.is_attached and self.shown is conversation:
            self._transcript.renumber(conversation.tree)
            self._say(_CHANGED_ELSEWHERE)

    # -- moving about -------------------------------------------------------------------------------

    def _move(self, work: Callable[[], Awaitable[None]]) -> None:
        if self.refusal:
            self._say(self.refusal)
            return
        self._moves += 1
        self._start_aside(self._moved(work))

    async def _moved(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            async with self._turnstile:
                await work()
        except StoreError as error:
            self._say(str(error), trouble=True)
        except ValueError as error:
            self._say(f"That cannot be done: {error}.")
        finally:
            self._moves -= 1
            if self.is_attached and not self._moves:
                self.moved()

    # -- what is not loaded -------------------------------------------------------------------------

    @on(Transcript.EarlierWanted)
    def _earlier_wanted(self, event: Transcript.EarlierWanted) -> None:
        event.stop()
        self._start_aside(self._load_earlier(event.count))

    async def _load_earlier(self, count: int) -> None:
        conversation = self.shown
        try:
            await self.holder.load_earlier(count)
        except StoreError as error:
            if self.shown is conversation:
                self._transcript.earlier_failed()
                self._say(str(error), trouble=True)
            return
        if self.shown is conversation and self.is_attached:
            self._transcript.show_path(conversation)

    async def reach(self, message_id: str) -> str:
        """Brings a message of the conversation onto the shown path, loaded; else says why that cannot be.

        Raises:
            StoreError: it cannot be read.
        """
        tree = self.shown.tree
        if message_id not in tree:
            return _NOT_THERE
        path = tree.path(tree.head)
        if message_id in path:
            await self._load_earlier(self._transcript.earlier - path.index(message_id) + _AROUND)
            return ""
        if self.refusal:
            return _OTHER_BRANCH
        self._moves += 1
        await self._moved(partial(self._reach, message_id))
        return ""

    async def _reach(self, message_id: str) -> None:
        try:
            await self.holder.show(message_id)
        finally:
            self._show_path()
