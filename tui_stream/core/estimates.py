"""Guesses tokens without a tokenizer: by what the provider counted for earlier requests to the same model.

Tokens are taken for a straight line over what is sent: so many for a request, so many for each message (the chat
template's marks), so many for a character of a word, and so many for a digit or a punctuation mark, which mostly are
tokens by themselves: with them apart, prose, code and tables lie near one line. Where nothing is known yet that is 0,
4, a quarter and a quarter; each report of the provider moves them, the newer ones more (a linear regression with a
prior, over the last `MOST_SAMPLES`).

A character beyond ASCII counts as many as its UTF-8 form has bytes: so four make about a token in nearly every script,
and the line need not be learned anew when a conversation changes its language. Tokenizers have short words whole, and
runs of blanks and of one mark too: a word counts at least as many as an ordinary token has, a run as one, and a line
end, which is a token by itself, as many as a token has.

How good that is, is measured by `tests.core.test_estimates` over texts that the estimates had not seen, after three of
them: half of the answers were off by 3 % or less in a chat of prose and code, and by 4 % or less where tables, Chinese
and noise are mixed in; answers that are code alone by a little more than 5 %. The four answers of the captures have 3
to 22 tokens, too few for a share to mean much: half of the estimates were off by four tokens or more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from tui_stream.core.images import PICTURE_TOKENS
from tui_stream.core.models import ChatMessage, Estimate, Message, Source, Usage

CHARACTERS_PER_TOKEN = 4.0
"""The ratio assumed until a provider reports better; about right for English with today's tokenizers."""

MOST_SAMPLES = 24
"""So many of the newest reports are learned from."""

_FADING = 0.95  # what a report weighs beside the next newer one
_FEWEST, _MOST = 0.02, 3.0  # tokens that a character may be taken for
_SPREADS = (0.15, 0.5)  # how far the tokens of a plain character and of a mark may lie off, before anything is known
_LOOKS = 3  # at the points, each with less trust in those that lie far off
_POOR = 0.05  # a prompt that is off by less is no sign of anything
_FAR = 2.0  # times as far as texts lie off, from which on a report is trusted less
_NOISE, _SHARE = 1.0, 0.03  # how far a text lies off the line: tokens, and a part of it

_MARKS = b"0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

_Row = tuple[float, ...]


_TOKEN = 4  # what a line end counts, and a word at least
_LETTERS = bytes(0x61 if chr(byte).isascii() and chr(byte).isalpha() else 0x20 for byte in range(256))
_REPEATED = re.compile(rb"([!-/:-@\[-`{-~])\1+")
_BLANKS = re.compile(rb"[ \t]{2,}")


class Size(NamedTuple):
    """How much a text is.

    Attributes:
        plain: bytes of its letters, spaces and line ends, as far as they count.
        marks: digits and punctuation marks of ASCII, runs of one mark as one.
    """

    plain: int = 0
    marks: int = 0

    def plus(self, other: Size) -> Size:
        """Both together."""
        return Size(self.plain + other.plain, self.marks + other.marks)

    @property
    def whole(self) -> int:
        """Of both kinds."""
        return self.plain + self.marks


def size_of(text: str) -> Size:
    """How much a text is."""
    raw = text.encode("utf-8", "surrogatepass")
    plain = len(raw.translate(None, _MARKS))
    marks = len(raw) - plain - _beyond_one(_REPEATED, raw)
    plain += (_TOKEN - 1) * raw.count(b"\n") - _beyond_one(_BLANKS, raw)
    words = b" %b " % raw.translate(_LETTERS).replace(b" ", b"  ")
    short = range(1, _TOKEN)
    return Size(plain + sum((_TOKEN - count) * words.count(b" %b " % (b"a" * count)) for count in short), marks)


def _beyond_one(run: re.Pattern[bytes], raw: bytes) -> int:
    """How many bytes the runs have, without the first one of each."""
    return sum(found.end() - found.start() - 1 for found in run.finditer(raw))


