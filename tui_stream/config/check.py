"""Checks values against the settings that `tui_stream.config` declares.

Everything that is wrong is collected, so that a person mends a file once and not once for each mistake. No
message repeats a string that was found: it may be a key that was pasted into the wrong place.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tui_stream.config import Settings
from tui_stream.config.fallbacks import wrong_with
from tui_stream.config.marks import FallbackModel, HttpUrl, OneOf, Range, VariableName, WebSocketUrl
from tui_stream.config.schema import (
    Hint,
    build,
    choices,
    expected,
    field_path,
    file_settings,
    required,
    spelled,
    take_apart,
)
from tui_stream.config.toml import KeyPath, dotted

_KEEP_KEYS_OUT = (
    "this looks like a key, and keys never stand in this file: in the provider's table, api_key_env names "
    "the environment variable that holds it, api_key_command a command that prints it, or api_key_keyring an entry of "
    "the keyring."
)
_SECRET_NAME = re.compile(
    r"(?:.*[_-])?(?:api|access|private|secret)[_-]?key|key|(?:(?:api|access|auth|bearer|refresh|session)[_-]?)?token"
    r"|(?:.*[_-])?(?:secret|password|passwd)|(?:proxy-)?authorization|cookie",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"^\s*sk-\S+\s*$|^(?i:bearer|basic)\s+\S{8,}$|(?:^|[\s\"'=:])(?:sk-[\w-]{16,}|"
    r"(?:sk_|gsk_|hf_|ghp_|xai-|pplx-|nvapi-|AIza)[\w-]{20,})"
)
_GREAT = 10**15
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Problem(NamedTuple):
    """What is wrong with one value."""

    path: KeyPath
    text: str


class Checked(NamedTuple):
    """The valid values by their full paths, and what is wrong with the others."""

    values: dict[KeyPath, object]
    problems: list[Problem]


def check(data: Mapping[str, object], *, stored: bool) -> Checked:
    """Checks nested tables as they come out of a TOML document.

    Args:
        data: the tables.
        stored: they come from a file: nothing that looks like a key may stand in it.
    """
    data = _with_field_names(data)
    checker = _Checker(set(_secrets((), data)) if stored else set())
    checker.table(Settings, data, ())
    return Checked(checker.values, checker.problems)


def _with_field_names(data: Mapping[str, object]) -> Mapping[str, object]:
    """The tables with those of the providers under the names of their fields, however they were spelled."""
    tables = data.get("providers")
    if not isinstance(tables, dict):
        return data
    renamed: dict[str, object] = {}
    for key, value in tables.items():
        name = str(field_path(("providers", key))[-1])
        before = renamed.get(name)
        renamed[name] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
    return {**data, "providers": renamed}


class _Checker:
    """Walks tables and settings side by side."""

    def __init__(self, secrets: set[KeyPath]) -> None:
        self.values: dict[KeyPath, object] = {}
        self._secrets = secrets
        self.problems = [Problem(path, _KEEP_KEYS_OUT) for path in secrets]

    def table(self, cls: type, data: Mapping[str, object], path: KeyPath) -> None:
        known = file_settings(cls)
        for key, value in data.items():
            here = (*path, key)
            if here in self._secrets:
                continue
            if key in known:
                self._setting(known[key], value, here)
            else:
                self._wrong(here, _unknown(cls, key, path))

    def _wrong(self, path: KeyPath, text: str) -> None:
        self.problems.append(Problem(path, text))

    def _setting(self, hint: Hint, value: object, here: KeyPath) -> None:
        if hint.is_tables:
            self._tables(hint.inner[0], value, here)
        elif hint.is_list:
            self._list(hint, value, here)
        elif not (hint.is_table or hint.is_mapping):
            self._leaf(hint, value, here)
        elif not isinstance(value, dict):
            self._wrong(here, f"expected a table, not {_kind(value)}.")
        elif hint.is_table:
            self.table(hint.base, value, here)
        else:
            for key, item in value.items():
                if (*here, key) not in self._secrets:
                    self._leaf(take_apart(hint.inner[1]), item, (*here, key))

    def _tables(self, cls: type, value: object, here: KeyPath) -> None:
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            self._wrong(here, f"expected tables that begin with [[{dotted(here)}]].")
            return
        made: list[object] = []
        for place, entry in enumerate(value):
            path = (*here, place)
            missing = [name for name in required(cls) if name not in entry]
            if missing:
                self._wrong(path, f"{' and '.join(missing)} must be given too.")
            self.table(cls, entry, path)
            if all((*path, name) in self.values for name in required(cls)):
                built: Any = build(cls, self.values, path)
                made.append(built)
                if wrong := getattr(built, "wrong", str)():
                    self._wrong(path, wrong)
        self.values = {path: item for path, item in self.values.items() if path[: len(here)] != here}
        self.values[here] = tuple(made)

    def _list(self, hint: Hint, value: object, here: KeyPath) -> None:
        if not isinstance(value, list):
            self._wrong(here, f"expected {expected(hint)}, not {_kind(value)}.")
            return
        inner, before = take_apart(hint.inner[0]), len(self.problems)
        for place, item in enumerate(value):
            if item == "":
                self._wrong((*here, place), f"expected {expected(inner)}, not an empty string.")
            elif (*here, place) not in self._secrets:
                self._leaf(inner, item, (*here, place))
        made = tuple(self.values.pop((*here, place), None) for place in range(len(value)))
        if len(self.problems) == before and None not in made:
            self.values[here] = made

    def _leaf(self, hint: Hint, value: object, here: KeyPath) -> None:
        if _has_half_a_pair(value):
            self._wrong(here, "half of a surrogate pair is no text, and cannot be sent.")
            return
        converted = _converted(hint, value)
        if converted is not None and all(_fits(mark, converted) for mark in hint.marks):
            self.values[here] = converted
            return
        text = f"expected {expected(hint)}"
        if isinstance(value, str) and FallbackModel() in hint.marks:
            self._wrong(here, wrong_with(value))
        elif hint.base is object:
            self._wrong(here, f"{text}: no date, no nan or inf, no number beyond 64 bits.")
        elif isinstance(value, str):
            near = _nearest(value, choices(hint))
            self._wrong(here, f'{text}; did you mean "{near[0]}"?' if near else f"{text}{_not_string(hint)}.")
        else:
            self._wrong(here, f"{text}, not {_kind(value)}.")


def _not_string(hint: Hint) -> str:
    return "" if hint.base is str or choices(hint) else ", not a string"


def _converted(hint: Hint, value: object) -> object:
    """The value as the setting's type, or None where it is of another."""
    if hint.base is object:
        return value if _is_json(value) else None
    import msgspec

    try:
        converted: object = msgspec.convert(value, hint.base, strict=True)
    except msgspec.ValidationError:
        return None
    return converted if _is_json(converted) else None


