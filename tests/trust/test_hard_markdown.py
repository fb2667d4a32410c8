"""Hard Markdown costs a screen no more work a frame than it can do between two keys: counted in calls, not in time.

`tests.benchmarks.pathological` measures the time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from tests.fakes import ScriptedProvider
from tests.markdown.test_cost import calls
from tests.trust.texts import HARD
from tui_stream.core.batcher import MOST_A_FRAME, Batch, batches
from tui_stream.core.events import Event, ReasoningDelta, StreamEnd, TextDelta
from tui_stream.core.models import FinishReason
from tui_stream.core.session import ChatSession, SessionOptions
from tui_stream.markdown import LiveMarkdown

MOST_CALLS = 120 * 2 * MOST_A_FRAME
"""Calls that a frame may cost: 120 for a character, of the most that one brings. The hardest takes 92."""


@pytest.mark.parametrize("name", HARD)
def test_a_frame_costs_no_more_wherever_in_the_text_it_comes(name: str) -> None:
    text, size = HARD[name], 2 * MOST_A_FRAME
    slices = [text[start : start + size] for start in range(0, len(text), size)]
    live = LiveMarkdown(100)
    counted = {1, len(slices) // 2, len(slices) - 1}
    for number, piece in enumerate(slices):
        if number in counted:
            assert calls(live, [piece]) < MOST_CALLS
        else:
            live.append(piece)
            live.lines(max(0, live.height - 40), live.height)


async def _in_one_piece(text: str) -> AsyncGenerator[Event, None]:
    yield TextDelta(text)
    yield ReasoningDelta(text)
    yield StreamEnd(FinishReason.STOP)


async def test_no_frame_brings_more_than_twice_what_may_wait() -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 20_000)))
    found: list[Batch] = []
    async for batch in batches(_in_one_piece(text), interval=0.001, most_pending=1000):
        found.append(batch)
        await asyncio.sleep(0)
    assert max(len(batch.text) + len(batch.reasoning) for batch in found) <= 2000
    assert "".join(batch.text for batch in found) == text
    assert "".join(batch.reasoning for batch in found) == text


async def test_a_screen_is_handed_a_flood_in_frames() -> None:
    text = HARD["emphasis of both kinds"]
    session = ChatSession(
        ScriptedProvider([[TextDelta(text), StreamEnd(FinishReason.STOP)]]), options=SessionOptions(frame=0.001)
    )
    async with aclosing(session.run(session.begin("x"))) as updates:
        handed = [update.text async for update in updates]
    assert max(map(len, handed)) <= 2 * MOST_A_FRAME
    assert "".join(handed) == text
    await session.aclose()
