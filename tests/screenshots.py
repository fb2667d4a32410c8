"""Makes ``screenshots/`` from the running app: ``python -m tests.screenshots [NAME ...]``, as SVG and as PNG.

The PNG is drawn with a monospaced font of this machine; DejaVu Sans Mono or Fira Code look best.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import resvg_py
from rich.console import Console
from rich.text import Text

from tests.fakes import FakeClock
from tests.ui.branch_states import branch_states
from tests.ui.harness import Chat
from tests.ui.history_states import history_states
from tests.ui.money_states import money_states
from tests.ui.states import QUESTION, State, states
from tui_stream.config import UiSettings
from tui_stream.core.session import SessionOptions
from tui_stream.providers.replay import ReplayProvider

FOLDER = Path(__file__).parents[1] / "screenshots"
RECORDING = Path(__file__).parent / "ui" / "recordings" / "fruits.jsonl"
SHOWN = (
    "streaming",
    "thinking",
    "done",
    "error",
    "light",
    "preparing",
    "finding",
    "browsing",
    "conversations",
    "versions",
    "usage",
    "figures",
    "window_over",
    "constructs",
    "constructs_light",
    "render",
)
RENDERED = """\
# Which apples keep?

Store them **cold and dark**, *apart from pears*: what they breathe out, `ethylene`, makes others ripen.

| variety | picked | keeps until |
|:--|:-:|--:|
| Boskoop | October | March |
| Idared | late October | **May** |
| Gala | September | December |

1. Look through them once a week.
2. Take out what is soft:
   - for sauce, the same day
   - for juice, [by the litre](https://example.org/juice)

```python
def left(apples: int, weeks: int, lost: float = 0.02) -> int:
    return round(apples * (1 - lost) ** weeks)  # half of them after 34 weeks
```

> One bad apple spoils the barrel, and $e^{-kt}$ says how soon.
"""
ZOOM = 1.2
SETTLED = 0.4  # seconds after which the figures have caught up with the text


def replayed(until: float, shows: Sequence[str], *, theme: str = "textual-dark", rows: int = 30) -> State:
    """The recorded answer, stopped so many seconds after its request."""
    clock = FakeClock()

    async def sleep(seconds: float) -> None:
        if clock.now + seconds > until:
            await asyncio.Event().wait()
        clock.now += seconds
        for _ in range(3):  # the screen gets its turn
            await asyncio.sleep(0)

    provider = ReplayProvider(RECORDING, clock=clock, sleep=sleep)
    chat = Chat(provider, options=SessionOptions(frame=0), ui=UiSettings(theme=theme), clock=clock)
    chat.reason = "plays a recording"
    return State(chat, [QUESTION], shows, (100, rows))


def pictures() -> dict[str, Callable[[], State]]:
    """What the README shows: a replayed answer at several moments, and what no recording holds."""
    return {
        **states(),
        **history_states(),
        **branch_states(),
        **money_states(),
        "thinking": lambda: replayed(0.6, ["Apples and quinces", "thinking"]),
        "streaming": lambda: replayed(1.62, ["Is it ready", "tok/s"]),
        "done": lambda: replayed(60, ["make the others ripen", "done"], rows=38),
        "light": lambda: replayed(60, ["make the others ripen", "done"], theme="textual-light", rows=38),
    }


async def picture(state: State) -> str:
    """The SVG of a state."""
    app = state.chat.app()
    async with app.run_test(size=state.size, notifications=True) as pilot:
        await state.reach(pilot)
        await pilot.pause(SETTLED)
        return app.export_screenshot(title="tui_stream", simplify=True)


def rendered() -> str:
    """The SVG of what ``tui-stream render`` writes."""
    command = [sys.executable, "-m", "tui_stream", "render", "--color", "always", "--width", "84"]
    done = subprocess.run(
        command,
        input=RENDERED.encode(),
        capture_output=True,
        check=True,
        env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
    )
    console = Console(record=True, width=88, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text('$ llm "Which apples keep?" | tui-stream render', style="bold"), end="\n\n")
    console.print(Text.from_ansi(done.stdout.decode()))
    return console.export_svg(title="tui-stream render")


def png(svg: str) -> bytes:
    """The same as PNG, with the fonts that are here."""
    local = re.sub(r"@font-face\s*{[^}]*}", "", svg).replace("Fira Code", "Fira Code, DejaVu Sans Mono")
    return bytes(resvg_py.svg_to_bytes(svg_string=local, zoom=ZOOM, font_family="DejaVu Sans Mono"))


def main(names: list[str]) -> None:
    """Makes those named, or all that the README shows."""
    FOLDER.mkdir(exist_ok=True)
    known = pictures()
    for name in names or SHOWN:
        svg = rendered() if name == "render" else asyncio.run(picture(known[name]()))
        (FOLDER / f"{name}.svg").write_text(svg, encoding="utf-8")
        (FOLDER / f"{name}.png").write_bytes(png(svg))
        print(FOLDER / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
