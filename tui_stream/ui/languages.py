"""Notices which programming languages an answer is about to use.

The rules to colour a language with are compiled when it is first used, which takes tens of milliseconds. Known
beforehand, that can be done in a thread, and nobody's typing waits for it.
"""

from __future__ import annotations

import re
from typing import Final

_FENCE: Final = re.compile(r"^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(?:`{3,}|~{3,})[ \t]*([\w+#.-]+)", re.MULTILINE)
_LONGEST: Final = 200  # characters of an unfinished line that are remembered


class Languages:
    """Looks through text as it arrives."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._line = ""

    def new_in(self, text: str) -> list[str]:
        """The languages that fences name for the first time; a name may be torn apart by the pieces."""
        if "`" not in text and "~" not in text and not self._line:
            return []
        seen = self._line + text
        self._line = self._unfinished(seen)
        found = [name.lower() for name in _FENCE.findall(seen)]
        new = [name for name in dict.fromkeys(found) if name not in self._known]
        self._known.update(new)
        return new

    @staticmethod
    def _unfinished(text: str) -> str:
        """The last line, where it may be the beginning of a fence."""
        line = text[text.rfind("\n") + 1 :]
        return line if len(line) <= _LONGEST and ("`" in line or "~" in line) else ""
