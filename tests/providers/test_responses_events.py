from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.providers.asking import reasoning_of, text_of
from tests.providers.responding import added, delta, done, ended, event, finished, message, response
from tests.providers.splitting import everywhere, until_error
from tests.servers import sse
from tui_stream.core.events import (
    Event,
    ReasoningDelta,
    StreamEnd,
    TextDelta,
    ToolCallDelta,
)
from tui_stream.core.models import FinishReason
from tui_stream.providers._responses_stream import ResponsesStream
from tui_stream.providers._translate import Peer

PEER = Peer("llm.example", "http://llm.example/v1")


def seen(*stream: bytes) -> list[Event]:
    """The events of a stream that ends as it should."""
    found, error = until_error(ResponsesStream(PEER, "m"), stream)
    assert error is None
    return found


def call(index: int = 0, **fields: object) -> dict[str, object]:
    return {"type": "function_call", "id": f"fc_{index}", "call_id": f"call_{index}", "name": "look", **fields}


def calls_in(events: list[Event]) -> list[tuple[str, str, str]]:
    """Id, name and arguments of each tool call, put together."""
    found: dict[int, tuple[str, str, str]] = {}
    for part in events:
        if isinstance(part, ToolCallDelta):
            ident, name, arguments = found.get(part.index, ("", "", ""))
            found[part.index] = (ident + part.id, name + part.name, arguments + part.arguments)
    return [found[index] for index in sorted(found)]


@settings(deadline=None)
@given(texts=st.lists(st.lists(st.text(min_size=1), min_size=1, max_size=3), min_size=1, max_size=3), data=st.data())
def test_every_text_is_shown_once_however_often_it_is_told(texts: list[list[str]], data: st.DataObject) -> None:
    stream = list[bytes]()
    for index, parts in enumerate(texts):
        stream.append(added(message(ident=str(index)), index))
        for number, text in enumerate(parts):
            come = data.draw(st.integers(0, len(text)))
            stream += [
                delta(character, item_id=str(index), output_index=index, content_index=number)
                for character in text[:come]
            ]
            if come < len(text) or data.draw(st.booleans()):
                stream.append(done(text=text, item_id=str(index), output_index=index, content_index=number))
        if data.draw(st.booleans()):
            stream.append(finished(message(*parts, ident=str(index)), index))
    output = [message(*parts, ident=str(index)) for index, parts in enumerate(texts)]
    stream.append(ended(output=output if data.draw(st.booleans()) else []))
    assert text_of(seen(*stream)) == "\n\n".join("".join(parts) for parts in texts)


def test_texts_told_again_are_not_shown_again() -> None:
    whole = message("Hello")
    ends = done(text="Hello"), event("response.content_part.done", part=whole), finished(whole), ended(output=[whole])
    assert seen(delta("Hel"), delta("lo"), *ends) == [
        TextDelta("Hel"),
        TextDelta("lo"),
        StreamEnd(FinishReason.STOP),
    ]


def test_two_messages_with_the_same_text_are_two() -> None:
    output = [message("Hello"), message("Hello", ident="j")]
    assert text_of(seen(ended(output=output))) == "Hello\n\nHello"
    assert text_of(seen(finished(output[0]), finished(output[1], 1), ended(output=output))) == "Hello\n\nHello"
    assert text_of(seen(delta("Hello"), finished(output[1], 1), ended(output=output))) == "Hello\n\nHello"


@pytest.mark.parametrize("told", [1, 2, 3, 4])
def test_a_server_that_sends_no_pieces(told: int) -> None:
    whole = message("Hello")
    ends = [done(text="Hello"), finished(whole), finished(whole), ended(output=[whole])][-told:]
    assert text_of(seen(*ends)) == "Hello"


def test_a_lost_piece_comes_with_the_full_text() -> None:
    assert text_of(seen(delta("Hel"), done(text="Hello"), ended())) == "Hello"
    assert text_of(seen(delta("Hel"), ended(output=[message("Hello")]))) == "Hello"
    assert text_of(seen(delta("Hel"), ended("incomplete", [message("Hello")]))) == "Hello"


def test_another_text_at_the_end_changes_nothing() -> None:
    assert text_of(seen(delta("Hello \n"), done(text="Hello"), ended(output=[message("Good day")]))) == "Hello \n"


def test_items_are_known_by_their_place_where_ids_change() -> None:
    stream = [delta(text, item_id=str(at)) for at, text in enumerate(["a", "b", "a", "b"])]
    whole = message("abab", ident="other")
    assert text_of(seen(*stream, done(text="abab", item_id="5"), finished(whole), ended(output=[whole]))) == "abab"


