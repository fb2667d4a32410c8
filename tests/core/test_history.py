from __future__ import annotations

from tui_stream.core.history import request_messages, system_of
from tui_stream.core.models import ChatMessage, Cut, Message, MessageStatus, Role


def user(text: str) -> Message:
    return Message(Role.USER, text)


def answer(prompt: Message, text: str, status: MessageStatus = MessageStatus.COMPLETE) -> Message:
    return Message(Role.ASSISTANT, text, status=status, parent_id=prompt.id)


def sent(*messages: Message, system: str = "") -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in request_messages(messages, system=system)]


def test_a_plain_conversation_is_sent_as_it_is() -> None:
    first, second = user("a"), user("c")
    assert sent(first, answer(first, "b"), second) == [("user", "a"), ("assistant", "b"), ("user", "c")]


def test_the_system_prompt_comes_first_unless_blank() -> None:
    assert request_messages([user("a")], system="be brief")[0] == ChatMessage(Role.SYSTEM, "be brief")
    assert sent(user("a"), system="  ") == [("user", "a")]


def test_a_turn_that_yielded_nothing_is_left_out() -> None:
    first, second = user("lost"), user("again")
    for status in (MessageStatus.FAILED, MessageStatus.CANCELLED, MessageStatus.INTERRUPTED):
        assert sent(first, answer(first, "", status), second) == [("user", "again")]


def test_a_cancelled_answer_keeps_what_it_said() -> None:
    first, second = user("a"), user("go on")
    partial = answer(first, "half an ans", MessageStatus.CANCELLED)
    assert sent(first, partial, second) == [("user", "a"), ("assistant", "half an ans"), ("user", "go on")]


def test_an_interrupted_answer_keeps_what_was_journalled() -> None:
    first, second = user("a"), user("go on")
    partial = answer(first, "half an ans", MessageStatus.INTERRUPTED)
    assert sent(first, partial, second) == [("user", "a"), ("assistant", "half an ans"), ("user", "go on")]


def test_an_answer_of_reasoning_alone_is_not_sent_and_roles_still_alternate() -> None:
    first, second = user("a"), user("b")
    thought = Message(Role.ASSISTANT, "", reasoning="hm", parent_id=first.id)
    assert sent(first, thought, second) == [("user", "a\n\nb")]


def test_the_newest_system_prompt_holds_and_comes_first() -> None:
    first, second = user("a"), user("c")
    old, new, more = (Message(Role.SYSTEM, text) for text in ("old", "new", "and more"))
    path = [old, first, answer(first, "b"), new, more, second]
    assert sent(*path, system="usual") == [
        ("system", "new\n\nand more"),
        ("user", "a"),
        ("assistant", "b"),
        ("user", "c"),
    ]
    assert system_of(path[:3], "usual") == "old"
    assert system_of(path[1:3], "usual") == "usual"


def test_a_system_prompt_holds_although_the_turns_behind_it_were_left_out_or_yielded_nothing() -> None:
    first, second = user("a"), user("c")
    second.cut = Cut(second.id, 3, "It was about a.")
    path = [Message(Role.SYSTEM, "said"), first, answer(first, "", MessageStatus.FAILED), second]
    assert sent(*path[:3], user("again")) == [("system", "said"), ("user", "again")]
    (role, text), last = sent(*path)
    assert (role, last) == ("system", ("user", "c"))
    assert text.startswith("said\n\n")
    assert text.endswith("It was about a.")
