from __future__ import annotations

from tui_stream.core.history import request_messages
from tui_stream.core.models import ChatMessage, Message, MessageStatus, Role


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
