"""The first moments of the program."""

from __future__ import annotations

import subprocess
import sys

import pytest

_INTERRUPTED = """
import runpy, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise {interrupt}

sys.meta_path.insert(0, Interrupting())
sys.argv = ["tui-stream", *{arguments!r}]
runpy.run_module("tui_stream", run_name="__main__")
"""


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("tui_stream.errors", ["pipe", "Hi"]),
        ("tui_stream.flags", ["pipe", "Hi"]),
        ("tui_stream.fronts", ["pipe", "Hi"]),
        ("tui_stream.keeping", ["pipe", "Hi"]),
        ("tui_stream.commands.slips", ["Hi"]),
        ("typer", ["--help"]),
        ("tui_stream.cli", ["models"]),
    ],
)
def test_an_interrupt_while_modules_are_loaded_is_silent(module: str, arguments: list[str]) -> None:
    check(_INTERRUPTED.format(module=module, arguments=arguments, interrupt="KeyboardInterrupt"))


def test_an_interrupt_while_a_class_is_made_is_silent() -> None:
    wrapped = 'RuntimeError("Error calling __set_name__") from KeyboardInterrupt()'
    check(_INTERRUPTED.format(module="tui_stream.fronts", arguments=["Hi"], interrupt=wrapped))


def check(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], input=b"", capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")
