"""Where the program keeps its files on each platform, and nothing else."""

from __future__ import annotations

from pathlib import Path

import platformdirs

_APP = "tui-stream"


def config_file() -> Path:
    """The settings file; it need not exist."""
    return platformdirs.user_config_path(_APP, appauthor=False) / "config.toml"


def templates_dir() -> Path:
    """The folder for prompts that are used again; it need not exist."""
    return platformdirs.user_config_path(_APP, appauthor=False) / "templates"


def cache_dir() -> Path:
    """The folder for what can be fetched again: model weights."""
    return platformdirs.user_cache_path(_APP, appauthor=False)


def data_dir() -> Path:
    """The folder for what cannot: the history."""
    return platformdirs.user_data_path(_APP, appauthor=False)


def runtime_dir() -> Path:
    """The folder for sockets of this login session."""
    return platformdirs.user_runtime_path(_APP, appauthor=False)
