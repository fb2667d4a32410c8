from __future__ import annotations

import pytest

from tui_stream.core.links import openable


@pytest.mark.parametrize(
    "target",
    [
        "https://example.org/a?b=c#d",
        "http://localhost:8000",
        "mailto:a@example.org?subject=x",
        "HTTPS://EXAMPLE.ORG/%20",
    ],
)
def test_web_and_mail_links_may_be_opened(target: str) -> None:
    assert openable(target) == target


@pytest.mark.parametrize(
    "target",
    [
        "",
        "file:///etc/passwd",
        "%66ile:///etc/passwd",
        "javascript:alert(1)",
        "--private-window",
        "-x",
        "example.org",
        "//example.org",
        "https://",
        "https://-oProxyCommand=x",
        "https://[",
        "https://a b",
        "https://a\nb",
        "https://a\u202egpj.exe",
        "mailto:-x@y",
        "mailto:nobody",
        "mailto:a@b%0aBcc:c@d",
        "mailto:%2dx@y",
        "mailto:a@example.org?attach=/etc/passwd",
        "mailto:a@example.org?%61ttachment=/etc/passwd",
        "mailto:a@example.org?subject=x%0d%0aBcc:y@z",
        "https://good.example@evil.example/",
        "https://example.org/%1b]52;c;x%07",
        "https://example.org/%E2%80%AEgpj",
        "https://example.org/\u200bx",
        "HTTP%3A//example.org",
        "https%3A//example.org",
        "data:text/html,x",
        "vbscript:x",
        "ssh://-oProxyCommand=x/",
        "about:config",
        "\\\\server\\share",
        "https://" + "a" * 3000,
    ],
)
def test_everything_else_may_not(target: str) -> None:
    assert openable(target) is None
