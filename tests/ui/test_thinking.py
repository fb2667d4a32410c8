"""Reasoning that comes inside the text, as the screen shows it."""

from __future__ import annotations

import pytest

from tests.fakes import Gate, ScriptedProvider, Step
from tests.ui.harness import Screen, chat, running
from tui_stream.core.events import ReasoningDelta, StreamEnd, TextDelta
from tui_stream.core.models import FinishReason
from tui_stream.ui.widgets.pane import ChatPane

STOP = StreamEnd(FinishReason.STOP)


def source(screen: Screen) -> str:
    """The newest answer, as Markdown."""
    answer = screen.app.screen_stack[0].query_one(ChatPane).newest
    assert answer is not None
    return answer.source


async def test_a_block_in_the_text_is_the_folded_section_and_not_the_answer() -> None:
    inside, after = Gate(), Gate()
    script: list[Step] = [TextDelta("<thi"), TextDelta("nk>\nLet me think."), inside, TextDelta("\n</thin"), after]
    given = chat([*script, TextDelta("k>\n\n**Yes**."), STOP], [TextDelta("Again."), STOP])
    async with running(given) as screen:
        await screen.type("Hi")
        await screen.shows("▾ Thinking", "Let me think.", "thinking")
        inside.open()
        await after.reached.wait()
        after.open()
        await screen.shows("▸ Thinking", "Yes", "done")
        assert source(screen) == "**Yes**."
        assert "Let me think." not in screen.text
        assert "think>" not in screen.text
        await screen.pilot.press("ctrl+t")
        await screen.shows("▾ Thinking", "Let me think.")
        assert "think>" not in screen.text
        await screen.pilot.press("ctrl+y")
        await screen.until(lambda: screen.app.clipboard == "**Yes**.")
        await screen.type("Go on")
        await screen.shows("Again.")
    assert isinstance(given.provider, ScriptedProvider)
    assert [message.content for message in given.provider.requests[1].messages] == ["Hi", "**Yes**.", "Go on"]


async def test_an_empty_block_shows_no_section() -> None:
    async with running(chat([TextDelta("<think>\n\n"), TextDelta("</think>\n\nYes."), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("Yes.", "done")
        assert "▸" not in screen.text
        assert "▾" not in screen.text
        assert source(screen) == "Yes."


async def test_a_block_that_was_never_closed_is_still_shown() -> None:
    async with running(chat([TextDelta("<think>\nLet me think, and"), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("▾ Thinking", "Let me think, and", "answered with nothing")
        assert source(screen) == ""


async def test_a_block_that_was_stopped_is_still_shown() -> None:
    async with running(chat([TextDelta("<think>\nLet me think, and"), Gate()])) as screen:
        await screen.type("Hi")
        await screen.shows("▾ Thinking", "Let me think, and")
        await screen.pilot.press("escape")
        await screen.shows("Stopped.", "Let me think, and")
        assert source(screen) == ""


async def test_an_answer_stopped_at_what_might_have_become_a_tag_keeps_it() -> None:
    gate = Gate()
    async with running(chat([TextDelta("<thi"), gate])) as screen:
        await screen.type("Hi")
        await gate.reached.wait()
        await screen.until(lambda: "first token" in screen.text)
        await screen.pilot.press("escape")
        await screen.shows("Stopped.", "<thi")
        assert source(screen) == "<thi"


@pytest.mark.parametrize(
    "script",
    [
        [TextDelta("The tag `<think>` opens, `</think>` closes."), STOP],
        [ReasoningDelta("Let me think."), TextDelta("`<think>` opens, `</think>` closes."), STOP],
    ],
)
async def test_an_answer_about_the_tags_shows_them(script: list[Step]) -> None:
    async with running(chat(script)) as screen:
        await screen.type("Hi")
        await screen.shows("<think> opens, </think> closes.", "done")
        assert source(screen).endswith("`<think>` opens, `</think>` closes.")
