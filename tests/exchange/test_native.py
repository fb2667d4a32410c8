"""Our own format: nothing is lost on the way there and back, and what is not of the format is refused by its place."""

from __future__ import annotations

import copy
import io
import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.exchange.conversations import NOW, PRICE, arranged, branching, controls, conversations, facts, straight
from tui_stream.core.models import Conversation, Cost, Message, MessageStatus, Role, Source, Timing, ToolCall, Usage
from tui_stream.core.tree import Tree
from tui_stream.errors import StoreError
from tui_stream.exchange import Format, json_schema, read_any, write
from tui_stream.exchange.records import FileRecord


def written(*given_: Conversation) -> str:
    file = io.StringIO()
    assert write(given_, file, Format.JSON, now=NOW) == len(given_)
    return file.getvalue()


def read(path: Path, text: str) -> list[Conversation]:
    path.write_text(text, encoding="utf-8")
    return list(read_any(path))


def example() -> Conversation:
    prompt = Message(Role.USER, "Why?")
    first = Message(Role.ASSISTANT, "So.", parent_id=prompt.id, status=MessageStatus.INTERRUPTED)
    second = Message(
        Role.ASSISTANT,
        "Therefore.",
        "Hm.",
        parent_id=prompt.id,
        usage=Usage(1, 2, cost=Decimal("0.00000012")),
        cost=Cost(Decimal("1.50"), Source.REPORTED, price=PRICE),
        timing=Timing(1.25, 0.5, 0.75, 2),
        tool_calls=[ToolCall("1", "look", "{}")],
        parameters={"temperature": 0.5, "stop": ["x"]},
    )
    return branching(prompt, first, second)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("native")


@given(st.lists(conversations(), max_size=3))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_everything_comes_back(folder: Path, given_: list[Conversation]) -> None:
    text = written(*given_)
    assert controls(text) == []
    back = read(folder / "back.json", text)
    assert [facts(each) for each in back] == [facts(each) for each in given_]


@given(conversations())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_what_was_read_is_written_the_same(folder: Path, given_: Conversation) -> None:
    once = written(*read(folder / "once.json", written(given_)))
    assert written(*read(folder / "twice.json", once)) == once


@given(conversations())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_the_schema_describes_what_is_written(given_: Conversation) -> None:
    check(json.loads(written(given_)), json_schema(), json_schema())


