from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tui_stream.errors import (
    AuthenticationError,
    ModelNotFoundError,
    OutOfCreditError,
    ProviderError,
    RateLimitError,
    RequestError,
    ServerError,
)
from tui_stream.providers._translate import (
    Peer,
    fault_in_body,
    page_title,
    refusal,
    retry_after,
)

PEER = Peer("llm.example", "http://llm.example/v1", key="Look at the key.", model="Look at the list.")
NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def openai_form(message: str, **more: object) -> bytes:
    return json.dumps({"error": {"message": message, **more}}).encode()


def error_for(status: int, body: bytes) -> ProviderError:
    return refusal(fault_in_body(status, body), PEER, model="m-1")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, openai_form("'messages' is required", type="invalid_request_error"), RequestError),
        (400, openai_form("The model `m-1` does not exist", code="model_not_found"), ModelNotFoundError),
        (400, openai_form("m-1 is not a valid model ID", code=400), ModelNotFoundError),
        (
            400,
            openai_form("This model's maximum context length is 10", code="context_length_exceeded"),
            RequestError,
        ),
        (
            400,
            openai_form("Unsupported parameter: 'max_tokens' is not supported with this model."),
            RequestError,
        ),
        (401, openai_form("Invalid API Key", type="authentication_error", code=401), AuthenticationError),
        (402, openai_form("Insufficient credits", code=402), OutOfCreditError),
        (403, openai_form("Country not supported"), AuthenticationError),
        (404, openai_form("File Not Found", type="not_found_error"), RequestError),
        (404, openai_form("The model `m-1` does not exist or you do not have access"), ModelNotFoundError),
        (404, b'{"error":"model \'m-1\' not found"}', ModelNotFoundError),
        (404, b"404 page not found", RequestError),
        (404, b"<html><h1>The model page was not found</h1></html>", RequestError),
        (405, b"", RequestError),
        (408, b"", ServerError),
        (409, b"", ServerError),
        (413, b"<html><title>413 Request Entity Too Large</title></html>", RequestError),
        (422, b'{"detail":[{"loc":["body"],"msg":"Field required","type":"missing"}]}', RequestError),
        (429, openai_form("Rate limit reached", code="rate_limit_exceeded"), RateLimitError),
        (429, openai_form("You exceeded your current quota", type="insufficient_quota"), OutOfCreditError),
        (500, openai_form("The server had an error"), ServerError),
        (502, b"<html><head><title>502 Bad Gateway</title></head></html>", ServerError),
        (503, openai_form("Loading model", type="unavailable_error", code=503), ServerError),
        (529, b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', ServerError),
    ],
)
def test_the_kind_of_error_for_a_refusal(status: int, body: bytes, kind: type[ProviderError]) -> None:
    error = error_for(status, body)
    assert type(error) is kind
    assert error.message.endswith(".")
    assert error.hint
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (400, openai_form("It is wrong."), "llm.example refused the request (HTTP 400): It is wrong."),
        (500, b'{"error": "it broke"}', "llm.example failed (HTTP 500): it broke."),
        (500, b'{"message": "it broke", "code": "x"}', "llm.example failed (HTTP 500): it broke."),
        (
            500,
            b'[{"error": {"message": "it broke", "status": "INTERNAL"}}]',
            "llm.example failed (HTTP 500): it broke.",
        ),
        (422, b'{"detail": "no such field"}', "llm.example refused the request (HTTP 422): no such field."),
        (
            422,
            b'{"detail": [{"msg": "Field required"}]}',
            "llm.example refused the request (HTTP 422): Field required.",
        ),
        (500, b"plain\n  words", "llm.example failed (HTTP 500): plain words."),
        (500, b"", "llm.example failed (HTTP 500)."),
        (500, b"\xff\x00{", "llm.example failed (HTTP 500): \ufffd{."),
        (
            502,
            b"<html><title>502 Bad&nbsp;Gateway</title><body>x</body></html>",
            "llm.example answered HTTP 502 with a web page: 502 Bad Gateway.",
        ),
        (401, openai_form("No."), "llm.example refused access (HTTP 401): No."),
        (404, b'{"error":"model \'m-1\' not found"}', "llm.example does not have the model m-1."),
    ],
)
def test_the_words_are_the_servers(status: int, body: bytes, message: str) -> None:
    assert error_for(status, body).message == message


def test_hints_come_from_the_peer() -> None:
    assert error_for(401, b"").hint == "Look at the key."
    assert error_for(404, b'{"error":"model not found"}').hint == "Look at the list."
    assert "http://llm.example/v1" in error_for(404, b"").hint


def test_out_of_credit_is_not_tried_again() -> None:
    assert RateLimitError.retryable
    assert not OutOfCreditError.retryable
    assert OutOfCreditError.exit_code == RateLimitError.exit_code


@pytest.mark.parametrize(
    "secret",
    ["sk-abcdefghijklmnop", "sk-proj-a1*****b2c3d4", "gsk_0123456789abc", "Bearer abc.def", "hf_abcdefghijk"],
)
def test_what_looks_like_a_key_is_not_repeated(secret: str) -> None:
    message = error_for(401, openai_form(f"Incorrect API key provided: {secret}")).message
    assert secret.rpartition(" ")[2] not in message
    assert "[key]" in message


def test_what_a_server_writes_cannot_steer_a_terminal_or_fill_a_screen() -> None:
    message = error_for(400, openai_form("\x1b[2J\x1b]0;title\x07 go \u202e" + "x" * 9000)).message
    assert message.isprintable()
    assert len(message) < 400


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("<html><head><TITLE >Sign in &amp; out</TITLE>", "Sign in & out"),
        ("<body><h1>502 <b>Bad</b> Gateway</h1><p>x", "502 Bad Gateway"),
        ("<body><script>var a = 1</script><p>Hello\n there", "Hello there"),
        ("<!doctype html>", ""),
    ],
)
def test_the_title_of_a_page(page: str, title: str) -> None:
    assert page_title(page) == title


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "x", "retry-after": "9"}, 9.0),
        ({"retry-after": "Thu, 01 Jan 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Thu, 01 Jan 2026 14:00:30 +0200"}, 30.0),
        ({"retry-after": "Thu, 01 Jan 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "Thu, 99 Jan 2026"}, None),
    ],
)
def test_retry_after_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


def test_retry_after_uses_the_clock() -> None:
    far = retry_after({"retry-after": "Thu, 01 Jan 2099 00:00:00 GMT"})
    assert far is not None
    assert far > 1e9


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "Wait a little, "),
        (0.0, "Wait a little, "),
        (1.5, "Wait a little, "),
        (2.0, "Wait 2 s, "),
        (7.2, "Wait 8 s, "),
        (120.0, "Wait 2 min, "),
        (3600.0, "Wait 60 min, "),
        (7201.0, "Wait 3 h, "),
        (200_000.0, "Wait 3 days, "),
        (1e12, "Wait 11,574,075 days, "),
    ],
)
def test_a_rate_limit_names_the_wait(seconds: float | None, words: str) -> None:
    error = refusal(fault_in_body(429, b""), PEER, retry_after=seconds)
    assert error.hint == f"{words}then try again."
