r"""Whether Markdown may show a text, told without laying it out.

It exists because a conversation has thousands of messages that are not laid out, and a search has to leave
most of them so. Letters that are shown side by side stand in the source in this order, and between them at
most marks such as ``**``; so a run of letters that is not found like that is not shown. Where the renderer
does more than leave marks out (entities, formulas, hidden or rewritten addresses, numbers of lists), the
source is looked at once more without them, or it counts as one that may show anything.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from tui_stream.ui.search_text import fold

_ENTITY: Final = re.compile(r"&[#\w]+;")
_FORMULA: Final = re.compile(r"\$\$|\\[(\[]|\$[^\s$][^$\n]{0,199}\$")
_PLAIN_TARGET: Final = re.compile(r"\]\([\w\-./:?=&#,;@+~!$'*]*\)", re.ASCII)
_PLAIN_ADDRESS: Final = re.compile(r"<[a-z][a-z0-9+.-]*:[\w\-./:?=&#,;@+~!$'*]*>", re.ASCII | re.IGNORECASE)
_ADDRESS: Final = re.compile(r"<[a-z][a-z0-9+.-]*:", re.ASCII | re.IGNORECASE)
_NUMBER: Final = re.compile(r"(\d{1,9})[.)](?:\s|$)", re.ASCII)
_WORDS: Final = {"text": ("```", "~~~"), "image": ("![",)}
"""Words that are shown where the source gives none: of a fence without a language, of an image."""


def may_show(source: str, runs: Sequence[str], *, case: bool) -> bool:
    """Whether Markdown may show all of these runs of letters and digits.

    Args:
        source: the Markdown.
        runs: without upper case letters unless ``case``.
        case: whether upper and lower case differ.
    """
    missing = list(runs)
    for text in _readings(source):
        folded = fold(text if text.isascii() else unicodedata.normalize("NFKC", text), case=case)
        missing = [run for run in missing if run not in folded and not _spread(run).search(folded)]
        if not missing:
            return True
    return _is_unsure(source) or all(_is_added(run, source) for run in missing)


def _readings(source: str) -> Iterator[str]:
    """The source as it is, and without what the renderer takes out or replaces in ways that can be foreseen."""
    yield source
    plain = _PLAIN_TARGET.sub("", source) if "](" in source else source
    if plain is not source:
        yield plain
    if _ENTITY.search(source):
        yield html.unescape(source)
        if plain is not source:
            yield html.unescape(plain)


@lru_cache(maxsize=64)
def _spread(run: str) -> re.Pattern[str]:
    """Letters in this order, with nothing but marks between them."""
    return re.compile(r"(?:[^\w\s]|_)*+".join(map(re.escape, run)))


def _is_unsure(source: str) -> bool:
    """Whether the source has something of which it cannot be foreseen what it shows."""
    if _FORMULA.search(source) or "][" in source or "]:" in source:
        return True
    if "](" in source and (not source.isascii() or "](" in _PLAIN_TARGET.sub("", source)):
        return True
    if not _ADDRESS.search(source):
        return False
    return not source.isascii() or _ADDRESS.search(_PLAIN_ADDRESS.sub("", source)) is not None


def _is_added(run: str, source: str) -> bool:
    """Whether the renderer may show a run by itself: in a label, or as the number of an item."""
    if run.isdigit():
        numbers = _NUMBER.findall(source)
        highest = max(map(int, numbers), default=0) + len(numbers)
        return bool(numbers) and len(run) <= len(str(highest))
    return any(run in word.casefold() and any(mark in source for mark in marks) for word, marks in _WORDS.items())
