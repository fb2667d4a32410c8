from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual._xterm_parser import XTermParser
from textual.messages import TerminalSupportsSynchronizedOutput

from tests.slow_terminal import ANSWER
from tui_stream.ui.replies import Replies


class Keyboard:
    """A parser of keys behind `Replies`, as the driver has it."""

    def __init__(self) -> None:
        self._parser = XTermParser()
        self._replies = Replies()
        self.keys: list[str] = []
        self.answers = 0
        self.told = 0

    def feed(self, text: str) -> None:
        left, answers = self._replies.feed(text, waiting=self._parser._timeout_time is not None)
        self.answers += answers
        self._take(self._parser.feed(left) if left else ())

    def pause(self) -> None:
        """Nothing comes for so long that a lone escape character is the Esc key."""
        if self._parser._timeout_time is not None:
            self._parser._timeout_time = 0.0
            self._take(self._parser.tick())

    def _take(self, messages: Iterable[object]) -> None:
        for message in messages:
            if isinstance(message, events.Key):
                self.keys.append(message.key)
            self.told += isinstance(message, TerminalSupportsSynchronizedOutput)


TYPED = ["a", "é", "\x1b[A", "\x1b[1;5C", "\x1bOP", "\r", "[", "?", "\x1b[5~", "2", "$"]


@given(st.lists(st.sampled_from([*TYPED, ANSWER, ANSWER])), st.lists(st.integers(0, 200)))
def test_answers_never_become_keys_however_they_are_torn(sent: list[str], cuts: list[int]) -> None:
    stream = "".join(sent)
    keyboard, plain = Keyboard(), Keyboard()
    start = 0
    for end in [*sorted(cut for cut in cuts if cut < len(stream)), len(stream)]:
        keyboard.feed(stream[start:end])
        start = end
    plain.feed("".join(text for text in sent if text != ANSWER))
    assert keyboard.keys == plain.keys
    assert keyboard.answers == sent.count(ANSWER)
    assert (keyboard.told > 0) == (ANSWER in sent)


def test_textual_learns_of_the_first_answer_alone() -> None:
    keyboard = Keyboard()
    keyboard.feed(ANSWER)
    keyboard.feed(f"a{ANSWER}b{ANSWER}")
    assert (keyboard.told, keyboard.answers, keyboard.keys) == (1, 3, ["a", "b"])


@pytest.mark.parametrize("cut", range(3, len(ANSWER)))
def test_the_beginning_of_an_answer_waits_for_its_rest_however_late(cut: int) -> None:
    keyboard = Keyboard()
    keyboard.feed(ANSWER[:cut])
    keyboard.pause()
    keyboard.feed(ANSWER[cut:] + "a")
    assert (keyboard.keys, keyboard.answers) == (["a"], 1)


def test_an_answer_whose_first_byte_was_taken_for_esc_gives_no_more_keys() -> None:
    keyboard = Keyboard()
    keyboard.feed("\x1b")
    keyboard.pause()
    keyboard.feed(ANSWER[1:] + "a")
    assert keyboard.keys == ["escape", "a"]
    assert (keyboard.answers, keyboard.told) == (1, 1)


def test_keys_that_look_like_an_answer_for_a_while_are_keys() -> None:
    keyboard = Keyboard()
    for text in "\x1b", "[", "?", "2", "x":
        keyboard.feed(text)
        keyboard.pause()
    assert keyboard.keys == ["escape", "left_square_bracket", "question_mark", "2", "x"]
    assert keyboard.answers == 0


def test_other_reports_pass() -> None:
    left, answers = Replies().feed("\x1b[?2048;0$y\x1b[?1;2c", waiting=False)
    assert re.fullmatch(r"\x1b\[\?2048;0\$y\x1b\[\?1;2c", left)
    assert not answers
