from __future__ import annotations

import copy
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui_stream.core.thinking import ThinkingSplitter

ATOMS = [
    *("<think>", "</think>", "<thinking>", "</thinking>", "<", "</", ">", "think", "ing", "<thi", "</thinki"),
    *(" ", "\n", "\n\n", "\u00a0", "a", "Bonjour!", "é", "`", "```\n", "<thinker>", "<THINK>"),
]
TAGS = ("<think>", "</think>", "<thinking>", "</thinking>")
BLOCK = re.compile(
    r"(?P<before>\s*)(?:"
    r"(?P<tag><think(?P<long>ing)?>)(?P<blank>\s*)(?P<thought>.*?)(?P<closing></think(?(long)ing)>|\Z)"
    r"|(?P<lone></think(?:ing)?>))",
    re.DOTALL,
)
TEXTS = st.builds(
    str.__add__,
    st.sampled_from(["", "<think>", "<thinking>", "\n<think>\n", "</think>"]),
    st.lists(st.sampled_from(ATOMS), max_size=12).map("".join),
)


def split(*chunks: str) -> tuple[str, str]:
    """The reasoning and the text that come out."""
    splitter = ThinkingSplitter()
    pieces = [piece for chunk in chunks for piece in splitter.feed(chunk)] + splitter.flush()
    assert all(text for _, text in pieces)
    return (
        "".join(text for reasoning, text in pieces if reasoning),
        "".join(text for reasoning, text in pieces if not reasoning),
    )


@pytest.mark.parametrize(
    ("said", "reasoning", "text"),
    [
        ("", "", ""),
        ("Hello <b>you</b>", "", "Hello <b>you</b>"),
        ("  \n Hello", "", "  \n Hello"),
        ("   ", "", "   "),
        ("<think>\nHm.\n</think>\n\nYes.", "Hm.\n", "Yes."),
        ("<think>Hm.</think>Yes.", "Hm.", "Yes."),
        ("\n <think> Hm.</think> Yes. ", "Hm.", "Yes. "),
        ("<thinking>Hm, </think>.</thinking>\nYes.", "Hm, </think>.", "Yes."),
        ("<think>Hm, </thinking>.</think>\nYes.", "Hm, </thinking>.", "Yes."),
        ("<think>a <think> b</think>c", "a <think> b", "c"),
        ("<think>a < b, </ and </th</think>c", "a < b, </ and </th", "c"),
        # blocks of nothing
        ("<think>\n\n</think>\n\nYes.", "", "Yes."),
        ("<think></think>Yes.", "", "Yes."),
        ("<think></think>", "", ""),
        ("<think>\n", "", ""),
        # one block after another
        ("<think>\n\n</think>\n\n<think>\nHm.\n</think>\nYes.", "Hm.\n", "Yes."),
        ("<think>a</think><think>\n\n</think>b", "a", "b"),
        ("<think>a\n</think> <thinking>b</thinking> c <think>d", "a\nb", "c <think>d"),
        # not at the start
        ("Use `<think>` so.", "", "Use `<think>` so."),
        ("`<think>` opens, `</think>` closes.", "", "`<think>` opens, `</think>` closes."),
        ("```html\n<think>x</think>\n```", "", "```html\n<think>x</think>\n```"),
        ("a\n<think>b</think>c", "", "a\n<think>b</think>c"),
        ("<think>a</think>b</think>c<think>d</think>", "a", "b</think>c<think>d</think>"),
        # no tags
        ("<thinker>a</thinker>", "", "<thinker>a</thinker>"),
        ("<THINK>a</THINK>", "", "<THINK>a</THINK>"),
        ("<think >a</think>", "", "<think >a</think>"),
        ("<p>a", "", "<p>a"),
        # never closed
        ("<think>\nHm, I", "Hm, I", ""),
        ("<think>Hm.</thi", "Hm.</thi", ""),
        ("<think></", "</", ""),
        (" <thin", "", " <thin"),
        ("<think>Hm.</think>\n<thi", "Hm.", "<thi"),
        # opened by the prompt
        ("Hm.\n</think>\n\nYes.", "", "Hm.\n</think>\n\nYes."),
        ("\n</think>\n\nYes.", "", "Yes."),
        ("<think>a</think>\n</think>\nYes.", "a", "Yes."),
    ],
)
def test_what_is_reasoning(said: str, reasoning: str, text: str) -> None:
    assert split(said) == (reasoning, text)
    assert split(*said) == (reasoning, text)


@given(TEXTS, st.lists(st.integers(0, 80)))
@example("<think>\n</think>\n x", [3, 9])
def test_how_it_is_cut_makes_no_difference(said: str, places: list[int]) -> None:
    ends = sorted({min(place, len(said)) for place in places})
    chunks = [said[start:end] for start, end in zip([0, *ends], [*ends, len(said)], strict=True)]
    assert split(*chunks) == split(said)
    assert split(*said) == split(said)


@given(TEXTS)
def test_reasoning_and_text_and_tags_and_white_space_are_the_whole(said: str) -> None:
    """Told apart a second time, by a regular expression over the whole, in parts that add up to it."""
    thoughts, at = "", 0
    while block := BLOCK.match(said, at):
        thoughts += block["thought"] or ""
        dropped = [block["before"], block["tag"] or block["lone"], block["blank"] or "", block["closing"] or ""]
        assert sum(map(len, dropped)) + len(block["thought"] or "") == len(block[0])
        assert {part.strip() for part in dropped} <= {"", *TAGS}
        at = block.end()
    rest = said[at:]
    assert split(said) == (thoughts, rest.lstrip() if at else rest)


@given(TEXTS)
def test_only_the_beginning_of_a_tag_and_white_space_before_it_are_held_back(said: str) -> None:
    splitter = ThinkingSplitter()
    for character in said:
        splitter.feed(character)
        held = "".join(text for _, text in copy.deepcopy(splitter).flush()).lstrip()
        assert any(tag.startswith(held) and tag != held for tag in TAGS)


@pytest.mark.parametrize("first", ["H", "`", "<p", "<b", "\n#", "<thinks", "</p", "</thinks"])
def test_ordinary_text_is_not_held_up(first: str) -> None:
    assert ThinkingSplitter().feed(first) == [(False, first)]


def test_white_space_without_end_is_kept_without_ado() -> None:
    splitter = ThinkingSplitter()
    for _ in range(10_000):
        assert splitter.feed("\n") == []
    assert splitter.feed("x") == [(False, "\n" * 10_000 + "x")]


def test_after_a_flush_text_passes_unless_a_block_is_open() -> None:
    splitter = ThinkingSplitter()
    assert splitter.feed(" <th") == []
    assert splitter.flush() == [(False, " <th")]
    assert splitter.flush() == []
    assert splitter.feed("<think>x") == [(False, "<think>x")]
    splitter = ThinkingSplitter()
    assert splitter.feed("<think>a</th") == [(True, "a")]
    assert splitter.flush() == [(True, "</th")]
    assert splitter.thinking
    assert splitter.feed("b</think>c") == [(True, "b"), (False, "c")]
    assert not splitter.thinking
