"""Writes settings as TOML: the example that explains every one, and those in force with their origins."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tui_stream import config
from tui_stream.config import money
from tui_stream.config.check import looks_secret
from tui_stream.config.schema import Hint, choices, file_settings, spelled
from tui_stream.config.toml import KeyPath, dotted, toml_key, toml_value

_WIDTH = 100
_MASK = "***"
_HEAD = (
    "Settings of tui-stream. Every setting stands here at its default: delete what you do not change, so "
    "that better defaults of later versions reach you. A line that begins with # and no space is an example; "
    "take the # away to use it. Keys never stand in this file, only where to find them."
)


def example() -> str:
    """The complete settings file at its defaults, each setting explained by its docstring.

    Loading it gives the defaults.
    """
    lines = [*_comment(_HEAD), *_example_table(config.Settings(), (), _docstrings())]
    return "\n".join(lines) + "\n"


def effective(settings: config.Settings, origins: Mapping[KeyPath, str]) -> str:
    """The settings in force, with where each value comes from as a comment behind it.

    What may be a secret is masked: the values of headers, a login or a query in an address, and whatever
    looks like a key.

    Args:
        settings: what to write.
        origins: where values come from, by their paths; all others are defaults.
    """
    return "\n".join(_effective_table(settings, (), origins)).lstrip("\n") + "\n"


class _Field(NamedTuple):
    name: str
    path: KeyPath
    hint: Hint
    value: Any
    example: Any


def _fields(table: Any, path: KeyPath) -> list[_Field]:
    """The settings of a table that a file may hold, values before tables as TOML wants it."""
    known = file_settings(type(table))
    found = [
        _Field(
            field.name,
            (*path, field.name),
            known[field.name],
            getattr(table, field.name),
            field.metadata.get("example"),
        )
        for field in dataclasses.fields(table)
        if field.name in known
    ]
    return sorted(found, key=lambda item: item.hint.is_table or item.hint.is_tables)


# The example ---------------------------------------------------------------------------------------------


def _example_table(table: Any, path: KeyPath, docs: Mapping[tuple[str, str], str]) -> Iterator[str]:
    """The lines of a table; ``docs`` explains settings by class and name, and a class by an empty name."""
    for item in _fields(table, path):
        yield ""
        if item.hint.is_table:
            yield from _comment(docs.get((item.hint.base.__name__, ""), ""))
            if any(not inner.hint.is_table for inner in _fields(item.value, item.path)):
                yield f"[{dotted(spelled(item.path))}]"
            yield from _example_table(item.value, item.path, docs)
        elif item.hint.is_tables:
            yield from _comment(docs.get((item.hint.inner[0].__name__, ""), ""))
            yield from _example_tables(item, docs)
        else:
            yield from _comment(_explained(type(table), item.name, docs) + _choices(item.hint))
            if item.hint.is_mapping or item.hint.is_list:
                yield f"#{item.name} = {toml_value(item.example)}"
            else:
                yield f"{item.name} = {toml_value(item.value)}"


def _explained(cls: type, name: str, docs: Mapping[tuple[str, str], str]) -> str:
    """The docstring of a setting, which may stand in the class that this one is made from."""
    return next((docs[kind.__name__, name] for kind in cls.__mro__ if (kind.__name__, name) in docs), "")


def _example_tables(item: _Field, docs: Mapping[tuple[str, str], str]) -> Iterator[str]:
    """An array of tables, whole in comments: where # is taken away the explanations remain comments."""
    for entry in item.example:
        yield f"#[[{dotted(spelled(item.path))}]]"
        for line in _example_table(entry, item.path, docs):
            yield f"#{line}" if line else "#"


def _choices(hint: Hint) -> str:
    names = choices(hint)
    return f" One of: {', '.join(names)}." if names else ""


def _comment(text: str) -> list[str]:
    return textwrap.wrap(
        " ".join(text.split()),
        _WIDTH,
        initial_indent="# ",
        subsequent_indent="# ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def _docstrings() -> dict[tuple[str, str], str]:
    """The docstrings of the classes of settings and the strings under their attributes, out of the source."""
    found: dict[tuple[str, str], str] = {}
    for kind in (*ast.parse(inspect.getsource(config)).body, *ast.parse(inspect.getsource(money)).body):
        if isinstance(kind, ast.ClassDef):
            found[kind.name, ""] = ast.get_docstring(kind) or ""
            for attribute, after in zip(kind.body, kind.body[1:], strict=False):
                match attribute, after:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                        found[kind.name, name] = text
    return found


# The settings in force -----------------------------------------------------------------------------------


def _effective_table(table: Any, path: KeyPath, origins: Mapping[KeyPath, str]) -> Iterator[str]:
    for item in _fields(table, path):
        if item.hint.is_table:
            if any(not inner.hint.is_table for inner in _fields(item.value, item.path)):
                yield from ("", f"[{dotted(spelled(item.path))}]")
            yield from _effective_table(item.value, item.path, origins)
        elif item.hint.is_tables:
            yield from _effective_tables(item, origins)
        elif item.hint.is_mapping and item.value:
            for key, value in item.value.items():
                name = f"{item.name}.{toml_key(key)}"
                yield _line(name, _masked(item.name, key, value), origins.get((*item.path, key)))
        elif item.value is not None:
            yield _line(item.name, _masked("", item.name, item.value), origins.get(item.path))


def _effective_tables(item: _Field, origins: Mapping[KeyPath, str]) -> Iterator[str]:
    for entry in item.value:
        yield from ("", f"[[{dotted(spelled(item.path))}]]  # {origins.get(item.path, 'default')}")
        for inner in _fields(entry, ()):
            if inner.value is not None:
                yield f"{inner.name} = {toml_value(inner.value)}"


def _line(name: str, value: object, origin: str | None) -> str:
    return f"{name} = {toml_value(value)}  # {origin or 'default'}"


def _masked(table: str, name: str, value: object) -> object:
    if name == "api_key_command" and isinstance(value, str) and " " in value.strip():
        return f"{value.split()[0]} {_MASK}"
    if (
        table == "headers"
        or (table == "body" and not isinstance(value, bool | int | float))
        or looks_secret(name, value)
    ):
        return _MASK
    if isinstance(value, tuple):
        return [_masked(table, name, item) for item in value]
    return mask_url(value) if isinstance(value, str) and "://" in value else value


def mask_url(url: str) -> str:
    """An address without its login and the values of its query, which may be secrets."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return _MASK
    login, at, host = parts.netloc.rpartition("@")
    query = _MASK if parts.query else ""
    return parts._replace(netloc=f"{_MASK if login else ''}{at}{host}", query=query, fragment="").geturl()
