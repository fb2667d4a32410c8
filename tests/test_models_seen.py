from __future__ import annotations

from pathlib import Path

import pytest

from tui_stream import models_seen
from tui_stream.models_seen import ModelsSeen


def test_the_newest_stand_first_and_once(tmp_path: Path) -> None:
    seen = ModelsSeen(tmp_path / "cache" / "seen.json")
    assert seen.names() == []
    seen.add("openai", ["b", "c"])
    seen.add("ollama", ["qwen3:8b", "b"])
    seen.add("openai", ["c"])
    assert ModelsSeen(tmp_path / "cache" / "seen.json").names() == ["c", "qwen3:8b", "b"]
    assert seen.names("openai") == ["c", "b"]


def test_names_that_a_shell_could_evaluate_are_not_remembered(tmp_path: Path) -> None:
    seen = ModelsSeen(tmp_path / "seen.json")
    seen.add(
        "openai", ["$(touch x)", "a b", "`x`", "it's", 'x"', "a;b", "\x1b[31m", "", "é", "a\n", "org/model-1.5:q4@x+y"]
    )
    assert seen.names() == ["org/model-1.5:q4@x+y"]
    (tmp_path / "seen.json").write_text('[["openai", "$(touch x)"], ["openai", "good"], ["x"], 3, {"a": 1}]')
    assert seen.names() == ["good"]


@pytest.mark.parametrize("text", ["", "{", "3", "[" * 100_000])
def test_a_damaged_file_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "seen.json").write_text(text)
    seen = ModelsSeen(tmp_path / "seen.json")
    assert seen.names() == []
    seen.add("p", ["m"])
    assert seen.names() == ["m"]


def test_a_folder_that_cannot_be_written_is_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    ModelsSeen(tmp_path / "file" / "seen.json").add("p", ["m"])
    monkeypatch.setattr(models_seen, "MOST", 2)
    seen = ModelsSeen(tmp_path / "seen.json")
    seen.add("p", ["a", "b", "c"])
    assert seen.names() == ["a", "b"]
