from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import tomllib
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_stream import config
from tui_stream.config import PROVIDER_NAMES, Settings
from tui_stream.config.check import looks_secret
from tui_stream.config.fallbacks import wrong_with
from tui_stream.config.given import Overrides, parse_budget, parse_option
from tui_stream.config.load import check_file, config_path, load, resolve
from tui_stream.config.money import BudgetSetting, PriceSetting
from tui_stream.config.render import effective, example
from tui_stream.config.schema import expected, hints
from tui_stream.errors import ConfigError, UsageError

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tui_stream.paths.config_file", lambda: tmp_path / "usual" / "config.toml")


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    return file


def problems(tmp_path: Path, text: str) -> list[str]:
    """What is wrong with a file, each as "line: key: sentence"."""
    file = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(file=file, environ={})
    return [line.removeprefix(f"{file}:") for line in caught.value.message.splitlines()]


# Where values come from


def test_without_anything_the_defaults_hold() -> None:
    found = resolve(environ={})
    assert found.settings == Settings()
    assert not found.found
    assert not found.origins


def test_later_sources_win(tmp_path: Path) -> None:
    file = written(tmp_path, 'system = "s"\nprovider = "openai"\nmodel = "from-file"\n[retry]\nattempts = 7\n')
    environ = {"TUI_STREAM_MODEL": "from-environment", "TUI_STREAM_CONFIG": str(file)}
    assert load(file=file, environ={}).model == "from-file"
    assert load(environ=environ).model == "from-environment"
    found = resolve(environ=environ, flags=Overrides(model="from-flag"))
    assert found.settings == Settings(provider="openai", model="from-flag", system="s", retry=config.Retry(attempts=7))
    assert found.origins == {
        ("system",): "file, line 1",
        ("provider",): "file, line 2",
        ("model",): "flag, --model",
        ("retry", "attempts"): "file, line 5",
    }


def test_config_flag_goes_before_its_variable(tmp_path: Path) -> None:
    flag = tmp_path / "flag.toml"
    flag.write_text('system = "flag"')
    variable = written(tmp_path, 'system = "variable"')
    assert load(file=flag, environ={"TUI_STREAM_CONFIG": str(variable)}).system == "flag"


def test_home_is_expanded_and_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert config_path(None, {"TUI_STREAM_CONFIG": "~/x.toml"}) == tmp_path / "x.toml"
    assert config_path(None, {"TUI_STREAM_CONFIG": ""}) == tmp_path / "usual" / "config.toml"
    names = ("PROVIDER", "MODEL", "BASE_URL", "CONFIG")
    empty = {f"TUI_STREAM_{name}": "" for name in names} | {"OLLAMA_HOST": " ", "OPENAI_BASE_URL": ""}
    assert load(environ=empty) == Settings()


def test_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    with pytest.raises(ConfigError, match=r"none\.toml does not exist"):
        load(file=missing, environ={})
    with pytest.raises(ConfigError, match=r"none\.toml does not exist"):
        load(environ={"TUI_STREAM_CONFIG": str(missing)})


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(file=tmp_path, environ={})


# Environment and flags


@pytest.mark.parametrize(
    ("environ", "flags", "table", "provider"),
    [
        ({}, Overrides(base_urls=("http://x/v1",)), "openai", "openai"),
        ({}, Overrides(base_urls=("http://x/v1",), provider="ollama"), "ollama", "ollama"),
        ({"TUI_STREAM_PROVIDER": "ollama"}, Overrides(base_urls=("http://x/v1",)), "ollama", "ollama"),
        ({"TUI_STREAM_BASE_URL": "http://x/v1"}, Overrides(), "openai", "openai"),
        ({"TUI_STREAM_BASE_URL": "http://x/v1"}, Overrides(provider="ollama"), "openai", "ollama"),
        ({"OPENAI_BASE_URL": "http://x/v1"}, Overrides(), "openai", ""),
        (
            {"OPENAI_BASE_URL": "http://y", "TUI_STREAM_BASE_URL": "http://x/v1"},
            Overrides(),
            "openai",
            "openai",
        ),
        ({"OLLAMA_HOST": "http://x:80/v1"}, Overrides(), "ollama", ""),
    ],
)
def test_an_address_goes_to_its_provider(environ: dict[str, str], flags: Overrides, table: str, provider: str) -> None:
    settings = load(environ=environ, flags=flags)
    assert settings.provider == provider
    addresses = {"openai": settings.providers.openai.base_url, "ollama": settings.providers.ollama.base_url}
    assert addresses.pop(table).replace(":80", "") == "http://x/v1"
    assert not any("//x" in other for other in addresses.values())


