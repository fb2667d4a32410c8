"""Finds the settings in force: defaults, the settings file, the environment, flags; later ones win.

Four rules bind a provider, a model and an address together:

- An address goes to the provider that is named beside it or below it, and means ``openai`` where none is.
- One address that a later source names replaces the list of an earlier one; several given by one source are a list.
- A model belongs to the provider named beside it: where a later source names another provider and no model,
  the model is left aside, and the other provider's own holds. So it is with fallbacks that name no provider.
- The model of ``replay`` is the recording to play: ``--provider replay --model FILE``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from tui_stream import paths
from tui_stream.config import Settings
from tui_stream.config.check import Checked, check
from tui_stream.config.fallbacks import own_provider
from tui_stream.config.given import Given, Overrides, from_environment, from_flags, parse_budget
from tui_stream.config.schema import build, field_path, spelled
from tui_stream.config.toml import KeyPath, dotted, key_lines, line_of
from tui_stream.errors import ConfigError

_SYNTAX = re.compile(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Resolved:
    """The settings in force and where they come from.

    Attributes:
        settings: what holds.
        file: the settings file that was looked for.
        found: it exists and was read.
        origins: for every value that some source gives, by its path: "file, line 3", "environment,
            OLLAMA_HOST" or "flag, --model".
    """

    settings: Settings
    file: Path
    found: bool
    origins: Mapping[KeyPath, str]


def load(*, file: Path | None = None, environ: Mapping[str, str], flags: Overrides | None = None) -> Settings:
    """The settings in force.

    Args:
        file: the settings file that ``--config`` names; it must exist.
        environ: the environment variables.
        flags: what the person typed.

    Raises:
        ConfigError: one line for each value that is not valid; or the file cannot be read.
        UsageError: an option is not of the form ``name=value``, or a budget is no amount.
    """
    return resolve(file=file, environ=environ, flags=flags).settings


def resolve(*, file: Path | None = None, environ: Mapping[str, str], flags: Overrides | None = None) -> Resolved:
    """The settings in force together with where each comes from; arguments and errors as of `load`."""
    path = config_path(file, environ)
    explicit = file is not None or bool(environ.get("TUI_STREAM_CONFIG"))
    text = _read(path, explicit=explicit)
    stack = _Stack()
    if text is not None:
        stack.add(_file_layer(path, text))
    stack.add(_given_layer("environment", list(from_environment(environ, stack.provider))))
    stack.add(_given_layer("flag", list(from_flags(flags or Overrides(), stack.provider))))
    if stack.problems:
        raise ConfigError("\n".join(stack.problems))
    stack.play_the_model()
    settings = _with_flags(build(Settings, stack.values), flags or Overrides())
    return Resolved(settings, path, text is not None, stack.origins)


def _with_flags(settings: Settings, flags: Overrides) -> Settings:
    """The settings with what flags add to them, and do not put in the place of anything."""
    own = () if flags.budget is None else (parse_budget(flags.budget, together=flags.together),)
    return replace(settings, budgets=(*settings.budgets, *own), over_budget=flags.over_budget)


def config_path(file: Path | None, environ: Mapping[str, str]) -> Path:
    """The settings file: that of ``--config``, of ``TUI_STREAM_CONFIG``, or the platform's place for it."""
    named = file or environ.get("TUI_STREAM_CONFIG")
    return Path(named).expanduser() if named else paths.config_file()


def check_file(path: Path) -> None:
    """Reads a settings file and nothing else.

    Raises:
        ConfigError: it cannot be read, or one line for each thing that is wrong in it.
    """
    problems = _file_layer(path, _read(path, explicit=True) or "").problems
    if problems:
        raise ConfigError("\n".join(problems))


class _Layer(NamedTuple):
    """What one source says: valid values by path, where each stands, and what is wrong."""

    values: Mapping[KeyPath, object]
    origins: Mapping[KeyPath, str]
    problems: Sequence[str]


