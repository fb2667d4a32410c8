from __future__ import annotations

import contextlib
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.providers.embedded_fakes import gguf_pair, small_gguf
from tests.weights import real_weights
from tui_stream.providers._weights_gguf import context_length


def read(tmp_path: Path, data: bytes) -> int | None:
    path = tmp_path / "x.gguf"
    path.write_bytes(data)
    return context_length(path)


def test_the_figure_is_found(tmp_path: Path) -> None:
    assert read(tmp_path, small_gguf(4321)) == 4321


def test_behind_a_list_of_texts(tmp_path: Path) -> None:
    tags = struct.pack("<IQ", 8, 2) + struct.pack("<Q", 2) + b"en" + struct.pack("<Q", 2) + b"de"
    assert read(tmp_path, small_gguf(99, first=gguf_pair("general.languages", 9, tags))) == 99


def test_the_tokenizer_is_not_read(tmp_path: Path) -> None:
    huge = struct.pack("<IQ", 8, 1 << 60)
    assert read(tmp_path, small_gguf(99, first=gguf_pair("tokenizer.ggml.tokens", 9, huge))) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GGUF",
        b"GGJT" + bytes(40),
        small_gguf()[:-3],
        small_gguf(first=gguf_pair("a", 77, b"")),
        small_gguf(first=gguf_pair("a", 9, struct.pack("<IQ", 9, 1))),
        small_gguf(first=gguf_pair("a", 9, struct.pack("<IQ", 0, 1 << 40))),
        small_gguf(first=struct.pack("<Q", 1 << 40)),
    ],
)
def test_a_damaged_head_is_a_value_error(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(tmp_path, data)


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_worse(tmp_path_factory: pytest.TempPathFactory, tail: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.gguf"
    path.write_bytes(struct.pack("<4sI", b"GGUF", 3) + tail)
    with contextlib.suppress(ValueError):
        context_length(path)


def test_the_real_file() -> None:
    assert context_length(real_weights()) == 8192