@pytest.mark.parametrize(
    ("provider", "url"),
    [
        ("openai-responses", "http://x/v1"),
        ("sse", "http://x/api/chat"),
        ("ai-sdk", "http://x/api/chat/?room=1"),
        ("websocket", "ws://x:3000"),
        ("websocket", "wss://x/chat"),
    ],
)
def test_every_provider_with_an_address_takes_one(provider: str, url: str) -> None:
    settings = load(environ={}, flags=Overrides(provider=provider, base_urls=(url,)))
    assert settings.provider == provider
    table = getattr(settings.providers, provider.replace("-", "_"))
    assert table.base_url == url
    others = {field.name for field in dataclasses.fields(config.Providers)} - {provider.replace("-", "_")}
    assert all(getattr(settings.providers, name) == getattr(config.Providers(), name) for name in others)


def test_openais_own_variable_is_for_both_its_apis() -> None:
    found = load(environ={"OPENAI_BASE_URL": "http://x/v1"}).providers
    assert found.openai.base_url == found.openai_responses.base_url == "http://x/v1"


@pytest.mark.parametrize("table", ["ai-sdk", "ai_sdk"])
def test_a_providers_table_bears_its_name_or_that_of_its_field(tmp_path: Path, table: str) -> None:
    file = written(tmp_path, f'[providers.{table}]\nmodel = "m"\nbody.room = "lobby"\n')
    found = resolve(file=file, environ={})
    assert found.settings.providers.ai_sdk == config.AiSdkSettings(model="m", body={"room": "lobby"})
    assert found.origins["providers", "ai_sdk", "model"] == "file, line 2"
    assert "[providers.ai-sdk]" in effective(found.settings, found.origins)


def test_a_table_in_both_spellings_is_one(tmp_path: Path) -> None:
    text = '[providers.ai-sdk]\nmodel = "m"\n[providers.ai_sdk]\napi_key_env = "KEY"\n'
    settings = load(file=written(tmp_path, text), environ={})
    assert settings.providers.ai_sdk == config.AiSdkSettings(model="m", api_key_env="KEY")


def test_several_addresses_of_one_source_are_a_list(tmp_path: Path) -> None:
    urls = ("http://a/v1", "http://b/v1")
    found = resolve(environ={}, flags=Overrides(base_urls=urls))
    assert found.settings.provider == "openai"
    assert found.settings.providers.openai.base_urls == urls
    assert found.settings.providers.openai.base_url == config.OpenAISettings().base_url
    assert found.origins["providers", "openai", "base_urls"] == "flag, --base-url"
    file = written(tmp_path, '[providers.websocket]\nbase_urls = ["ws://a", "wss://b/c"]\n')
    assert load(file=file, environ={}).providers.websocket.base_urls == ("ws://a", "wss://b/c")


@pytest.mark.parametrize(
    ("environ", "flags", "table"),
    [
        ({}, Overrides(base_urls=("http://z",)), "openai"),
        ({"OPENAI_BASE_URL": "http://z"}, Overrides(), "openai"),
        ({"OPENAI_BASE_URL": "http://z"}, Overrides(), "openai_responses"),
        ({"TUI_STREAM_BASE_URL": "http://z"}, Overrides(), "openai"),
        ({"OLLAMA_HOST": "http://z:1"}, Overrides(), "ollama"),
    ],
)
def test_one_address_of_a_later_source_replaces_a_list(
    tmp_path: Path, environ: dict[str, str], flags: Overrides, table: str
) -> None:
    names = ("openai", "openai-responses", "ollama")
    text = "".join(f'[providers.{name}]\nbase_urls = ["http://a", "http://b"]\n' for name in names)
    found = resolve(file=written(tmp_path, text), environ=environ, flags=flags)
    assert getattr(found.settings.providers, table).base_urls == ()
    assert getattr(found.settings.providers, table).base_url.startswith("http://z")
    assert ("providers", table, "base_urls") not in found.origins
    others = {"openai", "openai_responses", "ollama"} - {table, "openai", "openai_responses"}
    assert all(getattr(found.settings.providers, other).base_urls for other in others)


def test_a_list_of_a_later_source_replaces_a_list_and_an_address(tmp_path: Path) -> None:
    text = '[providers.openai]\nbase_url = "http://o"\nbase_urls = ["http://a"]\n'
    table = load(file=written(tmp_path, text), environ={}, flags=Overrides(base_urls=("http://y", "http://z")))
    assert table.providers.openai.base_urls == ("http://y", "http://z")


@pytest.mark.parametrize(
    ("environ", "flag", "offline"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"TUI_STREAM_OFFLINE": "1"}, False, True),
        ({"TUI_STREAM_OFFLINE": " Yes "}, False, True),
        ({"TUI_STREAM_OFFLINE": "0"}, False, False),
        ({"TUI_STREAM_OFFLINE": "off"}, True, True),
        ({"TUI_STREAM_OFFLINE": ""}, False, False),
    ],
)
def test_offline(environ: dict[str, str], flag: bool, offline: bool) -> None:
    assert load(environ=environ, flags=Overrides(offline=flag)).offline is offline


