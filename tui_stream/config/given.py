"""What the environment and the flags say about settings, each value with the place where it belongs.

The environment:

- ``TUI_STREAM_CONFIG``: the settings file, as ``--config`` names it.
- ``TUI_STREAM_PROVIDER``, ``TUI_STREAM_MODEL``, ``TUI_STREAM_BASE_URL``: as the flags of these names.
- ``TUI_STREAM_OFFLINE``: 1, true, yes or on as the flag; 0, false, no or off where the file says otherwise.
- ``OPENAI_BASE_URL`` and ``OLLAMA_HOST``: the address of that provider (for OpenAI, of both its APIs), read as its own
  tools read it.

An empty variable counts as not set.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from tui_stream.config import PROVIDER_NAMES, Providers
from tui_stream.config.money import BudgetSetting
from tui_stream.config.toml import KeyPath
from tui_stream.errors import UsageError

_NAMED_BY_MODEL = {"embedded": "a GGUF file", "replay": "a recording"}
_BUDGET = re.compile(r"(?P<tokens>\d{1,12})\s*t(?:okens?)?|\$?(?P<dollars>\d{1,12}(?:\.\d{1,12})?)")
_SWITCH = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(("0", "false", "no", "off"), False)


@dataclass(frozen=True, slots=True)
class Overrides:
    """The flags that a person typed; None, or nothing, where one was not.

    Attributes:
        base_urls: one address, or several endpoints for one model.
        options: parameters for the model, each as ``name=value``; see `parse_option`.
        budget: a limit for each turn beside those of the file; see `parse_budget`.
        together: it is one limit for all that is asked for.
    """

    provider: str | None = None
    model: str | None = None
    base_urls: Sequence[str] = ()
    fallback: Sequence[str] = ()
    offline: bool = False
    no_store: bool = False
    options: Sequence[str] = ()
    record: Path | None = None
    log: Path | None = None
    system: str | None = None
    speed: float | None = None
    max_tokens: int | None = None
    timeout: float | None = None
    budget: str | None = None
    together: bool = False
    over_budget: bool = False


class Given(NamedTuple):
    """One value of the variable or flag ``where``; ``wrong`` says why it has no place."""

    path: KeyPath
    value: object
    where: str
    wrong: str = ""


def from_environment(environ: Mapping[str, str], below: str) -> Iterator[Given]:
    """What the variables say; ``below`` is the provider that the sources below name."""
    if host := environ.get("OLLAMA_HOST", "").strip():
        from tui_stream.config.ollama_host import ollama_url

        yield Given(("providers", "ollama", "base_url"), ollama_url(host), "OLLAMA_HOST")
    if url := environ.get("OPENAI_BASE_URL", "").strip():
        for table in ("openai", "openai_responses"):
            yield Given(("providers", table, "base_url"), url, "OPENAI_BASE_URL")
    names = ("TUI_STREAM_PROVIDER", "TUI_STREAM_MODEL", "TUI_STREAM_BASE_URL")
    provider, model, base_url = (environ.get(name) or None for name in names)
    yield from _choice(_Choice(provider, model, (base_url,) if base_url else ()), names, below)
    if word := environ.get("TUI_STREAM_OFFLINE", "").strip().lower():
        wrong = "" if word in _SWITCH else f"expected one of {', '.join(_SWITCH)}."
        yield Given(("offline",), _SWITCH.get(word), "TUI_STREAM_OFFLINE", wrong)


def from_flags(flags: Overrides, below: str) -> Iterator[Given]:
    """What the flags say; ``below`` as of `from_environment`.

    Raises:
        UsageError: an option is not of the form ``name=value``.
    """
    names = ("--provider", "--model", "--base-url")
    yield from _choice(_Choice(flags.provider, flags.model, tuple(flags.base_urls)), names, below)
    if flags.fallback:
        yield Given(("fallback",), list(flags.fallback), "--fallback")
    if flags.offline:
        yield Given(("offline",), flags.offline, "--offline")
    if flags.no_store:
        yield Given(("history",), False, "--no-store")
    for option in flags.options:
        name, value = parse_option(option)
        yield Given(("options", name), value, f"--option {name}")
    single: tuple[tuple[KeyPath, object, str], ...] = (
        (("system",), flags.system, "--system"),
        (("max_tokens",), flags.max_tokens, "--max-tokens"),
        (("timeouts", "total"), flags.timeout, "--timeout"),
        (("record",), flags.record, "--record"),
        (("log",), flags.log, "--log"),
        (("providers", "replay", "speed"), flags.speed, "--speed"),
    )
    for path, value, where in single:
        if value is not None:
            yield Given(path, value, where)


class _Choice(NamedTuple):
    """A provider, a model and its addresses that one source names together."""

    provider: str | None
    model: str | None
    base_urls: tuple[str, ...]


def _choice(choice: _Choice, names: tuple[str, str, str], below: str) -> Iterator[Given]:
    """Places a choice; ``below`` is the provider that the sources below name."""
    provider = below if choice.provider is None else choice.provider
    if choice.provider is not None:
        yield Given(("provider",), provider, names[0])
    if choice.model is not None:
        yield Given(("model",), choice.model, names[1])
    if not choice.base_urls:
        return
    if not provider:
        provider = "openai"
        yield Given(("provider",), provider, names[2])
    if provider in PROVIDER_NAMES:
        yield _address(provider, choice, names)


def _address(provider: str, choice: _Choice, names: tuple[str, str, str]) -> Given:
    table = provider.replace("-", "_")
    known = {field.name: field.default_factory for field in dataclasses.fields(Providers)}
    make = known.get(table)
    if make is not None and hasattr(make, "base_url"):
        single, several = choice.base_urls[0], list(choice.base_urls)
        if len(several) == 1:
            return Given(("providers", table, "base_url"), single, names[2])
        return Given(("providers", table, "base_urls"), several, names[2])
    wrong = f"the provider {provider} has no address to set."
    if named := _NAMED_BY_MODEL.get(provider):
        wrong = f"the provider {provider} has no address; name {named} with {names[1]}."
    return Given((), None, names[2], wrong)


def parse_budget(text: str, *, together: bool = False) -> BudgetSetting:
    """A limit for a turn: ``0.05`` or ``$0.05`` in US dollars, ``2000t`` or ``2000 tokens`` in tokens.

    Args:
        text: the amount.
        together: it is for the whole run.

    Raises:
        UsageError: it is neither.
    """
    found = _BUDGET.fullmatch(text.strip())
    if found is None:
        hint = 'For example "--budget 0.05" (US dollars) or "--budget 2000t" (tokens).'
        raise UsageError("--budget takes an amount.", hint=hint)
    tokens = found["tokens"]
    per: Literal["run", "turn"] = "run" if together else "turn"
    return BudgetSetting(per, None if tokens else float(found["dollars"]), int(tokens) if tokens else None)


def parse_option(text: str) -> tuple[str, object]:
    """Splits ``name=value``; the value is read as JSON where it is JSON, else as a string.

    Raises:
        UsageError: there is no ``=``, or no name before it.
    """
    name, equals, written = text.partition("=")
    if not equals or not name.strip():
        raise UsageError("--option takes NAME=VALUE.", hint='For example "--option temperature=0.2".')
    try:
        value: object = json.loads(written)
    except (ValueError, RecursionError):
        value = written
    return name.strip(), value
