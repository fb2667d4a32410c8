"""The named states of lists and searches of earlier conversations, for snapshot tests and for screenshots."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, timedelta

from tests.memory_archive import MemoryArchive
from tests.ui.conversations import NOW, conversation, keep
from tests.ui.states import ANSWER, QUESTION, State, scripted
from tui_stream.config import UiSettings
from tui_stream.core.models import Conversation, MessageStatus
from tui_stream.ui.history import History

_ASKED = (
    ("A letter to the landlord about the heating", "Dear Mr Fischer, the heating on the second floor …"),
    ("Explain asyncio.TaskGroup with an example", "A task group waits for all of its tasks."),
    ("Names for a small grey cat", "Pebble, Ash, Smoke, Thimble."),
    ("日本語の文章を直してください", "もちろんです。"),
    ("Plan a week in Lisbon with two children", "Start in Belém, where the gardens are wide."),
    ("Why does my regex match [b]too much[/b]?", "Because it is greedy: use a lazy quantifier."),
    ("Compare three ways to store apples", "Sand, straw and a cold room keep them apart."),
    ("What is a monad, without the jargon?", "A way to chain steps that may go wrong."),
    ("Chords for a slow winter song", "Am, F, C, G, each for two bars."),
    ("How long do boiled eggs keep?", "A week in the fridge, in their shells."),
)


def _conversations() -> list[Conversation]:
    fruits = conversation(QUESTION, ANSWER, id="fruits", ago=timedelta(hours=2))
    baking = conversation("How do I bake bread?", "With patience.", title="Baking", pinned=True, ago=timedelta(days=9))
    rain = conversation("Write a poem about rain", "The rain", status=MessageStatus.INTERRUPTED, ago=timedelta(hours=5))
    others = [
        conversation(*asked, *(["And then?", "Then it is done."] * (number % 4)), ago=timedelta(hours=20 + 31 * number))
        for number, asked in enumerate(_ASKED)
    ]
    return [fruits, baking, rain, *others]


def _state(
    steps: Sequence[str],
    shows: Sequence[str],
    *,
    kept: Sequence[Conversation] | None = None,
    size: tuple[int, int] = (100, 30),
    theme: str = "textual-dark",
) -> State:
    archive = MemoryArchive()
    asyncio.run(keep(archive, *(_conversations() if kept is None else kept)))
    chat = scripted(ui=UiSettings(theme=theme))
    chat.history = History(archive, now=lambda: NOW, zone=UTC)
    return State(chat, steps, shows, size)


def _keys(text: str) -> list[str]:
    return [f"key:{'space' if letter == ' ' else letter}" for letter in text]


def history_states() -> dict[str, Callable[[], State]]:
    """Every named state."""
    opened = ["key:ctrl+b", "wait:Pinned"]
    shown = [*opened, "key:down", "key:enter", "wait:make the others", "key:ctrl+b"]
    search = ["key:ctrl+p", "wait:Esc back", *_keys("apples ke")]
    jumped = [*search, "wait:found.", "key:enter"]
    return {
        "conversations": lambda: _state(shown, ["● Which fruits", "Open"]),
        "conversations_light": lambda: _state(shown, ["● Which fruits", "Open"], theme="textual-light"),
        "conversations_filtered": lambda: _state([*opened, "key:slash", *_keys("win so")], ["messages ·", "Chords"]),
        "conversations_renaming": lambda: _state([*opened, "key:down", "key:r"], ["2 messages"]),
        "conversations_deleted": lambda: _state([*opened, "key:down", "key:d"], ["Deleted, u brings"]),
        "conversations_narrow": lambda: _state(opened, ["Which fruits"], size=(60, 15)),
        "conversations_empty": lambda: _state(["key:ctrl+b"], ["There are no conversations yet."], kept=[]),
        "searching": lambda: _state(search, ["found."]),
        "searching_narrow": lambda: _state(search, ["found."], size=(60, 15)),
        "found_elsewhere": lambda: _state(jumped, ["keep well"], size=(100, 38)),
        "earlier_prompts": lambda: _state(["key:alt+r"], ["Chords", "Enter puts it"]),
    }
