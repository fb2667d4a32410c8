"""Refusals of servers -> the errors of this program, each one clear sentence.

Knows the forms in which servers put an error into a body or a stream: OpenAI's ``{"error": {"message",
"type", "code"}}``, Ollama's ``{"error": "..."}``, FastAPI's ``{"detail": ...}``, and the pages of proxies.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from tui_stream.core.sanitize import clean_line, mask_keys
from tui_stream.errors import (
    AuthenticationError,
    ModelNotFoundError,
    OutOfCreditError,
    ProtocolError,
    ProviderError,
    RateLimitError,
    RequestError,
    ServerError,
)
from tui_stream.providers._json import decode

_TITLE = re.compile(r"<title[^>]*>(.*?)</title|<h1[^>]*>(.*?)</h1", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_NO_MODEL = re.compile(
    r"\bmodels?\b.{0,120}(not found|not exist)|(no such|unknown) model|not a valid model",
    re.IGNORECASE,
)


_TEMPORARY = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT)


MOST_PARTS = 1024
"""Tool calls, or texts of their own, in one answer that a provider keeps apart."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is being talked to, and what to tell a person when that fails.

    Attributes:
        name: for people: "Ollama", "api.openai.com".
        url: where it is, without secrets.
        down: what to do when nothing answers there.
        key: what to do when the key is refused.
        model: what to do when the model is unknown.
    """

    name: str
    url: str
    down: str = "Check the address and the network."
    key: str = "Check the key."
    model: str = "Check the name of the model."


@dataclass(frozen=True, slots=True)
class Fault:
    """What a server says went wrong.

    Attributes:
        message: in its words, one line.
        kind: its ``type`` and ``code``, lower case, empty where it gives none.
        status: an HTTP status, the response's or the one inside the error, else None.
        page: it was a web page, not an API's answer.
    """

    message: str
    kind: str = ""
    status: int | None = None
    page: bool = False


def fault_in(value: object) -> Fault:
    """What an error object, or a whole error body, says."""
    if isinstance(value, list) and value:
        return fault_in(value[0])
    if not isinstance(value, dict):
        return Fault(_line(value))
    for key in ("error", "errors", "detail"):
        if value.get(key):
            inner = fault_in(value[key])
            return inner if inner.kind or inner.status else Fault(inner.message, _kind(value), _status(value))
    return Fault(_line(value.get("message") or value.get("msg") or ""), _kind(value), _status(value))


def fault_in_body(status: int, body: bytes) -> Fault:
    """What the body of a refused request says, whatever form it has."""
    text = body.decode("utf-8", "replace").strip()
    if text.startswith("<"):
        return Fault(page_title(text), status=status, page=True)
    try:
        fault = fault_in(decode(text))
    except ValueError:
        return Fault(_line(text), status=status)
    return Fault(fault.message, fault.kind, status)


def check_parts(count: int) -> None:
    """Lets an answer pass that has so many parts of a kind.

    Raises:
        ProtocolError: they are more than `MOST_PARTS`.
    """
    if count > MOST_PARTS:
        raise ProtocolError(
            f"The server sent an answer in more than {MOST_PARTS:,} parts, which no answer needs.",
            hint="Look at what answers under the base URL.",
        )


def page_title(text: str) -> str:
    """What a web page is called, or how its text begins."""
    title = _TITLE.search(text)
    found = (title[1] or title[2] or "") if title else text
    return clean_line(html.unescape(_TAG.sub(" ", found)), limit=80)


def refusal(fault: Fault, peer: Peer, *, model: str = "", retry_after: float | None = None) -> ProviderError:
    """The error for what a server said, before an answer or in the middle of it."""
    said = f"{peer.name} {_verdict(fault)}"
    said = f"{said}: {fault.message.rstrip('.')}." if fault.message else f"{said}."
    status, kind = fault.status or _status_of_kind(fault.kind), fault.kind
    if _names_no_model(fault, status):
        named = f"{peer.name} does not have the model {model}" if model else said.rstrip(".")
        return ModelNotFoundError(f"{clean_line(named)}.", hint=peer.model)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return AuthenticationError(said, hint=peer.key)
    if "insufficient_quota" in kind or status == HTTPStatus.PAYMENT_REQUIRED:
        return OutOfCreditError(said, hint="Add credit to the account, or choose another provider.")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimitError(said, hint=f"Wait {_wait_text(retry_after)}, then try again.", retry_after=retry_after)
    if status is None or status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _TEMPORARY:
        return ServerError(said, hint="Try again in a moment.", retry_after=retry_after)
    return RequestError(said, hint=_request_hint(status, kind, peer))


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that the server asks to wait: ``retry-after-ms``, or ``Retry-After`` as seconds or as a date.

    Args:
        headers: with names in lower case.
        now: the present moment, with its time zone; the clock's where left out.
    """
    for name, scale in (("retry-after-ms", 1000), ("retry-after", 1)):
        value = headers.get(name, "").strip()
        if re.fullmatch(r"\d{1,12}(\.\d{0,9})?", value):
            return float(value) / scale
    try:
        moment = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def _line(value: object) -> str:
    """One safe line of what a server wrote, with nothing in it that looks like a key."""
    return clean_line(mask_keys(clean_line(str(value), limit=2000)), limit=240)


