"""Tells what a model thinks aloud from what it answers, where the two come in one text.

Servers that know their model send reasoning in a field of its own. Others send the model's text as it is, and
then an answer begins ``<think> ... </think>``: llama.cpp with ``reasoning_format`` ``none``, and while streaming
with ``deepseek-legacy`` (https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md), vLLM without
``--reasoning-parser``, Groq with ``reasoning_format`` ``raw``, Ollama with ``think`` off, and any of them where the
model's chat template does not name the tags. What a provider has told apart already is left as it is
(`tui_stream.core.turn`). The rules for the rest:

- The tags are ``<think>``, of DeepSeek-R1, its distils and Qwen3, and ``<thinking>``, which Amazon's Nova writes
  (https://docs.aws.amazon.com/nova/latest/userguide/tool-use-invocation.html); each is closed by its own. No other
  spelling counts: a tag is one token, or a few, of the model's, and always the same characters.
- A block opens only where nothing but white space and other blocks stands before it, as in llama.cpp's
  ``common_chat_msg_parser::try_parse_reasoning``. A ``<think>`` further on, in a sentence or in code, is text.
- The first closing tag closes it, as in vLLM's ``BaseThinkingReasoningParser`` and Ollama's ``thinking.Parser``.
- Tags go, and so does white space before the opening tag, after it and after the closing one; Qwen3's template
  does so with newlines. A block of white space, which Qwen3 writes when it does not think, leaves nothing.
- What is never closed is reasoning to its end: the answer was cut off in it, or the model forgot.
- DeepSeek-R1's later template and Qwen3.5's end the prompt with ``<think>``, and only ``</think>`` comes
  (https://github.com/deepseek-ai/DeepSeek-R1/issues/352; vLLM's ``Qwen3ReasoningParser`` says the same). Nothing in
  the text tells that beforehand, and what was shown or printed as the answer is not taken back: it stays text, with
  its tag. As history it does little harm: the templates of DeepSeek-R1 and Qwen3 keep only what follows the last
  ``</think>`` of an earlier answer. At the very start such a tag closes an empty block, and is dropped.

Ordinary text is not held up: the first character that no tag has there lets everything pass, at once and for good.
"""

from __future__ import annotations

from enum import Enum, auto

_BLOCKS = {"<think>": "</think>", "<thinking>": "</thinking>"}
_AT_START = (*_BLOCKS, *_BLOCKS.values())

Piece = tuple[bool, str]
"""Whether it is reasoning, and the text."""


class _Place(Enum):
    """Where in an answer the next character stands."""

    START = auto()
    BLOCK = auto()
    TEXT = auto()


class ThinkingSplitter:
    """Splits one answer, which may come in any pieces: how it is cut changes nothing in the sum of what comes out."""

    def __init__(self) -> None:
        self._place = _Place.START
        self._space: list[str] = []
        self._held = ""
        self._closing = ""
        self._blank = True
        self._opened = False

    @property
    def thinking(self) -> bool:
        """Whether a block is open."""
        return self._place is _Place.BLOCK

    def feed(self, text: str) -> list[Piece]:
        """The pieces that can be told now, none of them empty; what may still become a tag is held back."""
        pieces: list[Piece] = []
        while text:
            match self._place:
                case _Place.START:
                    text = self._at_start(text, pieces)
                case _Place.BLOCK:
                    text = self._in_block(text, pieces)
                case _Place.TEXT:
                    pieces.append((False, text))
                    text = ""
        return pieces

    def flush(self) -> list[Piece]:
        """What was held back, for no tag will come of it: the text ends here, or is known to hold none.

        Text fed afterwards passes unchanged, unless a block is open.
        """
        held, self._held = self._held, ""
        if self._place is not _Place.BLOCK:
            self._place = _Place.TEXT
            held = "".join([*self._space, held])
            self._space.clear()
        return [(self.thinking, held)] if held else []

    def _at_start(self, text: str, pieces: list[Piece]) -> str:
        """Looks for a tag; returns what follows it."""
        whole = self._held + text
        bare = whole.lstrip()
        if not self._opened:
            self._space.append(whole[: len(whole) - len(bare)])
        for tag in _AT_START:
            if bare.startswith(tag):
                self._pass_tag(tag)
                return bare[len(tag) :]
        self._held = bare
        if not any(tag.startswith(bare) for tag in _AT_START):
            pieces += self.flush()
        return ""

    def _pass_tag(self, tag: str) -> None:
        self._opened = True
        self._space.clear()
        self._held = ""
        if tag in _BLOCKS:
            self._place, self._closing, self._blank = _Place.BLOCK, _BLOCKS[tag], True

    def _in_block(self, text: str, pieces: list[Piece]) -> str:
        """Looks for the closing tag; returns what follows it."""
        whole = self._held + text
        if self._blank:
            whole = whole.lstrip()
        thought, closing, rest = whole.partition(self._closing)
        self._held = "" if closing else _tail(thought, self._closing)
        thought = thought.removesuffix(self._held)
        if thought:
            self._blank = False
            pieces.append((True, thought))
        if closing:
            self._place = _Place.START
        return rest


def _tail(text: str, tag: str) -> str:
    """The end of ``text`` that may be the beginning of ``tag``."""
    _, mark, rest = text.rpartition(tag[0])
    end = mark + rest
    return end if tag.startswith(end) else ""
