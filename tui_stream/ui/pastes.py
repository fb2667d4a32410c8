"""What is pasted must stay text, whatever it has in it.

A terminal puts marks around what is pasted (bracketed paste, xterm's "Control Sequences", mode 2004). Textual takes an
escape character between them for the beginning of a key all the same: text that somebody has put on the clipboard
could press keys. So the control characters in it are taken out before Textual sees them.
"""

from __future__ import annotations

import re

_START, _END = "\x1b[200~", "\x1b[201~"
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class Pastes:
    """Cleans what is pasted, and nothing else, in what a terminal sends; pure, and fed with pieces of any size."""

    def __init__(self) -> None:
        self._within = False
        self._tail = ""  # typed and handed on already: perhaps the beginning of the mark before a paste
        self._held = ""  # pasted, and perhaps the beginning of the mark behind it

    def feed(self, text: str) -> str:
        """The text, cleaned where it was pasted; its end may be held back until more comes."""
        given: list[str] = []
        while text:
            text = self._pasted(text, given) if self._within else self._typed(text, given)
        return "".join(given)

    def _typed(self, text: str, given: list[str]) -> str:
        """Hands on what was typed; returns what comes behind the mark before a paste."""
        whole = self._tail + text
        found = whole.find(_START)
        end = len(whole) if found < 0 else found + len(_START)
        given.append(whole[len(self._tail) : end])
        self._within = found >= 0
        self._tail = "" if self._within else whole[-len(_START) + 1 :]
        return whole[end:]

    def _pasted(self, text: str, given: list[str]) -> str:
        """Hands on what was pasted, cleaned; returns what comes behind the mark that ends it."""
        whole, self._held = self._held + text, ""
        found = whole.find(_END)
        if found >= 0:
            self._within = False
            given += _CONTROLS.sub("", whole[:found]), _END
            return whole[found + len(_END) :]
        held = next((size for size in range(len(_END) - 1, 0, -1) if whole.endswith(_END[:size])), 0)
        end = len(whole) - held
        self._held = whole[end:]
        given.append(_CONTROLS.sub("", whole[:end]))
        return ""
