"""Conversations as files: taken away as Markdown, HTML or JSON, and brought in from there and from other programs.

It exists so that nobody's words are kept in one place only. Everything works on `Conversation` alone; nothing here
knows a store or a screen. The format of our own files is described in `tui_stream.exchange.records`.
"""

from __future__ import annotations

from tui_stream.exchange.files import created, exists
from tui_stream.exchange.reading import read_any
from tui_stream.exchange.records import json_schema
from tui_stream.exchange.words import Options
from tui_stream.exchange.writing import Format, write

__all__ = ["Format", "Options", "created", "exists", "json_schema", "read_any", "write"]
