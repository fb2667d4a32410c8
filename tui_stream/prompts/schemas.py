"""The form that an answer is to have: a JSON Schema, and whether an answer is valid by it.

Nothing is fetched: a schema that refers to another document is refused before anything is sent.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tui_stream.core.sanitize import clean_line
from tui_stream.errors import SchemaError, UsageError
from tui_stream.prompts._references import check_references
from tui_stream.prompts.texts import read_file

_FENCE: Final = re.compile(r"(`{3,})(?:json)?[ \t]*\r?\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Schema:
    """A JSON Schema that is valid itself."""

    document: dict[str, Any]

    async def checked(self, answer: str) -> str:
        """The answer, which is valid; without the code fence that some models put around it.

        Raises:
            SchemaError: it is not, or that cannot be found out.
        """
        from tui_stream.prompts import _checking

        text = _unfenced(answer)
        try:
            value = json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise SchemaError(f"The answer is not JSON: {clean_line(str(error))}.", hint=_HINT) from error
        faults, count = await _checking.faults(self.document, value)
        if faults:
            more = f" (and {count - len(faults)} more)" if count > len(faults) else ""
            raise SchemaError(f"The answer is not valid: {'; '.join(faults)}{more}.", hint=_HINT)
        return text


_HINT: Final = "Ask again, or ask a model that keeps to a schema."


def _unfenced(answer: str) -> str:
    """What is between a fence and the same at the very end, be that a line by itself or not; else all of it."""
    text = answer.strip()
    opened = _FENCE.match(text)
    if opened is None or not text.endswith(opened[1]) or len(text) < opened.end() + len(opened[1]):
        return answer
    return text[opened.end() : -len(opened[1])].rstrip()


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def load(given: str) -> Schema:
    """A schema: JSON where it begins with a brace, else the file of that name.

    Raises:
        UsageError: it cannot be read, is no JSON, no schema, or refers to another document.
    """
    text = given if _is_json(given) else read_file(Path(given), _USE).text
    try:
        document = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The schema is not JSON: {clean_line(str(error))}.", hint=_USE) from error
    if not isinstance(document, dict):
        raise UsageError("The schema is not a JSON object.", hint=_USE)
    try:
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:
        said = "The schema has what cannot be sent: half of a surrogate pair, or too great a number."
        raise UsageError(said) from error
    try:
        _check(document, document)
        check_references(document, lambda target: _check(target, document))
    except RecursionError as error:
        raise UsageError("The schema is too deep.") from error
    return Schema(document)


_USE: Final = 'Name a file or give JSON, for example: --schema \'{"type": "object", "required": ["name"]}\''


def _is_json(given: str) -> bool:
    """Whether it is no file's name: it begins with a brace, is nothing, or is JSON and no such file exists."""
    if not given.strip() or given.lstrip().startswith("{"):
        return True
    try:
        json.loads(given)
    except (ValueError, RecursionError):
        return False
    return not os.path.exists(given)  # noqa: PTH110 - says no where a name is too long, which Path raises


def _check(schema: Any, document: dict[str, Any]) -> None:
    """Whether a schema, or a place in it, is valid by the draft that all of it keeps to."""
    import jsonschema

    if not isinstance(document.get("$schema", ""), str):
        raise UsageError("The schema is not valid: $schema: that is no text.", hint=_USE)
    try:
        made = jsonschema.validators.validator_for(document, default=jsonschema.Draft202012Validator)
    except ValueError as error:  # of an address that is none
        raise UsageError(f"The schema is not valid: $schema: {clean_line(str(error))}.", hint=_USE) from error
    try:
        made.check_schema(schema)
    except jsonschema.SchemaError as error:
        at = clean_line(error.json_path)
        hint = "Patterns are read as Python's re does, which has no \\p{...}." if at.endswith("pattern") else _USE
        raise UsageError(f"The schema is not valid: {at}: {clean_line(error.message, 120)}.", hint=hint) from error
