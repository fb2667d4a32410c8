"""What the ``websockets`` library raises, and why servers close sockets -> the errors of this program.

Close codes: RFC 6455 section 7.4.1 and the registry that it opened
(https://www.iana.org/assignments/websocket). Codes from 4000 on are each server's own; those from 4400 to 4599 are
commonly an HTTP status plus 4000.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import ssl
from collections.abc import Iterator
from http import HTTPStatus

from websockets import exceptions
from websockets.http11 import Response

from tui_stream.core.sanitize import clean_line
from tui_stream.errors import (
    AuthenticationError,
    ConfigError,
    ConnectionFailedError,
    ProtocolError,
    ProviderError,
    RateLimitError,
    RequestError,
    ServerError,
    StreamBrokenError,
    TimedOutError,
    TuiStreamError,
)
from tui_stream.providers._failures import CUT_OFF_HINT, translate
from tui_stream.providers._http import MAX_REFUSAL, RefusedResponse
from tui_stream.providers._lines import MAX_LINE, too_long
from tui_stream.providers._translate import Peer, fault_in_body, page_title

ERRORS: tuple[type[Exception], ...] = (exceptions.WebSocketException, OSError)
"""What may come out of a socket, or of opening one, for an ``except`` clause."""

NORMAL = frozenset({1000, 1001, 1005, 1006, 1012})
"""Codes with which a server ends a connection for reasons of its own, 1006 standing for no close frame at all."""

_POLICY, _TOO_BIG = 1008, 1009
_RESTARTING = frozenset({1012, 1013, 1014})
_NOT_ACCEPTED = frozenset({1002, 1003, 1007, 1010})
_OWN_STATUS = range(4400, 4600)
_SUCCESS = range(200, 300)
_STATUS = {
    _POLICY: HTTPStatus.BAD_REQUEST,
    3000: HTTPStatus.UNAUTHORIZED,
    3003: HTTPStatus.FORBIDDEN,
    3008: HTTPStatus.REQUEST_TIMEOUT,
}
_LIMITED = re.compile(r"\brate\b|\btoo many\b|\bquota\b|\bthrottl|\blimit exceeded\b", re.IGNORECASE)
_DENIED = re.compile(
    r"unauth|\bauth|\bapi.?key|\bcredential|\bforbidden|\bjwt\b|\blog.?in\b|\bpermission"
    r"|\b(invalid|expired|missing|bad|no) token|\btoken (invalid|expired|missing)",
    re.IGNORECASE,
)
_ERRNO = re.compile(r"\[Errno (\d+)\]")


def translated(
    error: Exception, peer: Peer, *, model: str = "", started: bool = False, connect: float = 0, secret: str = ""
) -> TuiStreamError:
    """The error to raise for one of `ERRORS`.

    Args:
        error: what came out of the library.
        peer: who was talked to.
        model: the model that was asked for.
        started: whether a part of the answer had arrived.
        connect: the limit on connecting in seconds, for the message.
        secret: the key, which no error may repeat.
    """
    if isinstance(error, exceptions.ConnectionClosed):
        return _closed(error, peer, started=started, secret=secret)
    if isinstance(error, exceptions.InvalidStatus):
        return _refused(error.response, peer, model=model, secret=secret)
    if isinstance(error, exceptions.WebSocketException):
        return _unopened(error, peer)
    return _unreachable(error, peer, connect)


def is_stale(error: Exception) -> bool:
    """Whether a connection that was idle has simply been given up by the server meanwhile."""
    if not isinstance(error, exceptions.ConnectionClosed) or _failed_here(error):
        return False
    return error.rcvd is None or error.rcvd.code in NORMAL


def _failed_here(error: exceptions.ConnectionClosed) -> bool:
    """Whether it was our side that ended the connection, over something that the server sent."""
    return error.sent is not None and not error.rcvd_then_sent and error.sent.code not in NORMAL


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _unopened(error: exceptions.WebSocketException, peer: Peer) -> TuiStreamError:
    """The error where the library could not open a WebSocket and no refusal says why."""
    if isinstance(error, exceptions.InvalidProxy):
        hint = "Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY."
        return ConfigError("The proxy that the environment names is no address of a proxy.", hint=hint)
    if isinstance(error, exceptions.ProxyError):
        return translate(error, peer)
    if isinstance(error, exceptions.InvalidHandshake):
        return _no_handshake(error, peer)
    said = clean_line(str(error), limit=120).rstrip(".")
    return RequestError(f"The request to {peer.url} cannot be sent: {said}.", hint="Check the settings.")


def _unreachable(error: Exception, peer: Peer, connect: float) -> ProviderError:
    """The error where no TCP or TLS connection came about, or no answer to the handshake."""
    if isinstance(error, TimeoutError):
        said = f"No connection to {peer.url}" + (f" within {connect:g} s." if connect else ".")
        return TimedOutError(said, hint="Check the network, or raise timeouts.connect.")
    if isinstance(error, socket.gaierror | ssl.SSLError | ConnectionRefusedError):
        return translate(error, peer)
    numbers = {int(number) for number in _ERRNO.findall(str(error))}  # of several addresses, one after the other
    if numbers == {errno.ECONNREFUSED}:
        return ConnectionFailedError(f"Nothing answers at {peer.url}.", hint=peer.down)
    number = getattr(error, "errno", None) or next(iter(sorted(numbers - {errno.ECONNREFUSED})), None)
    said = os.strerror(number).lower() if number else clean_line(str(error), limit=120).rstrip(".")
    return ConnectionFailedError(f"Cannot connect to {peer.url}: {said or 'the connection was lost'}.", hint=peer.down)


def _refused(response: Response, peer: Peer, *, model: str, secret: str) -> ProviderError:
    """The error for a handshake that was answered as a plain HTTP request."""
    body = bytes(response.body or b"")[:MAX_REFUSAL]
    if response.status_code in _SUCCESS:
        text = body.decode("utf-8", "replace").strip()
        fault = fault_in_body(response.status_code, body)
        what = f'a web page ("{page_title(text)}")' if fault.page else f"HTTP {response.status_code}"
        what = f'{what} ("{fault.message}")' if fault.message and not fault.page else what
        hint = f"Check the base URL {peer.url}."
        return ProtocolError(f"{peer.name} answered with {what} instead of opening a WebSocket.", hint=hint)
    body = body.replace(secret.encode(), b"[key]") if secret else body
    headers = {name.lower(): value for name, value in response.headers.raw_items()}
    failure = translate(RefusedResponse(response.status_code, headers, body, peer.url), peer, model=model)
    if type(failure) is RequestError and response.status_code >= HTTPStatus.BAD_REQUEST:
        # a handshake carries neither a model nor options: what is refused is the address
        hint = f"Check the base URL {peer.url}: what answers there opens no WebSocket."
        return RequestError(failure.message, hint=hint)
    return failure


def _no_handshake(error: exceptions.InvalidHandshake, peer: Peer) -> ProviderError:
    hint = f"Check the base URL {peer.url}, and whether it is ws:// or wss://."
    chain = list(_chain(error))
    if any(isinstance(link, EOFError) for link in chain):
        said = f"{peer.name} closed the connection before the WebSocket was open."
        return ConnectionFailedError(said, hint=hint)
    words = clean_line(str(chain[-1] if isinstance(error, exceptions.InvalidMessage) else error), limit=120)
    return ProtocolError(f"{peer.name} does not open a WebSocket: {words.rstrip('.')}.", hint=hint)


def _closed(error: exceptions.ConnectionClosed, peer: Peer, *, started: bool, secret: str) -> ProviderError:
    """The error for a connection that ended before the answer did."""
    rcvd, sent = error.rcvd, error.sent
    if sent is not None and _failed_here(error):
        if sent.code == _TOO_BIG:
            return too_long(MAX_LINE)
        words = clean_line(sent.reason, limit=120).rstrip(".") or f"code {sent.code}"
        return ProtocolError(f"{peer.name} does not speak WebSocket as it should: {words}.", hint=peer.down)
    if rcvd is None:
        lost = "reset" if any(isinstance(link, ConnectionResetError) for link in _chain(error)) else "closed"
        return _broken(f"the connection to {peer.name} was {lost}", started=started)
    reason = clean_line(rcvd.reason, limit=160).rstrip(".")
    reason = reason.replace(secret, "[key]") if secret else reason
    because = f"{reason} (code {rcvd.code})" if reason else f"code {rcvd.code}"
    if rcvd.code in NORMAL or (rcvd.code in _RESTARTING and started):
        return _broken(f"{peer.name} closed the connection ({reason or f'code {rcvd.code}'})", started=started)
    return _with_code(rcvd.code, reason, f"{peer.name} closed the connection: {because}.", peer)


def _broken(what: str, *, started: bool) -> ProviderError:
    if started:
        return StreamBrokenError(f"The answer was cut off: {what}.", hint=CUT_OFF_HINT)
    said = what.replace("the connection", "The connection", 1) if what.startswith("the ") else what
    return ConnectionFailedError(f"{said} before the answer began.", hint="Try again.")


def _with_code(code: int, reason: str, said: str, peer: Peer) -> ProviderError:
    """The error for a code that says why."""
    if code == _TOO_BIG:
        return RequestError(said, hint="Shorten the prompt, or start a new conversation: what was sent is too large.")
    if code in _NOT_ACCEPTED:
        return RequestError(said, hint="Check what this server expects (providers.websocket.body).")
    status = code - 4000 if code in _OWN_STATUS else _STATUS.get(code, HTTPStatus.INTERNAL_SERVER_ERROR)
    if status == HTTPStatus.TOO_MANY_REQUESTS or _LIMITED.search(reason):
        return RateLimitError(said, hint="Wait a little, then try again.")
    denied = status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    if denied or _DENIED.search(reason) or (code == _POLICY and not reason):
        return AuthenticationError(said, hint=peer.key)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT):
        return ServerError(said, hint="Try again in a moment.")
    return RequestError(said, hint="Check the settings, and the server's log.")
