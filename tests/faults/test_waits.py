"""How long a server may ask to wait, in every form, and what is done about waits that nobody should sit through."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.faults.asking import in_pipe, nothing_left_behind
from tests.faults.server import Answer, Misbehaving
from tests.faults.wires import WIRES, settings_for
from tui_stream.core.models import MessageStatus
from tui_stream.core.watchdog import Limits

PROVIDERS = ("openai", "openai-responses", "ollama", "sse", "ai-sdk-ui", "websocket")
ERROR = b'{"error": {"message": "slow down"}}'


def in_seconds(seconds: float) -> str:
    """That moment as HTTP writes dates."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


FORMS: dict[str, tuple[dict[str, str], float, float]] = {
    "seconds": ({"Retry-After": "7"}, 7.0, 7.0),
    "fraction": ({"Retry-After": "2.5"}, 2.5, 2.5),
    "zero": ({"Retry-After": "0"}, 1.0, 1.0),
    "milliseconds": ({"retry-after-ms": "4500"}, 4.5, 4.5),
    "both": ({"retry-after-ms": "4500", "Retry-After": "9"}, 4.5, 4.5),
    "past": ({"Retry-After": in_seconds(-3600)}, 1.0, 1.0),
    "negative": ({"Retry-After": "-5"}, 1.0, 1.0),
    "words": ({"Retry-After": "soon, perhaps"}, 1.0, 1.0),
    "empty": ({"Retry-After": ""}, 1.0, 1.0),
    "infinite": ({"Retry-After": "inf"}, 1.0, 1.0),
    "odd date": ({"Retry-After": "Mon, 99 Foo 9999 99:99:99 GMT"}, 1.0, 1.0),
    "exponent": ({"Retry-After": "1e9"}, 1.0, 1.0),
}
"""The headers, and the seconds that the first wait takes at least and at most; our own first wait is one second."""

TOO_LONG = {
    "seconds": ({"Retry-After": "3600"}, "60 min"),
    "a year": ({"Retry-After": "31536000"}, "365 days"),
    "absurd": ({"Retry-After": "999999999999"}, "11,574,075 days"),
    "date": ({"Retry-After": in_seconds(86400)}, "24 h"),
    "far date": ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, "days"),
    "milliseconds": ({"retry-after-ms": "999999999"}, "12 days"),
}
"""The headers, and the wait as the message names it."""


@pytest.mark.parametrize(("form", "status"), [*((form, 429) for form in FORMS), ("seconds", 503), ("words", 503)])
async def test_a_wait_in_every_form(form: str, status: int) -> None:
    headers, least, most = FORMS[form]
    wire = WIRES["openai"]
    async with asyncio.timeout(20), Misbehaving(wire, Answer(status, ERROR, headers=headers)) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url), attempts=2)
        assert server.asked == 2
    assert least <= outcome.delays[0] <= most
    assert f"Trying again in {outcome.delays[0]:.0f} s." in outcome.said.splitlines()[0]


async def test_a_wait_until_a_date() -> None:
    wire = WIRES["openai"]
    headers = {"Retry-After": in_seconds(60)}
    async with asyncio.timeout(20), Misbehaving(wire, Answer(429, ERROR, headers=headers)) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url), attempts=2, limits=Limits(total=300))
    assert 40 < outcome.delays[0] <= 60


@pytest.mark.parametrize("name", PROVIDERS)
async def test_every_provider_waits_as_long_as_it_is_asked_to(name: str) -> None:
    wire = WIRES[name]
    async with asyncio.timeout(20), Misbehaving(wire, Answer(429, ERROR, headers={"Retry-After": "7"})) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url))
        assert server.asked == 3
    assert outcome.delays == [7.0, 7.0]
    assert outcome.code == 4


@pytest.mark.parametrize("form", TOO_LONG)
@pytest.mark.parametrize("name", ["openai", "websocket"])
async def test_nobody_is_made_to_wait_for_an_hour(name: str, form: str) -> None:
    wire, (headers, named) = WIRES[name], TOO_LONG[form]
    async with (
        nothing_left_behind(),
        asyncio.timeout(20),
        Misbehaving(wire, Answer(429, ERROR, headers=headers)) as server,
    ):
        outcome = await in_pipe(settings_for(wire, server.base_url))
        await server.left()
        assert (outcome.delays, server.asked, outcome.code) == ([], 1, 4)
    assert outcome.message is not None
    assert outcome.message.status is MessageStatus.FAILED
    assert "slow down. Wait " in outcome.said
    assert f"{named}, then try again." in outcome.said
