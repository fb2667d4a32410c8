"""The named states of tokens and money: what is asked before sending, figures of a turn, and what was spent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, timedelta
from decimal import Decimal

from tests.fakes import Passing, ScriptedProvider, Step
from tests.memory_archive import MemoryArchive
from tests.ui.conversations import NOW, conversation, keep
from tests.ui.harness import Chat
from tests.ui.states import ANSWER, QUESTION, STOP, State, answered, scripted
from tui_stream.config import UiSettings
from tui_stream.core.books import Books
from tui_stream.core.budgets import Budget, Budgets
from tui_stream.core.events import TextDelta, UsageReport
from tui_stream.core.models import Conversation, Cost, Estimate, Price, Source, Timing, Usage
from tui_stream.core.provider import Capabilities
from tui_stream.ui.history import History

_RATE = Price(Decimal("1.25"), Decimal(10), Decimal("0.125"), source="the settings")
_MODELS = (("openai", "gpt-5-mini", "0.011"), ("anthropic", "claude-sonnet-5", "0.034"), ("ollama", "qwen3:8b", ""))


def billed(days: int = 24) -> list[Conversation]:
    """A conversation for each of the last days, answered by several models."""
    made: list[Conversation] = []
    for number in range(2 * days):
        ago = number // 2
        one = conversation(QUESTION, ANSWER, id=f"day-{number:02}", ago=timedelta(days=ago, hours=2))
        provider, model, dollars = _MODELS[(number * number + number // 2) % len(_MODELS)]
        guessed, share = ago % 5 == 0, Decimal(1 + (number * 7) % 11)
        answer = one.messages[-1]
        answer.provider, answer.model = provider, model
        source = Source.ESTIMATED if guessed else Source.REPORTED
        answer.usage = Usage(900 + 61 * ago, 300 + 17 * ago, source=source)
        asked, told = 900 + 61 * ago, 300 + 17 * ago
        answer.estimate = Estimate(1, 4 * asked, 0, 4 * told, 0, asked + number % 7 * 8, told - number % 5 * 6)
        known = Cost(Decimal(dollars) * share, source, price=_RATE) if dollars else Cost(source=source, local=True)
        answer.cost = Cost() if number == 9 else known  # one of which nobody knows the price
        answer.timing = Timing(4.5, 0.3 + ago % 4 / 10, 4.0, 1)
        made.append(one)
    return made


def kept(chat: Chat, conversations: Sequence[Conversation], *, start: str = "") -> Chat:
    """The chat with these conversations in its history, and books that count them."""
    archive = MemoryArchive()
    with suppress(StopIteration):  # it waits for nothing, so that this works inside of an event loop too
        keep(archive, *conversations).send(None)
    chat.history = History(archive, start=start, now=lambda: NOW, zone=UTC)
    chat.books = Books(archive, chat.books.budgets, now=lambda: NOW.replace(tzinfo=None))
    return chat


def limited(*scripts: Sequence[Step], budgets: Budgets) -> Chat:
    """A hosted model with budgets."""
    chat = scripted(*scripts)
    chat.books = Books(None, budgets)
    return chat


def small(window: int = 350, *scripts: Sequence[Step]) -> Chat:
    """A model with a small window, in the middle of a conversation that fills it."""
    chat = scripted(*(scripts or ([TextDelta("Pears."), STOP],)))
    assert isinstance(chat.provider, ScriptedProvider)
    chat.provider.capabilities = Capabilities(context_window=window)
    turns = [text for number in range(4) for text in (f"{QUESTION} Round {number + 1}.", ANSWER[:300])]
    return kept(chat, [conversation(*turns, id="long")], start="long")


def _usage_state(size: tuple[int, int], steps: Sequence[str] = (), theme: str = "textual-dark") -> State:
    chat = kept(scripted(ui=UiSettings(theme=theme)), billed())
    return State(chat, ["key:f4", "wait:US dollars a day", *steps], ["Esc closes"], size)


def money_states() -> dict[str, Callable[[], State]]:
    """Every named state."""
    cheap = Budgets([Budget("conversation", dollars=Decimal("0.002"), warn=0.5)])
    asking = Budgets(ask_above=Decimal("0.0001"))
    more = ["wait:done", "And which do not?"]
    pieces = [step for _ in range(40) for step in (TextDelta("until spring, or even longer; "), Passing(0.1))]
    stops: list[Step] = [Passing(0.4), TextDelta("Apples keep "), Passing(0.1), *pieces, STOP]
    reported: list[Step] = [Passing(0.4), TextDelta("Apples."), Passing(1), UsageReport(Usage(58, 130)), STOP]
    return {
        "budget_reached": lambda: State(
            limited(answered(), budgets=cheap), [QUESTION, *more], ["is spent", "Send all the same"]
        ),
        "budget_stopped": lambda: State(
            limited(stops, budgets=cheap), [QUESTION], ["The answer was stopped", "cut off"]
        ),
        "budget_near": lambda: State(limited(reported, budgets=cheap), [QUESTION], ["of $0.0020 for a conv", "done"]),
        "expensive": lambda: State(limited(answered(), budgets=asking), [QUESTION], ["This will cost about"]),
        "window_over": lambda: State(small(), ["wait:ready", "And which do not?"], ["Leave them out"]),
        "window_over_narrow": lambda: State(
            small(), ["wait:ready", "And which do not?"], ["Leave them out", "Do not send"], (60, 20)
        ),
        "window_near": lambda: State(small(440), ["wait:ready"], ["nearly full"]),
        "window_cut": lambda: State(
            small(),
            ["wait:ready", "And which do not?", "wait:Leave them out", "key:d"],
            ["not sent from here on", "done"],
        ),
        "figures": lambda: State(
            scripted(answered()), [QUESTION, "wait:done", "key:alt+s"], ["time to first token", "ended"], (100, 50)
        ),
        "figures_narrow": lambda: State(
            scripted(answered()), [QUESTION, "wait:done", "key:alt+s"], ["time to first token", "ended"], (60, 30)
        ),
        "usage": lambda: _usage_state((118, 38)),
        "usage_by_day": lambda: _usage_state((100, 38), ["key:left", "key:d", "wait:last 7 days"]),
        "usage_light": lambda: _usage_state((100, 38), theme="textual-light"),
        "usage_narrow": lambda: _usage_state((60, 20)),
        "usage_tokens": lambda: _usage_state((100, 38), ["key:t", "wait:Tokens a day"]),
        "usage_empty": lambda: State(scripted(), ["key:f4"], ["Nothing is kept"]),
    }
