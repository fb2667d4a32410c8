from __future__ import annotations

import asyncio
import gzip

import pytest

from tests.servers import Exchange, Server, body, reset, stall, whole
from tui_stream.errors import ConfigError
from tui_stream.providers import _http


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8080/v1", True),
        ("http://127.8.8.8", True),
        ("http://[::1]:8080/v1", True),
        ("http://0.0.0.0:11434", True),
        ("http://localhost:1234/v1", True),
        ("http://LOCALHOST./v1", True),
        ("http://llm.localhost/v1", True),
        ("https://api.openai.com/v1", False),
        ("http://192.168.1.5:8080/v1", False),
        ("http://localhost.example.com/v1", False),
        ("http://127.0.0.1.example.com/v1", False),
        ("http://127.0.0.1@example.com/v1", False),
    ],
)
def test_what_is_on_this_machine(url: str, local: bool) -> None:
    assert _http.is_local(url) is local


@pytest.mark.parametrize(
    "url",
    ["", "foo", "localhost:8080/v1", "ftp://x/", "http://", "http://[::1", "http://x:99999/", "http://x:0/"],
)
def test_what_is_no_address_is_a_mistake_in_the_settings(url: str) -> None:
    with pytest.raises(ConfigError, match="base URL"):
        _http.split_url(url)


@pytest.mark.parametrize(
    ("url", "base", "query"),
    [
        ("http://x/v1", "http://x/v1", ""),
        (" http://me:pw@x:8/v1/?a=1&a=2#top ", "http://me:pw@x:8/v1", "a=1&a=2"),
        ("http://[::1]:8?a=%2F", "http://[::1]:8", "a=%2F"),
    ],
)
def test_a_query_is_no_part_of_the_path(url: str, base: str, query: str) -> None:
    assert _http.split_query(url) == (base, query)


def test_an_address_is_shown_without_secrets() -> None:
    assert _http.shown_url("https://me:secret@x.example:8443/v1/?key=secret#a") == "https://x.example:8443/v1"
    assert _http.shown_url("http://x/") == "http://x"


async def test_a_client_asks_for_plain_text_and_keeps_connections() -> None:
    async with Server() as server, await asyncio.to_thread(_http.make_client, 1.0) as client:
        server.then(whole({"a": 1}), whole({"a": 2}))
        for number in (1, 2):
            assert (await client.get(server.url)).json() == {"a": number}
        assert server.connections == 1
        assert server.requests[0].headers["accept-encoding"] == "identity"
        assert server.requests[0].headers["user-agent"] == "tui-stream"


async def test_a_client_follows_no_redirect_and_leaves_the_key_at_home() -> None:
    async with (
        Server() as server,
        Server() as other,
        await asyncio.to_thread(_http.make_client, 1.0) as client,
    ):
        server.then(whole({}, 307, Location=f"{other.url}/v1?token=x"))
        with pytest.raises(_http.RefusedResponse) as raised:
            await client.get(server.url, headers={"Authorization": "Bearer secret-key"})
        assert raised.value.status == 307
        assert other.connections == 0
        assert client.follow_redirects is False, "the hook that refuses is the second thing that holds it back"


async def test_a_refusal_carries_its_body_without_the_key() -> None:
    async with Server() as server, await asyncio.to_thread(_http.make_client, 1.0) as client:
        server.then(whole(b"the key secret-key is wrong", 401, X_Id="7"))
        with pytest.raises(_http.RefusedResponse) as raised:
            await client.get(server.url, headers={"Authorization": "Bearer secret-key"})
        assert (raised.value.status, raised.value.body) == (401, b"the key [key] is wrong")
        assert raised.value.headers["x-id"] == "7"


async def test_only_the_beginning_of_a_refusal_is_read() -> None:
    async def endless(exchange: Exchange) -> None:
        while not exchange.gone.is_set():
            await exchange.piece(b"x" * 10_000)

    async with Server() as server, await asyncio.to_thread(_http.make_client, 1.0) as client:
        server.then(body(endless, status=500))
        with pytest.raises(_http.RefusedResponse) as raised:
            await client.get(server.url)
        assert len(raised.value.body) == _http.MAX_REFUSAL
        await server.exchanges[0].gone.wait()


async def test_a_refusal_that_unpacks_to_very_much_is_cut_too() -> None:
    bomb = gzip.compress(b"x" * (64 << 20))
    async with Server() as server, await asyncio.to_thread(_http.make_client, 1.0) as client:
        server.then(whole(bomb, 500, Content_Encoding="gzip"))
        with pytest.raises(_http.RefusedResponse) as raised:
            await client.get(server.url)
        assert len(raised.value.body) == _http.MAX_REFUSAL


async def test_a_refusal_that_does_not_end_is_taken_as_far_as_it_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_http, "REFUSAL_TIMEOUT", 0.05)
    async with Server() as server, await asyncio.to_thread(_http.make_client, 1.0) as client:
        server.then(body(b"so far", stall, status=503))
        with pytest.raises(_http.RefusedResponse) as raised:
            await client.get(server.url)
        assert raised.value.body == b"so far"
        await server.exchanges[0].gone.wait()


async def test_a_refusal_that_breaks_off_is_a_refusal_still() -> None:
    async with Server() as server, await asyncio.to_thread(_http.make_client, 1.0) as client:
        server.then(body(b"so far", reset, status=503))
        with pytest.raises(_http.RefusedResponse) as raised:
            await client.get(server.url)
        assert raised.value.status == 503
