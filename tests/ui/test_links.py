from __future__ import annotations

import pytest

from tui_stream.ui.links import openable


@pytest.mark.parametrize(
    "target", ["https://example.org/a?b=c#d", "http://localhost:8000", "mailto:a@example.org?subject=x"]
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
        "https://" + "a" * 3000,
    ],
)
def test_everything_else_may_not(target: str) -> None:
    assert openable(target) is None
