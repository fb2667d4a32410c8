"""The errors that a person can meet, in one small tree.

Every class carries the exit code of pipe mode, and every error one sentence that says what happened
(``message``) and, where there is something to do about it, a second one that says what (``hint``)::

    TuiStreamError                 1
    ├── UsageError                 2   wrong flags or input
    ├── ConfigError                2   the settings file, or a value in it
    ├── BudgetError                8   a limit on money or tokens was reached
    ├── SchemaError               13   the answer is not valid by the schema that was asked for
    ├── StoreError                 1   the history cannot be read or written
    │   └── UnknownIdError         2   it has no conversation, or several, of the id that was given
    ├── WeightsError              10   the embedded model's file cannot be had or read
    │   ├── DiskFullError         11
    │   └── CorruptWeightsError   12
    └── ProviderError              1   a provider refused, failed or went away
        ├── AuthenticationError    3
        ├── RateLimitError         4   may be tried again after ``retry_after`` seconds
        │   └── OutOfCreditError   4
        ├── ConnectionFailedError  5   refused, DNS, TLS; may be tried again
        │   ├── TimedOutError      5
        │   │   └── OverrunError   5   a limit of the person's; asking again would wait as long
        │   ├── CertificateError   5   no secure connection; trying again does not help
        │   └── OfflineError       5   not tried, since the person wants no connection
        ├── StreamBrokenError      5   cut in the middle of an answer
        ├── ServerError            1   5xx, 408, 409; may be tried again
        ├── RequestError           1   the provider does not accept the request
        │   └── ModelNotFoundError 9
        └── ProtocolError          1   the provider answered something that is no stream

The codes 6 (answer cut off by its length limit), 7 (refused or filtered) and 130 (interrupted) belong to
answers that ended without an error: see `tui_stream.pipe`.
"""

from __future__ import annotations

from typing import ClassVar


class TuiStreamError(Exception):
    """Something went wrong that a person should be told in a sentence.

    Attributes:
        message: what happened, one sentence.
        hint: what to do about it, one sentence, or an empty string.
    """

    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class UsageError(TuiStreamError):
    """The command line, or what was piped in, cannot be used."""

    exit_code = 2


class ConfigError(TuiStreamError):
    """The settings file, an environment variable or a flag holds something that is not valid."""

    exit_code = 2


class BudgetError(TuiStreamError):
    """A limit that the person set on money or tokens was reached.

    How it can be gone past for once is said by the front end: a shell has a flag for it, the chat keys.
    """

    exit_code = 8


class SchemaError(TuiStreamError):
    """The answer is complete, and not valid by the JSON Schema that was asked for."""

    exit_code = 13


class StoreError(TuiStreamError):
    """The history cannot be read or written."""


class UnknownIdError(StoreError):
    """The history was read, and what was given is the beginning of no conversation's id, or of several."""

    exit_code = 2


class WeightsError(TuiStreamError):
    """The embedded model's weights cannot be fetched, found or loaded."""

    exit_code = 10


class DiskFullError(WeightsError):
    """There is no room for the weights."""

    exit_code = 11


class CorruptWeightsError(WeightsError):
    """The weights file is not what it should be."""

    exit_code = 12


class ProviderError(TuiStreamError):
    """A provider refused, failed, or cannot be reached.

    Attributes:
        retry_after: seconds after which the provider says it may be tried again, or None.
    """

    def __init__(self, message: str, *, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class AuthenticationError(ProviderError):
    """No key, or one that the provider does not accept."""

    exit_code = 3


class RateLimitError(ProviderError):
    """Too many requests or tokens for now, or the account is out of credit."""

    exit_code = 4
    retryable = True


class OutOfCreditError(RateLimitError):
    """The account has nothing left to spend; asking again does not help."""

    retryable = False


class ConnectionFailedError(ProviderError):
    """No connection: refused, unknown host, TLS trouble, or lost before the answer began."""

    exit_code = 5
    retryable = True


class TimedOutError(ConnectionFailedError):
    """The provider kept silent for longer than a configured limit."""


class OverrunError(TimedOutError):
    """The provider took the request, and a limit that was set for its answer went by."""

    retryable = False


class CertificateError(ConnectionFailedError):
    """No secure connection: the certificate is not valid, or the server does not speak TLS."""

    retryable = False


class OfflineError(ConnectionFailedError):
    """A connection that would leave this machine, while the person wants none that does."""

    retryable = False


class StreamBrokenError(ProviderError):
    """The stream ended or failed in the middle of an answer; what had arrived is kept."""

    exit_code = 5


class ServerError(ProviderError):
    """The provider failed on its side (HTTP 5xx, 408, 409)."""

    retryable = True


class RequestError(ProviderError):
    """The provider does not accept this request as it is."""


class ModelNotFoundError(RequestError):
    """The provider does not have this model."""

    exit_code = 9


class ProtocolError(ProviderError):
    """The provider answered with something that is not the stream that was asked for."""
