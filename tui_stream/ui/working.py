"""Does things with what is kept beside everything else on the screen, and never twice where once is wanted."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, cast

from textual.dom import DOMNode

if TYPE_CHECKING:
    from textual.worker import WorkType

Work = Callable[[], Coroutine[None, None, None]]
"""Something that waits; called only when it really begins, so that nothing is left over where it never does."""


def work_on(node: DOMNode, work: Work, group: str, *, newest_only: bool = True) -> None:
    """Runs work for as long as a widget or a screen is there.

    Args:
        node: whose work it is.
        work: what to do; what it raises ends the program.
        group: the name of works of one kind.
        newest_only: it takes the place of what is under way in its group, which is cancelled.
    """
    node.run_worker(cast("WorkType[None]", work), group=group, exclusive=newest_only)
