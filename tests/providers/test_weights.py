from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.providers.embedded_fakes import CONTENT, pin, small_gguf
from tui_stream.errors import CorruptWeightsError, ModelNotFoundError, WeightsError
from tui_stream.providers._weights import DEFAULT, Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    folder = tmp_path / "models"
    folder.mkdir()
    return Shelf(folder, pin())


def test_the_pin_is_the_file_that_the_issue_names() -> None:
    assert DEFAULT.filename == "SmolLM2-135M-Instruct.Q4_1.gguf"
    assert DEFAULT.size == 98_362_432
    assert DEFAULT.sha256 == "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
    assert DEFAULT.hub_path.endswith(DEFAULT.filename)


@pytest.mark.parametrize("name", ["", "  ", "Tiny-1M", "tiny-1m", "TINY-1M"])
def test_no_name_and_the_default_name_mean_the_pinned_file(shelf: Shelf, name: str) -> None:
    assert shelf.find(name) == shelf.pinned
    assert shelf.name_of(shelf.pinned) == "Tiny-1M"


def test_paths_and_names_of_files_in_the_folder(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    for path in (tmp_path / "own.gguf", shelf.folder / "other.gguf", home / "mine.gguf"):
        path.write_bytes(CONTENT)
    monkeypatch.chdir(tmp_path)
    assert shelf.find(str(tmp_path / "own.gguf")) == tmp_path / "own.gguf"
    assert shelf.find("own.gguf") == tmp_path / "own.gguf"
    assert shelf.find("~/mine.gguf") == home / "mine.gguf"
    assert shelf.find("other") == shelf.find("other.gguf") == shelf.folder / "other.gguf"
    assert shelf.name_of(shelf.find("other")) == "other"


@pytest.mark.parametrize("path", ["/no/such/file.gguf", "nothing.gguf", "some/folder/model"])
def test_a_path_that_leads_nowhere(shelf: Shelf, path: str) -> None:
    with pytest.raises(WeightsError, match="There is no file") as caught:
        shelf.find(path)
    assert "providers.embedded.model" in caught.value.hint


def test_a_folder_is_no_model(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="is a folder"):
        shelf.find(str(tmp_path))


def test_a_name_that_nothing_has(shelf: Shelf) -> None:
    (shelf.folder / "other.gguf").write_bytes(CONTENT)
    with pytest.raises(ModelNotFoundError, match="gpt-5-mini") as caught:
        shelf.find("gpt-5-mini")
    assert "Tiny-1M, other.gguf" in caught.value.hint


def test_the_list_of_models(shelf: Shelf, tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(small_gguf(512))
    (shelf.folder / "other.gguf").write_bytes(small_gguf(1024))
    (shelf.folder / "broken.gguf").write_bytes(b"GGUF")
    default, configured, broken, other = shelf.models(str(own))
    assert (default.name, default.size, default.context_window) == ("Tiny-1M", len(CONTENT), None)
    assert "fetched when first used" in default.detail
    assert (configured.name, configured.context_window, configured.size) == (
        str(own),
        512,
        own.stat().st_size,
    )
    assert (broken.name, broken.context_window) == ("broken.gguf", None)
    assert (other.name, other.context_window) == ("other.gguf", 1024)
    assert shelf.models(context=2048)[-1].context_window == 2048


def test_the_list_without_a_folder(tmp_path: Path) -> None:
    assert [info.name for info in Shelf(tmp_path / "none").models()] == ["SmolLM2-135M-Instruct"]


def test_every_name_of_the_list_can_be_asked_for(shelf: Shelf) -> None:
    (shelf.folder / "other.v2.gguf").write_bytes(CONTENT)
    for info in shelf.models():
        shelf.find(info.name)


def test_a_good_file_passes(shelf: Shelf) -> None:
    shelf.pinned.write_bytes(CONTENT)
    shelf.check(shelf.pinned)


def test_a_pinned_file_of_another_size(shelf: Shelf) -> None:
    shelf.pinned.write_bytes(CONTENT[:-1])
    with pytest.raises(CorruptWeightsError, match=r"has 1,048,579 bytes instead of 1,048,580") as caught:
        shelf.check(shelf.pinned)
    assert "Delete it" in caught.value.hint


def test_a_pinned_file_of_the_right_size_that_is_something_else(shelf: Shelf) -> None:
    shelf.pinned.write_bytes(b"\0" * len(CONTENT))
    with pytest.raises(CorruptWeightsError, match="not a GGUF file") as caught:
        shelf.check(shelf.pinned)
    assert "Delete it" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"GG", b"<html>"])
def test_any_other_file_that_is_no_gguf(shelf: Shelf, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "own.gguf"
    path.write_bytes(content)
    with pytest.raises(CorruptWeightsError, match="not a GGUF file") as caught:
        shelf.check(path)
    assert "path" in caught.value.hint


def test_a_file_that_is_not_there(shelf: Shelf) -> None:
    with pytest.raises(WeightsError, match="cannot be read: no such file"):
        shelf.check(shelf.pinned)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_must_not_be_read(shelf: Shelf) -> None:
    shelf.pinned.write_bytes(CONTENT)
    shelf.pinned.chmod(0)
    with pytest.raises(WeightsError, match="permission denied"):
        shelf.check(shelf.pinned)


def test_two_pins_differ_by_their_folder(shelf: Shelf) -> None:
    other = Shelf(shelf.folder, replace(pin(), filename="else.gguf"))
    assert other.pinned.parent == shelf.pinned.parent
    assert other.pinned != shelf.pinned
