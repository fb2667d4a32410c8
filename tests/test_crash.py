"""The real program is killed in the middle of an answer, and nothing that a person saw for long is lost.

How much of the last moments is lost is measured by ``python -m tests.benchmarks.killing``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crashing import killed_after
from tui_stream import paths


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.7, 1.3])
async def test_a_killed_chat_keeps_every_message_and_most_of_the_answer(home: Path, delay: float) -> None:
    del home
    killed = await killed_after(delay, paths.data_dir(), {})
    killed.check()
    if delay >= 0.7:
        assert killed.partial, "text that had been there for long is kept"