def _has_half_a_pair(value: object) -> bool:
    """Whether text in a value cannot be encoded; JSON can name such text, and undecodable bytes are read as such."""
    match value:
        case str():
            return _HALF_A_PAIR.search(value) is not None
        case list():
            return any(map(_has_half_a_pair, value))
        case dict():
            return any(map(_has_half_a_pair, (*value, *value.values())))
    return False


def _is_json(value: object) -> bool:
    """Whether JSON can carry a value to every reader: no dates, no nan or inf, whole numbers of 64 bits."""
    match value:
        case bool() | str():
            return True
        case int():
            return -(2**63) <= value < 2**63
        case float():
            return math.isfinite(value)
        case list():
            return all(map(_is_json, value))
        case dict():
            return all(map(_is_json, value.values()))
    return False


def _fits(mark: object, value: Any) -> bool:
    fits = True
    match mark:
        case Range(least, most):
            fits = bool(least <= value <= most)
        case OneOf(names):
            fits = not value or value in names
        case HttpUrl():
            fits = _is_url(value, "http", "https")
        case WebSocketUrl():
            fits = not value or _is_url(value, "ws", "wss")
        case FallbackModel():
            fits = not wrong_with(value)
        case VariableName():
            fits = not value or _VARIABLE.fullmatch(value) is not None
    return fits


def _is_url(text: str, *schemes: str) -> bool:
    if not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, or half a bracket
        return False


def _nearest(word: str, words: Sequence[str]) -> list[str]:
    """The word that is most like another, if any is."""
    from difflib import get_close_matches

    return get_close_matches(word.lower(), words, 1)


def _kind(value: object) -> str:
    """What a value is; a number says so by itself, unless it is endless."""
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case int() if abs(value) >= _GREAT:
            return "so great a number"
        case int() | float():
            return repr(value)
    names = ((str, "a string"), (Mapping, "a table"), (Sequence, "a list"))
    return next((name for kind, name in names if isinstance(value, kind)), "a date or a time")


def _unknown(cls: type, key: str, path: KeyPath) -> str:
    """Says that there is no such setting, and which one was meant."""
    for field in dataclasses.fields(cls):
        if field.name == key:
            return f"this is no setting of the file; use the flag {field.metadata['flag']}."
    names = [str(spelled((*path, name))[-1]) for name in file_settings(cls)]
    meant = [dotted(spelled((*path, name))) for name in _nearest(key, names)]
    meant = meant or [dotted(spelled(other)) for other in _all_paths(Settings, ()) if spelled(other)[-1] == key]
    if meant:
        return f"there is no such setting; did you mean {' or '.join(meant)}?"
    return f"there is no such setting; the settings here are {', '.join(names)}."


def _all_paths(cls: type, path: KeyPath) -> Iterator[KeyPath]:
    for name, hint in file_settings(cls).items():
        yield (*path, name)
        if hint.is_table:
            yield from _all_paths(hint.base, (*path, name))


def _secrets(path: KeyPath, value: object) -> Iterator[KeyPath]:
    """The paths of everything that looks like a key by its name or by itself."""
    name = path[-1] if path else ""
    if isinstance(name, str) and _SECRET_NAME.fullmatch(name):
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _secrets((*path, key), item)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _secrets((*path, place), item)
    elif isinstance(value, str) and _SECRET_VALUE.search(value):
        yield path


def looks_secret(name: str, value: object) -> bool:
    """Whether a value, or anything in it, should not be shown to people."""
    return any(True for _ in _secrets((name,), value))
