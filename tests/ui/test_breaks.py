"""What a person can do about an answer that broke off, and to one that is under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest

from tests.fakes import Gate, ScriptedProvider, Step
from tests.ui.harness import Chat, Screen, chat, running
from tui_stream.core.backoff import RetryPolicy
from tui_stream.core.events import Event, ReasoningDelta, Rerouted, StreamEnd, TextDelta
from tui_stream.core.models import ChatRequest, FinishReason, MessageStatus
from tui_stream.core.provider import Capabilities
from tui_stream.core.session import SessionOptions
from tui_stream.errors import ConnectionFailedError, StreamBrokenError
from tui_stream.ui.widgets.pane import ChatPane

RESET = StreamBrokenError("The connection was reset.")
CUT: tuple[Step, ...] = (TextDelta("Apples, pears and some"), RESET)
REST: tuple[Step, ...] = (TextDelta(" **plums**."), StreamEnd(FinishReason.STOP))
OFFER = "Ctrl+N goes on · Ctrl+R asks again · Esc keeps it as it is"


@dataclass
class Taking(ScriptedProvider):
    """A provider that takes notes while it answers."""

    capabilities: Capabilities = field(default_factory=lambda: Capabilities(context=True))
    notes: list[str] = field(default_factory=list)

    async def add_context(self, text: str) -> bool:
        self.notes.append(text)
        return True


def pane(screen: Screen) -> ChatPane:
    return screen.app.screen_stack[0].query_one(ChatPane)


def sent(at: Chat) -> list[tuple[str, str]]:
    """What the newest request carried."""
    assert isinstance(at.provider, ScriptedProvider)
    return [(message.role.value, message.content) for message in at.provider.requests[-1].messages]


def texts(screen: Screen) -> list[str]:
    session = pane(screen).session
    assert session is not None
    return [message.text for message in session.conversation.messages]


# -- after a break ----------------------------------------------------------------------------------


async def test_one_key_goes_on_with_an_answer_that_broke_off() -> None:
    at = chat(CUT, REST)
    async with running(at) as screen:
        await screen.type("hi")
        await screen.shows("The connection was reset.", OFFER)
        await screen.pilot.press("ctrl+n")
        await screen.shows("Apples, pears and some plums.")
        await screen.until(lambda: "Ctrl+N" not in screen.text and "reset" not in screen.text)
        assert sent(at) == [("user", "hi"), ("assistant", "Apples, pears and some")]
        assert texts(screen) == ["hi", "Apples, pears and some **plums**."]
        assert screen.text.count("Apples") == 1


async def test_one_key_asks_again_and_the_old_answer_stays_one_key_away() -> None:
    at = chat(CUT, REST)
    async with running(at) as screen:
        await screen.type("hi")
        await screen.shows(OFFER)
        await screen.pilot.press("ctrl+r")
        await screen.shows("scripted-model  2/2", "plums.", "done")
        assert sent(at) == [("user", "hi")]
        assert texts(screen) == ["hi", " **plums**."]
        assert "Ctrl+N" not in screen.text
        assert "Apples" not in screen.text
        await screen.pilot.press("alt+left")
        await screen.shows("scripted-model  1/2", "Apples, pears and some", "The connection was reset.", OFFER)
        assert "plums" not in screen.text
        assert texts(screen) == ["hi", "Apples, pears and some"]


async def test_one_key_keeps_it_as_it_is() -> None:
    at = chat(CUT, REST)
    async with running(at) as screen:
        await screen.type("hi")
        await screen.shows(OFFER)
        await screen.pilot.press("escape")
        await screen.until(lambda: OFFER not in screen.text)
        assert "Apples, pears and some" in screen.text
        await screen.pilot.press("escape")
        assert len(at.provider.requests) == 1  # type: ignore[attr-defined] # a scripted provider
        await screen.pilot.press("ctrl+n")
        await screen.shows("Apples, pears and some plums.", "done")


async def test_a_new_prompt_keeps_it_too() -> None:
    at = chat(CUT, REST)
    async with running(at) as screen:
        await screen.type("hi")
        await screen.shows(OFFER)
        await screen.type("go")
        await screen.shows("plums")
        await screen.until(lambda: "Ctrl+N" not in screen.text)
        assert sent(at) == [("user", "hi"), ("assistant", "Apples, pears and some"), ("user", "go")]


async def test_it_can_break_again_and_be_gone_on_with_again() -> None:
    async with running(chat(CUT, (TextDelta(" more"), RESET), REST)) as screen:
        await screen.type("hi")
        await screen.shows(OFFER)
        await screen.pilot.press("ctrl+n")
        await screen.shows("some more", OFFER)
        await screen.pilot.press("ctrl+n")
        await screen.shows("some more plums.")


async def test_a_continuation_that_fails_gives_no_prompt_back() -> None:
    async with running(chat(CUT, (ConnectionFailedError("Nothing answers."),))) as screen:
        await screen.type("hi")
        await screen.shows(OFFER)
        await screen.pilot.press("ctrl+n")
        await screen.shows("Nothing answers.", "Apples, pears and some", OFFER)
        assert screen.prompt == ""


async def test_asking_again_takes_the_prompt_back_that_was_given_back() -> None:
    async with running(chat((ConnectionFailedError("Nothing answers."),), REST)) as screen:
        await screen.type("hi")
        await screen.until(lambda: screen.prompt == "hi")
        assert "Ctrl+N" not in screen.text, "there is nothing to go on with"
        await screen.pilot.press("ctrl+r")
        await screen.shows("plums")
        assert screen.prompt == ""


async def test_asking_again_leaves_what_was_typed_since() -> None:
    async with running(chat(CUT, REST)) as screen:
        await screen.type("hi")
        await screen.shows(OFFER)
        await screen.pilot.press("x", "ctrl+r")
        await screen.shows("plums")
        assert screen.prompt == "x"


async def test_a_stopped_answer_can_be_gone_on_with() -> None:
    gate = Gate()
    async with running(chat((TextDelta("Apples, pears and some"), gate), REST)) as screen:
        await screen.type("hi")
        await screen.shows("Apples")
        await screen.pilot.press("escape")
        await screen.shows("Stopped.", OFFER)
        await screen.pilot.press("ctrl+n")
        await screen.shows("Apples, pears and some plums.")


async def test_an_answer_at_its_length_limit_can_be_gone_on_with() -> None:
    async with running(chat((TextDelta("Apples and"), StreamEnd(FinishReason.LENGTH)), REST)) as screen:
        await screen.type("hi")
        await screen.shows("length limit", "Ctrl+N goes on")
        assert "asks again" not in screen.text
        await screen.pilot.press("ctrl+n")
        await screen.shows("Apples and plums.")


async def test_thoughts_and_open_code_go_on_where_they_were() -> None:
    first = (ReasoningDelta("Let me think."), TextDelta("```python\nx = 1\n"), RESET)
    async with running(chat(first, (TextDelta("y = 2\n```\nDone."), StreamEnd()))) as screen:
        await screen.type("hi")
        await screen.shows(OFFER)
        await screen.pilot.press("ctrl+n")
        await screen.shows("y = 2", "Done.")
        assert screen.text.count("python") == 1, "the code stayed one block"
        assert "Thinking · 3 words" in screen.text
        answer = pane(screen).newest
        assert answer is not None
        assert answer.code() == "x = 1\ny = 2\n"


async def test_queued_prompts_come_back_when_an_answer_breaks_off() -> None:
    gate = Gate()
    async with running(chat((TextDelta("Apples"), gate, RESET), REST)) as screen:
        await screen.type("hi")
        await screen.shows("Apples")
        await screen.type("next")
        await screen.shows("queued")
        gate.open()
        await screen.shows(OFFER)
        await screen.until(lambda: screen.prompt == "next")


# -- while a retry waits ----------------------------------------------------------------------------


def waiting(*scripts: tuple[Step, ...]) -> Chat:
    """A chat whose waits never end by themselves."""
    options = SessionOptions(frame=0, retry=RetryPolicy(attempts=2, base_delay=20, jitter=0))
    return Chat(ScriptedProvider(scripts), options=options, sleep=_for_ever)


async def _for_ever(seconds: float) -> None:
    del seconds
    await asyncio.Event().wait()


async def test_a_key_skips_the_countdown() -> None:
    async with running(waiting((ConnectionFailedError("Refused."),), REST)) as screen:
        await screen.type("hi")
        await screen.shows("retrying in 20 s (Ctrl+R now)")
        await screen.pilot.press("ctrl+r")
        await screen.shows("plums", "done")


async def test_escape_ends_the_countdown() -> None:
    async with running(waiting((ConnectionFailedError("Refused."),), REST)) as screen:
        await screen.type("hi")
        await screen.shows("retrying in 20 s")
        await screen.pilot.press("escape")
        await screen.shows("cancelled", "Stopped before the answer began.")
        assert screen.prompt == "hi"


# -- adding while it streams ------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["ctrl+g", "ctrl+enter"])
async def test_a_note_goes_out_on_the_open_stream(key: str) -> None:
    gate = Gate()
    provider = Taking([(TextDelta("Apples"), gate, *REST)])
    async with running(Chat(provider, options=SessionOptions(frame=0))) as screen:
        await screen.type("hi")
        await screen.shows("Apples")
        await screen.pilot.press("r", "e", "d", key)
        await screen.shows("red")
        assert provider.notes == ["red"]
        assert screen.prompt == ""
        gate.open()
        await screen.shows("Apples plums.")
        assert texts(screen) == ["hi", "red", "Apples **plums**."]
        assert len(provider.requests) == 1
        lines = screen.text.splitlines()
        rows = [next(row for row, line in enumerate(lines) if word in line) for word in ("hi", "red", "Apples")]
        assert rows == sorted(rows), "the note stands above the answer that heeds it"


async def test_where_no_note_can_go_out_the_answer_is_stopped_and_goes_on_with_it() -> None:
    gate = Gate()
    at = chat((TextDelta("Apples"), gate), REST)
    async with running(at) as screen:
        await screen.type("hi")
        await screen.shows("Apples")
        await screen.pilot.press("r", "e", "d", "ctrl+g")
        await screen.shows("plums", "Stopped.")
        assert sent(at) == [("user", "hi"), ("assistant", "Apples"), ("user", "red")]
        assert texts(screen) == ["hi", "Apples", "red", " **plums**."]
        assert screen.prompt == ""


async def test_a_note_before_the_first_token_goes_with_the_question() -> None:
    gate = Gate()
    at = chat((gate,), REST)
    async with running(at) as screen:
        await screen.type("hi")
        await gate.reached.wait()
        await screen.pilot.press("r", "e", "d", "ctrl+g")
        await screen.shows("plums")
        assert sent(at) == [("user", "hi\n\nred")]
        assert screen.prompt == ""


async def test_a_note_goes_before_prompts_that_wait() -> None:
    gate = Gate()
    at = chat((TextDelta("Apples"), gate), REST, REST)
    async with running(at) as screen:
        await screen.type("hi")
        await screen.shows("Apples")
        await screen.type("next")
        await screen.pilot.press("r", "e", "d", "ctrl+g")
        await screen.until(lambda: len(texts(screen)) == 6)
        assert [text for text in texts(screen) if text in {"red", "next"}] == ["red", "next"]
        await screen.shows("done")


async def test_where_nothing_streams_a_note_is_a_prompt() -> None:
    at = chat(REST)
    async with running(at) as screen:
        await screen.pilot.press("h", "i", "ctrl+g")
        await screen.shows("plums")
        assert sent(at) == [("user", "hi")]


# -- another answers --------------------------------------------------------------------------------


async def test_the_message_says_that_another_one_answered() -> None:
    rerouted = Rerouted("http://one", "http://two", "Nothing answers at http://one.")
    async with running(chat((rerouted, *REST))) as screen:
        await screen.type("hi")
        await screen.shows("http://one failed (Nothing answers at http://one); http://two was asked instead.", "plums")
        answer = pane(screen).newest
        assert answer is not None
        assert answer.message is not None
        assert answer.message.status is MessageStatus.COMPLETE


# -- notes and prompts that would be lost -----------------------------------------------------------


@dataclass
class SlowToClose(ScriptedProvider):
    """A provider whose stream takes a while to close."""

    closing: Gate = field(default_factory=Gate)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        try:
            async with aclosing(super().stream(request)) as events:
                async for event in events:
                    yield event
        except asyncio.CancelledError:
            self.closing.reached.set()
            await self.closing.event.wait()
            raise


async def test_two_notes_while_the_answer_still_closes_go_out_together() -> None:
    gate = Gate()
    provider = SlowToClose([(TextDelta("Apples"), gate), REST])
    at = Chat(provider, options=SessionOptions(frame=0))
    async with running(at) as screen:
        await screen.type("hi")
        await screen.shows("Apples")
        await screen.pilot.press("r", "e", "d", "ctrl+g")
        await provider.closing.reached.wait()
        await screen.pilot.press("o", "n", "e", "s", "ctrl+g")
        await screen.until(lambda: screen.prompt == "")
        await screen.shows("ones")
        provider.closing.open()
        await screen.shows("plums", "done")
        assert texts(screen) == ["hi", "Apples", "red\n\nones", " **plums**."]
        lines = screen.text.splitlines()
        rows = [next(row for row, line in enumerate(lines) if word in line) for word in ("hi", "Apples", "red", "ones")]
        assert rows == sorted(rows)


@pytest.mark.parametrize("ends", ["error", "escape"])
async def test_a_question_comes_back_with_its_note_where_neither_is_answered(ends: str) -> None:
    gate, second = Gate(), Gate()
    at = chat((gate,), (second, ConnectionFailedError("Nothing answers.")), REST)
    async with running(at) as screen:
        await screen.type("hi")
        await gate.reached.wait()
        await screen.pilot.press("r", "e", "d", "ctrl+g")
        await second.reached.wait()
        if ends == "error":
            second.open()
        else:
            await screen.pilot.press("escape")
        await screen.until(lambda: screen.prompt == "hi\n\nred")
        await screen.pilot.press("enter")
        await screen.shows("plums")
        assert sent(at) == [("user", "hi\n\nred")]


async def test_a_question_comes_back_with_the_note_that_went_out_on_its_stream() -> None:
    gate = Gate()
    provider = Taking([(gate,), REST])
    async with running(Chat(provider, options=SessionOptions(frame=0))) as screen:
        await screen.type("hi")
        await gate.reached.wait()
        await screen.pilot.press("r", "e", "d", "ctrl+g")
        await screen.until(lambda: provider.notes == ["red"])
        await screen.pilot.press("escape")
        await screen.until(lambda: screen.prompt == "hi\n\nred")


async def test_a_note_that_is_taken_late_stands_before_the_answer_it_was_for() -> None:
    late, gate = Gate(), Gate()

    class Slow(Taking):
        async def add_context(self, text: str) -> bool:
            late.reached.set()
            await late.event.wait()
            return await super().add_context(text)

    provider = Slow([(TextDelta("Apples."), gate, StreamEnd()), (TextDelta("Plums."), StreamEnd())])
    async with running(Chat(provider, options=SessionOptions(frame=0))) as screen:
        await screen.type("hi")
        await screen.shows("Apples.")
        await screen.type("next")
        await screen.pilot.press("r", "e", "d", "ctrl+g")
        await late.reached.wait()
        gate.open()
        await screen.shows("Plums.")
        late.open()
        await screen.shows("red")
        assert texts(screen) == ["hi", "red", "Apples.", "next", "Plums."]
        lines = screen.text.splitlines()
        words = ("hi", "red", "Apples.", "next", "Plums.")
        rows = [next(row for row, line in enumerate(lines) if word in line) for word in words]
        assert rows == sorted(rows)


async def test_asking_again_takes_the_question_back_before_what_was_queued() -> None:
    gate = Gate()
    at = chat((gate, ConnectionFailedError("Nothing answers.")), REST)
    async with running(at) as screen:
        await screen.type("hi")
        await gate.reached.wait()
        await screen.type("next")
        gate.open()
        await screen.until(lambda: screen.prompt == "hi\n\nnext")
        await screen.pilot.press("ctrl+r")
        await screen.shows("plums")
        assert screen.prompt == "next"


async def test_an_answer_at_its_limit_keeps_its_offer_where_going_on_fails() -> None:
    first = (TextDelta("Apples and"), StreamEnd(FinishReason.LENGTH))
    async with running(chat(first, (ConnectionFailedError("Nothing answers."),), REST)) as screen:
        await screen.type("hi")
        await screen.shows("length limit", "Ctrl+N goes on")
        await screen.pilot.press("ctrl+n")
        await screen.shows("length limit", "Nothing answers.", "Ctrl+N goes on")
        await screen.pilot.press("ctrl+n")
        await screen.shows("Apples and plums.")


async def test_a_stopped_answer_says_why_it_could_not_go_on() -> None:
    gate = Gate()
    async with running(chat((TextDelta("Apples"), gate), (ConnectionFailedError("Nothing answers."),))) as screen:
        await screen.type("hi")
        await screen.shows("Apples")
        await screen.pilot.press("escape")
        await screen.shows("Stopped.", OFFER)
        await screen.pilot.press("ctrl+n")
        await screen.shows("Stopped.", "Nothing answers.", OFFER)


async def test_asking_again_in_vain_brings_the_answer_and_its_offers_back() -> None:
    at = chat(CUT, (ConnectionFailedError("Nothing answers."),), REST)
    async with running(at) as screen:
        await screen.type("hi")
        await screen.shows(OFFER)
        await screen.pilot.press("ctrl+r")
        await screen.shows("Nothing answers.", "Apples, pears and some", OFFER)
        assert "1/2" not in screen.text, "an answer with nothing in it is no version"
        assert screen.prompt == ""
        await screen.pilot.press("ctrl+n")
        await screen.shows("Apples, pears and some plums.")
        assert sent(at) == [("user", "hi"), ("assistant", "Apples, pears and some")]


async def test_a_countdown_that_is_ended_brings_the_answer_back() -> None:
    async with running(waiting(CUT, (ConnectionFailedError("Refused."),), REST)) as screen:
        await screen.type("hi")
        await screen.shows(OFFER)
        await screen.pilot.press("ctrl+r")
        await screen.shows("retrying in 20 s")
        await screen.pilot.press("escape")
        await screen.shows("cancelled", "Apples, pears and some", "The connection was reset.", OFFER)
        assert "1/2" not in screen.text, "an answer with nothing in it is no version"