def test_a_variable_takes_back_what_the_file_says_of_offline(tmp_path: Path) -> None:
    file = written(tmp_path, "offline = true\n")
    assert load(file=file, environ={}).offline
    assert not load(file=file, environ={"TUI_STREAM_OFFLINE": "no"}).offline
    with pytest.raises(ConfigError, match=r"^TUI_STREAM_OFFLINE: expected one of 1, true, yes, on, 0, "):
        load(file=file, environ={"TUI_STREAM_OFFLINE": "maybe"})


def test_fallbacks_of_flags_replace_those_of_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, 'fallback = ["a", "ollama/b:8b", "embedded"]\n')
    found = resolve(file=file, environ={})
    assert found.settings.fallback == ("a", "ollama/b:8b", "embedded")
    assert found.origins["fallback",] == "file, line 1"
    found = resolve(file=file, environ={}, flags=Overrides(fallback=["c", "qwen/d"]))
    assert found.settings.fallback == ("c", "qwen/d")
    assert found.origins["fallback",] == "flag, --fallback"


def test_a_fallback_without_a_provider_belongs_to_the_provider_beside_it(tmp_path: Path) -> None:
    file = written(tmp_path, 'provider = "openai"\nfallback = ["gpt-x", "ollama/q", "embedded"]\n')
    assert load(file=file, environ={}, flags=Overrides(provider="openai")).fallback == ("gpt-x", "ollama/q", "embedded")
    assert load(file=file, environ={}, flags=Overrides(provider="sse")).fallback == ("ollama/q", "embedded")
    alone = written(tmp_path, 'provider = "openai"\nfallback = ["gpt-x"]\n')
    found = resolve(file=alone, environ={"TUI_STREAM_PROVIDER": "ollama"})
    assert found.settings.fallback == ()
    assert ("fallback",) not in found.origins
    given = Overrides(provider="ollama", fallback=("q",))
    assert load(file=file, environ={}, flags=given).fallback == ("q",)
    assert load(file=written(tmp_path, 'fallback = ["m"]\n'), environ={}, flags=Overrides(provider="sse")).fallback == (
        "m",
    )


def test_the_log_is_a_flag_and_its_text_a_setting(tmp_path: Path) -> None:
    settings = load(file=written(tmp_path, "log_text = true\n"), environ={}, flags=Overrides(log=tmp_path / "l"))
    assert (settings.log, settings.log_text) == (tmp_path / "l", True)


@pytest.mark.parametrize(
    ("provider", "hint"),
    [("embedded", "name a GGUF file with --model"), ("replay", "a recording with --model")],
)
def test_a_provider_without_an_address_takes_none(provider: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=f"--base-url: the provider {provider} has no address; .*{hint}"):
        load(environ={}, flags=Overrides(provider=provider, base_urls=("http://x",)))


