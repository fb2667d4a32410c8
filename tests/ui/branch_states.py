"""The named states of a conversation with several versions, for snapshot tests and for screenshots."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC

from tests.fakes import Step
from tests.memory_archive import MemoryArchive
from tests.ui.conversations import NOW, conversation, keep
from tests.ui.states import ANSWER, QUESTION, STOP, State, scripted
from tui_stream.config import UiSettings
from tui_stream.core.events import ResponseStarted, TextDelta
from tui_stream.core.models import Message, MessageStatus
from tui_stream.errors import StoreError
from tui_stream.ui.history import History

_SHORT = "Apples and quinces, if they lie cool, dry and apart."
_TALK = (QUESTION, ANSWER, "And in a city flat?", "On the balcony, in a box with straw, until it freezes.")
_OTHER: tuple[Step, ...] = (ResponseStarted("demo-model"), TextDelta(_SHORT), STOP)


class _Unreadable(MemoryArchive):
    """Reads the ends of conversations, and nothing before them."""

    async def messages(self, conversation_id: str, ids: Sequence[str]) -> list[Message]:
        del conversation_id, ids
        raise StoreError("The disk is gone.")


def _state(
    steps: Sequence[str],
    shows: Sequence[str],
    *,
    talk: Sequence[str] = _TALK,
    status: MessageStatus = MessageStatus.COMPLETE,
    size: tuple[int, int] = (100, 30),
    theme: str = "textual-dark",
    archive: MemoryArchive | None = None,
) -> State:
    archive = archive or MemoryArchive()
    asyncio.run(keep(archive, conversation(*talk, id="fruits", status=status)))
    chat = scripted(_OTHER, _OTHER, ui=UiSettings(theme=theme))
    chat.history = History(archive, start="fruits", now=lambda: NOW, zone=UTC)
    opened = [f"wait:{talk[-1][-12:]}"] if steps else []
    return State(chat, [*opened, *steps], shows, size)


def branch_states() -> dict[str, Callable[[], State]]:
    """Every named state."""
    to_prompt = ["key:tab", "key:M", "key:M"]
    edited = [*to_prompt, "key:e", "wait:Editing"]
    again = ["key:tab", "key:G", "key:r", "wait:done"]
    two = [*again, "key:left_square_bracket", "wait:1/2"]
    half = (_TALK[0], ANSWER[: ANSWER.index("| Quince")])
    many = [part for number in range(120) for part in (f"Question {number}?", f"Answer {number}.")]
    return {
        "editing": lambda: _state(edited, ["Esc gives up"]),
        "editing_light": lambda: _state(edited, ["Esc gives up"], theme="textual-light"),
        "editing_narrow": lambda: _state([*to_prompt, "key:e"], ["Enter sends", "gives up"], size=(44, 11)),
        "versions": lambda: _state(two, ["demo-model  1/2", "until it freezes"]),
        "versions_of_a_prompt": lambda: _state([*edited, "key:exclamation_mark", "key:enter"], ["You  2/2", "done"]),
        "other_model": lambda: _state(["key:tab", "key:R", "wait:Enter asks", "key:q"], ["as typed"]),
        "turn_deleted": lambda: _state([*to_prompt, "key:d"], ["u undoes that"]),
        "interrupted": lambda: _state(
            [], ["Interrupted after", "Ctrl+N goes on"], talk=half, status=MessageStatus.INTERRUPTED
        ),
        "earlier": lambda: _state(
            ["key:tab", "key:home"], ["140 earlier messages", "The disk is gone."], talk=many, archive=_Unreadable()
        ),
    }
