"""Makes ``screenshots/`` from the running app: ``python -m tests.screenshots [NAME ...]``, as SVG and as PNG.

The PNG is drawn with a monospaced font of this machine; DejaVu Sans Mono or Fira Code look best.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import resvg_py

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
)
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


def png(svg: str) -> bytes:
    """The same as PNG, with the fonts that are here."""
    local = re.sub(r"@font-face\s*{[^}]*}", "", svg).replace("Fira Code", "Fira Code, DejaVu Sans Mono")
    return bytes(resvg_py.svg_to_bytes(svg_string=local, zoom=ZOOM, font_family="DejaVu Sans Mono"))


def main(names: list[str]) -> None:
    """Makes those named, or all that the README shows."""
    FOLDER.mkdir(exist_ok=True)
    known = pictures()
    for name in names or SHOWN:
        svg = asyncio.run(picture(known[name]()))
        (FOLDER / f"{name}.svg").write_text(svg, encoding="utf-8")
        (FOLDER / f"{name}.png").write_bytes(png(svg))
        print(FOLDER / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
