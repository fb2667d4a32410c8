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
        browsing: the key works in the conversation, while that has the focus, and not in the prompt.
    """

    action: str
    keys: str
    shown: str
    label: str
    what: str
    footer: bool = True
    bound: bool = True
    browsing: bool = False


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
        "Begins a new line (Shift+Enter too, if the terminal reports it).",
        bound=False,
    ),
    Key(
        "add",
        "ctrl+g,ctrl+enter",
        "Ctrl+G",
        "Add",
        "Adds what is typed to the question under way (Ctrl+Enter too, if the terminal reports it): on the open "
        "stream where the provider can, else the answer is stopped and goes on with it.",
        footer=False,
        bound=False,
    ),
    Key("stop", "escape", "Esc", "Stop", "Stops the answer at once; what has arrived stays."),
    Key(
        "resume",
        "ctrl+n",
        "Ctrl+N",
        "Go on",
        "Lets the model go on with an answer that broke off, behind the text that has arrived.",
        footer=False,
    ),
    Key(
        "retry",
        "ctrl+r",
        "Ctrl+R",
        "Again",
        "Asks again for an answer that broke off, or for one that never began; while a failed request waits, sends it "
        "now.",
        footer=False,
    ),
    Key("interrupt", "ctrl+c", "Ctrl+C", "", "Copies what is selected, else stops the answer.", footer=False),
    Key(
        "copy_answer",
        "ctrl+y",
        "Ctrl+Y",
        "Copy",
        "Copies as Markdown: what is selected, else the newest answer.",
    ),
    Key("copy_code", "ctrl+o", "Ctrl+O", "", "Copies the newest block of code.", footer=False),
    *(
        Key(
            f"copy_code({number})",
            f"alt+{number}",
            "Alt+1 … 9" if number == 1 else "",
            "",
            "Copies the code block of this number, as a click on its label does.",
            footer=False,
        )
        for number in range(1, 10)
    ),
    Key("find", "ctrl+f", "Ctrl+F", "Find", "Finds text in the conversation; Enter goes to the next match."),
    Key(
        "conversations",
        "ctrl+b,f3",
        "Ctrl+B",
        "Chats",
        "Opens the list of conversations, goes to it, or closes it (F3 too, where tmux keeps Ctrl+B).",
    ),
    Key("search", "ctrl+p", "Ctrl+P", "", "Searches all conversations, as you type.", footer=False),
    Key("new_conversation", "alt+n", "Alt+N", "", "Begins a new conversation.", footer=False),
    Key(
        "recall",
        "up,down",
        "↑ ↓",
        "",
        "On the prompt's first or last line: goes through earlier prompts.",
        footer=False,
        bound=False,
    ),
    Key("recall_list", "alt+r", "Alt+R", "", "Lists earlier prompts, to search in.", footer=False),
    Key("browse", "tab", "Tab", "Browse", "Goes to the conversation; Tab or i goes back to the prompt."),
    Key("toggle_thinking", "ctrl+t", "Ctrl+T", "Thinking", "Folds or unfolds what the model thought."),
    Key(
        "facts",
        "alt+s",
        "Alt+S",
        "",
        "Folds or unfolds the newest answer's figures, as a click on what it cost does.",
        footer=False,
    ),
    Key(
        "usage",
        "f4,alt+u",
        "F4",
        "Usage",
        "Shows what was spent: today, this month, by day, model and conversation (Alt+U too).",
    ),
    Key(
        "sibling(-1)",
        "alt+left",
        "Alt+← →",
        "",
        "Shows the version before, or the next one, of the newest message that has several (2/3).",
        footer=False,
    ),
    Key("sibling(1)", "alt+right", "", "", "", footer=False),
    Key("previous_message", "ctrl+up,alt+up", "Ctrl+↑", "", "Goes to the message before.", footer=False),
    Key("next_message", "ctrl+down,alt+down", "Ctrl+↓", "", "Goes to the next message.", footer=False),
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
    Key("save", "ctrl+s", "Ctrl+S", "", "Saves the conversation: as Markdown, JSON, HTML or plain text.", footer=False),
    Key("app.to_background", "ctrl+z", "Ctrl+Z", "", "Leaves for the shell; fg comes back here.", footer=False),
    Key("redraw", "ctrl+l", "Ctrl+L", "", "Draws the screen again, if something else wrote over it.", footer=False),
    Key("help", "f1", "F1", "Help", "Shows this list."),
    Key("quit", "ctrl+q", "Ctrl+Q", "Quit", "Leaves the program."),
)
"""Every action of the chat screen, in the order in which help lists them."""


def shown_keys() -> dict[str, str]:
    """The keys of each action as people write them."""
    return {key.action: key.shown for key in KEYS}


def _browse(action: str, keys: str, shown: str, what: str, label: str = "") -> Key:
    return Key(action, keys, shown, label, what, footer=bool(label), browsing=True)


BROWSE_KEYS = (
    _browse("leave", "shift+tab,i", "Tab", "Goes back to the prompt.", "Prompt"),
    _browse("deed('edit')", "e", "e", "Changes a prompt of yours, which is sent beside the old one.", "Edit"),
    _browse("deed('ask')", "r", "r R", "Asks for an answer, or again for one; with Shift, another model.", "Again"),
    _browse("deed('ask_other')", "R", "", ""),
    _browse(
        "sibling(-1)",
        "left_square_bracket,ctrl+left",
        "[ ]",
        "Shows the version before, or the next one, of the message, or of the nearest above with several (2/3).",
        "Versions",
    ),
    _browse("sibling(1)", "right_square_bracket,ctrl+right", "", ""),
    _browse("deed('fork')", "b", "b", "Begins a new conversation with a copy of everything up to the message."),
    _browse("deed('delete')", "d", "d", "Deletes the prompt and its answers."),
    _browse("deed('undo')", "u", "u", "Brings back what was deleted last."),
    _browse("move(-1)", "up,k", "↑ k", "Moves the cursor up."),
    _browse("move(1)", "down,j", "↓ j", "Moves the cursor down."),
    _browse("edge(False)", "home,g", "Home g", "Goes to the beginning."),
    _browse("edge(True)", "end,G", "End G", "Goes to the end and follows the answer."),
    _browse("jump('message', 1)", "m", "m M", "Goes to the next message; with Shift, to the one before.", "Message"),
    _browse("jump('message', -1)", "M", "", ""),
    _browse("jump('heading', 1)", "h", "h H", "Goes to the next heading, or to the one before.", "Heading"),
    _browse("jump('heading', -1)", "H", "", ""),
    _browse("jump('code', 1)", "c", "c C", "Goes to the next block of code, or to the one before.", "Code"),
    _browse("jump('code', -1)", "C", "", ""),
    _browse("jump('link', 1)", "l", "l L", "Goes to the next link, or to the one before.", "Link"),
    _browse("jump('link', -1)", "L", "", ""),
    _browse("enter", "enter,o", "Enter", "Opens the link, unfolds, or copies the code whose label it is."),
    _browse("copy(False)", "y", "y", "Copies the selection or the block, as Markdown; code as it is.", "Copy"),
    _browse("digit", "0,1,2,3,4,5,6,7,8,9", "3 y", "Copies the block of code with this number, 3 for instance."),
    _browse("copy(True)", "Y", "Y", "Copies the whole message."),
    _browse("select", "v", "v", "Begins a selection, which the cursor extends, or ends it.", "Select"),
    _browse("extend(-1)", "shift+up", "Shift+↑ ↓", "Selects line by line."),
    _browse("extend(1)", "shift+down", "", ""),
    _browse("fold(False)", "f,space", "f", "Folds or unfolds the message.", "Fold"),
    _browse("fold(True)", "t", "t", "Folds or unfolds the message's thoughts."),
    _browse("facts", "s", "s", "Folds or unfolds the answer's figures: times, tokens, cost, price, how it ended."),
    _browse("toggle_wide", "w", "w", "Wraps wide code or a wide table, or lets it be scrolled sideways.", "Wrap"),
    _browse("sideways(-8)", "left", "← →", "Scrolls wide code or a wide table sideways."),
    _browse("sideways(8)", "right", "", ""),
    _browse("find", "slash", "/", "Finds text.", "Find"),
    _browse("step(1)", "n", "n N", "Goes to the next match, or to the one before."),
    _browse("step(-1)", "N", "", ""),
)
"""The keys of the conversation while it has the focus."""


def _panel(action: str, keys: str, shown: str, what: str, label: str = "") -> Key:
    return Key(action, keys, shown, label, what, footer=bool(label))


PANEL_KEYS = (
    _panel("open", "enter", "Enter", "Opens the conversation.", "Open"),
    _panel("filter", "slash", "/", "Filters by words of the titles, or their beginnings.", "Filter"),
    _panel("rename", "r,f2", "r", "Changes the title (F2 too); an empty one goes back to the first line.", "Rename"),
    _panel("name", "t", "t", "Lets the model make a title.", "Title"),
    _panel("put_away", "a", "a", "Archives it, or takes it out of the archive.", "Archive"),
    _panel("remove", "d,delete", "d", "Deletes it.", "Delete"),
    _panel("undo", "u", "u", "Takes back the last deletion, archiving or renaming.", "Undo"),
    _panel("pin", "p", "p", "Pins it above the others, or no longer.", "Pin"),
    _panel("begin", "n", "n", "Begins a new conversation.", "New"),
    _panel("archived", "A", "A", "Shows the archived ones, or the others again.", "Archived"),
    _panel("export", "x", "x", "Saves it to a file: Markdown, JSON, HTML or plain text.", "Save"),
    _panel("move(-1)", "up,k", "↑ k", "Moves up."),
    _panel("move(1)", "down,j", "↓ j", "Moves down."),
    _panel("page(-1)", "pageup", "PgUp", "Moves up by a screen."),
    _panel("page(1)", "pagedown", "PgDn", "Moves down by a screen."),
    _panel("edge(False)", "home,g", "Home g", "Goes to the first one."),
    _panel("edge(True)", "end,G", "End G", "Goes to the last one."),
    _panel("leave", "tab", "Tab", "Goes back to the prompt; the list stays where there is room."),
    _panel("close", "escape", "Esc", "Closes the list; in the filter, empties it and goes to the list."),
)
"""The keys of the list of conversations while it has the focus."""
PANEL_OWN = frozenset({"stop", "browse", "scroll_up", "scroll_down"})
"""Actions of the chat screen whose keys mean something else in the list of conversations."""


def panel_bindings() -> list[Binding]:
    """The bindings of the list of conversations."""
    return [Binding(key.keys, key.action, key.what, show=False) for key in PANEL_KEYS]


def bindings() -> list[Binding]:
    """The bindings of the chat screen; they work wherever the focus is."""
    return [
        Binding(key.keys, key.action, key.label or key.what, show=False, priority=True) for key in KEYS if key.bound
    ]


def browse_bindings() -> list[Binding]:
    """The bindings of the conversation."""
    return [
        Binding(key, bound.action if bound.action != "digit" else f"digit({key})", bound.what, show=False)
        for bound in BROWSE_KEYS
        for key in bound.keys.split(",")
    ]
