"""Makes ``screenshots/`` from the running app: ``python -m tests.screenshots [NAME ...]``, as SVG and as PNG.

The PNG is drawn with a monospaced font of this machine; DejaVu Sans Mono or Fira Code look best.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import resvg_py

from tests.ui.states import State, states

FOLDER = Path(__file__).parents[1] / "screenshots"
SHOWN = ("streaming", "thinking", "done", "error", "light", "preparing")
ZOOM = 1.2


async def picture(state: State) -> str:
    """The SVG of a state."""
    app = state.chat.app()
    async with app.run_test(size=state.size) as pilot:
        await state.reach(pilot)
        return app.export_screenshot(title="tui_stream", simplify=True)


def png(svg: str) -> bytes:
    """The same as PNG, with the fonts that are here."""
    local = re.sub(r"@font-face\s*{[^}]*}", "", svg).replace("Fira Code", "Fira Code, DejaVu Sans Mono")
    return bytes(resvg_py.svg_to_bytes(svg_string=local, zoom=ZOOM, font_family="DejaVu Sans Mono"))


def main(names: list[str]) -> None:
    """Makes those named, or all that the README shows."""
    FOLDER.mkdir(exist_ok=True)
    known = states()
    for name in names or SHOWN:
        svg = asyncio.run(picture(known[name]()))
        (FOLDER / f"{name}.svg").write_text(svg, encoding="utf-8")
        (FOLDER / f"{name}.png").write_bytes(png(svg))
        print(FOLDER / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
