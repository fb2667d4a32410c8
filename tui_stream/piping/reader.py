"""Notices that whoever reads stdout has gone away, also while there is nothing to write.

It exists because a write tells it too late: a model may think for a minute, and what it thinks costs money.
"""

from __future__ import annotations

import asyncio
import os
import select
import stat
from types import TracebackType
from typing import Final, Self

_AGAIN: Final = 0.1
"""Seconds between looks at a descriptor of which the loop can tell nothing."""


class Reader:
    """Cancels the task that enters it when nobody reads any more, and leaves with a `BrokenPipeError` then.

    Args:
        descriptor: what is written to; anything but a pipe or a socket is not watched, and neither is None.
    """

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor if descriptor is not None and _has_reader(descriptor) else -1
        self._gone = False
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        self._task, self._loop = asyncio.current_task(), asyncio.get_running_loop()
        self._cancelling = 0 if self._task is None else self._task.cancelling()
        if self._descriptor >= 0:
            self._loop.add_reader(self._descriptor, self._look)  # is also called when the other end is closed
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
        if self._gone and self._task is not None:
            others = self._task.uncancel() > self._cancelling
            if kind is asyncio.CancelledError and not others:
                raise BrokenPipeError from error

    def _look(self) -> None:
        self._loop.remove_reader(self._descriptor)
        if _is_gone(self._descriptor):
            self._gone = True
            if self._task is not None:
                self._task.cancel()
        else:  # there is something to be read, on a socket: the loop would tell of that again and again
            self._timer = self._loop.call_later(_AGAIN, self._look)


def _has_reader(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _is_gone(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, 0)  # what says that it is gone is always told
    return bool(poll.poll(0))
