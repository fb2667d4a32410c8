"""The named states of the chat: what leads to each, for snapshot tests and for screenshots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from tests.fakes import FlatPrices, Gate, Passing, ScriptedProvider, Step
from tests.ui.harness import Chat, Screen
from tui_stream.config import UiSettings
from tui_stream.core.backoff import RetryPolicy
from tui_stream.core.estimates import Estimator, size_of
from tui_stream.core.events import (
    Progress,
    ReasoningDelta,
    ResponseStarted,
    StreamEnd,
    TextDelta,
    UsageReport,
)
from tui_stream.core.models import FinishReason, Usage
from tui_stream.core.provider import Capabilities
from tui_stream.core.session import SessionOptions
from tui_stream.errors import (
    AuthenticationError,
    ConnectionFailedError,
    ModelNotFoundError,
    StreamBrokenError,
)
from tui_stream.markdown import load_lexers
from tui_stream.ui.app import ChatApp
from tui_stream.ui.widgets.prompt import Prompt

STOP = StreamEnd(FinishReason.STOP)
QUESTION = "Which fruits keep well over the winter?"
THOUGHTS = "The person wants fruits that keep. Apples and quinces do, pears for a week or so."
ANSWER = """\
Three that **keep well**, if they are stored *cool and dry*:

1. **Apples**: crisp until spring
2. **Quinces**: only cooked
3. **Pears**: softer, eat them first

| Fruit  | Season  |    Keeps |
|:-------|:-------:|---------:|
| Apple  | Sep-Nov | 6 months |
| Quince | Oct-Nov | 2 months |
| Pear   | Aug-Oct |   1 week |

```python
def ripe(fruit: str, days: int) -> bool:
    \"\"\"Is it ready to eat?\"\"\"
    return days >= {"apple": 0, "pear": 3}.get(fruit, 7)
```