@pytest.mark.parametrize(
    ("environ", "flags", "sentence"),
    [
        ({"TUI_STREAM_PROVIDER": "olama"}, Overrides(), 'TUI_STREAM_PROVIDER: .*did you mean "ollama"'),
        ({}, Overrides(provider="sk-oops"), "^--provider: expected one of embedded, [a-z, -]*$"),
        ({}, Overrides(provider="zz", base_urls=("http://x",)), "^--provider: expected one of"),
        ({}, Overrides(base_urls=("localhost:80",)), "--base-url: expected an address that begins with http://"),
        ({"OPENAI_BASE_URL": "ftp://x"}, Overrides(), "^OPENAI_BASE_URL: expected an address"),
        ({"OLLAMA_HOST": "a b"}, Overrides(), "^OLLAMA_HOST: expected an address"),
        ({}, Overrides(speed=-1.0), "^--speed: expected a number of 0 or more, not -1.0"),
        ({}, Overrides(base_urls=("http://x", "b")), "^--base-url: expected an address that begins with http://"),
        ({}, Overrides(base_urls=("http://x", "")), "^--base-url: expected an address .*, not an empty string"),
        ({}, Overrides(fallback=("",)), "^--fallback: expected a model, provider/model, or a provider's name"),
        ({}, Overrides(fallback=("a", "olama/q")), '^--fallback: no provider .*; did you mean "ollama"'),
        ({}, Overrides(fallback=("a", "openai/ ")), "^--fallback: no model stands behind the slash"),
        ({}, Overrides(options=("x=NaN",)), "^--option x: expected a value that JSON can carry"),
    ],
)
def test_variables_and_flags_are_checked_too(environ: dict[str, str], flags: Overrides, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(environ=environ, flags=flags)
    assert re.search(sentence, caught.value.message.rstrip("."))
    assert "\n" not in caught.value.message
    assert "oops" not in caught.value.message


def test_all_sources_report_together(tmp_path: Path) -> None:
    file = written(tmp_path, "modle = 1\n")
    with pytest.raises(ConfigError) as caught:
        load(file=file, environ={"TUI_STREAM_PROVIDER": "x"}, flags=Overrides(speed=-1.0))
    assert [line.split(": ")[0] for line in caught.value.message.splitlines()] == [
        f"{file}:1",
        "TUI_STREAM_PROVIDER",
        "--speed",
    ]


def test_a_model_belongs_to_the_provider_beside_it(tmp_path: Path) -> None:
    file = written(tmp_path, 'provider = "openai"\nmodel = "gpt-x"\n')
    assert load(file=file, environ={}, flags=Overrides(provider="ollama")).model == ""
    assert load(file=file, environ={}, flags=Overrides(provider="openai")).model == "gpt-x"
    assert load(file=file, environ={}, flags=Overrides(provider="ollama", model="m")).model == "m"
    found = resolve(file=file, environ={"TUI_STREAM_PROVIDER": "ollama"})
    assert ("model",) not in found.origins
    alone = written(tmp_path, 'model = "m"\n')
    assert load(file=alone, environ={}, flags=Overrides(provider="ollama")).model == "m"


def test_the_model_of_replay_is_its_recording() -> None:
    found = resolve(environ={}, flags=Overrides(provider="replay", model="a.jsonl", speed=2.0))
    assert found.settings.providers.replay == config.ReplaySettings(file="a.jsonl", speed=2.0)
    assert found.settings.model == ""
    assert found.origins["providers", "replay", "file"] == "flag, --model"


def test_options_add_to_those_of_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "[options]\ntemperature = 1.5\nseed = 3\n")
    flags = Overrides(options=("temperature=0.2", 'stop=["a"]', "a.b=text"), record=tmp_path / "r")
    settings = load(file=file, environ={}, flags=flags)
    assert settings.options == {"temperature": 0.2, "seed": 3, "stop": ["a"], "a.b": "text"}
    assert settings.record == tmp_path / "r"


@pytest.mark.parametrize(
    ("text", "value"),
    [("a=1", 1), ("a=true", True), ("a=x=y", "x=y"), ("a=", ""), ('a="1"', "1"), ('a={"b":[1]}', {"b": [1]})],
)
def test_option_values_are_json_or_text(text: str, value: object) -> None:
    assert parse_option(text) == ("a", value)


@pytest.mark.parametrize("value", [r'"\ud800"', r'["a", {"b": "\udc00"}]', r'{"\ud800": 1}', "\udcff"])
def test_an_option_that_is_no_text_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match="--option stop: half of a surrogate pair is no text"):
        load(environ={}, flags=Overrides(options=(f"stop={value}",)))
    whole = parse_option(r'stop="\ud83d\ude00"')[1]
    assert load(environ={}, flags=Overrides(options=(f"stop={whole}",))).options == {"stop": "😀"}


@pytest.mark.parametrize("text", ["temperature", "=1", " =1", ""])
def test_an_option_needs_a_name_and_a_value(text: str) -> None:
    with pytest.raises(UsageError, match="NAME=VALUE"):
        load(environ={}, flags=Overrides(options=(text,)))


# What is wrong in a file


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a = 1\nb = = 2\n", 2, "Invalid value"),
        ("a = 1\n\na = 2\n", 3, "Cannot overwrite a value"),
        ('a = 1\nb = "x', 2, "Unterminated string"),
        ("a = 1\nb = [1,\n", 2, "Unclosed array|Invalid value"),
        ("a = " + "9" * 5000, 1, "Exceeds the limit"),
    ],
)
def test_syntax_errors_name_their_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    (found,) = problems(tmp_path, text)
    assert re.match(rf"{line}: this is not TOML: ({what})", found)


def test_nesting_without_end_is_an_error_of_the_file(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "a = " + "[" * 100_000)
    assert found.endswith("too deep inside each other.")


