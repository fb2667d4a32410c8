"""Limits on how long a stream may keep silent or last.

Looked at by a timer that re-arms itself, not by one timer a delta: a delta costs one look at the clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from tui_stream.errors import OverrunError


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a stream may keep silent or last, in seconds; 0 is without limit."""

    first_token: float = 0.0
    between_tokens: float = 0.0
    total: float = 0.0


class Watchdog:
    """Calls ``expire`` with an error once a limit is overrun; needs a running event loop."""

    def __init__(self, limits: Limits, expire: Callable[[OverrunError], None]) -> None:
        self._limits = limits
        self._expire = expire
        self._loop = asyncio.get_running_loop()
        self._began = self._newest = self._loop.time()
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
        self._began = self._newest = self._loop.time()

    def stop(self) -> None:
        """No limit holds any more."""
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
        self.stop()
        deadline = self._deadline()
        if deadline is not None:
            self._timer = self._loop.call_at(deadline[0], self._look)

    def _look(self) -> None:
        deadline = self._deadline()
        if deadline is None or deadline[0] > self._loop.time():
            self._arm()
        else:
            self._expire(_error(deadline[1], getattr(self._limits, deadline[1])))


def _error(name: str, limit: float) -> OverrunError:
    said = {
        "first_token": f"No answer began within {limit:g} s",
        "between_tokens": f"The stream stalled: nothing came for {limit:g} s",
        "total": f"The answer took longer than {limit:g} s",
    }[name]
    return OverrunError(f"{said}.", hint=f"Try again, or raise timeouts.{name} in the settings.")
