"""What the keys of the conversation do while it has the focus: each action hands on to the browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from textual.message import Message
from textual.widget import Widget

if TYPE_CHECKING:
    from tui_stream.ui.browser import Browser
    from tui_stream.ui.cursor import Target

Deed = Literal["edit", "ask", "ask_other", "fork", "delete", "undo"]
"""What one can do with the message at the cursor."""


class BrowseActions(Widget):
    """The actions of a widget that has a browser."""

    browser: Browser

    @dataclass
    class LinkClicked(Message):
        """Somebody wants to open a link; its target is foreign text."""

        target: str

    @dataclass
    class CopyAsked(Message):
        """Somebody wants this on the clipboard; what it is, in words that begin a sentence."""

        text: str
        what: str

    @dataclass
    class NothingThere(Message):
        """There is none to jump to, further on or further up."""

        what: str

    class Left(Message):
        """The person goes back to the prompt."""

    class FindAsked(Message):
        """The person wants to look for text."""

    @dataclass
    class StepAsked(Message):
        """The person wants the next match, or the one before."""

        by: int

    @dataclass
    class DeedAsked(Message):
        """The person wants to do this with the message at the cursor."""

        deed: Deed

    @dataclass
    class SiblingAsked(Message):
        """The person wants to see the next version of the message at the cursor, or the one before."""

        step: int

    def go_to_beginning(self) -> None:
        """Goes to the first line."""
        self.browser.edge(end=False)

    def action_deed(self, deed: Deed) -> None:
        """Hands on what is to be done."""
        self.post_message(self.DeedAsked(deed))

    def action_sibling(self, step: int) -> None:
        """Hands on that another version is wanted."""
        self.post_message(self.SiblingAsked(step))

    def action_leave(self) -> None:
        """Gives the focus back."""
        self.post_message(self.Left())

    def action_move(self, by: int) -> None:
        """Moves the cursor."""
        self.browser.move(by)

    def action_extend(self, by: int) -> None:
        """Moves the cursor and selects."""
        self.browser.move(by, select=True)

    def action_edge(self, end: bool) -> None:
        """Goes to the beginning or the end."""
        if end:
            self.browser.edge(end=True)
        else:
            self.go_to_beginning()

    def action_jump(self, target: Target, by: int) -> None:
        """Goes to the next one of a kind."""
        if not self.browser.jump(target, by):
            what = "code block" if target == "code" else target
            self.post_message(self.NothingThere(f"No {what} further {'on' if by > 0 else 'up'}."))

    def action_enter(self) -> None:
        """Opens, unfolds or copies what the cursor is at."""
        done = self.browser.enter()
        if done is None:
            return
        kind, text = done
        self.post_message(self.LinkClicked(text) if kind == "link" else self.CopyAsked(text, "The code"))

    def action_digit(self, digit: int) -> None:
        """Types a digit of a code block's number."""
        self.browser.digit(digit)

    def action_copy(self, message: bool) -> None:
        """Copies what the cursor is at, or its whole message."""
        self.post_message(self.CopyAsked(*self.browser.copy(message=message)))

    def action_select(self) -> None:
        """Begins or ends a selection."""
        self.browser.toggle_selection()

    def action_fold(self, thoughts: bool) -> None:
        """Folds the message, or its thoughts."""
        self.browser.fold(thoughts=thoughts)

    def action_facts(self) -> None:
        """Folds the figures of the answer."""
        if not self.browser.toggle_facts():
            self.post_message(self.NothingThere("There is no answer here that is over."))

    def action_toggle_wide(self) -> None:
        """Wraps what is wide, or lets it be scrolled."""
        self.browser.toggle_wide()

    def action_sideways(self, cells: int) -> None:
        """Scrolls what is wide."""
        self.browser.sideways(cells)

    def action_find(self) -> None:
        """Looks for text."""
        self.post_message(self.FindAsked())

    def action_step(self, by: int) -> None:
        """Goes to the next match."""
        self.post_message(self.StepAsked(by))
