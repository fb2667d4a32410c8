"""Wraps a provider so that everything it yields is also written to a file (``--record``)."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from pathlib import Path
from typing import IO

from tui_stream.core.events import Event, Progress
from tui_stream.core.models import ChatRequest, ModelInfo
from tui_stream.core.private_files import open_private
from tui_stream.core.provider import Capabilities, Provider, Pulls, TakesContext, TellsWindow
from tui_stream.errors import ConfigError, TuiStreamError
from tui_stream.providers import _recording


class RecordingFile:
    """The file of a recording, its owner's alone; several providers may write to it, one answer after the other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def write(self, line: str, provider: Provider) -> None:
        """Writes a line; the first one comes behind a head that names the provider.

        Raises:
            ConfigError: it cannot be written.
        """
        try:
            if self._file is None:
                self._file = open(self._path, "w", encoding="utf-8", buffering=1, opener=_opened)  # noqa: SIM115 - kept
                self._file.write(_recording.header(provider.name, provider.model))
            self._file.write(line)
        except OSError as error:
            raise ConfigError(
                f"The recording {self._path} cannot be written: {error.strerror}.",
                hint="Name another file with --record.",
            ) from error

    def close(self) -> None:
        """Closes it; nothing is written any more. What could not be written was told when it was to be."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()


def _opened(path: str, flags: int) -> int:
    """Opens it for its owner alone; a pipe that takes its time is waited for."""
    descriptor = open_private(path, flags)
    os.set_blocking(descriptor, True)
    return descriptor


class Recorder:
    """A provider that passes another one's streams through and records them."""

    def __init__(self, provider: Provider, file: RecordingFile, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._provider = provider
        self._file = file
        self._clock = clock

    @property
    def name(self) -> str:
        """The name of the provider that is recorded."""
        return self._provider.name

    @property
    def model(self) -> str:
        """Its model."""
        return self._provider.model

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        return self._provider.capabilities

    def prepare(self) -> AsyncGenerator[Progress, None]:
        """Prepares it."""
        return self._provider.prepare()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        """Streams and records.

        Raises:
            ConfigError: the recording cannot be written.
        """
        self._write(_recording.request_line())
        began = self._clock()
        async with aclosing(self._provider.stream(request)) as events:
            try:
                async for event in events:
                    self._write(_recording.event_line(self._clock() - began, event))
                    yield event
            except TuiStreamError as error:
                self._write(_recording.error_line(self._clock() - began, error))
                raise

    async def models(self) -> Sequence[ModelInfo]:
        """Its models."""
        return await self._provider.models()

    async def add_context(self, text: str) -> bool:
        """Hands a note on, where it takes any."""
        taker: object = self._provider
        return isinstance(taker, TakesContext) and await taker.add_context(text)

    async def window(self, model: str, options: Mapping[str, object]) -> int | None:
        """The context window of a model, where the provider tells it."""
        teller: object = self._provider
        return await teller.window(model, options) if isinstance(teller, TellsWindow) else None

    async def aclose(self) -> None:
        """Closes it, and the file."""
        try:
            await self._provider.aclose()
        finally:
            self._file.close()

    def _write(self, line: str) -> None:
        self._file.write(line, self._provider)


class PullingRecorder(Recorder):
    """Records a provider that can fetch models."""

    def __init__(self, provider: Provider, file: RecordingFile, puller: Pulls) -> None:
        super().__init__(provider, file)
        self._puller = puller

    def pull(self, model: str) -> AsyncGenerator[Progress, None]:
        """Fetches a model."""
        return self._puller.pull(model)


def recorded(provider: Provider, file: RecordingFile) -> Recorder:
    """A provider whose streams are recorded, and that can do what it could do before."""
    puller: object = provider
    return PullingRecorder(provider, file, puller) if isinstance(puller, Pulls) else Recorder(provider, file)
