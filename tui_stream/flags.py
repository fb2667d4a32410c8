"""The flags of chat and pipe, declared once, and how the usual command lines are read without a library.

Typer reads every command line, and explains what is wrong with one. It takes a tenth of a second to load, which a
person would see before each chat; so a command line with nothing out of the ordinary in it is read here.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    """

    name: str
    metavar: str
    help: str
    short: str = ""
    repeated: bool = False
    spelled: str = ""

    @property
    def spellings(self) -> list[str]:
        """How it is written."""
        return [f"--{self.spelled or self.name.replace('_', '-')}", *([f"-{self.short}"] if self.short else [])]


FLAGS = (
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
    Flag("latest", "", "Go on with the conversation used last.", "c", spelled="continue"),
    Flag("resume", "ID", "Go on with this conversation; the beginning of its id will do (see history list)."),
    Flag("no_store", "", "Keep nothing of this conversation in the history."),
    Flag("budget", "AMOUNT", "Stop each answer at so much: 0.05 is US dollars, 2000t tokens."),
    Flag("over_budget", "", "Go past every budget, and send what is asked about for its price."),
    Flag("record", "FILE", "Record the stream of every answer."),
    Flag("speed", "FACTOR", "How much faster to replay a recording."),
    Flag("log", "FILE", "Write a log of events; no key stands in it, and no text of messages."),
    Flag("config", "FILE", "The settings file, not the usual one."),
)
"""In the order in which help lists them."""

AUTOMATIC = "chat|pipe"
_COMMANDS = ("chat", "pipe")


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
    latest: bool = False
    resume: str | None = None
    no_store: bool = False
    budget: str | None = None
    over_budget: bool = False
    record: Path | None = None
    speed: float | None = None
    log: Path | None = None
    config: Path | None = None


def read(arguments: Sequence[str], others: Sequence[str]) -> Asked | None:
    """What the arguments say; None where Typer has to look at them.

    Args:
        arguments: those behind the program's name.
        others: the names of commands that are not chat or pipe.
    """
    asked = Asked()
    left = list(arguments)
    if left and left[0] in _COMMANDS:
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
        if not left or left[0].startswith("-"):
            return False
        value = left.pop(0)
    return _set(asked, flag, value)


def _set(asked: Asked, flag: Flag, value: str) -> bool:
    if flag.repeated:
        getattr(asked, flag.name).append(value)
    elif flag.metavar == "FILE":
        setattr(asked, flag.name, Path(value))
    elif flag.metavar == "FACTOR":
        try:
            asked.speed = float(value)
        except ValueError:
            return False
    else:
        setattr(asked, flag.name, value)
    return True
