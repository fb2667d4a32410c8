"""Prompts that are used again: files in the configuration folder, with places to be filled in.

A template is a Markdown file ``templates/NAME.md``. ``{{input}}`` in it stands for what is typed and piped in, and
``{{name}}`` for ``-p name=value``; a place whose variable has no value is an error, and what is in a value is never
looked at again. Where ``{{input}}`` does not occur, the input follows the text. Before the text there may be settings,
in TOML between two lines of three plus signs::

    +++
    description = "Explains code to beginners."
    system = "You are a patient teacher of {{language}}."
    provider = "ollama"
    model = "qwen3:8b"
    options = { temperature = 0.2 }
    defaults = { language = "English" }
    +++
    Explain in {{language}}:

    {{input}}
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tui_stream.core.sanitize import clean_line
from tui_stream.errors import ConfigError, UsageError
from tui_stream.prompts.texts import decoded

SUFFIX: Final = ".md"
INPUT: Final = "input"
_NAME: Final = re.compile(r"[^\W_][\w.-]*", re.ASCII)
_PLACE: Final = re.compile(r"\{\{ *([A-Za-z_][A-Za-z0-9_-]*) *\}\}")
_HEAD: Final = re.compile(r"\+\+\+[ \t]*\r?\n(.*?)^\+\+\+[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_BEGUN: Final = re.compile(r"\+\+\+[ \t]*(?:\r?\n|\Z)")
_STRINGS: Final = ("description", "system", "provider", "model")
_TABLES: Final = ("options", "defaults")


@dataclass(frozen=True, slots=True)
class Template:
    """A template; `tui_stream.prompts.templates` says what is in one."""

    name: str
    text: str
    description: str = ""
    system: str = ""
    provider: str = ""
    model: str = ""
    options: Mapping[str, object] = field(default_factory=dict)
    defaults: Mapping[str, object] = field(default_factory=dict)

    @property
    def variables(self) -> list[str]:
        """The names of its places, in their order; the input is not among them."""
        found = dict.fromkeys(_PLACE.findall(f"{self.system}\n{self.text}"))
        return [name for name in found if name != INPUT]

    @property
    def wants_input(self) -> bool:
        """Whether it has a place for the input."""
        return INPUT in _PLACE.findall(self.text)

    def known(self, values: Mapping[str, str]) -> dict[str, str]:
        """The value of each variable; the template's own where none is given.

        Raises:
            UsageError: a variable has none, or a value belongs to no variable.
        """
        known = {**{name: _text(value) for name, value in self.defaults.items()}, **values}
        missing = [name for name in self.variables if name not in known]
        if missing:
            says = " ".join(f"-p {name}=..." for name in missing)
            raise UsageError(f"The template {self.name} needs more: {', '.join(missing)}.", hint=f"Give {says}")
        strange = [clean_line(name) for name in values if name not in self.variables]
        if strange:
            has = f"It has: {', '.join(self.variables)}." if self.variables else "It has no variables."
            raise UsageError(f"The template {self.name} has no variable {strange[0]!r}.", hint=has)
        return known

    def filled_system(self, values: Mapping[str, str]) -> str:
        """The system prompt with its places filled in.

        Raises:
            UsageError: as `known`.
        """
        return _fill(self.system, self.known(values))

    def filled(self, given: str, values: Mapping[str, str]) -> str:
        """The prompt with its places filled in.

        Args:
            given: the input.
            values: of the variables.

        Raises:
            UsageError: as `known`, or there is no input and a place for it.
        """
        known = self.known(values)
        if self.wants_input and not given.strip():
            raise UsageError(f"The template {self.name} needs something to work on.", hint="Pipe it in, or type it.")
        text = _fill(self.text, known | {INPUT: given})
        return f"{text.rstrip()}\n\n{given}" if given and not self.wants_input else text


def _fill(text: str, known: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: known[place[1]], text)


def names(folder: Path) -> list[str]:
    """The names of all templates in a folder, which need not exist."""
    return sorted(file.stem for file in folder.glob(f"*{SUFFIX}") if _NAME.fullmatch(file.stem) and file.is_file())


def load(folder: Path, name: str) -> Template:
    """The template of this name.

    Raises:
        UsageError: there is none.
        ConfigError: something in it is not valid.
    """
    file = folder / f"{name}{SUFFIX}"
    if not _NAME.fullmatch(name) or not file.is_file():
        known = names(folder)
        hint = f"There are: {', '.join(known)}." if known else f"Put one there: {folder / f'NAME{SUFFIX}'}"
        raise UsageError(f"There is no template {clean_line(name)!r}.", hint=hint)
    try:
        text = decoded(file.read_bytes(), str(file)).text
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.") from error
    return read(name, text.removeprefix("\ufeff"), str(file))


def read(name: str, text: str, where: str) -> Template:
    """A template out of its text.

    Args:
        name: of the template.
        text: all of the file.
        where: the file's name, for errors.

    Raises:
        ConfigError: its settings are not valid.
    """
    head = _HEAD.match(text)
    if head is None:
        if _BEGUN.match(text):
            raise ConfigError(f"{where}: the settings have no end.", hint="Put a line of three plus signs below them.")
        return Template(name, text)
    try:
        settings = tomllib.loads(f"\n{head[1]}")  # with the line +++, so that a fault is told at the file's line
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: {error}.", hint="Between the lines +++ stands TOML.") from error
    return Template(name, text[head.end() :], **_checked(settings, where))


def _checked(settings: Mapping[str, Any], where: str) -> dict[str, Any]:
    for key, value in settings.items():
        wanted = str if key in _STRINGS else dict if key in _TABLES else None
        if wanted is None:
            known = ", ".join((*_STRINGS, *_TABLES))
            raise ConfigError(f"{where}: {clean_line(key)!r} is no setting of a template.", hint=f"There are: {known}.")
        if not isinstance(value, wanted):
            kind = "a string" if wanted is str else "a table"
            raise ConfigError(f"{where}: {key} has to be {kind}.")
    if INPUT in _PLACE.findall(settings.get("system", "")):
        raise ConfigError(f"{where}: {{{{{INPUT}}}}} has no place in a system prompt.", hint="Put it into the text.")
    return dict(settings)


def parse_values(given: Sequence[str]) -> dict[str, str]:
    """``name=value`` of each flag ``-p``; a value that begins with @ is the text of that file, @@ stands for one @.

    Raises:
        UsageError: one is not of this form, or its file cannot be read.
    """
    from tui_stream.prompts.texts import read_file

    values: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError("-p takes NAME=VALUE.", hint='For example "-p language=English".')
        if value.startswith("@@"):
            value = value[1:]
        elif value.startswith("@"):
            hint = "-p NAME=@FILE takes a text file; @@ at the beginning stands for one @."
            value = read_file(Path(value[1:]), hint).text
        values[name.strip()] = value
    return values


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
