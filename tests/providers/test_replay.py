from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fakes import FakeClock, ScriptedProvider, Step
from tui_stream.config import Providers, ReplaySettings, Settings
from tui_stream.core.events import (
    Event,
    Progress,
    ReasoningDelta,
    ResponseStarted,
    StreamEnd,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tui_stream.core.models import ChatRequest, FinishReason, Source, Usage
from tui_stream.errors import ConfigError, RateLimitError, StreamBrokenError, TuiStreamError
from tui_stream.providers import replay
from tui_stream.providers.recorder import Recorder, RecordingFile

REQUEST = ChatRequest("", ())
EVERYTHING: list[Event] = [
    Progress("Loading", 1, 2),
    ResponseStarted("model"),
    ReasoningDelta("hm"),
    TextDelta("a\u2028b\n"),
    ToolCallDelta(0, "id", "name", "{}"),
    UsageReport(Usage(1, 2, cost=Decimal("0.25"))),
    StreamEnd(FinishReason.LENGTH),
]


async def collect(stream: AsyncGenerator[Event, None]) -> list[Event]:
    async with aclosing(stream):
        return [event async for event in stream]


async def record(path: Path, *scripts: list[Step], clock: FakeClock | None = None) -> None:
    recorder = Recorder(ScriptedProvider(scripts), RecordingFile(path), clock=clock or FakeClock())
    for _ in scripts:
        with suppress(TuiStreamError):
            await collect(recorder.stream(REQUEST))
    await recorder.aclose()


async def test_what_is_recorded_is_replayed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    await record(path, [*EVERYTHING], [StreamEnd()])
    provider = replay.ReplayProvider(path, 0)
    replayed = await collect(provider.stream(REQUEST))
    assert replayed == EVERYTHING
    assert [event.usage.source for event in replayed if isinstance(event, UsageReport)] == [Source.REPORTED]
    assert all(isinstance(event.usage.source, Source) for event in replayed if isinstance(event, UsageReport))
    assert await collect(provider.stream(REQUEST)) == [StreamEnd()]
    assert await collect(provider.stream(REQUEST)) == EVERYTHING
    assert provider.model == "scripted-model"
    assert [model.name for model in await provider.models()] == ["scripted-model"]


async def test_errors_are_replayed_too(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    await record(path, [TextDelta("half"), RateLimitError("Slow down.", hint="Wait.")])
    provider = replay.ReplayProvider(path, 0)
    with pytest.raises(RateLimitError, match="Slow down"):
        await collect(provider.stream(REQUEST))


@pytest.mark.parametrize(("speed", "slept"), [(1.0, [0.5, 1.0]), (2.0, [0.25, 0.5]), (0.0, [0.0, 0.0])])
async def test_the_timing_is_kept(tmp_path: Path, speed: float, slept: list[float]) -> None:
    path = tmp_path / "a.jsonl"
    lines = [
        {"tui_stream_recording": 1, "provider": "p", "model": "m"},
        {"t": 0, "event": "request"},
        {"t": 0.5, "event": "text", "text": "a"},
        {"t": 1.5, "event": "end", "finish_reason": "stop"},
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    clock = FakeClock()
    provider = replay.ReplayProvider(path, speed, clock=clock, sleep=clock.sleep)
    assert await collect(provider.stream(REQUEST)) == [TextDelta("a"), StreamEnd(FinishReason.STOP)]
    assert clock.slept == slept


async def test_times_are_taken_from_the_request(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    clock = FakeClock(50.0)
    await record(path, [TextDelta("a"), StreamEnd()], clock=clock)
    assert replay.read(path).answers == [[(0.0, TextDelta("a")), (0.0, StreamEnd())]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is not a recording"),
        ("hello\n", "is not a recording"),
        ('{"tui_stream_recording": 9, "provider": "", "model": ""}\n', "format 9"),
        ('{"tui_stream_recording": 1, "provider": "", "model": ""}\n', "holds no answer"),
        ('{"tui_stream_recording": 1, "provider": "", "model": ""}\n{"t": 0}\n', r"a\.jsonl:2: Not a line"),
        (
            '{"tui_stream_recording": 1, "provider": "", "model": ""}\n'
            '{"t": 0, "event": "request"}\n'
            '{"t": 0, "event": "error", "error": "sys", "message": "", "hint": ""}\n',
            r"a\.jsonl:3: Not a line",
        ),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(content)
    with pytest.raises(ConfigError, match=said):
        replay.read(path)


async def test_an_answer_with_nothing_in_it_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    await record(path, [])
    with pytest.raises(StreamBrokenError):
        await collect(replay.ReplayProvider(path, 0).stream(REQUEST))


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        replay.read(tmp_path / "none")


async def test_a_recording_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    recorder = Recorder(ScriptedProvider([EVERYTHING]), RecordingFile(tmp_path / "none" / "a.jsonl"))
    with pytest.raises(ConfigError, match="cannot be written: No such file"):
        await collect(recorder.stream(REQUEST))


def test_settings_must_name_a_file() -> None:
    with pytest.raises(ConfigError, match="No recording is named"):
        replay.create(Settings())
    made = replay.create(Settings(providers=Providers(replay=ReplaySettings(file="x/y.jsonl"))))
    assert made.model == "y.jsonl"
