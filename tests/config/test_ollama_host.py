from __future__ import annotations

import pytest

from tui_stream.config.ollama_host import ollama_url


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("10.1.2.3", "http://10.1.2.3:11434"),
        ("10.1.2.3:99", "http://10.1.2.3:99"),
        (":99", "http://127.0.0.1:99"),
        ("box", "http://box:11434"),
        ("box:99", "http://box:99"),
        ("box:", "http://box:11434"),
        (":0", "http://127.0.0.1:11434"),
        (":66000", "http://127.0.0.1:11434"),
        (":-1", "http://127.0.0.1:11434"),
        ("box:" + "9" * 5000, "http://box:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:99", "http://127.0.0.1:99"),
        ("http://0.0.0.0:99", "http://127.0.0.1:99"),
        ("[::1]", "http://[::1]:11434"),
        ("::1", "http://[::1]:11434"),
        ("[::1]:99", "http://[::1]:99"),
        ("[::]", "http://[::1]:11434"),
        ("[::]:99", "http://[::1]:99"),
        (" box ", "http://box:11434"),
        ("'box'", "http://box:11434"),
        (' " box " ', "http://box:11434"),
        ("http://box", "http://box:80"),
        ("http://box/", "http://box:80"),
        ("https://box", "https://box:443"),
        ("HTTPS://box:99", "https://box:99"),
        ("https://box/under/it/", "https://box:443/under/it"),
        ("https://me:word@box:99/x", "https://me:word@box:99/x"),
        ("ollama.com", "https://ollama.com:443"),
    ],
)
def test_the_variable_means_what_it_means_to_ollama(host: str, url: str) -> None:
    assert ollama_url(host) == url