def test_text_must_be_utf8_and_may_begin_with_its_mark(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(b'system = "x"\nmodel = "caf\xe9"\n')
    with pytest.raises(ConfigError, match=r"config\.toml:2: this is not UTF-8"):
        load(file=file, environ={})
    file.write_bytes(b'\xef\xbb\xbfsystem = "x"\r\n')
    assert load(file=file, environ={}).system == "x"


@pytest.mark.parametrize(
    ("text", "place", "sentence"),
    [
        ("[ui]\nframe_rat = 1", "2: ui.frame_rat", "there is no such setting; did you mean ui.frame_rate?"),
        ("[ui]\nFrame-Rate = 1", "2: ui.Frame-Rate", "there is no such setting; did you mean ui.frame_rate?"),
        (
            "providers.opena.x = 1",
            "1: providers.opena",
            "there is no such setting; did you mean providers.openai?",
        ),
        ("[openai]", "1: openai", "there is no such setting; did you mean providers.openai?"),
        (
            "[retry]\ncontext = 1",
            "2: retry.context",
            "there is no such setting; did you mean providers.embedded.context?",
        ),
        (
            "[retry]\nzzz = 1",
            "2: retry.zzz",
            "there is no such setting; the settings here are attempts, base_delay, max_delay, longest_wait.",
        ),
        (
            '"\\u001b[31m" = 1',
            '1: "\\U0000001B[31m"',
            "there is no such setting; the settings here are provider, model, ",
        ),
        ('log = "x"', "1: log", "this is no setting of the file; use the flag --log."),
        ("fallback = 1", "1: fallback", "expected a list, not 1."),
        ('fallback = "a"', "1: fallback", "expected a list, not a string."),
        ('fallback = ["a",\n1]', "2: fallback[1]", "expected a model, provider/model, or a provider's name, not 1."),
        ('fallback = [""]', "1: fallback[0]", "expected a model, provider/model, or a provider's name, not an empty"),
        ('fallback = ["Ollama/x"]', "1: fallback[0]", "no provider has the name before the slash; did you mean"),
        ("offline = 1", "1: offline", "expected true or false, not 1."),
        ('offline = "yes"', "1: offline", "expected true or false, not a string."),
        (
            'providers.ai-sdk.base_urls = ["http://x",\n"ftp://y"]',
            "2: providers.ai-sdk.base_urls[1]",
            "expected an address that begins with http:// or https://.",
        ),
        (
            'providers.websocket.base_urls = ["ws://x", ""]',
            "1: providers.websocket.base_urls[1]",
            "expected an address that begins with ws:// or wss://, not an empty string.",
        ),
        ("providers.ollama.base_urls = {}", "1: providers.ollama.base_urls", "expected a list, not a table."),
        ('record = "x"', "1: record", "this is no setting of the file; use the flag --record."),
        ("[ui]\nframe_rate = 0", "2: ui.frame_rate", "expected a whole number from 1 to 240, not 0."),
        ("[ui]\nframe_rate = 30.0", "2: ui.frame_rate", "expected a whole number from 1 to 240, not 30.0."),
        ("[ui]\nframe_rate = true", "2: ui.frame_rate", "expected a whole number from 1 to 240, not true."),
        (
            "[ui]\nframe_rate = 0xfffffffffffffffffffff",
            "2: ui.frame_rate",
            "expected a whole number from 1 to 240, not so great a number.",
        ),
        ('[ui]\nshow_reasoning = "yes"', "2: ui.show_reasoning", "expected true or false, not a string."),
        ("[timeouts]\n\ntotal = nan", "3: timeouts.total", "expected a number of 0 or more, not nan."),
        ("[timeouts]\ntotal = inf", "2: timeouts.total", "expected a number of 0 or more, not inf."),
        ("[timeouts]\ntotal = -1", "2: timeouts.total", "expected a number of 0 or more, not -1."),
        (
            "[timeouts]\ntotal = 2020-01-01",
            "2: timeouts.total",
            "expected a number of 0 or more, not a date or a time.",
        ),
        ("system = [1]", "1: system", "expected a string, not a list."),
        ("[system]", "1: system", "expected a string, not a table."),
        ("ui = 3", "1: ui", "expected a table, not 3."),
        ("providers.openai.headers.a = 1", "1: providers.openai.headers.a", "expected a string, not 1."),
        (
            "[options]\nx = [{a = 2020-01-01}]",
            "2: options.x",
            "expected a value that JSON can carry: no date, no nan or inf, no number beyond 64 bits.",
        ),
        (
            'providers.ollama.think = "hihg"',
            "1: providers.ollama.think",
            'expected one of auto, on, off, low, medium, high; did you mean "high"?',
        ),
        (
            'providers.openai.api_key_env = "a b"',
            "1: providers.openai.api_key_env",
            "expected the name of an environment variable.",
        ),
        (
            'providers.openai.base_url = ""',
            "1: providers.openai.base_url",
            "expected an address that begins with http:// or https://.",
        ),
        ('providers.openai.base_url = "http://x:y"', "1: providers.openai.base_url", "expected an address"),
        (
            "\n[providers.ai-sdk]\nmodell = 1",
            "3: providers.ai-sdk.modell",
            "there is no such setting; did you mean providers.ai-sdk.model?",
        ),
        (
            "[providers.ai_sk]",
            "1: providers.ai-sk",
            "there is no such setting; did you mean providers.ai-sdk?",
        ),
        ("[ai-sdk]", "1: ai-sdk", "there is no such setting; did you mean providers.ai-sdk?"),
        (
            'providers.ai-sdk.base_url = "ws://x"',
            "1: providers.ai-sdk.base_url",
            "expected an address that begins with http:// or https://.",
        ),
        (
            'providers.websocket.base_url = "http://x"',
            "1: providers.websocket.base_url",
            "expected an address that begins with ws:// or wss://.",
        ),
        (
            'providers.websocket.base_url = "ws://x:port/"',
            "1: providers.websocket.base_url",
            "expected an address that begins with ws:// or wss://.",
        ),
        (
            "providers.openai-responses.model = 1",
            "1: providers.openai-responses.model",
            "expected a string, not 1.",
        ),
        ("[prices]", "1: prices", "expected tables that begin with [[prices]]."),
        ('[[prices]]\nmodel = "a"\ninput = 1\n', "1: prices[0]", "output must be given too."),
        (
            'prices = [\n{model = "a", input = 1, output = 1},\n{model = "b", input = -1, output = 1}]',
            "3: prices[1].input",
            "expected a number of 0 or more, not -1.",
        ),
    ],
)
def test_problems_name_line_key_and_what_is_expected(tmp_path: Path, text: str, place: str, sentence: str) -> None:
    (found,) = problems(tmp_path, text)
    assert found.startswith(f"{place}: {sentence}")


def test_all_problems_are_reported_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = problems(tmp_path, "[ui]\nframe_rate = 0\ntheme = 1\nx = 1\n[retry]\nattempts = 0\n[zz]\n")
    assert [line.split(":")[0] for line in found] == ["2", "3", "4", "6", "7"]


@pytest.mark.parametrize(
    "text",
    [
        'api_key = "hunter2hunter2"',
        '[providers.openai]\napi_key = "hunter2hunter2"',
        '[providers.openai]\nToken = "hunter2hunter2"',
        '[providers.openai.auth]\nclient_secret = "hunter2hunter2"',
        '[providers.openai.headers]\nAuthorization = "hunter2hunter2"',
        '[providers.openai.headers]\nX-Api-Key = "hunter2hunter2"',
        '[providers.openai.headers]\nX-Thing = "Bearer hunter2hunter2"',
        '[providers.openai.body]\na = [{password = "hunter2hunter2"}]',
        'providers.openai.model = "sk-hunter2"',
        'providers.openai.api_key_env = "sk-hunter2hunter2"',
        'providers.openai.api_key_command = "echo sk-hunter2hunter2hunter2"',
        'system = "gsk_hunter2hunter2hunter2"',
        '[providers.ai-sdk]\napi_key = "hunter2hunter2"',
        '[providers.openai-responses.headers]\nAuthorization = "hunter2hunter2"',
        "[[prices]]\nmodel = 'sk-hunter2'\ninput = 1\noutput = 1",
        'fallback = ["m", "sk-hunter2hunter2hunter2"]',
    ],
)
def test_keys_never_stand_in_the_file(tmp_path: Path, text: str) -> None:
    found = problems(tmp_path, text)
    assert any("keys never stand in this file" in line for line in found)
    assert any("api_key_env" in line and "api_key_command" in line for line in found)
    assert "hunter2" not in "".join(found)


def test_a_key_is_one_problem_and_not_two(tmp_path: Path) -> None:
    for table in ("openai", "ai-sdk"):
        assert len(problems(tmp_path, f'[providers.{table}]\napi_key = "x"\nheaders = {{ Cookie = 3 }}')) == 2


def test_harmless_names_and_values_are_no_keys(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        '[options]\nmax_tokens = 3\nprompt_cache_key = "a"\nstop = ["task-one"]\n'
        '[providers.openai]\nmodel = "xai-grok-4-fast"\napi_key_command = "pass show sk-openai"\n',
    )
    assert load(file=file, environ={}).options["max_tokens"] == 3


def test_a_file_is_checked_by_itself(tmp_path: Path) -> None:
    check_file(written(tmp_path, "[ui]\nframe_rate = 60\n"))
    with pytest.raises(ConfigError, match="frame_rate"):
        check_file(written(tmp_path, "[ui]\nframe_rate = 600\n"))
    with pytest.raises(ConfigError, match="does not exist"):
        check_file(tmp_path / "none")


def test_prices_are_read(tmp_path: Path) -> None:
    text = "[[prices]]\nmodel='a'\ninput=1\noutput=2\n"
    text += "[[prices]]\nmodel='b'\ninput=1\noutput=2\ncached_input=0.5\n"
    found = resolve(file=written(tmp_path, text), environ={})
    assert found.settings.prices == (PriceSetting("a", 1.0, 2.0), PriceSetting("b", 1.0, 2.0, 0.5))
    assert found.origins == {("prices",): "file, line 1"}


# The schema


def settings_of(cls: type) -> dict[str, type]:
    found: dict[str, type] = {}
    for name, hint in hints(cls).items():
        if hint.is_table or hint.is_tables:
            found |= settings_of(hint.base if hint.is_table else hint.inner[0])
        found[f"{cls.__name__}.{name}"] = cls
    return found


def test_every_setting_can_be_described_and_none_is_named_like_a_secret() -> None:
    names = settings_of(Settings)
    assert len(names) > 35
    for name, cls in names.items():
        attribute = name.split(".")[1]
        hint = hints(cls)[attribute]
        assert not looks_secret(attribute, "")
        if not (hint.is_table or hint.is_mapping or hint.is_tables or name in {"Settings.record", "Settings.log"}):
            assert expected(hint), name


def test_the_defaults_are_valid_themselves() -> None:
    values = tomllib.loads(effective(Settings(), {}))
    assert values["timeouts"]["connect"] == 10.0
    assert values["providers"]["openai"]["headers"] == {}


def test_every_setting_has_a_docstring() -> None:
    undocumented = []
    for kind in ast.parse(inspect.getsource(config)).body:
        if isinstance(kind, ast.ClassDef) and kind.name != "Settings":
            assert ast.get_docstring(kind), kind.name
    names = settings_of(Settings)
    text = example()
    for name in names:
        attribute = name.split(".")[1]
        table = attribute.replace("_", "-")
        line = re.search(rf"^(.*)\n#?(?:{attribute} = |\[+(?:providers\.)?{table}\])", text, re.MULTILINE)
        if line is None or not line[1].startswith("#"):
            undocumented.append(name)
    assert undocumented == ["Settings.providers", "Settings.over_budget", "Settings.record", "Settings.log"]


# The example


def test_the_example_in_the_repository_is_the_one_that_is_made() -> None:
    assert (ROOT / "config.example.toml").read_text(encoding="utf-8") == example(), (
        'make it anew with "tui-stream config init --force --config config.example.toml"'
    )


def test_the_example_is_the_defaults() -> None:
    found = resolve(file=ROOT / "config.example.toml", environ={})
    assert found.settings == Settings()
    lines = example().splitlines()
    assert max(map(len, lines)) <= 100
    at_defaults = set(found.origins)
    assert ("providers", "ollama", "think") in at_defaults
    assert len(at_defaults) == sum(" = " in line and not line.startswith("#") for line in lines)


def test_the_commented_lines_of_the_example_load_once_the_mark_is_gone(tmp_path: Path) -> None:
    text = re.sub(r"^#(?! )", "", example(), flags=re.MULTILINE)
    settings = load(file=written(tmp_path, text), environ={})
    changing = ("options", "prices", "fallback")
    changed = {name for name in changing if getattr(settings, name) != getattr(Settings(), name)}
    assert changed == {"options", "prices", "fallback"}
    assert len(settings.providers.ollama.base_urls) == 2
    for name in ("openai", "openai_responses", "sse", "ai_sdk", "websocket"):
        table = getattr(settings.providers, name)
        assert len(table.base_urls) == 2
        assert table.headers
        assert table.body
    (price,) = settings.prices
    assert price.cached_input is not None


# The settings in force


def test_what_is_in_force_shows_origins_and_no_secret(tmp_path: Path) -> None:
    file = written(tmp_path, '[providers.openai.headers]\nX-Title = "private"\n')
    found = resolve(
        file=file,
        environ={
            "OPENAI_BASE_URL": "https://me:hush@host:1/v1?key=hush#hush",
            "TUI_STREAM_PROVIDER": "openai",
        },
        flags=Overrides(options=("api_key=hush", "temperature=0.5"), model="sk-hush"),
    )
    text = effective(found.settings, found.origins)
    assert "hush" not in text
    assert "private" not in text
    lines = text.splitlines()
    assert 'provider = "openai"  # environment, TUI_STREAM_PROVIDER' in lines
    assert 'base_url = "https://***@host:1/v1?***"  # environment, OPENAI_BASE_URL' in lines
    assert 'headers.X-Title = "***"  # file, line 2' in lines
    assert 'options.temperature = 0.5  # flag, --option temperature' in lines  # fmt: skip
    assert "attempts = 3  # default" in lines
    assert tomllib.loads(text)["options"] == {"api_key": "***", "temperature": 0.5}


def test_addresses_in_a_list_are_masked_one_by_one() -> None:
    urls = ("https://me:pass@host:1/v1?key=1", "http://b/v1")
    settings = Settings(providers=config.Providers(openai=config.OpenAISettings(base_urls=urls)))
    shown = tomllib.loads(effective(settings, {}))["providers"]["openai"]["base_urls"]
    assert shown == ["https://***@host:1/v1?***", "http://b/v1"]


TEXT = st.text(max_size=12).filter(lambda text: not looks_secret("x", text) and "://" not in text)
NUMBER = st.floats(0, 1e9)
JSON = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
NAME = TEXT.filter(lambda name: not looks_secret(name, ""))
PRICE = st.builds(PriceSetting, TEXT, NUMBER, NUMBER, st.none() | NUMBER)
SETTINGS = st.builds(
    Settings,
    provider=st.sampled_from(["", *PROVIDER_NAMES]),
    model=TEXT,
    system=TEXT,
    options=st.dictionaries(NAME, JSON, max_size=3).filter(lambda options: not looks_secret("x", options)),
    prices=st.lists(PRICE, max_size=2).map(tuple),
    retry=st.builds(config.Retry, st.integers(1, 100), NUMBER, NUMBER),
    fallback=st.lists(TEXT.filter(lambda spec: not wrong_with(spec)), max_size=3).map(tuple),
    offline=st.booleans(),
    log_text=st.booleans(),
    ui=st.builds(config.UiSettings, TEXT, st.integers(1, 240), st.booleans()),
)


@given(SETTINGS)
def test_what_is_shown_loads_to_the_same(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> None:
    file = tmp_path_factory.getbasetemp() / "shown.toml"
    file.write_text(effective(settings, {}), encoding="utf-8", newline="\n")
    wanted = settings
    if settings.provider == "replay" and settings.model:
        replay = config.ReplaySettings(file=settings.model)
        providers = dataclasses.replace(settings.providers, replay=replay)
        wanted = dataclasses.replace(settings, model="", providers=providers)
    assert load(file=file, environ={}) == wanted


KNOWN = {field.name for table in (Settings, config.UiSettings, config.Retry) for field in dataclasses.fields(table)}
"""Names that mean something in one of the tables tried below."""


@given(
    st.dictionaries(TEXT.filter(lambda key: key not in KNOWN), JSON | st.just(cast(Any, float("nan"))), max_size=4),
    st.sampled_from(["", "ui", "retry"]),
)
def test_whatever_stands_in_a_file_gives_settings_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, object], table: str
) -> None:
    from tui_stream.config.toml import toml_key, toml_value

    lines = [f"[{table}]"] if table else []
    lines += [f"{toml_key(key)} = {toml_value(value)}" for key, value in data.items()]
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_text("\n".join(lines), encoding="utf-8", newline="\n")
    if not data:
        assert load(file=file, environ={}) == Settings()
        return
    with pytest.raises(ConfigError) as caught:
        load(file=file, environ={})
    assert len(caught.value.message.splitlines()) >= len(data)