@dataclass(slots=True)
class Growing:
    """The size of a text that arrives in pieces: that of the whole, wherever it is parted.

    Attributes:
        size: of what has arrived.
    """

    size: Size = field(default_factory=Size)
    _end: str = ""

    def add(self, piece: str) -> None:
        """The next piece arrived."""
        if not piece:
            return
        before, after = size_of(self._end), size_of(self._end + piece)
        more = Size(after.plain - before.plain, after.marks - before.marks)
        self.size, self._end = self.size.plus(more), (self._end + piece)[-_TOKEN:]


@dataclass(frozen=True, slots=True)
class Sent:
    """The messages of a request, as far as tokens depend on them; a picture counts by a rule, see `PICTURE_TOKENS`."""

    messages: int
    size: Size
    pictures: int = 0

    @classmethod
    def of(cls, messages: Iterable[ChatMessage]) -> Sent:
        """The messages'."""
        sent = [(size_of(message.content), len(message.images)) for message in messages]
        size = Size(sum(size.plain for size, _ in sent), sum(size.marks for size, _ in sent))
        return cls(len(sent), size, sum(pictures for _, pictures in sent))

    @property
    def row(self) -> _Row:
        """As the line has it."""
        return 1.0, self.messages, *self.size


@dataclass(frozen=True, slots=True)
class Sample:
    """What was sent and made, and what the provider counted; None for a part that it did not.

    Attributes:
        output_tokens: of what was made, without reasoning.
        billed: everything that was generated, reasoning included.
    """

    sent: Sent
    made: Size
    input_tokens: int | None
    output_tokens: int | None
    billed: int | None = None


def sample_of(estimate: Estimate | None, usage: Usage | None) -> Sample | None:
    """What a finished answer teaches; None where its provider did not report."""
    if estimate is None or usage is None or usage.source is not Source.REPORTED:
        return None
    made = None if usage.output_tokens is None else max(0, usage.output_tokens - (usage.reasoning_tokens or 0))
    sent = Sent(estimate.messages, Size(estimate.sent, estimate.sent_marks))
    return Sample(sent, Size(estimate.made, estimate.made_marks), usage.input_tokens, made, usage.output_tokens)


