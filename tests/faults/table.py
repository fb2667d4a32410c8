"""Every fault and what a person sees of it: the one place where that is written down.

========================  =====================================================  ====  ==========
fault                     what is said                                           code  the message
========================  =====================================================  ====  ==========
refused                   Nothing answers at URL                                 5     failed
unknown_host              The host name HOST cannot be resolved                  5     failed
tls_self_signed           The certificate of URL is not valid                    5     failed
tls_expired               The certificate of URL is not valid: ... expired       5     failed
tls_to_plain_http         No secure connection to URL                            5     failed
hang_before_headers       No answer began within LIMIT                           5     failed
hang_before_first_token   No answer began within LIMIT                           5     failed
heartbeats_only           No answer began within LIMIT                           5     failed
status_401                refused access (HTTP 401)                              3     failed
status_404                refused the request (HTTP 404)                         1     failed
status_404_model          does not have the model                                9     failed
status_429                refused the request (HTTP 429)                         4     failed
status_500                failed (HTTP 500), with the server's reason            1     failed
status_502                answered HTTP 502 with a web page: its title           1     failed
status_503                failed (HTTP 503)                                      1     failed
status_200_with_error     reported an error, with the server's reason            1     failed
status_200_with_page      answered with a web page instead of a stream           1     failed
empty_body                ended the stream before the answer began               5     failed
redirect                  sends this request on to another address               1     failed
reset_before_the_answer   The connection was reset before the answer began       5     failed
stall_in_the_middle       The stream stalled: nothing came for LIMIT             5     text kept
reset_in_the_middle       The answer was cut off: the connection was reset       5     text kept
drop_in_the_middle        The answer was cut off: the connection was closed      5     text kept
close_in_the_middle       The answer was cut off: the stream was ended           5     text kept
damaged_json              sent something that is no JSON, with its start         1     text kept
error_in_the_stream       reported an error, with the server's reason            1     text kept
long_line                 a single piece of more than 3,670,016 bytes            1     text kept
gzip_bomb                 compressed data that unpacks to more than 300 times    1     text kept
damaged_gzip              compressed data that is damaged                        1     failed
endless                   The answer took longer than LIMIT                      5     text kept
invalid_utf8              nothing: the byte is shown as U+FFFD                   0     complete
duplicate_chunks          nothing: shown as the server sent them                 0     complete
text_told_again           nothing: the text is told once                         0     complete
gzip_stream               nothing                                                0     complete
========================  =====================================================  ====  ==========

A fault before the first token is tried again where that may help (connection, 429, 5xx, an error in place of an
answer); once a token has come, nothing is sent again. ``FAULTS`` says all this for the tests, and for which dialects
it is otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tests.faults import behaviours
from tests.faults.asking import PATIENT
from tests.faults.server import Answer, Behaviour
from tests.faults.wires import WIRES
from tui_stream.core.models import MessageStatus
from tui_stream.core.watchdog import Limits

FAILED, CUT_OFF, COMPLETE = MessageStatus.FAILED, MessageStatus.CUT_OFF, MessageStatus.COMPLETE
HTTP = tuple(name for name in WIRES if name != "websocket")
FRAMED = tuple(name for name in WIRES if name != "ai-sdk-text")
"""The dialects in which a piece has a form that can be damaged."""

_PAGE = b"<html><head><title>Bad Gateway</title></head><body><h1>nginx</h1></body></html>"
_SAID = b'{"error": {"message": "It is so"}}'
_SILENT = Limits(first_token=0.05)
_STALLED = Limits(first_token=20.0, between_tokens=0.05)
_SLOW = Limits(first_token=20.0, between_tokens=20.0, total=0.1)
_AGAIN = "Try again"
_KEPT = "What had arrived is kept."


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong, and what is to be seen of it.

    Attributes:
        behaviour: what the server does; None where nothing serves as it should.
        says: words of the sentence that says what happened; nothing where nothing is said.
        hint: words of the sentence that says what to do.
        code: the exit code of the pipe.
        status: how the message stands.
        text: what the message holds, and the pipe wrote.
        tries: how often the question is sent where three tries are allowed.
        limits: the limits on silence.
        wires: the dialects that it can happen to.
        but: what is otherwise in a dialect.
    """

    behaviour: Behaviour | Answer | None
    says: str = ""
    hint: str = ""
    code: int = 0
    status: MessageStatus = FAILED
    text: str = ""
    tries: int = 1
    limits: Limits = PATIENT
    wires: tuple[str, ...] = tuple(WIRES)
    but: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def on(self, wire: str) -> Fault:
        """The fault as it shows in one dialect."""
        return replace(self, but={}, **self.but.get(wire, {}))  # type: ignore[arg-type] # fields of this class


_UNOPENED: Mapping[str, Mapping[str, object]] = {
    "websocket": {"says": "instead of opening a WebSocket", "hint": "Check the base URL", "tries": 1}
}
_WHOLE = {"ai-sdk-text": {"says": "", "hint": "", "code": 0, "status": COMPLETE}}
_EMPTY = {"says": "sent an empty answer", "hint": "the endpoint's log", "code": 1}

CONNECTING: Mapping[str, Fault] = {
    "refused": Fault(None, "Nothing answers at", "", 5, tries=3),
    "unknown_host": Fault(None, "The host name unheard-of.example", "", 5, tries=3),
    "tls_self_signed": Fault(None, "is not valid: self-signed certificate", "SSL_CERT_FILE", 5),
    "tls_expired": Fault(None, "is not valid: certificate has expired", "SSL_CERT_FILE", 5),
    "tls_to_plain_http": Fault(None, "No secure connection to", "plain http", 5),
}
"""Faults before anything is asked; the test makes them, see `tests.faults.test_connecting`."""

