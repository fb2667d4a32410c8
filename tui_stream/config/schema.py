"""Reads the declarations of `tui_stream.config`: which settings there are, and which values each takes."""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from tui_stream.config.marks import FallbackModel, HttpUrl, OneOf, Range, VariableName, WebSocketUrl
from tui_stream.config.toml import KeyPath

_T = TypeVar("_T")
_WORDS: Mapping[object, str] = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    object: "a value that JSON can carry",
}


class Hint(NamedTuple):
    """An annotation of a setting, taken apart.

    Attributes:
        base: the type without its marks, and without None.
        marks: what `typing.Annotated` adds to it.
        inner: the types that it is made of.
    """

    base: Any
    marks: tuple[object, ...]
    inner: tuple[Any, ...]

    @property
    def is_table(self) -> bool:
        """The setting is a table of its own: a dataclass."""
        return dataclasses.is_dataclass(self.base)

    @property
    def is_mapping(self) -> bool:
        """The setting takes any keys."""
        return get_origin(self.base) is Mapping

    @property
    def is_tables(self) -> bool:
        """The setting is an array of tables: a tuple of dataclasses."""
        return get_origin(self.base) is tuple and dataclasses.is_dataclass(self.inner[0])

    @property
    def is_list(self) -> bool:
        """The setting is a list of values: a tuple of anything else."""
        return get_origin(self.base) is tuple and not self.is_tables


def hints(cls: type) -> dict[str, Hint]:
    """The annotations of a dataclass by the names of its fields, in their order."""
    written = get_type_hints(cls, include_extras=True)
    return {field.name: take_apart(written[field.name]) for field in dataclasses.fields(cls)}


def take_apart(written: Any) -> Hint:
    """Makes a hint of an annotation; None beside a type says nothing, as no file can hold it."""
    marks: tuple[object, ...] = ()
    if get_origin(written) in {Union, types.UnionType}:
        (written,) = (part for part in get_args(written) if part is not types.NoneType)
    if get_origin(written) is Annotated:
        written, *rest = get_args(written)
        marks = tuple(rest)
    return Hint(written, marks, get_args(written))


def expected(hint: Hint) -> str:
    """Says in words which values a setting takes, as in "a whole number from 1 to 100"."""
    if names := choices(hint):
        return f"one of {', '.join(names)}"
    words = "a list" if hint.is_list else _WORDS.get(hint.base, "")
    for mark in hint.marks:
        match mark:
            case Range(least, math.inf):
                words += f" of {least:g} or more"
            case Range(least, most):
                words += f" from {least:.15g} to {most:.15g}"
            case HttpUrl():
                words = "an address that begins with http:// or https://"
            case WebSocketUrl():
                words = "an address that begins with ws:// or wss://"
            case FallbackModel():
                words = "a model, provider/model, or a provider's name"
            case VariableName():
                words = "the name of an environment variable"
    return words


def choices(hint: Hint) -> tuple[str, ...]:
    """The few strings that a setting takes; nothing where it takes any."""
    if get_origin(hint.base) is Literal:
        return hint.inner
    return next((mark.names for mark in hint.marks if isinstance(mark, OneOf)), ())


def file_settings(cls: type) -> dict[str, Hint]:
    """The settings of a table that a file may hold; the others are flags only."""
    flags = {field.name for field in dataclasses.fields(cls) if "flag" in field.metadata}
    return {name: hint for name, hint in hints(cls).items() if name not in flags}


def field_path(path: KeyPath) -> KeyPath:
    """The path of the field that a path in a file means: a provider's table may be spelled with dashes."""
    match path:
        case ("providers", str(table), *rest):
            return ("providers", table.replace("-", "_"), *rest)
    return path


def spelled(path: KeyPath) -> KeyPath:
    """A field's path as files are written: a provider's table bears the provider's name."""
    match path:
        case ("providers", str(table), *rest):
            return ("providers", table.replace("_", "-"), *rest)
    return path


def required(cls: type) -> list[str]:
    """The settings of a table that have no default."""
    missing = dataclasses.MISSING
    return [
        field.name for field in dataclasses.fields(cls) if field.default is missing and field.default_factory is missing
    ]


def build(cls: type[_T], values: Mapping[KeyPath, object], path: KeyPath = ()) -> _T:
    """Makes a dataclass from valid values by their full paths; what is not there takes its default."""
    arguments: dict[str, object] = {}
    for name, hint in hints(cls).items():
        here = (*path, name)
        if hint.is_table:
            arguments[name] = build(hint.base, values, here)
        elif hint.is_mapping:
            arguments[name] = {str(key[-1]): value for key, value in values.items() if key[:-1] == here}
        elif here in values:
            arguments[name] = values[here]
    return cls(**arguments)
