from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tui_stream.commands.config import app, write_new
from tui_stream.config import Settings
from tui_stream.config.load import load
from tui_stream.config.render import example
from tui_stream.errors import ConfigError, UsageError


@pytest.fixture
def usual(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The settings file of a machine where nothing is set."""
    file = tmp_path / "home" / "tui-stream" / "config.toml"
    for name in list(os.environ):
        if name.startswith(("TUI_STREAM_", "OLLAMA_", "OPENAI_")):
            monkeypatch.delenv(name)
    monkeypatch.setattr("tui_stream.paths.config_file", lambda: file)
    return file


def run(*arguments: str) -> tuple[str, str]:
    """Runs a command that succeeds; what it wrote to stdout and to stderr."""
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout, result.stderr


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_path_prints_the_place_and_says_whether_it_is_there(usual: Path) -> None:
    stdout, stderr = run("path")
    assert stdout == f"{usual}\n"
    assert "does not exist" in stderr
    run("init")
    assert run("path") == (f"{usual}\n", "It exists.\n")


def test_path_follows_flag_and_variable(usual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUI_STREAM_CONFIG", "/somewhere/a.toml")
    assert run("path")[0] == "/somewhere/a.toml\n"
    assert run("path", "--config", str(usual))[0] == f"{usual}\n"


def test_init_writes_the_example_for_its_owner_only(usual: Path) -> None:
    assert run("init")[0] == f"{usual}\n"
    assert usual.read_text(encoding="utf-8") == example()
    assert mode(usual) == 0o600
    assert [mode(folder) for folder in usual.parents[:2]] == [0o700, 0o700]
    assert [file.name for file in usual.parent.iterdir()] == ["config.toml"]
    assert load(environ={}) == Settings()


def test_init_leaves_what_is_there_unless_forced(usual: Path) -> None:
    run("init")
    usual.write_text("# mine\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"exists already\. --force replaces it"):
        run("init")
    assert usual.read_text(encoding="utf-8") == "# mine\n"
    run("init", "--force")
    assert usual.read_text(encoding="utf-8") == example()
    assert len(list(usual.parent.iterdir())) == 1


def test_init_follows_a_link_and_keeps_folders_as_they_are(usual: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles"
    real.mkdir(mode=0o755)
    usual.parent.mkdir(parents=True)
    usual.symlink_to(real / "config.toml")
    run("init")
    assert usual.is_symlink()
    assert (real / "config.toml").read_text(encoding="utf-8") == example()
    assert mode(real) == 0o755


def test_init_says_why_it_cannot_write(usual: Path, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file, no folder")
    with pytest.raises(ConfigError, match=f"{usual} cannot be written: Not a directory"):
        run("init")


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("# mine\n")
    with pytest.raises(UnicodeEncodeError):
        write_new(file, "\udcff", force=True)
    assert file.read_text() == "# mine\n"
    assert list(tmp_path.iterdir()) == [file]


def test_show_is_toml_and_names_where_values_come_from(usual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual.parent.mkdir(parents=True)
    usual.write_text("[retry]\nattempts = 7\n")
    monkeypatch.setenv("OLLAMA_HOST", "0.0.0.0:99")
    stdout, stderr = run("show", "--provider", "ollama", "--model", "m", "--option", "seed=1")
    assert stderr == f"Settings file: {usual}\n"
    lines = stdout.splitlines()
    assert 'provider = "ollama"  # flag, --provider' in lines
    assert "attempts = 7  # file, line 2" in lines
    assert 'base_url = "http://127.0.0.1:99"  # environment, OLLAMA_HOST' in lines
    assert "frame_rate = 30  # default" in lines
    assert tomllib.loads(stdout)["options"] == {"seed": 1}


def test_show_takes_an_address_and_a_file(usual: Path, tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text('system = "s"\n')
    stdout, stderr = run("show", "--config", str(file), "--base-url", "http://x/v1")
    assert str(usual) not in stderr
    assert tomllib.loads(stdout)["system"] == "s"
    assert 'base_url = "http://x/v1"  # flag, --base-url' in stdout
    assert "which does not exist" in run("show")[1]


def test_show_takes_lists_and_switches(usual: Path) -> None:
    del usual
    stdout, _ = run(
        *[
            "show",
            "--base-url",
            "http://a",
            "--base-url",
            "http://b",
            "--fallback",
            "m",
            "--fallback",
            "embedded",
            "--offline",
        ]
    )
    lines = stdout.splitlines()
    assert 'base_urls = ["http://a", "http://b"]  # flag, --base-url' in lines
    assert 'fallback = ["m", "embedded"]  # flag, --fallback' in lines
    assert "offline = true  # flag, --offline" in lines


def test_show_reports_problems(usual: Path) -> None:
    usual.parent.mkdir(parents=True)
    usual.write_text("[retry]\nattempts = 0\n")
    with pytest.raises(ConfigError, match=r"2: retry\.attempts: expected a whole number from 1 to 100, not 0"):
        run("show")


def test_check_says_ok_or_everything_that_is_wrong(usual: Path, tmp_path: Path) -> None:
    stdout, stderr = run("check")
    assert (stdout, stderr) == ("ok\n", f"{usual} does not exist, so the defaults hold.\n")
    run("init")
    assert run("check") == ("ok\n", "")
    bad = tmp_path / "bad.toml"
    bad.write_text("a = 1\nb = 1\n")
    with pytest.raises(ConfigError) as caught:
        run("check", str(bad))
    assert [line.split(": ")[0] for line in caught.value.message.splitlines()] == [f"{bad}:1", f"{bad}:2"]
    assert caught.value.exit_code == 2


def test_check_wants_a_file_that_was_named(usual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = usual.with_name("none.toml")
    with pytest.raises(ConfigError, match="does not exist"):
        run("check", str(missing))
    monkeypatch.setenv("TUI_STREAM_CONFIG", str(missing))
    with pytest.raises(ConfigError, match="does not exist"):
        run("check")


def test_check_takes_its_file_like_the_other_commands_too(usual: Path, tmp_path: Path) -> None:
    del usual
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text('system = "s"\n')
    bad.write_text("a = 1\n")
    assert run("check", "--config", str(good)) == ("ok\n", "")
    assert run("check", str(good), "--config", str(good)) == ("ok\n", "")
    with pytest.raises(ConfigError, match=f"{bad}:1"):
        run("check", "--config", str(bad))
    with pytest.raises(UsageError, match="Two files are named") as caught:
        run("check", str(good), "--config", str(bad))
    assert caught.value.hint


def test_check_knows_the_themes(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[ui]\ntheme = "nordd"\n')
    with pytest.raises(ConfigError, match="there is no theme 'nordd'"):
        run("check", str(file))
    file.write_text('[ui]\ntheme = "colour-blind"\n')
    assert run("check", str(file)) == ("ok\n", "")
