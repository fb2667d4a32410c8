"""The one key map: every action has a name, its keys, and what it does in words.

Footer, help screen and bindings are made from it.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Key:
    """One action that a person can run by key.

    Attributes:
        action: the name of the action.
        keys: the keys, separated by commas, in Textual's spelling.
        shown: the keys as people write them.
        label: one or two words for the footer.
        what: a sentence for the help screen.
        footer: whether the footer shows it.
        bound: False where a widget handles the keys by itself.
    """

    action: str
    keys: str
    shown: str
    label: str
    what: str
    footer: bool = True
    bound: bool = True


KEYS = (
    Key(
        "send",
        "enter",
        "Enter",
        "Send",
        "Sends the prompt; while an answer streams it is queued.",
        bound=False,
    ),
    Key(
        "newline",
        "ctrl+j,shift+enter",
        "Ctrl+J",
        "New line",
        "Begins a new line in the prompt (Shift+Enter too, where the terminal reports it).",
        bound=False,
    ),
    Key("stop", "escape", "Esc", "Stop", "Stops the answer at once; what has arrived stays."),
    Key("interrupt", "ctrl+c", "Ctrl+C", "", "Copies what is selected, else stops the answer.", footer=False),
    Key("copy_answer", "ctrl+y", "Ctrl+Y", "Copy", "Copies the newest answer as Markdown."),
    Key(
        "copy_code",
        "ctrl+o",
        "Ctrl+O",
        "",
        "Copies the newest block of code; a click on its label does too.",
        footer=False,
    ),
    Key("toggle_thinking", "ctrl+t", "Ctrl+T", "Thinking", "Folds or unfolds what the model thought."),
    Key("scroll_up", "pageup", "PgUp", "", "Scrolls the conversation up.", footer=False),
    Key("scroll_down", "pagedown", "PgDn", "", "Scrolls the conversation down.", footer=False),
    Key(
        "scroll_end",
        "ctrl+end",
        "Ctrl+End",
        "",
        "Goes to the end and follows the answer again.",
        footer=False,
    ),
    Key("help", "f1", "F1", "Help", "Shows this list."),
    Key("quit", "ctrl+q", "Ctrl+Q", "Quit", "Leaves the program."),
)
"""Every action of the chat screen, in the order in which help lists them."""


def bindings() -> list[Binding]:
    """The bindings of the chat screen; they work wherever the focus is."""
    return [
        Binding(key.keys, key.action, key.label or key.what, show=False, priority=True) for key in KEYS if key.bound
    ]
