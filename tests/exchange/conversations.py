"""Random conversations for the property tests: trees with branches, every field filled, texts that mean harm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from tests.markdown.texts import ANY_TEXT
from tui_stream.core.models import (
    Conversation,
    Cost,
    FinishReason,
    Message,
    MessageStatus,
    Price,
    Role,
    Source,
    Timing,
    ToolCall,
    Usage,
)
from tui_stream.core.sanitize import clean, repair
from tui_stream.exchange.shape import in_order

HARMFUL = (
    "\x1b]52;c;aGk=\x07", "\x1b[31m", "\x9b2J", "\x90q\x9c", "\r", "\x00", "\u202e", "\u2066", "\ud800", "\U000e0041",
    "\u2028", "\ufeff", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))",
    "[x](%6Aavascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](data:text/html,<b>)",
    "![x](https://t.example/p.gif)", "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "[x](https://e.org \"' onclick=alert(1) \")", "<javascript:alert(1)>",
    '[x](https://e.org/" onmouseover="alert(1))', "</code></pre><script>", "</style>", "</title>", "]]>", "<!--",
    "-->", '```"><script>\nx\n', "```html\n<script>\n```\n", "&#x202e;", "&#27;", "&lt;script&gt;",
    "<svg/onload=alert(1)>", "[x]: javascript:alert(1)\n", "[x]", "<a href=javascript:alert(1)>", "[a](vbscript:x)",
    "[a](file:///etc/passwd)", "[a](//e.org)", "[a](http:/e.org)", "[a](mailto:a@b.c?body=x)",
    "[a](https://user@e.org)", "| a |\n|--:|\n| <b> |\n",
)  # fmt: skip

FOREIGN = st.one_of(st.text(max_size=30), ANY_TEXT, st.lists(st.sampled_from(HARMFUL), max_size=6).map("".join))
"""Text as a stranger would write it."""
IDS = st.uuids(version=4).map(lambda number: number.hex)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=8))])
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=ZONES)  # noqa: DTZ001 - with zones of their own
COUNTS = st.none() | st.integers(0, 2**40)
MONEY = st.decimals(0, 10**6, allow_nan=False, places=9)
SECONDS = st.floats(0, 1e6)
SOURCES = st.sampled_from(Source)
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | FOREIGN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FOREIGN, inner, max_size=3),
    max_leaves=6,
)
PRICES = st.builds(Price, MONEY, MONEY, st.none() | MONEY, st.none() | MONEY, st.none() | MONEY, FOREIGN)
COSTS = st.builds(Cost, st.none() | MONEY, SOURCES, st.booleans(), st.none() | PRICES)
USAGES = st.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, st.none() | MONEY, SOURCES)
TIMINGS = st.builds(Timing, SECONDS, st.none() | SECONDS, SECONDS, st.integers(0, 9))
MESSAGES = st.builds(
    Message,
    st.sampled_from(Role),
    FOREIGN,
    FOREIGN,
    st.sampled_from(MessageStatus),
    id=IDS,
    parent_id=st.none(),
    created_at=MOMENTS,
    finished_at=st.none() | MOMENTS,
    provider=FOREIGN,
    model=FOREIGN,
    parameters=st.dictionaries(FOREIGN, JSON_VALUES, max_size=3),
    tool_calls=st.lists(st.builds(ToolCall, FOREIGN, FOREIGN, FOREIGN), max_size=2),
    finish_reason=st.none() | st.sampled_from(FinishReason),
    usage=st.none() | USAGES,
    cost=st.none() | COSTS,
    timing=st.none() | TIMINGS,
    error=FOREIGN,
    notes=st.lists(FOREIGN, max_size=2),
)


@st.composite
def conversations(draw: Callable[..., Any]) -> Conversation:
    """A conversation whose branches go on from anywhere, with any of them shown."""
    made = Conversation(
        id=draw(IDS),
        title=draw(FOREIGN),
        pinned=draw(st.booleans()),
        archived=draw(st.booleans()),
        unloaded=draw(COSTS),
        created_at=draw(MOMENTS),
        updated_at=draw(MOMENTS),
    )
    messages = draw(st.lists(MESSAGES, max_size=6, unique_by=lambda message: message.id))
    for index, message in enumerate(messages):
        before = draw(st.integers(-1, index - 1)) if index else -1
        message.parent_id = messages[before].id if before >= 0 else None
        made.tree.add(message.id, message.parent_id)
    for message in draw(st.lists(st.sampled_from(messages), max_size=4)) if messages else ():
        made.tree.choose(message.id)
    return arranged(made, messages)


def arranged(conversation: Conversation, messages: list[Message]) -> Conversation:
    """Puts the messages into the lists that the tree asks for."""
    path = conversation.tree.path(conversation.tree.head)
    known = {message.id: message for message in messages}
    conversation.messages = [known[message_id] for message_id in path]
    conversation.others = [message for message in messages if message.id not in set(path)]
    return conversation


def branching(*messages: Message, title: str = "A title") -> Conversation:
    """A conversation of messages whose ``parent_id`` says what they follow; the last branches are shown."""
    made = Conversation(title=title)
    for message in messages:
        made.tree.add(message.id, message.parent_id)
    return arranged(made, list(messages))


def straight(*messages: Message, title: str = "A title") -> Conversation:
    """A conversation of messages that follow each other."""
    for before, message in pairwise(messages):
        message.parent_id = before.id
    return branching(*messages, title=title)


def repaired(value: Any) -> Any:
    """A value of JSON as reading leaves it."""
    match value:
        case str():
            return repair(value)
        case dict():
            return {repair(name): repaired(each) for name, each in value.items()}
        case list():
            return [repaired(each) for each in value]
    return value


def facts(conversation: Conversation) -> dict[str, Any]:
    """Everything about a conversation in a form that compares, its texts encodable."""
    tree = conversation.tree
    order = in_order(tree)
    return {
        "about": (conversation.id, repair(conversation.title), conversation.pinned, conversation.archived),
        "moments": (conversation.created_at, conversation.updated_at),
        "unloaded": _cost(conversation.unloaded),
        "path": [message.id for message in conversation.messages],
        "others": {message.id for message in conversation.others},
        "children": {each: tuple(tree.children(each)) for each in [None, *order]},
        "leaves": {each: tree.leaf(each) for each in [None, *order]},
        "messages": {each.id: _message(each) for each in (*conversation.messages, *conversation.others)},
    }


def _cost(cost: Cost | None) -> Any:
    if cost is None:
        return None
    price = cost.price
    figures = (price.input, price.output, price.cached_input, price.cache_write, price.reasoning) if price else None
    return cost.amount, cost.source, cost.local, figures, repair(price.source) if price else None


def _message(message: Message) -> Any:
    return (
        *(message.role, message.status, message.parent_id, message.created_at, message.finished_at),
        *(message.finish_reason, message.usage, _cost(message.cost), message.timing, repaired(message.parameters)),
        *map(repair, (message.text, message.reasoning, message.provider, message.model, message.error)),
        [(repair(call.id), repair(call.name), repair(call.arguments)) for call in message.tool_calls],
        [repair(note) for note in message.notes],
    )


def controls(written: str) -> list[str]:
    """The characters in a file that a terminal or an editor could obey."""
    return [each for each in written if each != "\n" and (clean(each) != each or each == "\ud800")]


NOW = datetime(2026, 2, 3, 9, 5, 6, tzinfo=UTC)
PRICE = Price(Decimal("2.50"), Decimal(10), source="a list")
