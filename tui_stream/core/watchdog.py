"""Limits on how long a stream may keep silent or last.

Looked at by a timer that re-arms itself, not by one timer a delta: a delta costs one look at the clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from tui_stream.errors import OverrunError, TuiStreamError

_FLAG = ", or --timeout where it was given"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a stream may keep silent or last, in seconds; 0 is without limit."""

    first_token: float = 0.0
    between_tokens: float = 0.0
    total: float = 0.0


@dataclass(slots=True)
class TimeUsed:
    """What the requests for one answer, and the waits between them, have used of the time that it may take in all.

    Attributes:
        seconds: so much; of a request under way, what came before it.
    """

    seconds: float = 0.0

    def leaves(self, limits: Limits, delay: float = 0.0) -> bool:
        """Whether there is time for anything after a wait."""
        return not limits.total or self.seconds + delay < limits.total


class Watchdog:
    """Calls ``expire`` with an error once a limit is overrun; needs a running event loop.

    Args:
        limits: those that hold.
        expire: is called once.
        used: is kept up to date when this stops.
    """

    def __init__(self, limits: Limits, expire: Callable[[OverrunError], None], used: TimeUsed | None = None) -> None:
        self._limits = limits
        self._expire = expire
        self._used = used or TimeUsed()
        self._loop = asyncio.get_running_loop()
        self._newest = self._loop.time()
        self._began = self._newest - self._used.seconds
        self._has_token = False
        self._held = False
        self._timer: asyncio.TimerHandle | None = None
        self._arm()

    def event(self, *, token: bool) -> None:
        """Something arrived; ``token`` where it is a part of the answer."""
        self._newest = self._loop.time()
        if token and not self._has_token:
            self._has_token = True
            self._arm()

    def hold(self, held: bool) -> None:
        """While held it is our own reader that is slow, and silence does not count."""
        self._held = held
        self._newest = self._loop.time()
        self._arm()

    def restart(self) -> None:
        """The request has not left yet; what was spent on the work before it does not count."""
        self._newest = self._loop.time()
        self._began = self._newest - self._used.seconds

    def stop(self) -> None:
        """No limit holds any more."""
        self._used.seconds = self._loop.time() - self._began
        self._disarm()

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _deadline(self) -> tuple[float, str] | None:
        """The nearest moment at which a limit is overrun, and the limit's name."""
        silence = "between_tokens" if self._has_token else "first_token"
        limit: float = getattr(self._limits, silence)
        moments = []
        if limit and not self._held:
            moments.append((self._newest + limit, silence))
        if self._limits.total:
            moments.append((self._began + self._limits.total, "total"))
        return min(moments, default=None)

    def _arm(self) -> None:
        self._disarm()
        deadline = self._deadline()
        if deadline is not None:
            self._timer = self._loop.call_at(deadline[0], self._look)

    def _look(self) -> None:
        deadline = self._deadline()
        if deadline is None or deadline[0] > self._loop.time():
            self._arm()
        else:
            self._expire(_error(deadline[1], getattr(self._limits, deadline[1])))


def too_late(failure: TuiStreamError, limits: Limits) -> OverrunError:
    """What is said where a request failed, and a wait until the next would overrun the whole time."""
    said = f"{failure.message} Trying again would take longer than the {limits.total:g} s that an answer may take."
    return OverrunError(said, hint=f"Raise timeouts.total in the settings{_FLAG}.")


def _error(name: str, limit: float) -> OverrunError:
    said = {
        "first_token": f"No answer began within {limit:g} s",
        "between_tokens": f"The stream stalled: nothing came for {limit:g} s",
        "total": f"The answer took longer than {limit:g} s",
    }[name]
    flag = _FLAG if name == "total" else ""
    return OverrunError(f"{said}.", hint=f"Try again, or raise timeouts.{name} in the settings{flag}.")
