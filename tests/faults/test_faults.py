"""Each fault of `tests.faults.table` in each dialect that it can happen to, as a person with a pipe meets it."""

from __future__ import annotations

import asyncio

import pytest

from tests.faults import table
from tests.faults.asking import Outcome, in_pipe, nothing_left_behind
from tests.faults.server import Answer, Misbehaving
from tests.faults.table import CASES, FAULTS, IDS, Fault
from tests.faults.wires import KEY, WIRES, settings_for
from tui_stream.providers import _pacing


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading 8 MB need not take the second that the pace of reading asks for."""
    monkeypatch.setattr(_pacing, "PACE", 0.0)


def check(fault: Fault, outcome: Outcome, asked: int) -> None:
    """What the pipe wrote, what the message holds, the exit code, and how often was asked."""
    message = outcome.message
    assert message is not None
    assert (message.status, message.text, outcome.printed) == (fault.status, fault.text, fault.text)
    assert (outcome.code, asked) == (fault.code, fault.tries)
    assert outcome.delays == [1.0, 2.0][: fault.tries - 1]
    lines = outcome.said.splitlines()
    assert len(lines) == len(outcome.delays) + bool(fault.says)
    assert KEY not in outcome.said
    if not fault.says:
        assert (outcome.said, message.error, outcome.error) == ("", "", None)
        return
    assert outcome.error is not None
    assert fault.says in outcome.error.message
    assert outcome.error.hint
    assert fault.hint in outcome.error.hint
    assert lines[-1] == f"tui-stream: {outcome.error.message} {outcome.error.hint}"
    assert message.error
    assert str(outcome.error).startswith(message.error.rstrip("…"))


def test_the_table_for_readers_lists_every_fault_with_its_exit_code() -> None:
    rows = [line.split() for line in (table.__doc__ or "").splitlines()]
    listed = {row[0]: int(code) for row in rows if row and (code := next((w for w in row[-3:] if w.isdigit()), ""))}
    every = {**table.CONNECTING, **FAULTS, **table.OVERLOADS}
    assert listed == {name: fault.code for name, fault in every.items()}


@pytest.mark.parametrize(("wire", "name"), CASES, ids=IDS)
async def test_a_fault(wire: str, name: str) -> None:
    fault, spoken = FAULTS[name].on(wire), WIRES[wire]
    elsewhere = Misbehaving(spoken, None)
    async with nothing_left_behind(), asyncio.timeout(20), elsewhere:
        behaviour = fault.behaviour
        if name == "redirect":
            behaviour = Answer(307, headers={"Location": elsewhere.address("127.0.0.1")})
        async with Misbehaving(spoken, behaviour) as server:
            outcome = await in_pipe(settings_for(spoken, server.base_url), limits=fault.limits)
            await server.left()
            check(fault, outcome, server.asked)
        assert elsewhere.connections == 0, "neither a header nor a body goes to another host"
