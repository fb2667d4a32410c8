"""What HTTP libraries raise -> the errors of this program.

httpx2 (which the openai SDK stands on) and httpx (which the ollama SDK brings along) name their exceptions
alike, so they are told apart by name: neither library has to be imported for the other's sake.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator

from tui_stream.core.sanitize import clean_line
from tui_stream.errors import (
    CertificateError,
    ConnectionFailedError,
    OfflineError,
    ProtocolError,
    ProviderError,
    RequestError,
    StreamBrokenError,
    TimedOutError,
)
from tui_stream.providers._http import RefusedResponse
from tui_stream.providers._translate import Peer, fault_in_body, refusal, retry_after

CUT_OFF_HINT = "What had arrived is kept."


def translate(
    error: Exception, peer: Peer, *, model: str = "", started: bool = False, connect: float = 0
) -> ProviderError:
    """The error to raise for what a client or an SDK raised.

    Args:
        error: one of `tui_stream.providers._http.failures`, or an SDK's exception around one.
        peer: who was talked to.
        model: the model that was asked for.
        started: whether a part of the answer had arrived.
        connect: the limit on connecting in seconds, for the message.
    """
    if isinstance(error, RefusedResponse):
        return _refused_error(error, peer, model=model)
    chain = list(_chain(error))
    for link in chain:
        if isinstance(link, OfflineError):  # an SDK has wrapped it
            return OfflineError(link.message, hint=link.hint)
    return _unreachable(chain, peer, connect) or _interrupted(chain, peer, started=started)


def _refused_error(refused: RefusedResponse, peer: Peer, *, model: str) -> ProviderError:
    """The error for a response other than 2xx."""
    location = refused.headers.get("location", "")
    if location and 300 <= refused.status < 400:  # noqa: PLR2004 - the range of redirects
        shown = clean_line(location.partition("?")[0], limit=120)
        message = f"{peer.name} sends this request on to another address (HTTP {refused.status}): {shown}."
        return RequestError(message, hint="If it is the right one, set base_url to it.")
    fault = fault_in_body(refused.status, refused.body)
    return refusal(fault, peer, model=model, retry_after=retry_after(refused.headers))


def cut_off(peer: Peer, *, started: bool) -> ProviderError:
    """The error for a stream that ended without its end marker."""
    if started:
        return StreamBrokenError(f"The answer was cut off: {peer.name} ended the stream.", hint=CUT_OFF_HINT)
    return ConnectionFailedError(f"{peer.name} ended the stream before the answer began.", hint="Try again.")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and all that caused it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _names(chain: list[BaseException]) -> set[str]:
    return {base.__name__ for link in chain for base in type(link).__mro__}


def _unreachable(chain: list[BaseException], peer: Peer, connect: float) -> ProviderError | None:
    """The error where no connection came about."""
    for link in chain:
        if isinstance(link, socket.gaierror):
            host = peer.url.partition("://")[2].partition("/")[0]
            said = f"The host name {host} cannot be resolved ({link.strerror})."
            return ConnectionFailedError(said, hint=peer.down)
        if isinstance(link, ssl.SSLError):
            return _tls_error(link, peer)
        if isinstance(link, ConnectionRefusedError):
            return ConnectionFailedError(f"Nothing answers at {peer.url}.", hint=peer.down)
    return _unconnected(_names(chain), _words(chain), peer, connect)


def _unconnected(names: set[str], words: str, peer: Peer, connect: float) -> ProviderError | None:
    if "ConnectTimeout" in names:
        said = f"No connection to {peer.url}" + (f" within {connect:g} s." if connect else ".")
        return TimedOutError(said, hint="Check the network, or raise timeouts.connect.")
    if "ProxyError" in names:
        said = f"The proxy does not connect to {peer.url}: {words}."
        return ConnectionFailedError(said, hint="Check HTTPS_PROXY and NO_PROXY.")
    if "ConnectError" in names:
        return ConnectionFailedError(f"Cannot connect to {peer.url}: {words}.", hint=peer.down)
    return None


def _tls_error(error: ssl.SSLError, peer: Peer) -> ProviderError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return CertificateError(
            f"The certificate of {peer.url} is not valid: {error.verify_message}.",
            hint="Check the address; SSL_CERT_FILE names certificates of one's own.",
        )
    reason = (error.reason or "no reason given").replace("_", " ").lower()
    hint = "Perhaps the server speaks plain http: check the base URL."
    return CertificateError(f"No secure connection to {peer.url}: {reason}.", hint=hint)


def _interrupted(chain: list[BaseException], peer: Peer, *, started: bool) -> ProviderError:
    """The error where a connection stood."""
    names, words = _names(chain), _words(chain)
    if names & {"UnsupportedProtocol", "InvalidURL", "LocalProtocolError"}:
        return RequestError(f"The request to {peer.url} cannot be sent: {words}.", hint="Check the settings.")
    if "DecodingError" in names:
        return ProtocolError(f"{peer.name} sent compressed data that is damaged.", hint=peer.down)
    if "TimeoutException" in names:
        return TimedOutError(f"{peer.name} did not answer in time.", hint=peer.down)
    if "RemoteProtocolError" in names and not _ended(words):
        return ProtocolError(f"{peer.name} does not speak HTTP as it should: {words}.", hint=peer.down)
    if started:
        message = f"The answer was cut off: the connection to {peer.name} was {_lost(chain)}."
        return StreamBrokenError(message, hint=CUT_OFF_HINT)
    message = f"The connection to {peer.name} was {_lost(chain)} before the answer began."
    return ConnectionFailedError(message, hint="Try again.")


def _ended(words: str) -> bool:
    return "peer closed connection" in words or "disconnected" in words


def _lost(chain: list[BaseException]) -> str:
    reset = any(isinstance(link, ConnectionResetError) for link in chain)
    return "reset" if reset else "closed"


def _words(chain: list[BaseException]) -> str:
    """The most telling text of a chain, which is the innermost one."""
    for link in reversed(chain):
        if isinstance(link, OSError) and link.errno in errno.errorcode and link.strerror:
            return clean_line(link.strerror, limit=120).lower()
        if str(link):
            return clean_line(str(link), limit=120).rstrip(".")
    return type(chain[0]).__name__
