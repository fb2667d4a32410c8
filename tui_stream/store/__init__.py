"""Keeps conversations in SQLite: crash-safe, searchable, and open to several programs at once.

Importing this package loads no SQL; `open_store` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tui_stream.core.models import utc_now

if TYPE_CHECKING:
    from tui_stream.store.archive import SqliteArchive

PATIENCE = 10.0
"""Seconds that a write waits for another program to finish its own."""


@dataclass(frozen=True, slots=True)
class OpenedStore:
    """A history that is ready.

    Attributes:
        notices: what the person has to be told about it, sentences.
    """

    archive: SqliteArchive
    notices: tuple[str, ...] = ()


async def open_store(
    folder: Path, *, clock: Callable[[], datetime] = utc_now, patience: float = PATIENCE
) -> OpenedStore:
    """Opens the history in a folder, or starts one there.

    Answers that were under way in a program that is gone are marked as interrupted. A damaged history is moved aside,
    and what can be read of it goes into a new one.

    Args:
        folder: made if it is not there; nobody else may look into it.
        clock: says what time it is.
        patience: seconds to wait for a lock that another program holds.

    Raises:
        StoreError: the history cannot be opened, and why; nothing of it was changed.
    """
    from tui_stream.store.archive import SqliteArchive

    archive = SqliteArchive(folder, clock=clock, patience=patience)
    return OpenedStore(archive, await archive.start())
