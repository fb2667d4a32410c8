"""How long it takes until a long conversation's end stands on the screen: ``python -m tests.benchmarks.opening``.

The app, in a headless terminal, over a real history in a folder of its own. For conversations of several lengths: from
the wish to open it to its last message on the screen, in wall and in CPU time; what a page further up costs, with what
is loaded on the way; and what memory it all takes. Run by hand.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from tests.fakes import ScriptedProvider
from tests.ui.harness import Chat, Screen, running
from tui_stream.core.archive import Archive
from tui_stream.core.models import Conversation, Message, Role, utc_now
from tui_stream.store import open_store
from tui_stream.ui.history import History

_WORDS = ("apple", "quince", "pear", "plum", "keep", "winter", "cellar", "straw", "cold", "dry", "basket", "ripe")
_PAGES = 60


def talk(count: int) -> Conversation:
    """Prompts and answers by turns, with a list and code in every tenth answer."""
    dice = random.Random(count)
    made = Conversation(id=f"long{count}")
    parent = None
    when = utc_now() - timedelta(days=1)
    for number in range(count):
        answers = bool(number % 2)
        words = " ".join(dice.choices(_WORDS, k=120 if answers else 15))
        code = "\n\n- one\n- two\n\n```python\nx = 1\n```" if number % 20 == 19 else ""
        role = Role.ASSISTANT if answers else Role.USER
        message = Message(role, f"{words} m{number}.{code}", parent_id=parent, created_at=when, model="m")
        made.tree.add(message.id, parent)
        made.messages.append(message)
        parent = message.id
    return made


def ms(values: Sequence[float]) -> str:
    """The median and the most, in milliseconds."""
    return f"p50 {statistics.median(values) * 1000:7.1f}  max {max(values) * 1000:7.1f} ms"


async def open_it(screen: Screen, conversation_id: str, shows: str) -> tuple[float, float]:
    """Opens a conversation; wall and CPU seconds until its end stands on the screen."""
    home = screen.app.get_default_screen()
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    home.open_conversation(conversation_id)
    while home.pane.shown.id != conversation_id or shows not in screen.text:
        await asyncio.sleep(0)
    return time.perf_counter() - wall, time.process_time() - cpu


async def page_up(screen: Screen) -> tuple[float, float]:
    """A page up, and what the test harness waits for after a key; wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    await screen.pilot.press("pageup")
    return time.perf_counter() - wall, time.process_time() - cpu


async def measure(archive: Archive, counts: Sequence[int], rounds: int) -> None:
    """Opens each several times, an empty one in between; then goes up in the longest one."""
    chat = Chat(ScriptedProvider([[]]), history=History(archive))
    async with running(chat, (120, 40)) as screen:
        home = screen.app.get_default_screen()
        for count in counts:
            times = []
            for _ in range(rounds):
                home.new_conversation()
                await screen.until(lambda: not home.pane.shown.messages)
                times.append(await open_it(screen, f"long{count}", f"m{count - 1}."))
            walls, cpus = zip(*times, strict=True)
            print(f"open {count:>6,} messages    wall {ms(walls)}    CPU {ms(cpus)}")
        await screen.pilot.press("tab")
        times = [await page_up(screen) for _ in range(_PAGES)]
        walls, cpus = zip(*times, strict=True)
        loaded = len(home.pane.shown.messages)
        print(f"{_PAGES} pages up, {loaded} loaded   wall {ms(walls)}    CPU {ms(cpus)}")
        wall = time.perf_counter()
        await screen.pilot.press("home")
        await screen.until(lambda: not home.pane.transcript.earlier)
        print(f"to the very beginning   wall {(time.perf_counter() - wall) * 1000:7.1f} ms")


async def remember(archive: Archive, count: int) -> None:
    """What memory an open conversation takes, and more of it."""
    chat = Chat(ScriptedProvider([[]]), history=History(archive))
    async with running(chat, (120, 40)) as screen:
        home = screen.app.get_default_screen()
        await open_it(screen, "long100", "m99.")
        home.new_conversation()
        await screen.until(lambda: not home.pane.shown.messages)
        gc.collect()
        tracemalloc.start()
        await open_it(screen, f"long{count}", f"m{count - 1}.")
        print(f"memory: {count:,} opened {_megabytes()}", end="")
        await screen.pilot.press("tab", *["pageup"] * _PAGES)
        print(f", {_PAGES} pages up {_megabytes()}", end="")
        await screen.pilot.press("home")
        await screen.until(lambda: not home.pane.transcript.earlier)
        print(f", all of it {_megabytes()}")
        tracemalloc.stop()


def _megabytes() -> str:
    gc.collect()
    return f"{tracemalloc.get_traced_memory()[0] / 1e6:.1f} MB"


async def run(counts: Sequence[int], rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = await open_store(Path(folder) / "history")
        try:
            for count in {100, *counts}:
                await store.archive.import_conversation(talk(count))
            await measure(store.archive, counts, rounds)
            await remember(store.archive, max(counts))
        finally:
            await store.archive.aclose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--counts", type=int, nargs="+", default=[100, 1_000, 10_000])
    given = parser.parse_args()
    asyncio.run(run(given.counts, given.rounds))


if __name__ == "__main__":
    main()
