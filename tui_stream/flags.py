"""The flags of chat and pipe, declared once, and how the usual command lines are read without a library.

Typer reads every command line, and explains what is wrong with one. It takes a tenth of a second to load, which a
person would see before each chat; so a command line with nothing out of the ordinary in it is read here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag.

    Attributes:
        name: as a parameter; the flag is the same with dashes.
        metavar: what its value is called; empty for a switch, which takes none.
        short: one letter, or nothing.
        spelled: the flag without its dashes, where it is not the name.
        repeated: it may be given several times.
        pipe: only a pipe takes it; a command line that names no command is one for a pipe then.
    """

    name: str
    metavar: str
    help: str
    short: str = ""
    repeated: bool = False
    spelled: str = ""
    pipe: bool = False

    @property
    def spellings(self) -> list[str]:
        """How it is written."""
        return [f"--{self.spelled or self.name.replace('_', '-')}", *([f"-{self.short}"] if self.short else [])]


FLAGS = (
    Flag(
        "file",
        "FILE",
        "A text file to send with the prompt, under its name; - is stdin. Without a prompt, the first is the prompt.",
        "f",
        repeated=True,
        pipe=True,
    ),
    Flag("template", "NAME", "A prompt out of the folder of templates (see: tui-stream templates).", "t", pipe=True),
    Flag(
        "param",
        "NAME=VALUE",
        "A variable of the template; @FILE stands for the text of a file.",
        "p",
        repeated=True,
        pipe=True,
    ),
    Flag("image", "FILE", "A picture to send with the prompt: PNG, JPEG, GIF or WebP.", repeated=True, pipe=True),
    Flag(
        "schema",
        "JSON|FILE",
        "A JSON Schema that the answer has to be valid by. It is written when it is complete; the exit code is 13 if "
        "it is not valid.",
        pipe=True,
    ),
    Flag(
        "answers",
        "N",
        "So many answers to one prompt, with --- between them; a hosted model is asked for four at once. Where one "
        "fails the others go on, and the exit code is that of the first that did.",
        "n",
        pipe=True,
    ),
    Flag(
        "provider", "NAME", "Who answers: embedded, openai, openai-responses, ollama, sse, ai-sdk, websocket or replay."
    ),
    Flag(
        "base_url",
        "URL",
        "Where the provider's API is; for sse, ai-sdk and websocket the endpoint itself. Of several for one model the "
        "fastest healthy one is asked.",
        repeated=True,
    ),
    Flag("model", "NAME", "Which model; for embedded a GGUF file, for replay a recording.", "m"),
    Flag(
        "fallback",
        "NAME",
        "A model that answers when the chosen one cannot: MODEL of the same provider, or PROVIDER/MODEL.",
        repeated=True,
    ),
    Flag("offline", "", "Refuse every connection that leaves this machine."),
    Flag("system", "TEXT", "A system prompt.", "s"),
    Flag("option", "NAME=VALUE", "A parameter of the model, such as temperature=0.2.", "o", repeated=True),
    Flag("max_tokens", "N", "So many tokens at most may the answer have; the exit code is 6 where it is cut off."),
    Flag("timeout", "SECONDS", "How long an answer may take in all; the exit code is 5 where it is not done."),
    Flag("latest", "", "Go on with the conversation used last.", "c", spelled="continue"),
    Flag("resume", "ID", "Go on with this conversation; the beginning of its id will do (see history list)."),
    Flag("no_store", "", "Keep nothing of this conversation in the history."),
    Flag("budget", "AMOUNT", "Stop each answer at so much, those of -n together: 0.05 is US dollars, 2000t tokens."),
    Flag("over_budget", "", "Go past every budget, and send what is asked about for its price."),
    Flag(
        "no_stream",
        "",
        "Write the answer in one piece when it is complete, nothing of one that fails, and what had come after Ctrl+C "
        "or where a budget stops it.",
        pipe=True,
    ),
    Flag("raw", "", "Where stdout is a terminal: write the answer as it comes, not rendered.", pipe=True),
    Flag("json", "", "Write JSON in place of the answer, one event a line; see below.", pipe=True),
    Flag("json_schema", "", "Print the JSON Schema of the events that --json writes, and ask nothing.", pipe=True),
    Flag("reasoning", "", "Write what the model thinks to stderr.", pipe=True),
    Flag("stats", "", "Write a line with tokens, cost and times to stderr afterwards.", pipe=True),
    Flag("record", "FILE", "Record the stream of every answer."),
    Flag("speed", "FACTOR", "How much faster to replay a recording."),
    Flag("log", "FILE", "Write a log of events; no key stands in it, and no text of messages."),
    Flag("config", "FILE", "The settings file, not the usual one."),
)
"""In the order in which help lists them."""

