"""The question that a terminal answers at once, and its answers among the keys.

It is DECRQM, "request mode", about synchronized output: Textual asks it once at the start, and a terminal that
knows how to answer that one answers it always (xterm's "Control Sequences", CSI ? Ps $ p).
"""

from __future__ import annotations

import re

QUESTION = "\x1b[?2026$p"

_ANSWER = re.compile(r"\x1b\[\?2026;\d+\$y")
_BEGUN = re.compile(r"\x1b\[\?[\d;]*\$?\Z")  # no key begins like this
_PERHAPS = re.compile(r"\x1b\[?\Z")  # a key, or the beginning of an answer


class Replies:
    """Takes the answers out of what a terminal sends, wherever they are torn apart.

    The first one is left in: Textual learns from it whether there is synchronized output.
    """

    def __init__(self) -> None:
        self._given = ""
        self._held = ""
        self._first = True

    def feed(self, text: str, *, waiting: bool) -> tuple[str, int]:
        """What is left of the text, and how many answers were in it.

        Args:
            text: what the terminal sent.
            waiting: whether an escape character handed on before still waits for what follows it; if not, it
                was taken for a key, and what follows in an answer must not be taken for more of them.
        """
        whole, start = self._given + self._held + text, len(self._given)
        left, count = [], 0
        for match in _ANSWER.finditer(whole):
            begin = max(match.start(), start)
            left.append(whole[start:begin])
            torn = match.start() < begin
            if torn and waiting:
                left.append(whole[begin : match.end()])
            elif self._first:
                left.append(match.group())
            start, count, self._first = match.end(), count + 1, False
        left.append(self._hold_back(whole, start, waiting=waiting, answered=bool(count)))
        return "".join(left), count

    def _hold_back(self, whole: str, start: int, *, waiting: bool, answered: bool) -> str:
        """What comes behind the answers, without the beginning of one that is not complete."""
        given, self._given, self._held = self._given, "", ""
        look = start if answered else 0
        if begun := _BEGUN.search(whole, look):
            if begun.start() >= start:
                self._held = begun.group()
                return whole[start : begun.start()]
            if waiting:
                self._given, self._held = given, whole[start:]
                return ""
        elif perhaps := _PERHAPS.search(whole, look):
            self._given = perhaps.group()
        return whole[start:]
