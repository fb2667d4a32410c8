from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import FlatPrices, Gate, ScriptedProvider, Step
from tui_stream.core.books import Books
from tui_stream.core.errands import Errand
from tui_stream.core.events import ReasoningDelta, StreamEnd, TextDelta, UsageReport
from tui_stream.core.models import Conversation, Cost, Message, Role, Source, Usage
from tui_stream.core.route import Answerer
from tui_stream.core.session import ChatSession, SessionOptions
from tui_stream.core.titles import WIDEST, SuggestedTitle, first_line, suggest_title, tidy_title, title_of
from tui_stream.core.watchdog import Limits
from tui_stream.errors import AuthenticationError, ProtocolError, TimedOutError


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Hello", "Hello"),
        ("\n\n  # Plans for *May*\nmore", "Plans for *May*"),
        ("> - quoted list", "quoted list"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("---\nthe text", "the text"),
        ("-5 + 3?", "-5 + 3?"),
        ("a\x1b[31mb\u202ec\td", "a[31mbc d"),
        ("???", "???"),
        ("", ""),
        (" \n\t", ""),
        ("word " * 40, ("word " * 12).strip() + "…"),
        ("x" * 200, "x" * 59 + "…"),
        ("y" * 60, "y" * 60),
        ("漢" * 40, "漢" * 29 + "…"),
        (f"{'a' * 58}, and more words", "a" * 58 + "…"),
    ],
)
def test_the_first_line_that_says_something_is_the_title(text: str, title: str) -> None:
    assert first_line(text) == title


def width(text: str) -> int:
    return sum(
        0 if unicodedata.category(c) in {"Mn", "Me", "Cf"} else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


@given(st.text())
def test_whatever_the_text_its_title_is_one_clean_line_that_fits(text: str) -> None:
    for title in (first_line(text), tidy_title(text)):
        assert width(title) <= WIDEST
        assert title == title.strip()
        assert "\n" not in title
        assert not any(unicodedata.category(character) == "Cc" for character in title)


def test_a_conversation_goes_by_its_title_or_its_first_prompt() -> None:
    messages = [Message(Role.SYSTEM, "Be brief."), Message(Role.USER, "one\ntwo"), Message(Role.USER, "three")]
    assert title_of(Conversation(title="Named", messages=messages)) == "Named"
    assert title_of(Conversation(messages=messages)) == "one"
    assert title_of(Conversation()) == ""


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("Counting Sheep", "Counting Sheep"),
        ('"Counting Sheep."', "Counting Sheep"),
        ("\n\n**Title: Counting Sheep**\n\nBecause ...", "Counting Sheep"),
        ("# Counting Sheep", "Counting Sheep"),
        ("The title is: «Moutons»", "Moutons"),
        ("“Schafe zählen”", "Schafe zählen"),
        ("Wait...", "Wait..."),
        ("...", ""),
        ("", ""),
    ],
)
def test_what_a_model_puts_around_a_title_goes(answer: str, title: str) -> None:
    assert tidy_title(answer) == title


# -- asking a model ---------------------------------------------------------------------------------

EXCHANGE = (Message(Role.USER, "How many sheep?" + " baa" * 1000), Message(Role.ASSISTANT, "Seven."))


async def asked(*steps: Step, limits: Limits | None = None) -> tuple[ScriptedProvider, SuggestedTitle]:
    provider = ScriptedProvider([steps])
    answerer = Answerer(provider, "small", {"temperature": 0}, FlatPrices())
    return provider, await suggest_title(Errand(Books(), answerer, limits=limits), EXCHANGE)


async def test_a_model_is_asked_briefly_and_its_answer_tidied() -> None:
    provider, found = await asked(
        ReasoningDelta("hm"),
        TextDelta("<think>They count"),
        TextDelta(" sheep.</think>\n\n"),
        TextDelta('"Counting\x1b'),
        TextDelta(' Sheep"'),
        UsageReport(Usage(30, 4)),
        StreamEnd(),
    )
    assert found == SuggestedTitle(
        "Counting Sheep", Usage(30, 4), Cost(Decimal(34), Source.REPORTED, price=FlatPrices().price)
    )
    request = provider.requests[0]
    assert (request.model, request.options) == ("small", {"temperature": 0})
    (message,) = request.messages
    assert message.role is Role.USER
    assert "How many sheep?" in message.content
    assert message.content.endswith("Assistant: Seven.")
    assert len(message.content) < 1600


async def test_a_model_that_talks_on_is_stopped_and_what_it_took_is_estimated() -> None:
    provider, found = await asked(TextDelta("Sheep\n"), TextDelta("and on " * 100), Gate())
    assert found.title == "Sheep"
    assert found.usage.source is Source.ESTIMATED
    assert provider.open_streams == 0


async def test_a_model_that_thinks_without_end_is_stopped() -> None:
    with pytest.raises(ProtocolError, match="no title"):
        await asked(ReasoningDelta("hm " * 10_000), Gate())


@pytest.mark.parametrize("steps", [(StreamEnd(),), (TextDelta('"."'), StreamEnd())])
async def test_an_answer_without_a_title_is_an_error(steps: Sequence[Step]) -> None:
    with pytest.raises(ProtocolError, match="no title"):
        await asked(*steps)


async def test_what_goes_wrong_comes_out() -> None:
    with pytest.raises(AuthenticationError):
        await asked(AuthenticationError("No."))
    with pytest.raises(TimedOutError):
        await asked(Gate(), limits=Limits(first_token=0.01))


async def test_a_session_names_its_conversation_by_its_first_exchange() -> None:
    provider = ScriptedProvider([[TextDelta("Seven."), StreamEnd()], [TextDelta("Sheep"), StreamEnd()]])
    session = ChatSession(provider, options=SessionOptions(frame=0))
    with pytest.raises(ValueError, match="nothing to name"):
        await session.suggest_title()
    async for _ in session.run(session.begin("How many sheep?")):
        pass
    assert (await session.suggest_title()).title == "Sheep"
    assert provider.requests[1].messages[0].content.endswith("User: How many sheep?\n\nAssistant: Seven.")
    assert [message.text for message in session.conversation.messages] == ["How many sheep?", "Seven."]
