"""Reads the one figure of a GGUF file's head that matters before loading: the model's context window.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

_FIXED = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MAX_PAIRS = 1000
_MAX_ITEMS = 10_000
_MAX_TEXT = 1 << 24
_OLDEST = 2


def context_length(path: Path) -> int | None:
    """The context window in tokens that a model was trained for, None where its file does not say.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no GGUF file.
    """
    with path.open("rb") as file:
        magic, version, _tensors, pairs = struct.unpack("<4sIQQ", _read(file, 24))
        if magic != b"GGUF" or version < _OLDEST:
            raise ValueError("not a GGUF file")
        for _ in range(min(pairs, _MAX_PAIRS)):
            key = _read(file, _length(file))
            if key.startswith(b"tokenizer."):
                return None  # long lists, which come after what describes the model
            value = _value(file, *struct.unpack("<I", _read(file, 4)))
            if key.endswith(b".context_length") and isinstance(value, int):
                return value
    return None


def _value(file: BinaryIO, kind: int) -> object:
    if kind == _STRING:
        return _read(file, _length(file))
    if kind == _ARRAY:
        element, count = struct.unpack("<IQ", _read(file, 12))
        if element == _ARRAY or count > _MAX_ITEMS:
            raise ValueError("a list that does not belong there")
        return [_value(file, element) for _ in range(count)]
    if kind not in _FIXED:
        raise ValueError("an unknown type of value")
    code = f"<{_FIXED[kind]}"
    return struct.unpack(code, _read(file, struct.calcsize(code)))[0]


def _length(file: BinaryIO) -> int:
    length: int = struct.unpack("<Q", _read(file, 8))[0]
    return length


def _read(file: BinaryIO, length: int) -> bytes:
    if length > _MAX_TEXT or len(data := file.read(length)) < length:
        raise ValueError("the file's head is damaged")
    return data