class Estimator:
    """Guesses the tokens of one model.

    Args:
        samples: what is known of it, the newest last.
    """

    def __init__(self, samples: Sequence[Sample] = ()) -> None:
        self._samples = list(samples[-MOST_SAMPLES:])
        self._prompts = self._answers = _Line((), ())
        self._fit()

    def learn(self, sample: Sample) -> None:
        """The provider counted another request."""
        self._samples = [*self._samples, sample][-MOST_SAMPLES:]
        self._fit()

    def _fit(self) -> None:
        prompts = [(one.sent.row, one.input_tokens) for one in self._samples if one.input_tokens]
        made = [one for one in self._samples if any(one.made)]
        answers = [((1.0, *one.made), one.output_tokens) for one in made if one.output_tokens]
        ratio = 1 / CHARACTERS_PER_TOKEN
        self._prompts = _Line((0.0, 4.0, ratio, ratio), (20.0, 4.0, *_SPREADS)).through(prompts)
        self._answers = _Line((0.0, ratio, ratio), (2.0, *_SPREADS)).through(answers)

    @property
    def samples(self) -> int:
        """How many reports it has learned from."""
        return len(self._samples)

    def prompt(self, sent: Sent, before: Sample | None = None) -> int:
        """Tokens that a request sends.

        Args:
            sent: what it sends.
            before: an earlier request of the same conversation, whose messages it sends again: what the estimate of
                that one was off is taken into account.
        """
        if not sent.messages:
            return 0
        tokens = self._prompts.at(sent.row) + PICTURE_TOKENS * sent.pictures
        if before is not None and before.input_tokens is not None and before.sent.size.whole <= sent.size.whole:
            tokens += before.input_tokens - self._prompts.at(before.sent.row)
        return max(sent.messages, int(tokens + 0.5))

    def answer(self, size: Size) -> int:
        """Tokens in an answer, at least one where there is any text."""
        return max(1, round(self._answers.at((1.0, *size)))) if any(size) else 0

    @property
    def prompt_error(self) -> float:
        """The part of a prompt that an estimate has to be off by before it is no longer taken for a poor one."""
        shares = sorted(
            abs(self._prompts.at(one.sent.row) - one.input_tokens) / one.input_tokens
            for one in self._samples
            if one.input_tokens
        )
        return max(_POOR, 2 * shares[len(shares) // 2]) if shares else 1.0

    @property
    def usual_answer(self) -> int | None:
        """Tokens that an answer is usually billed with, reasoning included: the median; None before the first."""
        counts = sorted(one.billed for one in self._samples if one.billed)
        return counts[len(counts) // 2] if counts else None


def earlier_sample(messages: Iterable[Message], model: str) -> Sample | None:
    """The newest request of a conversation that the model's provider counted, if what it sent is known.

    Args:
        messages: the path up to the request, oldest first.
        model: as the messages name it.
    """
    for message in reversed(list(messages)):
        if message.cut is not None:
            return None
        if message.model == model and (sample := sample_of(message.estimate, message.usage)) is not None:
            return sample
    return None


@dataclass(frozen=True, slots=True)
class _Line:
    """A straight line over several dimensions, of which the last two are the size.

    Attributes:
        weights: tokens for one of each.
        spreads: how far each may be off before anything is known.
    """

    weights: _Row
    spreads: _Row

    def at(self, row: _Row) -> float:
        return sum(weight * value for weight, value in zip(self.weights, row, strict=True))

    def through(self, points: Sequence[tuple[_Row, int]]) -> _Line:
        """The line that lies best between this one and the points, of which the last ones count most.

        Further looks trust points less that lie far off the rest: a prompt that a server put something of its own
        into, or cut.
        """
        noises = [_NOISE + _SHARE * max(tokens, self.at(row)) for row, tokens in points]
        ages = range(len(points) - 1, -1, -1)
        trusts = [_FADING**age / noise**2 for age, noise in zip(ages, noises, strict=True)]
        for _ in range(_LOOKS):
            line = self._fitted(points, trusts)
            offs = [abs(line.at(row) - tokens) for row, tokens in points]
            trusts = [
                _FADING**age / (noise * max(noise, off / _FAR))
                for age, noise, off in zip(ages, noises, offs, strict=True)
            ]
        return self._fitted(points, trusts)

    def _fitted(self, points: Sequence[tuple[_Row, int]], trusts: Sequence[float]) -> _Line:
        size = len(self.weights)
        matrix = [
            [1 / self.spreads[row] ** 2 if row == column else 0.0 for column in range(size)] for row in range(size)
        ]
        right = [weight / spread**2 for weight, spread in zip(self.weights, self.spreads, strict=True)]
        for (values, tokens), trust in zip(points, trusts, strict=True):
            for row, value in enumerate(values):
                right[row] += trust * value * tokens
                for column, other in enumerate(values):
                    matrix[row][column] += trust * value * other
        *others, plain, marks = _solved(matrix, right)
        return replace(self, weights=(*others, *(min(_MOST, max(_FEWEST, one)) for one in (plain, marks))))


def _solved(matrix: list[list[float]], right: list[float]) -> _Row:
    """The solution of a system of equations whose matrix is positive definite."""
    size = len(right)
    for pivot in range(size):
        for row in range(pivot + 1, size):
            factor = matrix[row][pivot] / matrix[pivot][pivot]
            right[row] -= factor * right[pivot]
            for column in range(pivot, size):
                matrix[row][column] -= factor * matrix[pivot][column]
    found = [0.0] * size
    for row in reversed(range(size)):
        rest = sum(matrix[row][column] * found[column] for column in range(row + 1, size))
        found[row] = (right[row] - rest) / matrix[row][row]
    return tuple(found)
