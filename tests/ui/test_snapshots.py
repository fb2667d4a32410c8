from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ui.states import states

STATES = states()


@pytest.mark.parametrize("name", STATES)
def test_state(name: str, snap_compare: Callable[..., bool]) -> None:
    state = STATES[name]()
    assert snap_compare(state.chat.app(), terminal_size=state.size, run_before=state.reach)
