"""What the importers share: foreign values taken as they should be or not at all, and ids that stay the same."""

from __future__ import annotations

import json
import math
import re
import uuid
from datetime import UTC, datetime
from typing import Any, Final

from tui_stream.core.models import showable
from tui_stream.core.sanitize import clean, clean_line, repair

_NAMESPACE: Final = uuid.UUID("6d1f0b52-6a0c-5f7e-9a53-0f3c1f1d7a11")
"""Never to be changed: what was imported once is known again by it."""
_LAST: Final = 253_402_300_799  # the end of the year 9999, seconds
_MILLISECONDS: Final = 1e11  # seconds up to the year 5138; more are taken for milliseconds
_MOST_TOKENS: Final = 2**63 - 1
_MOST_TITLE: Final = 500
_TICKS: Final = re.compile("`{3,}")


def identifier(*names: str) -> str:
    """The id of something foreign: 32 digits that depend on its names and on nothing else."""
    return uuid.uuid5(_NAMESPACE, repair(json.dumps(names))).hex


def text(value: object) -> str:
    """A text without control characters; nothing for what is no text."""
    return clean(value) if isinstance(value, str) else ""


def title(value: object) -> str:
    """A text as one line."""
    return clean_line(value, _MOST_TITLE) if isinstance(value, str) else ""


def mapping(value: object) -> dict[str, Any]:
    """An object of JSON, empty for what is none."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """A list of JSON, empty for what is none."""
    return value if isinstance(value, list) else []


def parsed(value: object) -> Any:
    """What a column holds as JSON; None where that is not valid."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def tokens(value: object) -> int | None:
    """A number of tokens; None for what is none."""
    return value if type(value) is int and 0 <= value <= _MOST_TOKENS else None


def moment(value: object) -> datetime | None:
    """A moment from seconds or milliseconds since 1970, or ISO 8601, without a zone in UTC; None for what is none."""
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
        return showable(found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value) or value < 0:
        return None
    seconds = value / 1000 if value > _MILLISECONDS else value
    return showable(datetime.fromtimestamp(seconds, UTC)) if seconds <= _LAST else None


def fenced(code: str, language: str = "") -> str:
    """Code as a block of Markdown that nothing in it ends."""
    longest = max((len(ticks) for ticks in _TICKS.findall(code)), default=2)
    fence = "`" * (longest + 1)
    end = "" if code.endswith("\n") else "\n"
    return f"{fence}{''.join(language.split())}\n{code}{end}{fence}"


def as_json(value: object) -> str:
    """A value as JSON text."""
    return json.dumps(value, ensure_ascii=False)
