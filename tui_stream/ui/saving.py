"""Saves a conversation to a file that the person names; the end of the name says what becomes of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App

from tui_stream.core.sanitize import clean_line
from tui_stream.errors import TuiStreamError
from tui_stream.ui import export
from tui_stream.ui.screens.save import SaveScreen

if TYPE_CHECKING:
    from tui_stream.core.models import Conversation


def ask_and_save(app: App[None], conversation: Conversation) -> None:
    """Asks for the file's name and saves; says whether that worked.

    Args:
        app: where to ask.
        conversation: with all of its messages loaded; nobody else may change it.
    """
    if not conversation.messages:
        app.notify("There is nothing to save yet.", markup=False, timeout=2)
        return

    screen = SaveScreen(f"chat-{conversation.created_at.astimezone():%Y-%m-%d-%H%M}.md")

    def answered(file: Path | None) -> None:
        if file is not None:
            app.run_worker(_save(app, conversation, file, replace=screen.replaces))

    app.push_screen(screen, answered)


async def _save(app: App[None], conversation: Conversation, file: Path, *, replace: bool) -> None:
    """Writes it in a thread."""
    try:
        kind, written = await asyncio.to_thread(export.save, file, conversation, replace=replace)
    except TuiStreamError as error:
        app.notify(str(error), severity="error", markup=False, timeout=10)
    else:
        app.notify(f"Saved as {kind} to {clean_line(str(written), 200)}.", markup=False, timeout=4)
