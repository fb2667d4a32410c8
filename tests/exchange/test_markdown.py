"""Conversations as Markdown: every word stands there as it came, under who said it."""

from __future__ import annotations

import io
import json
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.exchange.conversations import NOW, branching, controls, conversations, straight
from tui_stream.core.models import Conversation, Cost, Message, MessageStatus, Role, Source, Timing, Usage
from tui_stream.exchange import Format, Options, write
from tui_stream.exchange.markdown import tidy

CODE = "```py\nx\t= 1  \n\n    y\n```"


def written(*given_: Conversation, options: Options | None = None) -> str:
    file = io.StringIO()
    assert write(given_, file, Format.MARKDOWN, now=NOW, options=options) == len(given_)
    return file.getvalue()


def headings(markdown: str) -> list[str]:
    """The headings that stand in no other block."""
    tokens = MarkdownIt("commonmark").parse(markdown)
    return [tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open" and not token.level]


def example() -> Conversation:
    prompt = Message(Role.USER, "Why?", created_at=NOW)
    first = Message(Role.ASSISTANT, "So.", parent_id=prompt.id, created_at=NOW)
    second = Message(
        Role.ASSISTANT,
        f"Therefore.\n\n{CODE}",
        "Hm.",
        parent_id=prompt.id,
        model="m_1",
        created_at=NOW,
        usage=Usage(40, 120),
        cost=Cost(Decimal("0.0012"), Source.REPORTED),
        timing=Timing(3.2),
        notes=["Another model answered."],
    )
    made = branching(prompt, first, second, title='A "title"')
    made.created_at = made.updated_at = NOW
    return made


def test_the_shown_path_stands_under_its_speakers() -> None:
    assert written(example()) == (
        "---\n"
        'title: "A \\"title\\""\n'
        'date: "2026-02-03T09:05:06Z"\n'
        'updated: "2026-02-03T09:05:06Z"\n'
        'exported: "2026-02-03T09:05:06Z"\n'
        'models: ["m_1"]\n'
        "---\n\n"
        '# A "title"\n\n'
        "## You · 2026-02-03 09:05 UTC\n\n"
        "Why?\n\n"
        "## m\\_1 · 2026-02-03 09:05 UTC\n\n"
        "> Thinking:\n>\n> Hm.\n\n"
        f"Therefore.\n\n{CODE}\n\n"
        "*Another model answered.*\n\n"
        "*Version 2 of 2*\n"
    )


def test_what_is_not_wanted_is_left_out_and_figures_stand_there_if_wanted() -> None:
    text = written(example(), options=Options(reasoning=False, figures=True, times=False))
    assert "Hm." not in text
    assert "## You\n" in text
    assert "*40 in / 120 out · \\$0.0012 · 3.20 s*" in text


def test_several_conversations_are_one_document() -> None:
    text = written(example(), straight(Message(Role.USER, "# Hi\nthere"), title=""))
    assert text.startswith('---\nexported: "2026-02-03T09:05:06Z"\n---\n\n# A "title"\n')
    assert "\n# \\# Hi\n" in text


def test_no_conversations_are_a_document_too() -> None:
    assert written() == '---\nexported: "2026-02-03T09:05:06Z"\n---\n'


def test_an_interrupted_answer_says_so() -> None:
    text = written(straight(Message(Role.ASSISTANT, "abc", status=MessageStatus.INTERRUPTED)))
    assert "*Interrupted after 3 characters: the program went away.*" in text


@given(conversations())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_every_text_stands_in_it_and_nothing_steers_a_terminal(given_: Conversation) -> None:
    text = written(given_)
    for message in given_.messages:
        assert tidy(message.text) in text
    assert [each for each in controls(text) if each != "\t"] == []
    text.encode()


@given(st.lists(conversations(), min_size=1, max_size=3), st.booleans())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_no_message_swallows_the_next_one(given_: list[Conversation], reasoning: bool) -> None:
    end = straight(Message(Role.USER, "the end", created_at=NOW), title="The last one")
    text = written(*given_, end, options=Options(reasoning=reasoning))
    assert headings(text)[-2:] == ["The last one", "You · 2026-02-03 09:05 UTC"]


@given(conversations())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_the_front_matter_is_lines_of_json(given_: Conversation) -> None:
    begin, *lines = written(given_).split("\n---\n", 1)[0].split("\n")
    assert begin == "---"
    values = {name: json.loads(value) for name, value in (line.split(": ", 1) for line in lines)}
    assert list(values) == ["title", "date", "updated", "exported", "models"]