NUMBERS: Mapping[str, type[int | float]] = {"FACTOR": float, "N": int, "SECONDS": float}
"""What kind of number a value is that is called so."""
POSITIVE = {"N": 1, "SECONDS": 0.001}
"""The least that it may be."""

AUTOMATIC = "chat|pipe"
COMMANDS = ("chat", "pipe")


@dataclass(slots=True)
class Asked:
    """What a command line of chat or pipe says.

    Attributes:
        command: ``chat``, ``pipe``, or ``chat|pipe`` for whichever fits the terminal.
    """

    command: str = AUTOMATIC
    prompt: str = ""
    provider: str | None = None
    base_url: list[str] = field(default_factory=list)
    model: str | None = None
    fallback: list[str] = field(default_factory=list)
    offline: bool = False
    system: str | None = None
    option: list[str] = field(default_factory=list)
    max_tokens: int | None = None
    timeout: float | None = None
    latest: bool = False
    resume: str | None = None
    no_store: bool = False
    budget: str | None = None
    over_budget: bool = False
    file: list[Path] = field(default_factory=list)
    template: str | None = None
    param: list[str] = field(default_factory=list)
    image: list[Path] = field(default_factory=list)
    schema: str | None = None
    answers: int | None = None
    no_stream: bool = False
    raw: bool = False
    json: bool = False
    json_schema: bool = False
    reasoning: bool = False
    stats: bool = False
    record: Path | None = None
    speed: float | None = None
    log: Path | None = None
    config: Path | None = None

    @property
    def is_for_pipe(self) -> bool:
        """Whether a flag was given that only a pipe takes."""
        return any(getattr(self, flag.name) not in (None, False, []) for flag in FLAGS if flag.pipe)


def read(arguments: Sequence[str], others: Sequence[str]) -> Asked | None:
    """What the arguments say; None where Typer has to look at them.

    Args:
        arguments: those behind the program's name.
        others: the names of commands that are not chat or pipe.
    """
    asked = Asked()
    left = list(arguments)
    if left and left[0] in COMMANDS:
        asked.command = left.pop(0)
    elif left and left[0] in {*others, AUTOMATIC}:
        return None
    prompts: list[str] = []
    while left:
        word = left.pop(0)
        if not word.startswith("-"):
            prompts.append(word)
        elif not _take(asked, word, left):
            return None
    if asked.command == "chat" and asked.is_for_pipe:
        return None
    if len(prompts) > 1:
        return None
    asked.prompt = prompts[0] if prompts else ""
    return asked


def _take(asked: Asked, word: str, left: list[str]) -> bool:
    """Takes a flag and its value, if it has one, in; False where that is not plain."""
    spelling, equals, value = word.partition("=")
    flag = next((flag for flag in FLAGS if spelling in flag.spellings), None)
    if flag is None or (equals and not spelling.startswith("--")):
        return False
    if not flag.metavar:
        setattr(asked, flag.name, True)
        return not equals
    if not equals:
        if not left or (left[0].startswith("-") and left[0] != "-"):
            return False
        value = left.pop(0)
    return _set(asked, flag, value)


def _set(asked: Asked, flag: Flag, value: str) -> bool:
    """Sets a flag; False where its value is not of its kind."""
    made: object = value
    if flag.metavar == "FILE":
        made = Path(value)
    elif flag.metavar in NUMBERS:
        try:
            number = NUMBERS[flag.metavar](value)
        except ValueError:
            return False
        if flag.metavar in POSITIVE and not number >= POSITIVE[flag.metavar]:
            return False
        made = number
    if flag.repeated:
        getattr(asked, flag.name).append(made)
    else:
        setattr(asked, flag.name, made)
    return True