FAULTS: Mapping[str, Fault] = {
    "hang_before_headers": Fault(
        None, "No answer began within 0.05 s", "raise timeouts.first_token", 5, limits=_SILENT
    ),
    "hang_before_first_token": Fault(
        behaviours.hang_before_first_token,
        "No answer began within 0.05 s",
        "raise timeouts.first_token",
        5,
        limits=_SILENT,
    ),
    "heartbeats_only": Fault(
        behaviours.heartbeats_only,
        "No answer began within 0.05 s",
        "raise timeouts.first_token",
        5,
        limits=_SILENT,
        wires=FRAMED,
    ),
    "status_401": Fault(
        Answer(401, _SAID),
        "refused access (HTTP 401): It is so",
        "Check the key in TEST_KEY",
        3,
        but={"ollama": {"hint": "Check OLLAMA_API_KEY"}},
    ),
    "status_404": Fault(Answer(404, _SAID), "refused the request (HTTP 404): It is so", "Check the base URL", 1),
    "status_404_model": Fault(
        Answer(404, b'{"error": "model \\"told-so\\" not found"}'), "does not have the model told-so", "", 9
    ),
    "status_429": Fault(Answer(429, _SAID), "refused the request (HTTP 429): It is so", "Wait a little", 4, tries=3),
    "status_500": Fault(Answer(500, _SAID), "failed (HTTP 500): It is so", _AGAIN, 1, tries=3),
    "status_502": Fault(
        Answer(502, _PAGE, "text/html"), "answered HTTP 502 with a web page: Bad Gateway", _AGAIN, 1, tries=3
    ),
    "status_503": Fault(Answer(503, _SAID), "failed (HTTP 503): It is so", _AGAIN, 1, tries=3),
    "status_200_with_error": Fault(
        Answer(200, _SAID), "reported an error: It is so", _AGAIN, 1, tries=3, but=_UNOPENED
    ),
    "status_200_with_page": Fault(
        Answer(200, _PAGE, "text/html"),
        'answered with a web page ("Bad Gateway") instead of a stream',
        "Check the base URL",
        1,
        but=_UNOPENED,
    ),
    "empty_body": Fault(
        Answer(200),
        "ended the stream before the answer began",
        _AGAIN,
        5,
        tries=3,
        but={
            "ai-sdk-ui": _EMPTY,
            "ai-sdk-data": _EMPTY,
            "ai-sdk-text": _EMPTY,
            "websocket": {**_UNOPENED["websocket"], "code": 1},
        },
    ),
    "redirect": Fault(None, "sends this request on to another address (HTTP 307)", "set base_url to it", 1),
    "reset_before_the_answer": Fault(
        behaviours.reset_before_the_answer, "was reset before the answer began", _AGAIN, 5, tries=3
    ),
    "stall_in_the_middle": Fault(
        behaviours.stall_in_the_middle,
        "The stream stalled: nothing came for 0.05 s",
        "raise timeouts.between_tokens",
        5,
        text="Hello",
        limits=_STALLED,
    ),
    "reset_in_the_middle": Fault(
        behaviours.reset_in_the_middle, "The answer was cut off: the connection to", _KEPT, 5, CUT_OFF, "Hello"
    ),
    "drop_in_the_middle": Fault(
        behaviours.drop_in_the_middle, "The answer was cut off: the connection to", _KEPT, 5, CUT_OFF, "Hello"
    ),
    "close_in_the_middle": Fault(
        behaviours.close_in_the_middle,
        "ended the stream",
        _KEPT,
        5,
        CUT_OFF,
        "Hello",
        but={**_WHOLE, "websocket": {"says": "closed the connection (code 1000)"}},
    ),
    "damaged_json": Fault(
        behaviours.damaged_json,
        "that is no JSON object",
        "",
        1,
        text="Hello",
        wires=FRAMED,
        but={"sse": {"says": "damaged JSON"}, "ai-sdk-data": {"says": "that is no part of a data stream"}},
    ),
    "error_in_the_stream": Fault(
        behaviours.error_in_the_stream,
        "reported an error: It crashed",
        _AGAIN,
        1,
        text="Hello",
        wires=FRAMED,
        but={"openai": {"says": "failed (HTTP 500): It crashed"}},
    ),
    "long_line": Fault(
        behaviours.long_line,
        "a single piece of more than 3,670,016 bytes",
        "Look at what answers",
        1,
        text="Hello",
        wires=FRAMED,
    ),
    "damaged_gzip": Fault(behaviours.damaged_gzip, "sent compressed data that is damaged", "", 1, wires=HTTP),
    "invalid_utf8": Fault(behaviours.invalid_utf8, status=COMPLETE, text="Hell\ufffdo"),
    "duplicate_chunks": Fault(behaviours.duplicate_chunks, status=COMPLETE, text="HelHellololo"),
    "text_told_again": Fault(behaviours.text_told_again, status=COMPLETE, text="Hello world"),
    "gzip_stream": Fault(behaviours.gzip_stream, status=COMPLETE, text="Hello", wires=HTTP),
}
"""Faults of one answer; `CONNECTING` holds those before it."""

OVERLOADS: Mapping[str, Fault] = {
    "gzip_bomb": Fault(
        behaviours.gzip_bomb,
        "unpacks to more than 300 times its size",
        "Look at what answers",
        1,
        text="Hello",
        wires=HTTP,
    ),
    "endless": Fault(
        behaviours.endless,
        "The answer took longer than 0.1 s",
        "raise timeouts.total",
        5,
        text="word word",
        limits=_SLOW,
    ),
}
"""Faults whose text is no fixed one, see `tests.faults.test_overload`."""

CASES = [(wire, name) for name, fault in FAULTS.items() for wire in fault.wires]
IDS = [f"{wire}-{name}" for wire, name in CASES]
