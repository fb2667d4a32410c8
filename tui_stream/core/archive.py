"""What front ends ask of the history: lists, searches, branches and what stands unsent.

`tui_stream.store` keeps it in SQLite. A front end is handed an archive ready-made, or none where nothing is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from tui_stream.core.accounts import Accounts
from tui_stream.core.models import Conversation, Cost, Message, Role
from tui_stream.core.store import Store


@dataclass(frozen=True, slots=True)
class Overview:
    """A conversation as a list shows it.

    Attributes:
        title: its title, or the first line of its first prompt.
        messages: how many there are on all branches.
        model: the model that answered last.
        interrupted: its newest answer broke off because the program went away.
    """

    id: str
    title: str
    created_at: datetime
    updated_at: datetime
    pinned: bool = False
    archived: bool = False
    messages: int = 0
    model: str = ""
    cost: Cost | None = None
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that a search found.

    Attributes:
        title: the conversation's, as `Overview` has it.
        excerpt: a part of the message's text, one line, around what was found.
        spans: where in the excerpt the words that were looked for stand, as [start, end).
    """

    conversation_id: str
    message_id: str
    title: str
    role: Role
    created_at: datetime
    excerpt: str
    spans: tuple[tuple[int, int], ...] = ()


class Notice(str):
    """A sentence on the history that the person has to be told.

    Attributes:
        conversation_id: the conversation that it is about; empty where it is about all of them.
    """

    __slots__ = ("conversation_id",)

    conversation_id: str

    def __new__(cls, text: str, conversation_id: str = "") -> Self:
        """A sentence, and what it is about."""
        made = super().__new__(cls, text)
        made.conversation_id = conversation_id
        return made


class Archive(Store, Accounts, Protocol):
    """Keeps conversations and finds them again. Every method raises `StoreError` where the disk or the data fail."""

    # -- conversations ------------------------------------------------------------------------------

    async def conversations(
        self, text: str = "", *, archived: bool = False, deleted: bool = False, limit: int = 200, offset: int = 0
    ) -> list[Overview]:
        """Conversations with all of these words in their titles, the pinned first, then those used last.

        Args:
            text: words or beginnings of words in any order; blank for all.
            archived: the archived ones instead of the others.
            deleted: those that are deleted and can be brought back, archived or not.
            limit: how many at most.
            offset: how many of the first to leave out.
        """

    async def load(self, conversation_id: str, *, tail: int | None = None) -> Conversation:
        """A conversation: its whole tree, and the last ``tail`` messages of the path that was shown last.

        Raises:
            StoreError: there is none with this id.
        """

    async def messages(self, conversation_id: str, ids: Sequence[str]) -> list[Message]:
        """Messages of a conversation, in the order of the ids; what is not there any more is left out."""

    async def resolve(self, prefix: str, *, deleted: bool = False) -> str:
        """The id of the one conversation, of those that are deleted or those that are not, whose id begins so.

        Raises:
            StoreError: none does, or several do; it says which.
        """

    async def latest(self) -> str | None:
        """The id of the conversation used last; None where there is none."""

    async def rename(self, conversation_id: str, title: str) -> None:
        """Gives it a title; an empty one goes back to its first line."""

    async def pin(self, conversation_id: str, pinned: bool) -> None:
        """Puts it before the others, or no longer."""

    async def archive(self, conversation_id: str, archived: bool) -> None:
        """Puts it out of sight, or back."""

    async def delete(self, conversation_id: str) -> None:
        """Deletes it, such that `restore` brings it back until `purge`."""

    async def restore(self, conversation_id: str) -> None:
        """Brings a deleted conversation back."""

    async def purge(self) -> int:
        """Removes for good what was deleted more than a day ago; how many conversations and messages."""

    # -- branches -----------------------------------------------------------------------------------

    async def choose(self, conversation: Conversation) -> None:
        """Keeps which path of the tree is shown."""

    async def remove(self, conversation: Conversation, ids: Sequence[str]) -> None:
        """Deletes single messages; what followed one follows its parent. `put_back` brings them back."""

    async def put_back(self, conversation_id: str, ids: Sequence[str]) -> None:
        """Brings deleted messages back to where they were."""

    async def import_conversation(self, conversation: Conversation) -> bool:
        """Keeps a whole conversation, all of its messages loaded; False where one of this id is kept already."""

    # -- searching ----------------------------------------------------------------------------------

    async def search(self, text: str, *, conversation_id: str | None = None, limit: int = 100) -> list[Hit]:
        """Messages with all of these words, those used last first; the last word may be the beginning of one.

        Nothing in ``text`` is syntax. Words of scripts without spaces are found inside of runs too.
        """

    # -- what was typed -----------------------------------------------------------------------------

    async def save_draft(self, place: str, text: str) -> None:
        """Keeps what stands unsent in a prompt, by conversation or other place; an empty text forgets it."""

    async def draft(self, place: str) -> str:
        """What stood unsent there, or nothing."""

    async def unsent(self, place: str) -> dict[str, str]:
        """What stood unsent there and in the places below it (``place/…``), by place; nothing that is empty.

        Every program that has the history open has its own. What one left that is gone by now is this one's from then
        on, joined with what it has there itself.
        """

    async def prompts(self, text: str = "", *, limit: int = 100, offset: int = 0) -> list[str]:
        """Prompts of all conversations with this text in them, each once, the newest first."""

    async def aclose(self) -> None:
        """Writes what is still to be written and closes; later calls fail."""