def check(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> None:
    """The part of JSON Schema that ours is made of; a word of it that is not known here fails."""
    known = {"$schema", "title", "description", "default", "$defs", "format", "$ref", "anyOf", "enum", "type"}
    known |= {"properties", "required", "items", "maxItems", "pattern", "minimum", "maximum"}
    assert schema.keys() <= known, schema.keys() - known
    if "$ref" in schema:
        check(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if "anyOf" in schema:
        assert any(fits(value, each, root) for each in schema["anyOf"]), (value, schema)
    if "enum" in schema:
        assert value in schema["enum"]
    if "type" in schema:
        assert type(value) in TYPES[schema["type"]], (value, schema)
    if isinstance(value, dict) and "properties" in schema:
        assert set(schema.get("required", ())) <= value.keys()
        for name, each in value.items():
            check(each, schema["properties"][name], root)
    if isinstance(value, list) and "items" in schema:
        for each in value:
            check(each, schema["items"], root)
    assert not isinstance(value, int | float) or schema.get("minimum", value) <= value <= schema.get("maximum", value)


TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def fits(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    try:
        check(value, schema, root)
    except AssertionError:
        return False
    return True


def test_a_schema_that_does_not_fit_is_noticed() -> None:
    value = json.loads(written(example()))
    value["conversations"][0]["messages"][0]["role"] = "narrator"
    assert not fits(value, json_schema(), json_schema())


def test_the_file_looks_as_documented() -> None:
    value = json.loads(written(example()))
    assert list(value) == ["format", "version", "exported_at", "conversations"]
    assert (value["format"], value["version"], value["exported_at"]) == ("tui-stream", 1, "2026-02-03T09:05:06+00:00")
    message = value["conversations"][0]["messages"][2]
    assert message["cost"] == {
        "amount": "1.50",
        "source": "reported",
        "price": {"input": "2.50", "output": "10", "source": "a list"},
    }
    assert message["usage"]["cost"] == "1.2E-7"
    assert message["chosen"] is True
    assert "chosen" not in value["conversations"][0]["messages"][0]
    msgspec.convert(value, FileRecord)


def test_no_conversations_are_a_file_too(tmp_path: Path) -> None:
    assert read(tmp_path / "none.json", written()) == []


def test_what_is_not_loaded_is_not_written_as_if_it_were_all() -> None:
    conversation = example()
    conversation.others.clear()
    with pytest.raises(ValueError, match=r"1 messages of .* are not loaded"):
        written(conversation)


def test_what_json_cannot_hold_becomes_text(tmp_path: Path) -> None:
    conversation = straight(Message(Role.USER, "x", parameters={"a": float("nan"), "b": (1, {2}), "c": Decimal(1)}))
    (back,) = read(tmp_path / "a.json", written(conversation))
    assert back.messages[0].parameters == {"a": "nan", "b": [1, "{2}"], "c": "1"}


def test_parents_may_come_after_their_children(tmp_path: Path) -> None:
    value = json.loads(written(example()))
    value["conversations"][0]["messages"].reverse()
    (back,) = read(tmp_path / "a.json", json.dumps(value))
    assert [message.text for message in back.messages] == ["Why?", "Therefore."]


def test_members_of_later_versions_are_passed_over_and_the_head_may_come_last(tmp_path: Path) -> None:
    value = json.loads(written(example()))
    value["conversations"][0]["mood"] = {"x": []}
    turned = dict(reversed(value.items()))
    (back,) = read(tmp_path / "a.json", json.dumps(turned, indent=3))
    assert back.title == "A title"


def test_a_long_conversation_with_many_branches_comes_back(tmp_path: Path) -> None:
    messages: list[Message] = []
    parent: str | None = None
    for number in range(5000):
        messages += [Message(Role.USER, f"{text}{number}", parent_id=parent) for text in ("a", "b")]
        parent = messages[-2].id
    conversation = Conversation(tree=Tree(((each.id, each.parent_id) for each in messages), messages[-2].id))
    (back,) = read(tmp_path / "a.json", written(arranged(conversation, messages)))
    assert back.tree.head == messages[-2].id
    assert [message.text for message in back.messages] == [f"a{number}" for number in range(5000)]
    assert len(back.others) == 5000


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda it: it["messages"][1].update(role="narrator"), r"conversations\[0\].messages\[1\].role: invalid enum"),
        (
            lambda it: it["messages"][1].update(role=5),
            r"conversations\[0\].messages\[1\].role: expected `str`, got `int`",
        ),
        (lambda it: it["messages"][1].pop("role"), r"messages\[1\]: object missing required field `role`"),
        (lambda it: it["messages"][1].update(id="x\n"), r"messages\[1\].id: expected `str` matching"),
        (lambda it: it["messages"][1].update(id="../x"), r"messages\[1\].id: expected `str` matching"),
        (lambda it: it.update(id="x" * 65), r"conversations\[0\].id: expected"),
        (lambda it: it["messages"][1].update(id=it["messages"][0]["id"]), r"messages\[1\].id: there is a message"),
        (lambda it: it["messages"][1].update(parent_id="no"), r"messages\[1\].parent_id: there is no message no"),
        (
            lambda it: it["messages"][0].update(parent_id=it["messages"][1]["id"]),
            r"messages\[0\].parent_id: the message follows itself",
        ),
        (
            lambda it: it["messages"][1].update(created_at="2020-01-01T00:00:00"),
            r"messages\[1\].created_at: .*timezone",
        ),
        (lambda it: it["messages"][1].update(cost={"amount": "1E+999999"}), r"messages\[1\].cost.amount: it may have"),
        (lambda it: it["messages"][1].update(cost={"amount": "NaN"}), r"messages\[1\].cost.amount: it may have"),
        (lambda it: it["messages"][1].update(cost={"amount": "x"}), r"messages\[1\].cost.amount: "),
        (
            lambda it: it["messages"][1].update(cost={"price": {"input": "1E-99", "output": "1"}}),
            r"messages\[1\].cost.price.input: it may have",
        ),
        (lambda it: it["messages"][1].update(usage={"input_tokens": -1}), r"usage.input_tokens: expected `int` >= 0"),
        (lambda it: it["messages"][1].update(usage={"input_tokens": 2**63}), r"usage.input_tokens: "),
        (lambda it: it["messages"][1].update(timing={"elapsed": 1e999}), r"is not valid JSON|timing.elapsed: "),
        (lambda it: it.update(unloaded_cost={"amount": "Infinity"}), r"conversations\[0\].unloaded_cost.amount: "),
        (lambda it: it.update(messages=4), r"conversations\[0\].messages: expected `array`"),
        (lambda it: it.clear(), r"conversations\[0\]: object missing required field `id`"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(tmp_path: Path, change: Change, said: str) -> None:
    value = json.loads(written(example()))
    change(value["conversations"][0])
    with pytest.raises(StoreError, match=said) as caught:
        read(tmp_path / "a.json", json.dumps(value))
    assert caught.value.hint


def test_a_conversation_that_is_wrong_can_be_passed_over(tmp_path: Path) -> None:
    value = json.loads(written(example(), example()))
    value["conversations"][0]["messages"][0]["role"] = 1
    value["conversations"].append(copy.deepcopy(value["conversations"][0]))
    file = tmp_path / "a.json"
    file.write_text(json.dumps(value))
    told: list[StoreError] = []
    assert len(list(read_any(file, passed_over=told.append))) == 1
    assert [error.message.split(":")[0] for error in told] == [
        "conversations[0].messages[0].role",
        "conversations[2].messages[0].role",
    ]


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (2, "newer tui-stream: its format is 2, ours 1. Update"),
        (0, "version: "),
        ("1", "version: "),
        (True, "version: "),
    ],
)
def test_other_versions_are_refused(tmp_path: Path, version: object, said: str) -> None:
    value = json.loads(written(example())) | {"version": version}
    with pytest.raises(StoreError) as caught:
        read(tmp_path / "a.json", json.dumps(value))
    assert said in str(caught.value)


def test_control_characters_come_back_and_stand_in_the_file_as_escapes(tmp_path: Path) -> None:
    said = "\x1b[1mbold\x1b[0m\r\n\u200f \U0001f3f4\U000e0067\U000e007f"
    prompt = Message(Role.USER, said, said, error=said, notes=[said], parameters={said: [said]})
    prompt.tool_calls = [ToolCall(said, said, said)]
    made = straight(prompt, title=said)
    text = written(made)
    assert controls(text) == []
    (back,) = read(tmp_path / "a.json", text)
    (message,) = back.messages
    assert (back.title, message.text, message.reasoning, message.error) == (said, said, said, said)
    assert (message.notes, message.parameters, message.tool_calls) == ([said], {said: [said]}, prompt.tool_calls)
    for form in (Format.MARKDOWN, Format.HTML):
        file = io.StringIO()
        write([back], file, form, now=NOW)
        assert controls(file.getvalue()) == []


def test_what_cannot_be_encoded_does_not_get_in(tmp_path: Path) -> None:
    value = json.loads(written(example()))
    value["conversations"][0]["title"] = "a\x1b]0;x\x07b\u202ec"
    value["conversations"][0]["messages"][0]["text"] = "\x9b31m\ud800"
    (back,) = read(tmp_path / "a.json", json.dumps(value))
    assert back.title == "a\x1b]0;x\x07b\u202ec"
    assert back.messages[0].text == "\x9b31m\ufffd"


@pytest.mark.parametrize(
    "wrong",
    [{"pinned": "a\ud800"}, {"created_at": "\ud800"}, {"a\ud800": 1, "pinned": "\udfff"}],
    ids=["word", "time", "name"],
)
def test_half_a_character_where_no_text_stands_is_told_by_its_place(tmp_path: Path, wrong: dict[str, object]) -> None:
    value = json.loads(written(straight(Message(Role.USER, "Hello"))))
    value["conversations"][0].update(wrong)
    with pytest.raises(StoreError, match=re.escape("conversations[0]")):
        read(tmp_path / "wrong.json", json.dumps(value))
