"""Entries for messages: those that are shown, in step with the path of the conversation that is shown.

Of a long conversation only the end is loaded; near its first loaded message more is asked for. What is on the screen
stays where it is when that comes, and when another branch is shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from tui_stream.core.models import Message as ChatMessage
from tui_stream.core.models import Role
from tui_stream.ui.answer import AnswerEntry
from tui_stream.ui.entries import EarlierEntry, NoteEntry, PromptEntry
from tui_stream.ui.entry import Entry
from tui_stream.ui.languages import Languages
from tui_stream.ui.widgets.entry_view import EntryView

if TYPE_CHECKING:
    from tui_stream.core.models import Conversation
    from tui_stream.core.tree import Tree
    from tui_stream.markdown import WideMode

EARLIER = 100
"""Messages that are asked for at once."""
_NEAR = 2  # screens from the first loaded message at which more are asked for


class MessageView(EntryView):
    """Holds the entries, oldest first."""

    @dataclass
    class EarlierWanted(Message):
        """So many messages before those that are loaded are wanted."""

        count: int

    def __init__(self, *, keep_thinking: bool = False, wide: WideMode = "wrap") -> None:
        super().__init__(id="transcript")
        self._keep_thinking = keep_thinking
        self._wide: WideMode = wide
        self._welcome: NoteEntry | None = None
        self._languages = Languages()
        self._earlier = 0
        self._earlier_entry: EarlierEntry | None = None
        self._asked_earlier = False
        self.earlier_is_lost = False
        """What is not loaded could not be read when it was asked for last."""

    # -- what a subclass adds -----------------------------------------------------------------------

    def gone(self, entries: Collection[Entry]) -> None:
        """These entries are about to be taken out."""

    def grew(self, entry: Entry, line: int) -> None:
        """An entry changed from a line of its own on."""

    def came(self, entries: Sequence[Entry]) -> None:
        """These entries are new, above the end."""

    # -- entries ------------------------------------------------------------------------------------

    def welcome(self, text: str) -> None:
        """Shows a text until the first entry."""
        if self.column.entries and self._welcome is None:
            return
        self._unwelcome()
        self._welcome = NoteEntry(text)
        self.show_changed(self.column.insert(0, [self._welcome]))

    def load(self, messages: Sequence[ChatMessage]) -> None:
        """Shows messages of an earlier time, above whatever there is; they are laid out when they are looked at."""
        self._unwelcome()
        self.show_changed(self.column.insert(0, self._entries(messages)))

    def _entries(self, messages: Iterable[ChatMessage]) -> list[Entry]:
        return [
            AnswerEntry.of(message, keep_thinking=self._keep_thinking, wide=self._wide)
            if message.role is Role.ASSISTANT
            else PromptEntry(message.text, message=message)
            for message in messages
        ]

    def add(self, entry: Entry, after: Entry | None = None) -> None:
        """Adds an entry at the end, or behind another one."""
        self._unwelcome()
        index = len(self.column.entries) if after is None else self.column.index_of(after) + 1
        self.show_changed(self.column.insert(index, [entry]))

    def insert(self, entry: Entry, *, before: Entry) -> None:
        """Adds an entry before another one; what is on the screen stays where it is."""
        with self.held():
            self.column.insert(self.column.index_of(before), [entry])

    def begin(self, prompt: PromptEntry, message: ChatMessage) -> None:
        """A prompt waits no longer: it is this message now."""
        prompt.begin(message)
        self.changed(prompt, 0)

    def add_answer(self, model: str, *, after: Entry | None = None, message_id: str = "") -> AnswerEntry:
        """Adds an answer, still empty, behind its prompt or at the end."""
        answer = AnswerEntry(model, keep_thinking=self._keep_thinking, wide=self._wide, message_id=message_id)
        self.add(answer, after)
        return answer

    def add_trouble(self, text: str) -> None:
        """Shows what went wrong outside any turn."""
        self.add(NoteEntry(text, trouble=True))

    def drop(self, dropped: Collection[Entry]) -> None:
        """Takes entries out."""
        if dropped:
            self.gone(dropped)
            self.show_changed(self.column.remove(dropped))

    def changed(self, entry: Entry, line: int) -> None:
        """An entry changed from this line of its own on."""
        self.show_changed(self.column.changed(entry, line))
        self.grew(entry, line)

    async def write(self, answer: AnswerEntry, text: str) -> None:
        """Adds text to an answer; a language that it brings is made ready in a thread first."""
        if languages := self._languages.new_in(text):
            from tui_stream.markdown import lexers_ready, load_lexers

            if not lexers_ready(languages):
                await asyncio.to_thread(load_lexers, languages)
        if self.follows or not answer.folds_next:
            self.changed(answer, answer.append(text))
            return
        with self.held():
            line = self.column.changed(answer, answer.append(text))
        self.grew(answer, line)

    def rearrange(self, entry: Entry, line: int) -> None:
        """As `changed`, where somebody asked for it: what stands on the screen stays there, or else the entry's top."""
        top = self.column.top(self.column.index_of(entry))
        row = max(0, top - self.scroll_offset.y)
        with self.held(row):
            self.column.changed(entry, line)
        self.grew(entry, line)

    def _unwelcome(self) -> None:
        if self._welcome is not None:
            welcome, self._welcome = self._welcome, None
            self.drop([welcome])

    def entry_of(self, message_id: str) -> Entry | None:
        """What shows a message; None where nothing does."""
        entries = reversed(self.column.entries)
        return next((entry for entry in entries if message_id and entry.message_id == message_id), None)

    # -- the path that is shown ---------------------------------------------------------------------

    def replace(self, conversation: Conversation) -> None:
        """Shows a conversation, its end first, in place of everything else."""
        self.gone(self.column.entries)
        self.screen.clear_selection()
        self._welcome = self._earlier_entry = None
        self.column.clear()
        self.column.insert(0, self._entries(conversation.messages))
        self._tell_earlier(conversation)
        self.number(conversation.tree)
        self.all_changed()
        self.follow()
        self._settle_view()
        self._ask_earlier()

    def show_path(self, conversation: Conversation, *, without: str = "") -> None:
        """Shows what the conversation's path is now: entries go and come, and the others stay as they are.

        What is on the screen and stays there keeps its place.

        Args:
            conversation: the one that is shown.
            without: the id of a message that is left out.
        """
        self._unwelcome()
        wanted = {message.id for message in conversation.messages if message.id != without}
        gone = {entry for entry in self.column.entries if entry.message_id and entry.message_id not in wanted}
        first = min((self.column.index_of(entry) for entry in gone), default=0)
        row = self._row_that_stays(gone)
        if gone:
            self.screen.clear_selection()
            self.gone(gone)
        if row is None:
            line = self.column.top(first)
            self._change_path(conversation, gone, without)
            self.all_changed()
            self.stand_at(min(line, self.scroll_offset.y))
            self._settle_view()
        else:
            with self.held(row):
                self._change_path(conversation, gone, without)
        self._ask_earlier()

    def _row_that_stays(self, gone: Collection[Entry]) -> int | None:
        """A row of the screen with an entry that stays; None where there is none."""
        first = self.scroll_offset.y
        entries = self.column.entries
        if not entries:
            return None
        for index in range(self.column.index_at(first), len(entries)):
            top = self.column.top(index)
            if top >= first + self.size.height:
                break
            if entries[index] not in gone and entries[index] is not self._earlier_entry:
                return max(0, top - first)
        return None

    def _change_path(self, conversation: Conversation, gone: Collection[Entry], without: str) -> None:
        if gone:
            self.column.remove(gone)
        known = {entry.message_id: entry for entry in self.column.entries}
        fresh: list[ChatMessage] = []
        place = 0 if self._earlier_entry is None else 1
        for message in conversation.messages:
            entry = known.get(message.id)
            if entry is None:
                fresh += [message] if message.id != without else []
                continue
            self._add_fresh(place, fresh)
            place += len(fresh)
            fresh.clear()
            while self.column.entries[place] is not entry:
                place += 1
            place += 1
        self._add_fresh(place, fresh)
        self._tell_earlier(conversation)
        self.number(conversation.tree)

    def _add_fresh(self, place: int, messages: Sequence[ChatMessage]) -> None:
        if messages:
            entries = self._entries(messages)
            self.column.insert(place, entries)
            self.came(entries)

    def number(self, tree: Tree) -> None:
        """Writes on each message which one of how many it is."""
        for entry in self.column.entries:
            if entry.message_id in tree:
                siblings = tree.siblings(entry.message_id)
                entry.number((siblings.index(entry.message_id) + 1, len(siblings)) if len(siblings) > 1 else (1, 1))
            else:
                entry.number((1, 1))

    def renumber(self, tree: Tree) -> None:
        """As `number`, where there are versions that nobody knew of."""
        self.number(tree)
        self.redraw_all()

    # -- what is not loaded -------------------------------------------------------------------------

    @property
    def earlier(self) -> int:
        """How many messages before those that are shown are not loaded."""
        return self._earlier

    def _tell_earlier(self, conversation: Conversation) -> None:
        """Says above everything else how many messages are not loaded."""
        messages, tree = conversation.messages, conversation.tree
        path = tree.path(messages[0].id)[:-1] if messages else tree.path(tree.head)
        self._earlier, self._asked_earlier, self.earlier_is_lost = len(path), False, False
        entry = self._earlier_entry
        if entry is None and path:
            self._earlier_entry = EarlierEntry(len(path))
            self.column.insert(0, [self._earlier_entry])
        elif entry is not None and path:
            entry.tell(len(path))
        elif entry is not None:
            self._earlier_entry = None
            self.gone([entry])
            self.column.remove([entry])

    def scrolled(self, old: int, new: int) -> None:
        """Lays out what came into view, and asks for what is about to."""
        super().scrolled(old, new)
        self._ask_earlier()

    def _ask_earlier(self) -> None:
        if self.size.height and self.scroll_offset.y < _NEAR * self.size.height:
            self.want_earlier(EARLIER)

    def want_earlier(self, count: int) -> None:
        """Asks for so many messages before those that are loaded, where there are any and nothing is under way."""
        if self._earlier and not self._asked_earlier:
            self._asked_earlier = True
            self.post_message(self.EarlierWanted(min(count, self._earlier)))

    def earlier_failed(self) -> None:
        """They could not be had; they are asked for again when somebody comes near them again."""
        self._asked_earlier, self.earlier_is_lost = False, True
        if self._earlier_entry is not None:
            self._earlier_entry.tell(self._earlier, failed=True)
            self.redraw_all()
