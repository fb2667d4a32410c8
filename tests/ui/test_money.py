"""Tokens and money on the screen: what is asked before sending, what a turn came to, and what was spent."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.fakes import FlatPrices, Gate, Passing, ScriptedProvider, Step
from tests.ui.conversations import NOW
from tests.ui.harness import Chat, Screen, chat, running
from tests.ui.money_states import billed, kept, limited, small
from tests.ui.states import ANSWER, QUESTION, STOP, answered, scripted
from tui_stream.core.books import Books
from tui_stream.core.budgets import Budget, Budgets
from tui_stream.core.events import TextDelta, UsageReport
from tui_stream.core.figures import cost_text
from tui_stream.core.models import MessageStatus, Usage
from tui_stream.core.route import Answerer, Fallback
from tui_stream.errors import ConnectionFailedError, StoreError
from tui_stream.ui.answer import AnswerEntry
from tui_stream.ui.app import ChatApp
from tui_stream.ui.widgets import money_pane

SPENT = Budgets([Budget("conversation", dollars=Decimal("0.002"))])
REPORTED: list[Step] = [TextDelta("Apples."), UsageReport(Usage(58, 215)), STOP]


def provider(given: Chat) -> ScriptedProvider:
    assert isinstance(given.provider, ScriptedProvider)
    return given.provider


def newest(screen: Screen) -> AnswerEntry:
    assert isinstance(screen.app, ChatApp)
    entry = screen.app.get_default_screen().pane.newest
    assert entry is not None
    return entry


# -- before something is sent -------------------------------------------------------------------------


async def test_a_budget_that_is_reached_asks_and_sends_nothing_by_itself() -> None:
    given = limited(REPORTED, budgets=SPENT)
    async with running(given) as screen:
        await screen.type("one")
        await screen.shows("done")
        await screen.type("two")
        await screen.shows("is spent", "Send all the same")
        await screen.pilot.press("enter")
        await screen.until(lambda: screen.prompt == "two")
        assert len(provider(given).requests) == 1
        await screen.pilot.press("enter")
        await screen.shows("Send all the same")
        await screen.pilot.press("a")
        await screen.until(lambda: len(provider(given).requests) == 2)
        await screen.shows("done")
        assert "stopped" not in screen.text, "the person said to go past it"


async def test_stopping_takes_the_question_away_and_gives_the_prompt_back() -> None:
    given = limited(REPORTED, budgets=SPENT)
    async with running(given) as screen:
        await screen.type("one")
        await screen.shows("done")
        await screen.type("two")
        await screen.shows("Send all the same")
        screen.app.get_default_screen().pane.stop()
        await screen.until(lambda: screen.prompt == "two")
        assert "Send all the same" not in screen.text


async def test_a_stream_that_was_stopped_is_gone_on_with_only_after_asking() -> None:
    pieces: list[Step] = [step for _ in range(40) for step in (TextDelta("until spring, or longer; "), Passing(0.1))]
    given = limited([TextDelta("Apples "), *pieces, STOP], [TextDelta("the end."), STOP], budgets=SPENT)
    async with running(given) as screen:
        await screen.type("one")
        await screen.shows("The answer was stopped", "cut off")
        text = newest(screen).source
        assert text.startswith("Apples until spring")
        await screen.pilot.press("ctrl+n")
        await screen.shows("Send all the same")
        await screen.pilot.press("escape")
        await screen.until(lambda: "Send all the same" not in screen.text)
        assert (newest(screen).source, len(provider(given).requests)) == (text, 1)
        await screen.pilot.press("ctrl+n")
        await screen.shows("Send all the same")
        await screen.pilot.press("y")
        await screen.shows("the end.", "done")


async def test_an_answer_that_a_budget_per_turn_stopped_is_gone_on_with_after_asking() -> None:
    pieces: list[Step] = [step for _ in range(40) for step in (TextDelta("until spring, or longer; "), Passing(0.1))]
    per_turn = Budgets([Budget("turn", dollars=Decimal("0.002"))])
    given = limited([TextDelta("Apples "), *pieces, STOP], [TextDelta("the end."), STOP], budgets=per_turn)
    async with running(given) as screen:
        await screen.type("one")
        await screen.shows("The answer was stopped", "cut off")
        await screen.pilot.press("ctrl+n")
        await screen.shows("for a turn is spent", "Send all the same")
        await screen.pilot.press("y")
        await screen.shows("the end.", "done")


def dear_fallback() -> Chat:
    """A model that is down, and a dear one that answers in its place, of which nothing is asked ahead."""
    dear = ScriptedProvider([[TextDelta("Pears."), STOP]], name="other", model="dear")

    async def opened() -> Answerer:
        return Answerer(dear, dear.model, {}, FlatPrices("1000000"))

    given = limited([ConnectionFailedError("Nothing answers.")], budgets=Budgets(ask_above=Decimal(1)))
    given.fallbacks = [Fallback("other/dear", opened)]
    return given


async def test_what_was_not_asked_ahead_is_asked_when_it_is_about_to_be_sent() -> None:
    given = dear_fallback()
    async with running(given) as screen:
        await screen.type("one")
        await screen.shows("and above $1.00 it is asked about first", "Send all the same")
        await screen.pilot.press("escape")
        await screen.until(lambda: screen.prompt == "one")
        await screen.pilot.press("enter")
        await screen.shows("Send all the same")
        await screen.pilot.press("a")
        await screen.shows("Pears.", "done")


async def test_stopping_takes_that_question_away_too() -> None:
    async with running(dear_fallback()) as screen:
        await screen.type("one")
        await screen.shows("Send all the same")
        screen.app.get_default_screen().pane.stop()
        await screen.until(lambda: screen.prompt == "one")
        assert "Send all the same" not in screen.text


async def test_an_expensive_request_asks() -> None:
    given = limited(REPORTED, budgets=Budgets(ask_above=Decimal("0.00001")))
    async with running(given) as screen:
        await screen.type("one")
        await screen.shows("This will cost about ~$0.0")
        await screen.pilot.press("a")
        await screen.shows("Apples.", "done")


async def test_another_wording_that_is_not_sent_is_still_edited() -> None:
    given = limited(REPORTED, budgets=SPENT)
    async with running(given) as screen:
        await screen.type("one")
        await screen.shows("done")
        await screen.pilot.press("tab", "M", "M", "e", "s")
        await screen.until(lambda: screen.prompt == "ones")
        await screen.pilot.press("enter")
        await screen.shows("Send all the same")
        await screen.pilot.press("n")
        await screen.until(lambda: screen.prompt == "ones")
        await screen.shows("Esc")
        assert len(provider(given).requests) == 1


async def sent_with(key: str, *scripts: list[Step]) -> tuple[list[str], str]:
    """What the last request carries once the choice was made with this key, and the screen."""
    given = small(350, *scripts)
    async with running(given, (100, 44)) as screen:
        await screen.shows("Round 4")
        await screen.type("last")
        await screen.shows("Without the oldest 4 messages", "Round 2", "Do not send")
        await screen.pilot.press(key)
        await screen.shows("Pears.", "done")
        texts = [message.content for message in provider(given).requests[-1].messages]
        return texts, screen.text


PEARS: list[Step] = [TextDelta("Pears."), STOP]


async def test_the_oldest_turns_are_left_out() -> None:
    texts, screen = await sent_with("d", PEARS)
    assert [text.rpartition(" ")[2] for text in texts if text.startswith(QUESTION)] == ["3.", "4."]
    assert "The oldest 4 messages are not sent from here on." in screen


async def test_the_oldest_turns_are_summed_up() -> None:
    texts, screen = await sent_with("s", [TextDelta("They talked of fruit."), STOP], PEARS)
    assert "They talked of fruit." in "".join(texts)
    assert not any("Round 1" in text for text in texts)
    assert "but summed up" in screen


async def test_a_summary_that_fails_sends_nothing() -> None:
    given = small(350, [STOP])
    async with running(given) as screen:
        await screen.shows("Round 4")
        await screen.type("last")
        await screen.shows("Sum them up")
        await screen.pilot.press("s")
        await screen.shows("summed nothing up")
        await screen.until(lambda: screen.prompt == "last")


async def test_a_branch_carries_nothing() -> None:
    texts, screen = await sent_with("b", PEARS)
    assert texts == ["last"]
    assert "Round 4" not in screen
    assert "2/2" in screen


async def test_it_is_sent_all_the_same() -> None:
    texts, _ = await sent_with("a", PEARS)
    assert len([text for text in texts if text.startswith(QUESTION)]) == 4


# -- what is shown -------------------------------------------------------------------------------------


async def test_nothing_is_asked_of_the_history_while_an_answer_comes_in() -> None:
    gate = Gate()
    pieces: list[Step] = [TextDelta(f"word {number} ") for number in range(200)]
    given = kept(scripted([TextDelta("first "), gate, *pieces, UsageReport(Usage(10, 400)), STOP]), billed(2))
    archive = given.history.archive
    async with running(given) as screen:
        await screen.type("go")
        await screen.shows("first")
        calls: list[str] = archive.calls  # type: ignore[union-attr] # an archive in memory
        calls.clear()
        gate.open()
        await screen.shows("word 199", "done")
        await screen.until(lambda: calls.count("spent") == 2)
        assert not {"usage", "samples", "messages"} & set(calls)


async def test_a_conversation_that_is_opened_again_shows_what_it_has_cost_and_how_full_the_window_is() -> None:
    conversations = billed(3)
    given = kept(scripted(), conversations, start="day-04")
    async with running(given) as screen:
        cost = conversations[4].messages[-1].cost
        assert cost is not None
        await screen.shows(f"total {cost_text(cost)}", "ctx 1%", "today ~$")


async def test_after_midnight_today_begins_anew_without_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(money_pane, "_MIDNIGHT", 0.02)
    given, moment = kept(scripted(), billed(2)), [NOW.replace(tzinfo=None)]
    given.books = Books(given.books.accounts, now=lambda: moment[0])
    async with running(given) as screen:
        await screen.shows("today ~$0.")
        moment[0] += timedelta(days=1)
        await screen.shows("today $0.00")


async def test_the_figures_of_a_turn_unfold_by_key_and_by_click() -> None:
    given = Chat(ScriptedProvider([REPORTED]), prices=FlatPrices("10"))
    async with running(given) as screen:
        await screen.type("one")
        await screen.shows("done", "▹ $0.0027")
        await screen.pilot.press("alt+s")
        await screen.shows("time to first token", "price for a million tokens", "58 in / 215 out", "▿ $0.0027")
        await screen.pilot.press("alt+s")
        await screen.until(lambda: "time to first token" not in screen.text)
        row = next(number for number, line in enumerate(screen.text.splitlines()) if "▹ $0.0027" in line)
        await screen.pilot.click(offset=(screen.text.splitlines()[row].index("▹") + 1, row))
        await screen.shows("time to first token", "ended")
        await screen.pilot.press("tab", "s")
        await screen.until(lambda: "time to first token" not in screen.text)


async def test_an_unknown_price_is_no_zero() -> None:
    async with running(chat(REPORTED)) as screen:
        await screen.type("one")
        await screen.shows("done", "▹ $?", "today $? · month $?")


async def test_a_turn_that_was_stopped_counts_as_an_estimate() -> None:
    gate = Gate()
    given = kept(scripted([TextDelta("Apples keep until spring. " * 20), gate]), [])
    async with running(given) as screen:
        await screen.type("one")
        await screen.shows("spring")
        await screen.pilot.press("escape")
        await screen.shows("cancelled", "▹ ~$0.0")
        message = newest(screen).message
        assert message is not None
        assert message.status is MessageStatus.CANCELLED
        assert message.cost is not None
        await screen.shows("today ~$0.0")


async def test_the_screen_of_what_was_spent_groups_and_reaches_further_back() -> None:
    given = kept(scripted(), billed())
    async with running(given, (110, 40)) as screen:
        await screen.pilot.press("f4")
        await screen.shows("the last 28 days", "anthropic/claude", "tokens/s", "this month ~$")
        await screen.pilot.press("d")
        await screen.shows("2026-05-20")
        await screen.pilot.press("left")
        await screen.shows("the last 7 days")
        await screen.until(lambda: "2026-05-10" not in screen.text)
        await screen.pilot.press("c")
        await screen.shows("day-00")
        await screen.pilot.press("t")
        await screen.shows("Tokens a day")
        await screen.pilot.press("escape")
        await screen.shows("Ask anything")


async def test_what_was_spent_cannot_be_read() -> None:
    given = kept(scripted(answered()), billed(2))
    async with running(given) as screen:
        given.history.archive.failure = StoreError("The disk is gone.")  # type: ignore[union-attr] # in memory
        await screen.pilot.press("f4")
        await screen.shows("The disk is gone.")
        given.history.archive.failure = None  # type: ignore[union-attr] # in memory
        await screen.pilot.press("m")
        await screen.shows("claude")
        assert ANSWER not in screen.text


async def test_the_key_for_what_was_spent_stands_beside_it_and_a_click_there_does_the_same() -> None:
    async with running(kept(scripted(), billed(2))) as screen:
        await screen.shows("today", "month")
        line = screen.text.splitlines()[0]
        assert line.rstrip().endswith("F4")
        await screen.pilot.click(offset=(line.index("openai"), 0))
        assert "d m c by day" not in screen.text
        await screen.pilot.click(offset=(line.index("month"), 0))
        await screen.shows("d m c by day, model or conversation")


async def test_a_narrow_usage_screen_leaves_out_whole_columns_and_breaks_nothing_apart() -> None:
    wide = ["model", "requests", "tokens in", "out", "cost", "first token", "tokens/s", "off"]
    for size, heads in (
        ((118, 38), wide),
        ((90, 38), wide[:7]),
        ((60, 30), ["model", "tokens in", "out", "cost"]),
        ((45, 30), ["model", "tokens in", "cost"]),
    ):
        async with running(kept(scripted(), billed(4)), size=size) as screen:
            await screen.pilot.press("f4")
            await screen.shows("all  ", "t tokens or dollars")
            (head,) = (line for line in screen.text.splitlines() if line.strip().startswith("model "))
            assert re.split(r"\s{2,}", head.strip()) == heads
            assert "…" not in re.sub(r"anthropic/claude\S*…", "", screen.text), "only a long name is cut"
            assert ("off:" in screen.text) is ("off" in heads)
            assert " this month ~$" in re.sub(r"\s+", " ", screen.text)


async def test_at_every_height_the_question_is_seen_with_all_that_can_be_done() -> None:
    for size in ((100, 30), (60, 20), (60, 14), (45, 11)):
        async with running(small(), size=size) as screen:
            await screen.shows("ready")
            await screen.type("And which do not?")
            await screen.shows("This is about 394 tokens", "Leave them out", "Sum them up", "Branch off")
            await screen.shows("Send all the same", "Do not send")


async def test_the_share_of_a_budget_follows_the_stream() -> None:
    gates = [Gate(), Gate()]
    script: list[Step] = [TextDelta("word " * 40), gates[0], TextDelta("word " * 20), gates[1], STOP]
    given = limited(script, budgets=Budgets([Budget("conversation", tokens=100, warn=0.3)]))

    def share(screen: Screen) -> int:
        return int("".join(re.findall(r"(\d+) % of 100 tokens for a conversation", screen.text)) or 0)

    async with running(given) as screen:
        await screen.type("go")
        await gates[0].reached.wait()
        await screen.until(lambda: share(screen) > 0)
        first = share(screen)
        gates[0].open()
        await gates[1].reached.wait()
        await screen.until(lambda: share(screen) > first)
        gates[1].open()
        await screen.shows("done")
