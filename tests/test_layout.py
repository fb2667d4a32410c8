"""What importing a module may not load, so that the program starts fast."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SDKS = ("openai", "ollama", "httpx", "httpx2", "pydantic", "xllamacpp", "genai_prices")
HEAVY = ("textual", "rich", "asyncio", "msgspec", *SDKS)


def loaded_by(module: str) -> set[str]:
    """The top-level packages that a fresh interpreter has loaded after importing a module."""
    program = f"import sys, json, {module}; print(json.dumps(sorted(n.split('.')[0] for n in sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    names: list[str] = json.loads(done.stdout)
    return set(names)


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("tui_stream.config", HEAVY),
        ("tui_stream.config.load", HEAVY),
        ("tui_stream.config.render", HEAVY),
        ("tui_stream.errors", HEAVY),
        ("tui_stream.paths", HEAVY),
        ("tui_stream.commands.config", (*HEAVY, "tomllib")),
    ],
)
def test_an_import_stays_light(module: str, heavy: tuple[str, ...]) -> None:
    loaded = loaded_by(module)
    assert "tui_stream" in loaded
    assert not loaded & set(heavy)


def test_a_heavy_import_would_be_seen() -> None:
    assert "textual" in loaded_by("textual.app")
