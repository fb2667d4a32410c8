from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tui_stream import paths


@pytest.mark.skipif(sys.platform != "linux", reason="the XDG variables are Linux's")
@pytest.mark.parametrize(
    ("variable", "function", "inside"),
    [
        ("XDG_CONFIG_HOME", paths.config_file, "tui-stream/config.toml"),
        ("XDG_CACHE_HOME", paths.cache_dir, "tui-stream"),
        ("XDG_DATA_HOME", paths.data_dir, "tui-stream"),
        ("XDG_RUNTIME_DIR", paths.runtime_dir, "tui-stream"),
    ],
)
def test_places_follow_the_platform_and_are_not_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, function: Callable[[], Path], inside: str
) -> None:
    monkeypatch.setenv(variable, str(tmp_path))
    assert function() == tmp_path / inside
    assert list(tmp_path.iterdir()) == []


def test_places_differ() -> None:
    assert len({paths.config_file().parent, paths.cache_dir(), paths.data_dir(), paths.runtime_dir()}) >= 3
    assert paths.cache_dir() not in {paths.config_file().parent, paths.data_dir()}
