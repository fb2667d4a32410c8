from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_stream import fronts
from tui_stream.__main__ import OTHER_COMMANDS
from tui_stream.cli import app
from tui_stream.flags import FLAGS, Asked, read


def by_typer(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> Asked | None:
    """What Typer makes of the arguments; None where it refuses them."""
    seen: list[Asked] = []

    def run(asked: Asked) -> int:
        seen.append(asked)
        return 0

    monkeypatch.setattr(fronts, "run", run)
    with pytest.raises(SystemExit):
        app(arguments)
    return seen[0] if seen else None


_WORDS = st.sampled_from(["a", "two words", "--model", "-m", "-o", "--speed=2", "--speed", "1.5", "x", "-", "--nope"])
_USUAL = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([s for flag in FLAGS for s in flag.spellings]), st.sampled_from(["x", "2"])),
        st.tuples(_WORDS),
    ),
    max_size=5,
)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([[], ["chat"], ["pipe"]]), _USUAL)
def test_what_is_read_without_typer_is_what_typer_reads(command: list[str], parts: list[tuple[str, ...]]) -> None:
    arguments = [*command, *(word for part in parts for word in part)]
    asked = read(arguments, OTHER_COMMANDS)
    if asked is not None:
        with pytest.MonkeyPatch.context() as monkeypatch:
            assert by_typer(arguments, monkeypatch) == asked


def test_a_full_command_line() -> None:
    arguments = [
        "pipe",
        "Hi",
        "--provider=openai",
        "-m",
        "gpt",
        "-o",
        "a=1",
        "--option",
        "b=2",
        "--config",
        "c",
    ]
    assert read(arguments, OTHER_COMMANDS) == Asked(
        "pipe", "Hi", "openai", [], "gpt", option=["a=1", "b=2"], config=Path("c")
    )


def test_switches_and_repeated_flags() -> None:
    arguments = [
        "--offline",
        "--base-url",
        "a",
        "--base-url=b",
        "--fallback",
        "m",
        "--fallback",
        "ollama/n",
        "--log",
        "l",
        "Hi",
    ]
    asked = Asked(prompt="Hi", base_url=["a", "b"], fallback=["m", "ollama/n"], offline=True, log=Path("l"), option=[])
    assert read(arguments, OTHER_COMMANDS) == asked
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert by_typer(arguments, monkeypatch) == asked


def test_flags_become_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_stream.paths.config_file", lambda: tmp_path / "none.toml")
    arguments = ["--offline", "--base-url", "http://a", "--base-url", "http://b", "--fallback", "m", "--log", "l"]
    asked = read(arguments, OTHER_COMMANDS)
    assert asked is not None
    settings = fronts.settings_for(asked)
    assert settings.offline
    assert settings.fallback == ("m",)
    assert settings.providers.openai.base_urls == ("http://a", "http://b")
    assert settings.log == Path("l")


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--offline=yes"], ["--offline=", "x"], ["--fallback"]),
        *(["--help"], ["models"], ["config", "show"], ["doctor"], ["chat|pipe"], ["a", "b"], ["-m"], ["--speed", "x"]),
        *(["--", "a"], ["-mx"], ["--model", "-x"], ["chat", "--help"], ["-"]),
    ],
)
def test_anything_out_of_the_ordinary_is_left_to_typer(arguments: list[str]) -> None:
    assert read(arguments, OTHER_COMMANDS) is None
