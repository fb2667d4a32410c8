"""Puts provider, store, prices and session together; front ends are handed the result."""

from __future__ import annotations

from collections.abc import Callable

from tui_stream import providers
from tui_stream.config import Settings
from tui_stream.core.provider import Provider, Pulls
from tui_stream.core.sanitize import clean
from tui_stream.core.session import ChatSession, OpenedSession, RetryPolicy, SessionOptions
from tui_stream.core.watchdog import Limits
from tui_stream.prices import PriceList
from tui_stream.providers import select


def make_provider(settings: Settings, name: str) -> Provider:
    """The provider of this name, recorded where the settings ask for it."""
    provider = providers.create(name, settings)
    if settings.record is None:
        return provider
    from tui_stream.providers.recorder import PullingRecorder, Recorder

    made: object = provider
    if isinstance(made, Pulls):
        return PullingRecorder(provider, settings.record, made)
    return Recorder(provider, settings.record)


async def open_session(
    settings: Settings, *, frame: float = 1 / 30, cleaner: Callable[[str], str] = clean
) -> OpenedSession:
    """Chooses the provider and makes a session with it; nothing is sent yet.

    Args:
        settings: everything that was set.
        frame: seconds from one update of a turn to the next.
        cleaner: what foreign text goes through on its way in.

    Raises:
        TuiStreamError: the provider cannot be used with these settings.
    """
    choice = await select.choose(settings)
    provider = make_provider(settings, choice.provider)
    table = getattr(settings.providers, choice.provider.replace("-", "_"), None)
    prices = PriceList(settings.prices, base_url=getattr(table, "base_url", ""))
    timeouts, retry = settings.timeouts, settings.retry
    options = SessionOptions(
        system=settings.system,
        options=dict(settings.options),
        frame=frame,
        limits=Limits(timeouts.first_token, timeouts.between_tokens, timeouts.total),
        retry=RetryPolicy(retry.attempts, retry.base_delay, retry.max_delay),
        cleaner=cleaner,
    )
    session = ChatSession(provider, options=options, prices=prices)
    return OpenedSession(session, choice.reason, prices.load)
