from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ui.branch_states import branch_states
from tests.ui.history_states import history_states
from tests.ui.money_states import money_states
from tests.ui.states import states

STATES = {**states(), **history_states(), **branch_states(), **money_states()}


@pytest.mark.parametrize("name", STATES)
def test_state(name: str, snap_compare: Callable[..., bool]) -> None:
    state = STATES[name]()
    assert snap_compare(state.chat.app(), terminal_size=state.size, run_before=state.reach)
