"""Each fault as the chat shows it: the text that had arrived, what happened, and what to do about it."""

from __future__ import annotations

import asyncio
from itertools import cycle

import pytest

from tests.faults.asking import nothing_left_behind, provider_for
from tests.faults.server import Answer, Misbehaving
from tests.faults.table import FAULTS, OVERLOADS, Fault
from tests.faults.wires import WIRES, settings_for
from tests.ui.harness import Chat, Screen, running
from tui_stream.core.backoff import RetryPolicy
from tui_stream.core.session import SessionOptions
from tui_stream.providers import _pacing

SHOWN: dict[str, Fault] = {**FAULTS, "endless": OVERLOADS["endless"]}
TURNS = cycle(WIRES)


def _assigned() -> list[tuple[str, str]]:
    """Each fault with one of the dialects that it can happen to, all dialects taking turns."""
    cases = []
    for name, fault in SHOWN.items():
        wire = next(wire for wire in TURNS if wire in fault.wires)
        cases.append((wire, name))
    return cases


CASES = _assigned()


def words(text: str) -> str:
    """A text without the places at which its lines are broken."""
    return " ".join(text.replace("│", " ").replace("┃", " ").split())


async def shown(screen: Screen, *texts: str) -> None:
    """Waits until all of these stand on the screen, wherever lines are broken."""
    await screen.until(lambda: all(words(text) in words(screen.text) for text in texts if text))


@pytest.mark.parametrize(("wire", "name"), CASES, ids=[f"{wire}-{name}" for wire, name in CASES])
async def test_a_fault_on_the_screen(wire: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pacing, "PACE", 0.0)
    fault, spoken = SHOWN[name].on(wire), WIRES[wire]
    behaviour = Answer(307, headers={"Location": "http://127.0.0.1:1/"}) if name == "redirect" else fault.behaviour
    async with nothing_left_behind(), asyncio.timeout(30), Misbehaving(spoken, behaviour) as server:
        options = SessionOptions(frame=0, limits=fault.limits, retry=RetryPolicy(attempts=fault.tries, jitter=0))
        provider = provider_for(settings_for(spoken, server.base_url))
        chat = Chat(provider, options=options, first_prompt="Hi")
        async with running(chat, size=(120, 20)) as screen:
            state = {"complete": "done"}.get(str(fault.status), str(fault.status))
            await shown(screen, state, fault.text, fault.says, fault.hint)
        await provider.aclose()  # as the front end does once the app has ended
        assert server.prompted == fault.tries
        assert server.asked - server.prompted <= 2, "what the model takes is asked at most before and after its answer"
        await server.left()