def test_items_are_known_by_their_id_where_they_have_no_place() -> None:
    stream = [delta(text, item_id="m", output_index=None) for text in ("a", "b")]
    whole = message("ab", ident="m")
    thought = {"type": "reasoning", "id": "r", "summary": []}
    ends = event("response.output_item.done", item=whole), ended(output=[thought, whole])
    assert text_of(seen(*stream, *ends)) == "ab"


def test_items_may_have_other_places_at_the_end() -> None:
    thought = delta("Hm", "reasoning_text", item_id="r", output_index=3)
    summary = {"type": "reasoning", "id": "x", "content": [{"type": "reasoning_text", "text": "Hm"}]}
    events = seen(thought, delta("ab", output_index=5), ended(output=[summary, message("ab", ident="y")]))
    assert (reasoning_of(events), text_of(events)) == ("Hm", "ab")
    loose = delta("a", item_id="m", output_index=None), delta("b", item_id="m", output_index=None)
    assert text_of(seen(*loose, finished(message("ab", ident="z")), ended())) == "ab"


def test_items_without_any_name() -> None:
    stream = [delta(text, item_id=None, output_index=None) for text in ("a", "b")]
    assert text_of(seen(*stream, ended(output=[message("ab", ident="")]))) == "ab"
    assert text_of(seen(*stream, ended(output=[message("x", ident="7"), message("ab", ident="8")]))) == "ab\n\nx"


def test_parts_of_a_message_run_on_and_messages_do_not() -> None:
    two = delta("a"), delta("b", content_index=1)
    second = added(message(), 1), delta("c", item_id="j", output_index=1)
    whole = [message("a", "b"), message("c", ident="j")]
    assert text_of(seen(added(message()), *two, *second, ended(output=whole))) == "ab\n\nc"
    assert text_of(seen(finished(whole[0]), finished(whole[1], 1), ended(output=whole))) == "ab\n\nc"
    assert text_of(seen(ended(output=whole))) == "ab\n\nc"


def test_half_characters_are_put_together() -> None:
    whole = message("a😀")
    for stream in ((delta("a\ud83d"), delta("\ude00")), (delta("a\ud83d"), done(text="a😀"))):
        assert text_of(seen(*stream, finished(whole), ended(output=[whole]))) == "a😀"
    assert text_of(seen(delta("a\ud83d"), ended())) == "a\ufffd"
    assert text_of(seen(delta("a\ud83d"), done(text="a\ud83d"), ended())) == "a\ufffd"


def test_characters_of_several_bytes_may_be_cut_anywhere() -> None:
    stream = sse({"type": "response.output_text.delta", "delta": "né 😀"}) + ended(output=[message("né 😀")])
    for chunks in everywhere(stream):
        assert text_of(seen(*chunks)) == "né 😀"


@pytest.mark.parametrize(
    "fields",
    [{"delta": None}, {"delta": 5}, {"delta": ""}, {"output_index": "x", "item_id": []}, {"content_index": -1}],
)
def test_odd_fields_do_no_harm(fields: dict[str, object]) -> None:
    odd = {"item_id": "i", "output_index": 0, "delta": "b", **fields}
    events = seen(
        event("response.output_text.delta", **odd),
        event("response.output_text.done", text=None),
        delta("c"),
        ended(output=[None]),
    )
    assert text_of(events) in ("c", "bc")
    assert events[-1] == StreamEnd(FinishReason.STOP)


@pytest.mark.parametrize(
    "extra",
    [
        event("response.queued", response=response("queued")),
        event("response.in_progress", response=response("in_progress", usage=None)),
        event("response.content_part.added", part={"type": "output_text", "text": ""}),
        event("response.output_text.annotation.added", annotation={"type": "url_citation"}),
        event("response.web_search_call.completed", item_id="ws"),
        event("response.mcp_call_arguments.delta", delta="{}"),
        event("response.code_interpreter_call_code.delta", delta="print()"),
        event("response.image_generation_call.partial_image", partial_image_b64="AAAA"),
        event("response.brand_new.delta", delta="x"),
        event("response.brand_new.completed", item={"type": "brand_new"}),
        event("keepalive"),
        finished({"type": "web_search_call", "id": "ws", "action": {"query": "x"}}, 3),
        added({"type": "brand_new"}),
        event("response.output_item.done", item="x"),
        event("response.created", response="x"),
        sse({"hello": 1}),
        b": keep-alive\n\n",
        b"event: ping\n\n",
    ],
)
def test_unknown_events_are_passed_over(extra: bytes) -> None:
    assert seen(extra, delta("a"), extra, ended(), extra) == [TextDelta("a"), StreamEnd(FinishReason.STOP)]


