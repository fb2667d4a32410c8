"""What a pool raises where its endpoints fail."""

from __future__ import annotations

from collections.abc import Sequence

from tui_stream.errors import ConnectionFailedError, ModelNotFoundError, ProviderError, RequestError

WORTH_WAITING = 30.0
"""Seconds that one endpoint may ask for and still be waited for, although the others ask for nothing."""


def is_its_own(error: ProviderError) -> bool:
    """Whether an error is the endpoint's, so that another one may do better: all but those of the request itself."""
    return not isinstance(error, RequestError) or isinstance(error, ModelNotFoundError)


def in_vain(errors: Sequence[ProviderError], every: int) -> ProviderError:
    """The error to raise when all that were asked have failed; another try is due when the first of them allows.

    Args:
        errors: of those that were asked, in order.
        every: how many there are.
    """
    again = [error for error in errors if error.retryable] or errors
    waits = [error.retry_after for error in again if error.retry_after is not None]
    soonest = min(waits, default=None)
    if soonest is not None and len(waits) < len(again) and soonest > WORTH_WAITING:
        soonest = None
    tried, last = len(errors), again[-1]
    if every == 1:
        return last
    said = f"all {every} endpoints tried" if tried == every else f"{tried} of {every} endpoints tried"
    return type(last)(f"{last.message.rstrip('.')} ({said}).", hint=last.hint, retry_after=soonest)


def to_ask_again(error: ProviderError) -> ProviderError:
    """The same failure as one after which there is another try, and soon: the next endpoint asks for no wait."""
    kind = type(error) if error.retryable else ConnectionFailedError
    return kind(error.message, hint=error.hint)
