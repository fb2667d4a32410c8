"""The names of models that were listed before, so that a shell can complete them without asking anybody.

The file in the cache folder is a list of lists: provider, model; the newest first. What it cannot be read or written is
never worth an error: completion knows less then.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from tui_stream import paths

_PLAIN: Final = re.compile(r"[\w.:/@+-]{1,200}", re.ASCII)
"""What a shell may be handed: the names come from servers, and some shells evaluate what they complete."""
MOST: Final = 1000
"""Models that are remembered."""


class ModelsSeen:
    """The names, in a file.

    Args:
        file: where; the usual one where none is given.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = paths.cache_dir() / "models-seen.json" if file is None else file

    def names(self, provider: str = "") -> list[str]:
        """The models of a provider, or of all, the newest first."""
        return list(dict.fromkeys(model for name, model in self._read() if provider in {"", name}))

    def add(self, provider: str, models: Iterable[str]) -> None:
        """Remembers these."""
        before = self._read()
        fresh = [(provider, model) for model in models if _PLAIN.fullmatch(model)]
        seen = list(dict.fromkeys([*fresh, *before]))[:MOST]
        if seen != before:
            with suppress(OSError):
                self._write(seen)

    def _read(self) -> list[tuple[str, str]]:
        try:
            found = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return []
        if not isinstance(found, list):
            return []
        return [(one[0], one[1]) for one in found if _is_entry(one)]

    def _write(self, seen: list[tuple[str, str]]) -> None:
        from tui_stream.core.private_files import make_folder, make_temporary

        make_folder(self._file.parent)
        descriptor, temporary = make_temporary(self._file.parent, ".models-", ".json")
        os.close(descriptor)
        temporary.write_text(json.dumps(seen), "utf-8")
        temporary.replace(self._file)


def _is_entry(one: object) -> bool:
    return isinstance(one, list) and list(map(type, one)) == [str, str] and _PLAIN.fullmatch(one[1]) is not None