> Store them apart: apples make the others ripen.
"""


class PullingProvider(ScriptedProvider):
    """Has no model yet, and could fetch one."""

    def pull(self, model: str) -> object:
        raise AssertionError(model)


@dataclass
class State:
    """A state and the way to it.

    Attributes:
        chat: the app.
        steps: what the person does, once the app is ready.
        shows: what stands on the screen when the state is reached.
        size: columns and rows.
    """

    chat: Chat
    steps: Sequence[str] = ()
    shows: Sequence[str] = ()
    size: tuple[int, int] = (100, 30)
    later: Callable[[Chat], object] | None = None
    ready: str = "ready"

    async def reach(self, pilot: Pilot[None]) -> None:
        """Leads a running app into the state."""
        assert isinstance(pilot.app, ChatApp)
        screen = Screen(pilot.app, pilot)
        load_lexers(["python"])  # so that nothing waits for a thread
        prompt = pilot.app.screen.query_one(Prompt)
        prompt.cursor_blink = False
        await screen.shows(self.ready)
        for step in self.steps:
            if step.startswith("key:"):
                await pilot.press(step.removeprefix("key:"))
            elif step.startswith("wait:"):
                await screen.shows(step.removeprefix("wait:"))
            else:
                prompt.text = step
                await pilot.press("enter")
        if self.later is not None:
            self.later(self.chat)
        await screen.shows(*self.shows)
        pilot.app.screen.refresh()  # what was looked at before its first frame lacks what stands below it
        await pilot.pause()


def scripted(
    *scripts: Sequence[Step],
    preparation: Sequence[Progress | Exception | Gate] = (),
    local: bool = False,
    provider: type[ScriptedProvider] = ScriptedProvider,
    ui: UiSettings | None = None,
    attempts: int = 1,
) -> Chat:
    """A chat with a hosted model, or a local one."""
    made = provider(
        scripts or [[]],
        preparation=preparation,
        name="embedded" if local else "openai",
        model="SmolLM2-135M-Instruct" if local else "demo-model",
        capabilities=Capabilities(local=local, context_window=4096 if local else 128_000),
    )
    return Chat(
        made,
        prices=FlatPrices("10"),
        options=SessionOptions(frame=0, retry=RetryPolicy(attempts=attempts, jitter=0)),
        ui=ui or UiSettings(),
        reason="no key is set and no Ollama answers" if local else "OPENAI_API_KEY is set",
    )


def answered(*, until: int | None = None, held: bool = False) -> list[Step]:
    """The steps of the usual answer."""
    text = ANSWER[:until]
    steps: list[Step] = [Passing(0.38), ResponseStarted("demo-model"), ReasoningDelta(THOUGHTS), Passing(0.4)]
    for start in range(0, len(text), 80):
        steps += [TextDelta(text[start : start + 80]), Passing(0.21)]
    return [*steps, Gate()] if held else [*steps, UsageReport(Usage(58, 215)), STOP]


async def _blocked(seconds: float) -> None:
    del seconds
    await Gate().event.wait()


def _retrying() -> Chat:
    chat = scripted([ConnectionFailedError("Refused.")], attempts=3)
    chat.clock.sleep = _blocked  # type: ignore[method-assign] # the wait lasts as long as the picture
    return chat


def _silent(chat: Chat) -> None:
    chat.clock.now += 9


def _constructs(theme: str) -> State:
    """An answer with one of everything."""
    text = Path(__file__).with_name("constructs.md").read_text(encoding="utf-8")
    script: list[Step] = [ResponseStarted("demo-model"), TextDelta(text), STOP]
    return State(
        scripted(script, ui=UiSettings(theme=theme)), ["Show me everything."], ["in its place", "done"], (100, 56)
    )


def states() -> dict[str, Callable[[], State]]:
    """Every named state."""
    half = ANSWER.index("| Quince")
    made = size_of(THOUGHTS).plus(size_of(ANSWER[:half]))
    so_far = f"~{Estimator().answer(made)} out"  # the figures follow the text a little later
    light = UiSettings(theme="textual-light")
    no_key = AuthenticationError("api.openai.com does not accept the key.", hint="Check the key in OPENAI_API_KEY.")
    missing = ModelNotFoundError("Ollama does not have the model qwen3:8b.", hint="ollama pull qwen3:8b")
    cut = StreamBrokenError("The connection was lost in the middle of the answer.", hint="Ask it to go on.")
    fetching = Progress("Fetching SmolLM2-135M-Instruct", 41_000_000, 98_362_432)
    return {
        "ready": lambda: State(scripted(local=True)),
        "preparing": lambda: State(
            scripted(local=True, preparation=[fetching, Gate()]), ready="Fetching", shows=["41.0 MB"]
        ),
        "connecting": lambda: State(scripted([Gate()]), [QUESTION], ["connecting"]),
        "thinking": lambda: State(
            scripted([Passing(0.38), ReasoningDelta(THOUGHTS), Gate()]), [QUESTION], ["a week or so", "thinking"]
        ),
        "streaming": lambda: State(scripted(answered(until=half, held=True)), [QUESTION], ["Sep-Nov", so_far]),
        "done": lambda: State(scripted(answered()), [QUESTION], ["make the others", "done"], (100, 38)),
        "unfolded": lambda: State(
            scripted(answered()), [QUESTION, "wait:done", "key:ctrl+t"], ["a week or so"], (100, 40)
        ),
        "queued": lambda: State(
            scripted([TextDelta("Apples, "), Gate()]),
            [QUESTION, "wait:Apples", "And which do not?"],
            ["queued"],
        ),
        "stalled": lambda: State(
            scripted([TextDelta("Apples, "), Gate()]),
            [QUESTION, "wait:Apples"],
            ["stalled for 9 s"],
            later=_silent,
        ),
        "retrying": lambda: State(_retrying(), [QUESTION], ["retrying in"]),
        "cancelled": lambda: State(
            scripted([TextDelta("Apples keep"), Gate()]),
            [QUESTION, "wait:Apples", "key:escape"],
            ["Stopped."],
        ),
        "error": lambda: State(scripted([no_key]), [QUESTION], ["does not accept the key", "failed"]),
        "cut_off": lambda: State(scripted([TextDelta("Apples keep until "), cut]), [QUESTION], ["was lost", "cut off"]),
        "pull": lambda: State(
            scripted([missing], provider=PullingProvider), [QUESTION], ["is not installed. Fetch it"]
        ),
        "help": lambda: State(scripted(), ["key:f1"], ["Stops the answer"]),
        "finding": lambda: State(
            scripted(answered()),
            [QUESTION, "wait:done", "key:ctrl+f", *(f"key:{letter}" for letter in "keep")],
            ["1 of 3"],
            (100, 38),
        ),
        "browsing": lambda: State(
            scripted(answered()),
            [QUESTION, "wait:done", "key:tab", "key:C", "key:v", *["key:down"] * 2],
            size=(100, 38),
        ),
        "folded": lambda: State(
            scripted(answered()),
            ["\n".join(f"row {number}" for number in range(60)), "wait:done", "key:tab", "key:f"],
            ["48 more lines", "more lines"],
        ),
        "high_contrast": lambda: State(
            scripted(answered(), ui=UiSettings(theme="high-contrast")), [QUESTION], ["done"], (100, 38)
        ),
        "constructs": lambda: _constructs("textual-dark"),
        "constructs_light": lambda: _constructs("textual-light"),
        "light": lambda: State(scripted(answered(), ui=light), [QUESTION], ["done"], (100, 38)),
        "narrow": lambda: State(
            scripted(answered(until=half, held=True)), [QUESTION], ["Sep-Nov", "84 tok/s"], (44, 24)
        ),
    }
