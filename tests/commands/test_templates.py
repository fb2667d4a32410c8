from __future__ import annotations

import subprocess
import sys

import pytest

from tui_stream import paths

pytestmark = pytest.mark.usefixtures("home")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tui_stream", "templates", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_folder() -> None:
    assert run("path").stdout == f"{paths.templates_dir()}\n"


def test_templates_are_listed_and_shown() -> None:
    folder = paths.templates_dir()
    done = run("list")
    assert (done.returncode, done.stdout) == (0, "")
    assert f"There are no templates in {folder}." in done.stderr
    folder.mkdir(parents=True)
    (folder / "b.md").write_text(
        "+++\ndescription = 'Of\x1b\t two'\n+++\n{{x}} {{y}} {{input}}\x1b[2J".replace("\x1b\t", " ")
    )
    (folder / "a.md").write_text("Joke\x1b[2J")
    (folder / "broken.md").write_text("+++\n=\n+++\n")
    done = run("list")
    assert (done.returncode, done.stdout) == (0, "a\t\t\nb\tx y\tOf two\n")
    assert "broken.md: Invalid" in done.stderr
    assert run("show", "a").stdout == "Joke[2J"
    done = run("show", "none")
    assert done.returncode == 2
    assert "There are: a, b, broken." in done.stderr
