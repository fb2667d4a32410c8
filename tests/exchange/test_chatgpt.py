"""ChatGPT's export: what is shown there is found here, with its branches, whatever is missing or broken."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.exchange.conversations import HARMFUL
from tui_stream.core.models import Conversation, FinishReason, Message, MessageStatus, Role
from tui_stream.core.sanitize import clean
from tui_stream.errors import StoreError
from tui_stream.exchange import read_any
from tui_stream.exchange.chatgpt import read_conversation


def node(role: str, *parts: object, parent: str | None = None, kind: str = "text", **more: Any) -> dict[str, Any]:
    """A node with a message of parts; what is given beside them changes the message."""
    content = more.pop("content", {"content_type": kind, "parts": list(parts)})
    author = {"role": role, "name": more.pop("name", None), "metadata": {}}
    message = {"author": author, "create_time": 1_700_000_000.5, "content": content, "status": "finished_successfully"}
    message |= {"weight": 1.0, "metadata": {}, "recipient": "all"} | more
    return {"message": message, "parent": parent, "children": []}


def export(current: str | None = None, /, **nodes: dict[str, Any]) -> dict[str, Any]:
    """A conversation of nodes; each follows the one before it unless it says otherwise."""
    before = "root"
    mapping: dict[str, Any] = {"root": {"id": "root", "message": None, "parent": None, "children": []}}
    for name, each in nodes.items():
        parent = each["parent"] or before
        each |= {"id": name, "parent": parent}
        mapping[parent]["children"].append(name)
        mapping[name] = each
        before = name
    return {
        "title": "A title",
        "create_time": 1_700_000_000.0,
        "update_time": 1_700_000_100.0,
        "mapping": mapping,
        "current_node": current or before,
        "conversation_id": "c-1",
        "default_model_slug": "gpt-x",
    }


def read(value: dict[str, Any]) -> Conversation:
    return read_conversation(value, "[0]")


def only(value: dict[str, Any]) -> Message:
    """The one answer behind a prompt."""
    prompt, answer = read(value).messages
    assert prompt.role is Role.USER
    assert answer.role is Role.ASSISTANT
    return answer


def answered(**nodes: dict[str, Any]) -> Message:
    return only(export(None, asked=node("user", "Why?"), **nodes))


def test_a_conversation_is_taken_over() -> None:
    value = export(asked=node("user", "Why?"), told=node("assistant", "So.", metadata={"model_slug": "gpt-y"}))
    made = read(value | {"is_archived": True, "is_starred": True})
    assert (made.title, made.archived, made.pinned) == ("A title", True, True)
    assert made.created_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert made.updated_at == datetime(2023, 11, 14, 22, 15, tzinfo=UTC)
    asked, told = made.messages
    assert (asked.role, asked.text, asked.parent_id) == (Role.USER, "Why?", None)
    assert (told.role, told.text, told.parent_id) == (Role.ASSISTANT, "So.", asked.id)
    assert (told.model, told.provider, told.status) == ("gpt-y", "chatgpt", MessageStatus.COMPLETE)
    assert told.created_at == datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC)
    assert told.usage is None
    assert told.cost is None


def test_ids_stay_the_same_and_differ_between_conversations() -> None:
    value = export(asked=node("user", "Why?"))
    one, again, other = read(value), read(value), read(value | {"conversation_id": "c-2"})
    assert (one.id, one.messages[0].id) == (again.id, again.messages[0].id)
    assert one.id != other.id
    assert one.messages[0].id != other.messages[0].id
    assert read({"mapping": value["mapping"]}).id == read({"mapping": value["mapping"], "title": "B"}).id


def test_branches_stay_branches_in_their_order_and_the_current_one_is_shown() -> None:
    value = export(
        "old_end",
        asked=node("user", "One"),
        first=node("assistant", "1", parent="asked"),
        old_asked=node("user", "More", parent="first"),
        old_end=node("assistant", "1+", parent="old_asked"),
        second=node("assistant", "2", parent="asked"),
        third=node("assistant", "3", parent="asked"),
    )
    value["mapping"]["asked"]["children"] = ["third", "first", "second"]
    made = read(value)
    assert [message.text for message in made.messages] == ["One", "1", "More", "1+"]
    texts = {message.id: message.text for message in (*made.messages, *made.others)}
    siblings = made.tree.children(made.messages[0].id)
    assert [texts[each] for each in siblings] == ["3", "1", "2"]
    assert {message.text for message in made.others} == {"2", "3"}


def test_thoughts_calls_and_outputs_are_one_answer() -> None:
    thoughts = {"content_type": "thoughts", "thoughts": [{"summary": "Plan", "content": "Hm."}, {"content": "Well."}]}
    answer = answered(
        a=node("assistant", content=thoughts),
        b=node("assistant", content={"content_type": "reasoning_recap", "content": "Thought for 3 s"}),
        c=node(
            "assistant", content={"content_type": "code", "language": "unknown", "text": "print(1)"}, recipient="python"
        ),
        d=node("tool", content={"content_type": "execution_output", "text": "1\n```"}, name="python"),
        e=node("assistant", '{"query": "x"}', recipient="web.search"),
        f=node("tool", "a whole page", name="web.search"),
        g=node("tool", "another one", name="web.search"),
        h=node("assistant", "Done.", metadata={"finish_details": {"type": "max_tokens"}}),
    )
    assert answer.reasoning == "**Plan**\n\nHm.\n\nWell."
    assert answer.text == "```python\nprint(1)\n```\n\nOutput:\n\n````\n1\n```\n````\n\nDone."
    assert [(call.name, call.arguments) for call in answer.tool_calls] == [("web.search", '{"query": "x"}')]
    assert answer.notes == ["Thought for 3 s", "Left out on import: what web.search told the model. (2 times)"]
    assert answer.finish_reason is FinishReason.LENGTH


def test_what_branches_within_an_answer_is_not_joined() -> None:
    made = read(
        export(
            asked=node("user", "Why?"),
            thought=node("assistant", content={"content_type": "thoughts", "thoughts": [{"content": "Hm."}]}),
            one=node("assistant", "1", parent="thought"),
            two=node("assistant", "2", parent="thought"),
        )
    )
    assert [message.text for message in made.messages] == ["Why?", "", "2"]
    assert [message.text for message in made.others] == ["1"]


def test_pictures_and_files_are_named() -> None:
    picture = {"content_type": "image_asset_pointer", "asset_pointer": "sediment://file_1", "width": 3, "height": 4}
    drawn = picture | {"metadata": {"dalle": {"prompt": "A cat"}}}
    made = read(
        export(
            asked=node(
                "user",
                picture,
                "What is it?",
                {"content_type": "audio_transcription", "text": "I said."},
                {"content_type": "audio_asset_pointer"},
                kind="multimodal_text",
                metadata={"attachments": [{"id": "file_1", "name": "a.png"}, {"id": "file_2", "name": "b.pdf"}]},
            ),
            drawn=node("tool", drawn, kind="multimodal_text", name="dalle.text2im"),
        )
    )
    assert made.messages[0].text == (
        "[Attached: b.pdf]\n\n[Picture: file_1, 3 by 4]\n\nWhat is it?\n\nI said.\n\n[Recording]"
    )
    assert made.messages[1].text == "[Picture: file_1, 3 by 4]\n\nDrawn from: A cat"


def test_what_is_hidden_stays_away_but_the_persons_own_words() -> None:
    hidden = {"is_visually_hidden_from_conversation": True}
    own = {"content_type": "user_editable_context", "user_profile": "I am.", "user_instructions": "Be brief."}
    told = {"is_user_system_message": True, "user_context_message_data": {"about_user_message": "Me."}} | hidden
    made = read(
        export(
            a=node("system", "", metadata=hidden),
            b=node("system", "Secret", metadata=hidden),
            c=node("user", content=own, metadata=hidden),
            d=node("system", "", metadata=told),
            e=node("assistant", "Weightless", weight=0),
            f=node("user", "Why?"),
        )
    )
    assert [(message.role, message.text) for message in made.messages] == [
        (Role.SYSTEM, "I am.\n\nBe brief."),
        (Role.SYSTEM, "Me."),
        (Role.USER, "Why?"),
    ]


def test_sources_become_links() -> None:
    mark = "\ue200cite\ue202turn0search1\ue201"
    reference = {"matched_text": mark, "alt": "([e.org](https://e.org))"}
    answer = answered(
        a=node("assistant", f"So{mark}.\ue200x\ue201 【1†a】", metadata={"content_references": [reference]})
    )
    assert answer.text == "So([e.org](https://e.org)). 【1†a】"


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"status": "in_progress"}, MessageStatus.CUT_OFF),
        ({"status": "finished_partial_completion"}, MessageStatus.CANCELLED),
        ({"status": "error"}, MessageStatus.FAILED),
        ({"metadata": {"finish_details": {"type": "interrupted"}}}, MessageStatus.CANCELLED),
        ({"status": None}, MessageStatus.COMPLETE),
    ],
)
def test_how_an_answer_ended(more: dict[str, Any], status: MessageStatus) -> None:
    answer = answered(a=node("assistant", "So.", **more))
    assert answer.status is status
    assert bool(answer.error) is (status in {MessageStatus.CUT_OFF, MessageStatus.FAILED})


def test_kinds_that_are_not_known_are_noted() -> None:
    answer = answered(a=node("assistant", {"x": 1}, kind="super_widget"), b=node("assistant", "So."))
    assert answer.notes == ["Left out on import: content of the kind super_widget."]


def test_links_that_are_broken_lose_nothing() -> None:
    value = export(a=node("user", "A"), b=node("assistant", "B"), c=node("user", "C"), d=node("assistant", "D"))
    value["mapping"]["c"]["parent"] = "nowhere"
    value["mapping"]["b"]["children"] = []
    value["mapping"]["root"]["parent"] = "a"
    value["current_node"] = ["d"]
    made = read(value)
    assert {message.text for message in (*made.messages, *made.others)} == {"A", "B", "C", "D"}
    del value["mapping"]["b"]["parent"]
    value["mapping"]["a"]["children"] = ["b", "b", 5, None]
    assert len(read(value).tree) == 4


def test_moments_that_are_missing_are_those_of_the_conversation() -> None:
    value = export(a=node("user", "A", create_time=None), b=node("assistant", "B", create_time="x"))
    assert {message.created_at for message in read(value).messages} == {datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)}
    value |= {"create_time": 1e300, "update_time": None}
    assert read(value).created_at == datetime(1970, 1, 1, tzinfo=UTC)


def test_a_long_chain_is_no_trouble() -> None:
    made = read(
        export(asked=node("user", "x"), **{f"n{index}": node("assistant", "y" * 100) for index in range(20_000)})
    )
    assert len(made.messages) == 2
    assert len(made.messages[1].text) == 102 * 20_000 - 2


def test_a_file_and_an_archive_are_the_same(tmp_path: Path) -> None:
    value = [export(asked=node("user", "Why?")), export(asked=node("user", "How?")) | {"conversation_id": "c-2"}]
    plain, packed, split = tmp_path / "a.json", tmp_path / "a.bin", tmp_path / "b.zip"
    plain.write_text(json.dumps(value))
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("shared_conversations.json", "[]")
        archive.writestr("inner/conversations.json", json.dumps(value))
        archive.writestr("chat.html", "<html>")
    with zipfile.ZipFile(split, "w") as archive:
        archive.writestr("conversations-001.json", json.dumps(value[1:]))
        archive.writestr("conversations-000.json", json.dumps(value[:1]))
    ids = [conversation.id for conversation in read_any(plain)]
    assert len(set(ids)) == 2
    assert [conversation.id for conversation in read_any(packed)] == ids
    assert [conversation.id for conversation in read_any(split)] == ids


def test_one_conversation_may_stand_alone(tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    file.write_text(json.dumps({"safe_urls": [], **export(asked=node("user", "Why?"))}))
    (made,) = read_any(file)
    assert made.messages[0].text == "Why?"


def test_what_is_no_conversation_is_named_or_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps([export(asked=node("user", "Why?")), {"mapping": []}, 5]))
    with pytest.raises(StoreError, match=r"\[1\]\.mapping: "):
        list(read_any(file))
    told: list[StoreError] = []
    assert len(list(read_any(file, passed_over=told.append))) == 1
    assert [error.message.partition(".")[0] for error in told] == ["[1]", "[2]"]


KEYS = [
    "id", "title", "mapping", "message", "author", "role", "name", "content", "content_type", "parts", "text",
    "metadata", "parent", "children", "create_time", "current_node", "recipient", "thoughts", "status", "weight",
]  # fmt: skip
STRANGE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(HARMFUL)
    | st.sampled_from(["a", "b", "user"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=8,
)
NODES = st.fixed_dictionaries(
    {},
    optional={
        "parent": st.sampled_from(["a", "b", "c", "d", None]) | STRANGE,
        "children": st.lists(st.sampled_from("abcd")) | STRANGE,
        "message": st.fixed_dictionaries(
            {
                "author": st.fixed_dictionaries(
                    {"role": st.sampled_from(["user", "assistant", "tool", "system"]) | STRANGE}
                )
            },
            optional={
                "content": st.fixed_dictionaries(
                    {"content_type": st.sampled_from(["text", "code", "thoughts", "execution_output", "x"]) | STRANGE},
                    optional={"parts": st.lists(STRANGE, max_size=3) | STRANGE, "text": STRANGE, "thoughts": STRANGE},
                ),
                "metadata": STRANGE,
                "create_time": STRANGE,
                "recipient": STRANGE,
                "status": STRANGE,
            },
        )
        | STRANGE,
    },
)


@given(st.dictionaries(st.sampled_from("abcd"), NODES, max_size=4), st.dictionaries(st.sampled_from(KEYS), STRANGE))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=400)
def test_whatever_stands_in_it_becomes_a_clean_tree(mapping: dict[str, Any], more: dict[str, Any]) -> None:
    made = read({**more, "mapping": mapping})
    messages = [*made.messages, *made.others]
    assert len(messages) == len(made.tree)
    assert made.tree.path(made.tree.head) == [message.id for message in made.messages]
    for message in messages:
        assert message.parent_id == made.tree.parent(message.id)
        for text in (message.text, message.reasoning, message.model, message.error, *message.notes):
            assert text == clean(text)
        assert message.created_at.tzinfo is UTC
