from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

import pytest

from tui_stream.ui import terminal_link as link_module
from tui_stream.ui.pace import Pace
from tui_stream.ui.terminal_link import Link

PATIENCE = 10.0


@dataclass
class Outlet:
    """What a terminal has not taken, set by the test."""

    unsent: int = 0
    tell: Callable[[], object] | None = None

    def when_drained(self, tell: Callable[[], object]) -> bool:
        self.tell = tell if self.unsent else None
        return bool(self.unsent)

    def drain(self) -> None:
        self.unsent = 0
        assert self.tell is not None
        self.tell()


@dataclass
class Drawing:
    """A link to a made-up terminal, and what it did to the screen."""

    frame: float = 1 / 30
    outlet: Outlet = field(default_factory=Outlet)
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pace = Pace(self.frame, clock=monotonic)
        self.link = Link(self.pace, hold=lambda: self.log.append("hold"), release=lambda: self.log.append("release"))
        self.link.attach(self.outlet, lambda: self.log.append("ask"))

    def answers(self) -> None:
        """The terminal answers the first question, as it does at the start."""
        self.link.asked()
        self.link.answered(monotonic())

    async def until(self, predicate: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not predicate():
                await asyncio.sleep(0.001)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's patience ends before the test's."""
    monkeypatch.setattr(link_module, "MOST_WAIT", 10 * PATIENCE)


def at_once(link: Link) -> bool:
    """Whether `ready` returns without waiting for anything."""
    waiting = link.ready()
    try:
        waiting.send(None)
    except StopIteration:
        return True
    waiting.close()
    return False


async def test_nothing_waits_where_there_is_no_terminal() -> None:
    link = Link(Pace(1 / 30, clock=monotonic), hold=lambda: None, release=lambda: None)
    link.sent(1000)
    link.answered(monotonic())
    assert all(at_once(link) for _ in range(5))
    assert not link.held


async def test_nothing_waits_for_a_terminal_that_keeps_up() -> None:
    drawing = Drawing()
    drawing.answers()
    for _ in range(5):
        drawing.link.sent(5000)
        drawing.link.answered(monotonic())
        assert at_once(drawing.link)
    await drawing.until(lambda: drawing.link._timer is None)
    assert set(drawing.log) == {"ask"}


@pytest.mark.usefixtures("patient")
async def test_nothing_is_drawn_while_the_terminal_has_not_taken_the_last_frame() -> None:
    drawing = Drawing()
    drawing.outlet.unsent = 5000
    drawing.link.sent(5000)
    await drawing.until(lambda: drawing.log == ["hold"])
    assert drawing.link.held
    waiting = asyncio.create_task(drawing.link.ready())
    await asyncio.sleep(0)
    drawing.outlet.drain()
    await asyncio.wait_for(waiting, PATIENCE)
    assert drawing.log == ["hold", "release"]
    assert not drawing.link.held


@pytest.mark.usefixtures("patient")
async def test_nothing_is_drawn_while_an_answer_is_overdue() -> None:
    drawing = Drawing()
    drawing.answers()
    drawing.link.sent(5000)
    await drawing.until(lambda: drawing.log == ["ask", "hold"])
    waiting = asyncio.create_task(drawing.link.ready())
    await asyncio.sleep(0)
    assert not waiting.done()
    drawing.link.answered(monotonic())
    await asyncio.wait_for(waiting, PATIENCE)
    assert drawing.log[:3] == ["ask", "hold", "release"]


async def test_what_was_sent_behind_a_late_answer_is_asked_about_before_more_is_drawn() -> None:
    drawing = Drawing()
    drawing.answers()
    drawing.link.sent(5000)
    drawing.link.sent(5000)
    await drawing.until(lambda: drawing.link.held)
    drawing.link.answered(monotonic())
    assert drawing.log == ["ask", "hold", "ask"]
    assert drawing.link.held
    drawing.link.answered(monotonic())
    assert not drawing.link.held


async def test_a_slow_link_is_given_text_less_often_and_small_frames_at_once() -> None:
    drawing = Drawing(frame=0.01)
    drawing.answers()
    drawing.pace.interval = 0.1
    await drawing.link.ready()
    assert not at_once(drawing.link), "the time from one frame to the next has not passed"
    await asyncio.wait_for(drawing.link.ready(), PATIENCE)
    assert not drawing.link.held, "a key would be shown at once"


@pytest.mark.usefixtures("patient")
async def test_all_who_wait_for_the_same_frame_go_on_together() -> None:
    drawing = Drawing()
    drawing.outlet.unsent = 1
    drawing.link.sent(1)
    await drawing.until(lambda: drawing.link.held)
    waiting = [asyncio.create_task(drawing.link.ready()) for _ in range(3)]
    await asyncio.sleep(0)
    drawing.outlet.drain()
    await asyncio.wait_for(asyncio.gather(*waiting), PATIENCE)


async def test_a_terminal_that_takes_nothing_holds_the_stream_up_for_a_while_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(link_module, "MOST_WAIT", 0.01)
    drawing = Drawing()
    drawing.outlet.unsent = 1
    drawing.link.sent(1)
    await drawing.until(lambda: drawing.link.held)
    for _ in range(3):
        await asyncio.wait_for(drawing.link.ready(), PATIENCE)
    assert drawing.link.held, "but it is not drawn to"


@pytest.mark.usefixtures("patient")
async def test_waiting_can_be_cancelled() -> None:
    drawing = Drawing()
    drawing.outlet.unsent = 1
    drawing.link.sent(1)
    await drawing.until(lambda: drawing.link.held)
    waiting = asyncio.create_task(drawing.link.ready())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.usefixtures("patient")
async def test_leaving_the_terminal_lets_everything_go() -> None:
    drawing = Drawing()
    drawing.outlet.unsent = 1
    drawing.link.sent(1)
    await drawing.until(lambda: drawing.link.held)
    waiting = asyncio.create_task(drawing.link.ready())
    await asyncio.sleep(0)
    drawing.link.detach()
    await asyncio.wait_for(waiting, PATIENCE)
    assert drawing.log == ["hold", "release"]
    drawing.outlet.drain()
    drawing.link.sent(1)
    assert drawing.link._timer is None


async def test_an_answer_that_never_comes_lets_go_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_stream.ui.pace._GIVE_UP", 0.1)
    monkeypatch.setattr("tui_stream.ui.pace._GIVE_UP_TIMES", 0.0)
    drawing = Drawing()
    drawing.answers()
    drawing.link.sent(5000)
    await drawing.until(lambda: drawing.log == ["ask", "hold", "release"])
    assert not drawing.link.asking
