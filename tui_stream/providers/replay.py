"""Plays a recorded stream, with its timing: for demos, screenshots, tests and bug reports."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tui_stream.config import Settings
from tui_stream.core.events import Event, Progress
from tui_stream.core.models import ChatRequest, ModelInfo
from tui_stream.core.provider import Capabilities
from tui_stream.errors import ConfigError, StreamBrokenError, TuiStreamError
from tui_stream.providers import _recording

Step = tuple[float, Event | TuiStreamError]


@dataclass(slots=True)
class Recording:
    """A file of recorded answers, each a list of steps in order of time."""

    provider: str
    model: str
    answers: list[list[Step]] = field(default_factory=list)


def read(path: Path) -> Recording:
    """Reads a recording.

    Raises:
        ConfigError: it cannot be read, or is none.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The recording {path} cannot be read.", hint="Make one with --record.") from error
    recording = _header(path, lines[0] if lines else "")
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        try:
            seconds, event = _recording.parse(line)
        except ConfigError as error:
            raise ConfigError(f"{path}:{number}: {error.message}", hint="Make it anew with --record.") from error
        if event is None:
            recording.answers.append([])
        elif recording.answers:
            recording.answers[-1].append((seconds, event))
    if not recording.answers:
        raise ConfigError(f"The recording {path} holds no answer.", hint="Make it anew with --record.")
    return recording


def _header(path: Path, line: str) -> Recording:
    try:
        fields = json.loads(line)
        version = fields["tui_stream_recording"]
        recording = Recording(str(fields["provider"]), str(fields["model"]))
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigError(f"{path} is not a recording.", hint="Make one with --record.") from error
    if version != _recording.FORMAT:
        raise ConfigError(
            f"{path} is a recording of format {version}, this program plays format {_recording.FORMAT}.",
            hint="Make it anew with --record.",
        )
    return recording


class ReplayProvider:
    """Answers each request with the next recorded answer, from the first again after the last."""

    def __init__(
        self,
        path: Path,
        speed: float = 1.0,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._path = path
        self._speed = speed
        self._clock = clock
        self._sleep = sleep
        self._recording: Recording | None = None
        self._next = 0

    @property
    def name(self) -> str:
        """Always ``replay``."""
        return "replay"

    @property
    def model(self) -> str:
        """The recorded model, the file's name before it was read."""
        return self._recording.model if self._recording else self._path.name

    @property
    def capabilities(self) -> Capabilities:
        """Local: nothing is asked, nothing is paid."""
        return Capabilities(local=True, reasoning=True, images=True, schemas=True)

    async def prepare(self) -> AsyncGenerator[Progress, None]:
        """Reads the file.

        Raises:
            ConfigError: it cannot be read, or is no recording.
        """
        if self._recording is None:
            yield Progress(f"Reading {self._path.name}")
            self._recording = await asyncio.to_thread(read, self._path)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        """The next recorded answer; what was asked does not matter.

        Raises:
            ConfigError: there is no recording.
            TuiStreamError: the error that the recorded answer ended with.
        """
        del request
        if self._recording is None:
            self._recording = await asyncio.to_thread(read, self._path)
        steps = self._recording.answers[self._next % len(self._recording.answers)]
        self._next += 1
        began = self._clock()
        for seconds, event in steps:
            await self._wait(began, seconds)
            if isinstance(event, TuiStreamError):
                raise event
            yield event
        if not steps:
            raise StreamBrokenError("The recorded answer is empty.", hint="Make it anew with --record.")

    async def _wait(self, began: float, seconds: float) -> None:
        """Until the recorded moment; others get a turn even where there is nothing to wait for."""
        left = began + seconds / self._speed - self._clock() if self._speed > 0 else 0.0
        await self._sleep(max(0.0, left))

    async def models(self) -> Sequence[ModelInfo]:
        """The recorded model."""
        if self._recording is None:
            self._recording = await asyncio.to_thread(read, self._path)
        return [ModelInfo(self._recording.model, detail=f"recorded from {self._recording.provider}")]

    async def aclose(self) -> None:
        """Has nothing to close."""


def create(settings: Settings) -> ReplayProvider:
    """The provider for the recording that the settings name.

    Raises:
        ConfigError: they name none.
    """
    file = settings.model or settings.providers.replay.file
    if not file:
        raise ConfigError("No recording is named.", hint="Say which one: --provider replay --model FILE.")
    return ReplayProvider(Path(file).expanduser(), settings.providers.replay.speed)
