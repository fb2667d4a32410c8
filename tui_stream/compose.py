"""Puts provider, store, prices and session together; front ends are handed the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Protocol
from urllib.parse import urlsplit

from tui_stream import providers
from tui_stream.config import Settings
from tui_stream.config.addresses import addresses
from tui_stream.config.fallbacks import split
from tui_stream.core.accounts import Accounts
from tui_stream.core.backoff import RetryPolicy
from tui_stream.core.books import Books
from tui_stream.core.budgets import Budget, Budgets
from tui_stream.core.eventlog import EventLog
from tui_stream.core.models import Conversation
from tui_stream.core.provider import Provider
from tui_stream.core.route import Answerer, Fallback
from tui_stream.core.sanitize import Cleaner, clean
from tui_stream.core.session import ChatSession, OpenedSession, SessionOptions
from tui_stream.core.store import Store
from tui_stream.core.watchdog import Limits
from tui_stream.prices import PriceList
from tui_stream.providers import exposure, select
from tui_stream.providers.recorder import RecordingFile, recorded


class KeptArchive(Store, Accounts, Protocol):
    """A store that has things to tell."""

    def take_notices(self) -> tuple[str, ...]:
        """What the person has to be told of it since this was asked last: sentences."""


def make_provider(settings: Settings, name: str, recording: RecordingFile | None = None) -> Provider:
    """The provider of this name, recorded where there is a recording."""
    provider = providers.create(name, settings)
    return provider if recording is None else recorded(provider, recording)


async def open_session(
    settings: Settings,
    *,
    frame: float = 1 / 30,
    cleaner: Cleaner = clean,
    log: EventLog | None = None,
    archive: KeptArchive | None = None,
    conversation: Conversation | None = None,
    schema: Mapping[str, object] | None = None,
    books: Books | None = None,
) -> OpenedSession:
    """Chooses the provider and makes a session with it; nothing is sent yet.

    Args:
        settings: everything that was set.
        frame: seconds from one update of a turn to the next.
        cleaner: what foreign text goes through on its way in.
        log: takes note of what happens.
        archive: keeps the conversation; None where nothing is kept.
        conversation: the one to go on with, out of the archive; a new one if it is None.
        schema: a JSON Schema that answers have to be valid by.
        books: for several sessions at once, so that they keep the budgets together; see `make_books`.

    Raises:
        TuiStreamError: the provider cannot be used with these settings.
    """
    choice = await select.choose(settings)
    recording = None if settings.record is None else RecordingFile(settings.record)
    provider = make_provider(settings, choice.provider, recording)
    prices = _prices(settings, choice.provider)
    books = books or make_books(settings, archive)
    session = ChatSession(
        provider,
        options=replace(_options(settings, choice.provider, frame, cleaner), schema=schema),
        fallbacks=[_fallback(settings, spec, choice.provider, recording) for spec in settings.fallback],
        prices=prices,
        books=books,
        log=log,
        store=archive,
        conversation=conversation,
    )
    told = list(exposure.warnings(settings, exposure.asked(settings, choice.provider)))

    def notices() -> tuple[str, ...]:
        """What is to be told: once of keys that would travel unencrypted, and of the history what is new."""
        found = (*told, *(() if archive is None else archive.take_notices()))
        told.clear()
        return found

    return OpenedSession(session, choice.reason, prices.load, notices)


def make_books(settings: Settings, archive: Accounts | None) -> Books:
    """What keeps count of tokens and money, and the budgets of the settings."""
    limits = tuple(Budget(one.per, _dollars(one.dollars), one.tokens, one.model, one.warn) for one in settings.budgets)
    asks = _dollars(settings.ask_above or None)
    return Books(archive, Budgets(limits, ask_above=asks, overridden=settings.over_budget))


def _dollars(amount: float | None) -> Decimal | None:
    """The number as it was written: 0.1 is a tenth."""
    return None if amount is None else Decimal(str(amount))


def _options(settings: Settings, provider: str, frame: float, cleaner: Cleaner) -> SessionOptions:
    timeouts, retry = settings.timeouts, settings.retry
    return SessionOptions(
        system=settings.system,
        options=dict(settings.options) | _limit(settings, provider),
        frame=frame,
        limits=Limits(timeouts.first_token, timeouts.between_tokens, timeouts.total),
        retry=RetryPolicy(retry.attempts, retry.base_delay, retry.max_delay, retry.longest_wait),
        cleaner=cleaner,
    )


def _limit(settings: Settings, provider: str) -> dict[str, object]:
    """The most tokens that an answer may have, under the provider's own name for that.

    OpenAI's newer models refuse the old name, which everybody else's servers know.
    """
    if not settings.max_tokens:
        return {}
    official = any(urlsplit(address).hostname == "api.openai.com" for address in addresses(settings, provider))
    usual = "max_completion_tokens" if official else "max_tokens"
    named = {"openai-responses": "max_output_tokens", "ollama": "num_predict"}
    return {named.get(provider, usual): settings.max_tokens}


def _prices(settings: Settings, provider: str) -> PriceList:
    """What the provider's models cost, by its address; of several for one model, by the first."""
    own = () if provider == "embedded" else settings.prices  # whatever pattern fits its name, nobody is paid
    return PriceList(own, base_url=next(iter(addresses(settings, provider)), ""))


def _fallback(settings: Settings, spec: str, chosen: str, recording: RecordingFile | None) -> Fallback:
    """A fallback; parameters of the model go with it where its provider takes the same ones."""
    name, model = split(spec, chosen)

    async def open_it() -> Answerer:
        provider = make_provider(replace(settings, provider=name, model=model), name, recording)
        prices = _prices(settings, name)
        await prices.load()
        options = dict(settings.options) if name == chosen else {}
        return Answerer(provider, "", options | _limit(settings, name), prices)

    return Fallback(spec, open_it)