@dataclass(slots=True)
class _Stack:
    """The layers so far, one upon the other."""

    values: dict[KeyPath, object] = field(default_factory=dict)
    origins: dict[KeyPath, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def provider(self) -> str:
        """The provider that is named so far."""
        return str(self.values.get(("provider",), ""))

    def add(self, layer: _Layer) -> None:
        before = self.provider
        self._drop_lists(layer)
        self.values.update(layer.values)
        self.origins.update(layer.origins)
        self.problems.extend(layer.problems)
        if before and self.provider != before:
            self._leave(layer)

    def play_the_model(self) -> None:
        """Moves the model that is named for `replay` to where its recording stands."""
        if self.provider == "replay" and self.values.get(("model",)):
            self.values["providers", "replay", "file"] = self.values["model",]
            self.origins["providers", "replay", "file"] = self.origins["model",]
            self._drop("model")

    def _drop_lists(self, layer: _Layer) -> None:
        """Takes away lists of addresses where a later layer names one address."""
        for *table, name in layer.values:
            if name == "base_url":
                self._drop(*table, "base_urls")

    def _leave(self, layer: _Layer) -> None:
        """Leaves aside what belongs to the provider that a layer has just replaced."""
        if ("model",) not in layer.values:
            self._drop("model")
        specs = self.values.get(("fallback",))
        if ("fallback",) not in layer.values and isinstance(specs, tuple):
            kept = own_provider(specs)
            self.values["fallback",] = kept
            if not kept:
                self._drop("fallback")

    def _drop(self, *path: str | int) -> None:
        self.values.pop(path, None)
        self.origins.pop(path, None)


def _read(path: Path, *, explicit: bool) -> str | None:
    """The text of a settings file; None where it does not exist and nobody said that it did."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        if not explicit:
            return None
        hint = f'"tui-stream config init --config {path}" writes one with every setting explained.'
        raise ConfigError(f"The settings file {path} does not exist.", hint=hint) from error
    except OSError as error:
        raise ConfigError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: this is not UTF-8 text.", hint="Save the file as UTF-8.") from error


def _parse(path: Path, text: str) -> dict[str, object]:
    import tomllib

    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ConfigError(f"{path}: lists or tables stand too deep inside each other.") from error
    except ValueError as error:  # besides syntax: a number of thousands of digits
        found = _SYNTAX.fullmatch(str(error))
        line = (found and found["line"]) or (text.rstrip().count("\n") + 1 if found else 1)
        what = found["what"] if found else str(error)
        raise ConfigError(f"{path}:{line}: this is not TOML: {what}.") from error


def _file_layer(path: Path, text: str) -> _Layer:
    data = _parse(path, text)
    checked = check(data, stored=True)
    lines = {field_path(path): line for path, line in key_lines(text).items()}
    located = sorted((line_of(lines, problem.path), problem) for problem in checked.problems)
    problems = [f"{path}:{line}: {dotted(spelled(problem.path))}: {problem.text}" for line, problem in located]
    origins = {key: f"file, line {line_of(lines, key)}" for key in checked.values}
    return _Layer(checked.values, origins, problems)


def _given_layer(source: str, given: Sequence[Given]) -> _Layer:
    values: dict[KeyPath, object] = {}
    origins: dict[KeyPath, str] = {}
    problems: list[str] = []
    for item in given:
        checked = _checked(item)
        problems += [f"{item.where}: {item.wrong}"] if item.wrong else []
        problems += [f"{item.where}: {problem.text}" for problem in checked.problems]
        values |= checked.values
        origins |= dict.fromkeys(checked.values, f"{source}, {item.where}")
    return _Layer(values, origins, list(dict.fromkeys(problems)))


def _checked(item: Given) -> Checked:
    if item.wrong:
        return Checked({}, [])
    if isinstance(item.value, Path):  # no value of a file is one
        return Checked({item.path: item.value}, [])
    *tables, name = map(str, item.path)
    nested = {name: item.value}
    for table in reversed(tables):
        nested = {table: nested}
    return check(nested, stored=False)