def _kind(value: Mapping[str, object]) -> str:
    parts = (value.get("type"), value.get("code"), value.get("status"))
    return " ".join(part.lower() for part in parts if isinstance(part, str))


def _status(value: Mapping[str, object]) -> int | None:
    for key in ("code", "status", "status_code"):
        found = value.get(key)
        if isinstance(found, str) and re.fullmatch(r"[345]\d\d", found):
            found = int(found)
        if type(found) is int and HTTPStatus.MULTIPLE_CHOICES <= found < 600:  # noqa: PLR2004 - the end of HTTP's range
            return found
    return None


_KINDS = (
    (("authentication", "invalid_api_key", "unauthenticated"), HTTPStatus.UNAUTHORIZED),
    (("permission",), HTTPStatus.FORBIDDEN),
    (("insufficient_quota", "billing"), HTTPStatus.PAYMENT_REQUIRED),
    (("rate_limit", "resource_exhausted"), HTTPStatus.TOO_MANY_REQUESTS),
    (("not_found",), HTTPStatus.NOT_FOUND),
    (("invalid_request", "context_length", "invalid_argument", "exceed_context"), HTTPStatus.BAD_REQUEST),
    (("overloaded", "unavailable"), HTTPStatus.SERVICE_UNAVAILABLE),
)


def _status_of_kind(kind: str) -> int | None:
    """The status that a ``type`` or ``code`` stands for, where a stream can carry no status of its own."""
    return next((status for words, status in _KINDS if any(word in kind for word in words)), None)


_UNITS = ((86400, "days"), (3600, "h"), (60, "min"), (1, "s"))


def _wait_text(seconds: float | None) -> str:
    """A wait that the server asked for, in the largest unit of which there are two; never less than it is."""
    for size, unit in _UNITS:
        if seconds is not None and seconds >= 2 * size:
            return f"{math.ceil(seconds / size):,} {unit}"
    return "a little"


def _names_no_model(fault: Fault, status: int | None) -> bool:
    if "model_not_found" in fault.kind:
        return True
    named = status in (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST, None) and not fault.page
    return named and _NO_MODEL.search(fault.message) is not None


def _verdict(fault: Fault) -> str:
    if fault.status is None:
        return "reported an error"
    shown = f"HTTP {fault.status}"
    if fault.page:
        return f"answered {shown} with a web page"
    if fault.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"failed ({shown})"
    if fault.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return f"refused access ({shown})"
    return f"refused the request ({shown})"


def _request_hint(status: int, kind: str, peer: Peer) -> str:
    if "context_length" in kind or "exceed_context" in kind:
        return "Start a new conversation, or choose a model with a larger context."
    if status == HTTPStatus.NOT_FOUND or status < HTTPStatus.BAD_REQUEST:
        return f"Check the base URL {peer.url}."
    return "Check the model's name and the options in the settings."