def test_the_name_of_an_event_is_its_type_where_it_has_none() -> None:
    text = b'event: response.output_text.delta\ndata: {"delta": "a"}\n\n'
    assert seen(text, b'event: response.completed\ndata: {"response": {}}\n\n') == [
        TextDelta("a"),
        StreamEnd(FinishReason.STOP),
    ]


def test_a_type_is_enough_without_a_name() -> None:
    stream = (
        sse({"type": "response.output_text.delta", "delta": "a"}),
        sse({"type": "response.completed", "response": {}}),
    )
    assert seen(*stream) == [TextDelta("a"), StreamEnd(FinishReason.STOP)]


@pytest.mark.parametrize("kind", ["reasoning_text", "reasoning_summary_text", "reasoning", "reasoning_summary"])
def test_reasoning(kind: str) -> None:
    events = seen(delta("Hm", kind), delta("m.", kind), done(kind, text="Hmm."), delta("Yes", output_index=1), ended())
    assert events[:3] == [ReasoningDelta("Hm"), ReasoningDelta("m."), TextDelta("Yes")]
    assert reasoning_of(events) == "Hmm."


def test_the_parts_of_a_summary_are_paragraphs() -> None:
    part = [event("response.reasoning_summary_part.added", summary_index=index) for index in (0, 1)]
    text = [delta(text, "reasoning_summary_text", summary_index=index) for index, text in enumerate(["One.", "Two."])]
    item = {
        "type": "reasoning",
        "id": "i",
        "summary": [{"type": "summary_text", "text": "One."}, {"type": "summary_text", "text": "Two."}],
    }
    for stream in ((added(item), part[0], text[0], part[1], text[1], finished(item)), (finished(item),), ()):
        events = seen(*stream, ended(output=[item]))
        assert reasoning_of(events) == "One.\n\nTwo."
        assert text_of(events) == ""


def test_reasoning_of_a_whole_item() -> None:
    item = {"type": "reasoning", "id": "r", "summary": [], "content": [{"type": "reasoning_text", "text": "Hmm."}]}
    assert reasoning_of(seen(finished(item), ended(output=[item]))) == "Hmm."
    assert reasoning_of(seen(finished({**item, "content": None, "encrypted_content": "x"}), ended())) == ""


def test_a_refusal_is_said_and_is_a_filter() -> None:
    refusal = message("I cannot.", kind="refusal", field="refusal")
    told = done("refusal", refusal="I cannot."), finished(refusal), ended(output=[refusal])
    for stream in ((delta("I can", "refusal"), delta("not.", "refusal"), *told), told, told[1:], told[2:]):
        events = seen(*stream)
        assert text_of(events) == "I cannot."
        assert events[-1] == StreamEnd(FinishReason.CONTENT_FILTER)


def test_tool_calls() -> None:
    arguments = '{"a": 1}'
    first, second = call(0, arguments=arguments), call(1, arguments="{}", name="go")
    streamed = (
        added(call(0, arguments="")),
        delta(arguments[:3], "function_call_arguments"),
        delta(arguments[3:], "function_call_arguments"),
        done("function_call_arguments", arguments=arguments),
        finished(first),
        added(second, 1),
        done("function_call_arguments", output_index=1, arguments="{}"),
        finished(second, 1),
    )
    for stream in (streamed, (streamed[1], *streamed[4:]), (finished(first), finished(second, 1)), ()):
        events = seen(*stream, ended(output=[first, second]))
        assert calls_in(events) == [("call_0", "look", arguments), ("call_1", "go", "{}")]
        assert events[-1] == StreamEnd(FinishReason.TOOL_CALLS)


def test_a_call_is_known_again_by_its_own_id() -> None:
    events = seen(finished(call(0, arguments="{}"), 5), ended(output=[call(0, id="other", arguments="{}")]))
    assert calls_in(events) == [("call_0", "look", "{}")]


def test_other_calls_that_ask_the_client_for_something() -> None:
    custom = {"type": "custom_tool_call", "id": "c", "call_id": "x", "name": "run", "input": "ls"}
    assert calls_in(seen(added({**custom, "input": ""}), delta("ls", "custom_tool_call_input"), ended(output=[custom])))
    shell = {"type": "local_shell_call", "id": "s", "call_id": "y", "action": {"command": ["ls"]}}
    events = seen(finished(custom), finished(shell, 1), ended(output=[custom, shell]))
    assert calls_in(events) == [("x", "run", "ls"), ("y", "local_shell_call", '{"command": ["ls"]}')]


def test_text_before_a_call_stays_text() -> None:
    events = seen(delta("Let me look."), added(call(1), 1), ended(output=[message("Let me look."), call(1)]))
    assert text_of(events) == "Let me look."
    assert events[-1] == StreamEnd(FinishReason.TOOL_CALLS)