# -- money ------------------------------------------------------------------------------------------


def test_budgets_and_prices_are_read(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        'ask_above = 0.5\n[[budgets]]\nper = "day"\ndollars = 2\n'
        '[[budgets]]\nper = "turn"\ntokens = 100\nmodel = "x*"\n'
        '[[prices]]\nmodel = "m"\ninput = 1\noutput = 2\nabove = 200000\n'
    )
    settings = load(file=file, environ={}, flags=Overrides(budget="0.05", over_budget=True))
    assert settings.ask_above == 0.5
    assert settings.budgets == (
        BudgetSetting("day", 2.0),
        BudgetSetting("turn", None, 100, "x*"),
        BudgetSetting("turn", 0.05),
    )
    assert load(file=file, environ={}, flags=Overrides(budget="7t", together=True)).budgets[-1] == BudgetSetting(
        "run", None, 7
    )
    assert settings.over_budget
    assert settings.prices == (PriceSetting("m", 1.0, 2.0, above=200_000),)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('per = "day"', "budgets[0]: dollars or tokens must be given."),
        ("dollars = 1", "per must be given too."),
        ('per = "week"\ndollars = 1', "expected one of turn, run, conversation, day, month"),
        ('per = "day"\ndollars = -1', "of 0 or more"),
        ('per = "day"\ntokens = 1\nwarn = 80', "from 0 to 1"),
    ],
)
def test_a_budget_that_says_nothing_is_wrong(lines: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"[[budgets]]\n{lines}\n")
    with pytest.raises(ConfigError) as caught:
        check_file(file)
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("0.05", BudgetSetting("turn", 0.05)),
        ("$2", BudgetSetting("turn", 2.0)),
        ("2000t", BudgetSetting("turn", tokens=2000)),
        ("2000 tokens", BudgetSetting("turn", tokens=2000)),
    ],
)
def test_a_budget_as_a_flag(text: str, budget: BudgetSetting) -> None:
    assert parse_budget(text) == budget


@pytest.mark.parametrize("text", ["", "much", "-1", "1e3", "5 euros", "2.5t"])
def test_a_flag_that_is_no_budget(text: str) -> None:
    with pytest.raises(UsageError, match="--budget"):
        parse_budget(text)
