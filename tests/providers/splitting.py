"""Cutting byte streams into pieces, for decoders that must not care."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

from tui_stream.errors import ProviderError

Item_co = TypeVar("Item_co", covariant=True)


class Decoder(Protocol[Item_co]):
    def feed(self, data: bytes) -> Iterator[Item_co]: ...
    def flush(self) -> Iterator[Item_co]: ...


def cut(stream: bytes, at: Iterable[int]) -> list[bytes]:
    """The stream in pieces that end at these places, empty ones included."""
    ends = [*sorted(min(place, len(stream)) for place in at), len(stream)]
    return [stream[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def everywhere(stream: bytes) -> Iterator[list[bytes]]:
    """The stream whole, byte by byte, and cut in two at every place."""
    yield [stream]
    yield [stream[place : place + 1] for place in range(len(stream))]
    for place in range(1, len(stream)):
        yield [stream[:place], stream[place:]]


def until_error(decoder: Decoder[Item_co], chunks: Iterable[bytes]) -> tuple[list[Item_co], ProviderError | None]:
    """All that a decoder makes of chunks before it raises, and what it raises."""
    seen: list[Item_co] = []
    try:
        for item in pieces(decoder, chunks):
            seen.append(item)  # noqa: PERF402 - what came before the error counts
    except ProviderError as error:
        return seen, error
    return seen, None


def pieces(decoder: Decoder[Item_co], chunks: Iterable[bytes]) -> Iterator[Item_co]:
    """All that a decoder makes of chunks and of their end."""
    for chunk in chunks:
        yield from decoder.feed(chunk)
    yield from decoder.flush()
