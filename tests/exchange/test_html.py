"""Conversations as HTML: read by a parser, there is nothing in them that runs, loads or leads astray."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.exchange.conversations import FOREIGN, HARMFUL, NOW, branching, controls, conversations, straight
from tui_stream.core.models import Conversation, Message, Role
from tui_stream.exchange import Format, Options, write
from tui_stream.exchange.html_markdown import render
from tui_stream.exchange.links import allowed

TAGS = frozenset(
    {"html", "head", "meta", "title", "style", "body", "section", "h1", "h2", "h3", "h4", "h5", "h6", "p", "bdi"}
    | {"time", "article", "header", "details", "summary", "div", "pre", "code", "span", "a", "ul", "ol", "li"}
    | {"blockquote", "table", "thead", "tbody", "tr", "th", "td", "em", "strong", "s", "hr", "br"}
)
REL = 'rel="noopener noreferrer nofollow"'
VOID = frozenset({"meta", "br", "hr"})
CLASS = re.compile(r"(user|assistant|system|text|note|about|target|link|image|language|code|plain|left|right|center)")
TOKEN = re.compile(r"[a-z0-9]{1,4}( [a-z0-9]{1,4})*")
ATTRIBUTES = {
    "dir": re.compile(r"auto|ltr"),
    "class": re.compile(rf"{CLASS.pattern}|{TOKEN.pattern}"),
    "start": re.compile(r"\d{1,9}"),
    "datetime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    "rel": re.compile("noopener noreferrer nofollow"),
}
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


class Reader(HTMLParser):
    """Fails at whatever is not on the lists above."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.targets: list[str] = []
        self.metas: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        if tag not in VOID:
            self.open.append(tag)
        if tag == "meta":
            self.metas.append(dict(attrs))
            return
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names)
        for name, value in attrs:
            self.check(tag, name, value or "")

    def check(self, tag: str, name: str, value: str) -> None:
        if tag == "html" and name == "lang":
            assert value == "und"
        elif name == "href":
            assert tag == "a"
            assert urlsplit(value).scheme in {"http", "https", "mailto"}
            self.targets.append(value)
        elif name == "title":
            assert value == self.targets[-1]
        else:
            assert ATTRIBUTES[name].fullmatch(value), (tag, name, value)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"br", "hr"}
        assert not attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    def handle_comment(self, data: str) -> None:
        pytest.fail(f"a comment: {data}")

    def handle_pi(self, data: str) -> None:
        pytest.fail(f"an instruction: {data}")

    def unknown_decl(self, data: str) -> None:
        pytest.fail(f"a declaration: {data}")


def written(*given_: Conversation, options: Options | None = None) -> str:
    file = io.StringIO()
    assert write(given_, file, Format.HTML, now=NOW, options=options) == len(given_)
    return file.getvalue()


def examined(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


def everywhere(text: str) -> Conversation:
    """The text wherever a stranger's text can stand."""
    return straight(
        Message(Role.USER, text, model=text),
        Message(Role.SYSTEM, text),
        Message(Role.ASSISTANT, text, text, model=text, error=text, notes=[text], provider=text),
        title=text,
    )


def page(html: str) -> Reader:
    reader = examined(html)
    assert [meta["content"] for meta in reader.metas if meta.get("http-equiv") == "Content-Security-Policy"] == [POLICY]
    assert not [each for each in controls(html) if each != "\t"]
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style
    assert not re.search(r"url\(|@import|expression|<", style[1])
    return reader


@pytest.mark.parametrize("text", HARMFUL)
@pytest.mark.parametrize(
    "around", ["{}", "- {}", "> {}", "```{}\n{}\n```", "| a |\n|---|\n| {} |", "# {}", "**{}**", "    {}"]
)
def test_what_means_harm_does_none(text: str, around: str) -> None:
    page(written(everywhere(around.replace("{}", text)), options=Options(figures=True)))


@given(st.lists(conversations(), max_size=2))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_nothing_runs_whatever_stands_in_a_conversation(given_: list[Conversation]) -> None:
    page(written(*given_, options=Options(figures=True)))


@given(st.lists(st.sampled_from(HARMFUL) | FOREIGN, max_size=8).map("".join))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=300)
def test_no_text_makes_unsafe_html(text: str) -> None:
    html = render(text)
    examined(html)
    assert not [each for each in controls(html) if each != "\t"]


def test_a_page_has_everything_in_it() -> None:
    prompt = Message(Role.USER, "Why <b>?", created_at=NOW)
    first = Message(Role.ASSISTANT, "So.", parent_id=prompt.id)
    second = Message(Role.ASSISTANT, "```python\nx = 1\n```", "Hm.", parent_id=prompt.id, model="m", created_at=NOW)
    html = written(branching(prompt, first, second, title="A & B"))
    assert "<title>A &amp; B</title>" in html
    assert '<h2><bdi>m</bdi></h2><time datetime="2026-02-03T09:05:06Z">2026-02-03 09:05 UTC</time>' in html
    assert "<details><summary>Thinking</summary>" in html
    assert '<span class="n">x</span> <span class="o">=</span> <span class="mi">1</span>' in html
    assert "Version 2 of 2" in html
    assert "prefers-color-scheme: dark" in html
    assert "So." not in html
    assert "Hm." not in written(branching(prompt, first, second), options=Options(reasoning=False))


def test_no_conversations_are_a_page_too() -> None:
    assert "No conversations" in "".join(page(written()).words)


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        (
            "[a](https://e.org/?q=1&b)",
            f'<a href="https://e.org/?q=1&amp;b" title="https://e.org/?q=1&amp;b" {REL}>a</a>',
        ),
        ("[a](javascript:x)", '<span class="link">a</span> <bdi class="target">(javascript:x)</bdi>'),
        (
            "![a *b*](https://e.org/p.png)",
            f'<a class="image" href="https://e.org/p.png" title="https://e.org/p.png" {REL}>Image: <bdi>a b</bdi></a>',
        ),
        ("![](data:image/png;base64,x)", '<span class="image">Image: <bdi>without a description</bdi></span>'),
        ("|a|\n|-:|\n|1|", '<td dir="auto" class="right">1</td>'),
        ("3. x", '<ol dir="auto" start="3">'),
        ("~~x~~", "<s>x</s>"),
        ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
        ("שלום", '<p dir="auto">שלום</p>'),
        (
            "```nonsense\n<x>\n```",
            '<div class="language"><bdi>nonsense</bdi></div><pre class="code" dir="ltr"><code>&lt;x&gt;',
        ),
        ("a&#x202e;b", '<p dir="auto">ab</p>'),
    ],
)
def test_markdown_as_html(markdown: str, html: str) -> None:
    assert html in render(markdown)


@pytest.mark.parametrize(
    "text", ["> " * 300 + "deep", "[a]: hidden", "- " * 20 + "x\n" + "  " * 70 + "- y", "x" * (1 << 21)]
)
def test_what_markdown_would_leave_out_stands_there_as_it_is(text: str) -> None:
    words = "".join(examined(render(text)).words)
    for word in re.findall(r"\w+", text):
        assert word in words


def test_code_that_would_take_long_is_left_without_colours() -> None:
    assert "<span" not in render(f"```python\n{'x = 1' * 1000}\n```")
    assert "<span" not in render("```python\n" + "x = 1\n" * 20_000 + "```")


def test_one_message_defines_no_links_of_another() -> None:
    html = written(straight(Message(Role.USER, "[a]: https://e.org\n\nx"), Message(Role.ASSISTANT, "[a]")))
    assert page(html).targets == []


@given(FOREIGN)
def test_a_target_that_is_allowed_is_plain(target: str) -> None:
    for scheme in ("", "https://", "mailto:", "javascript:"):
        if allowed(scheme + target):
            parts = urlsplit(scheme + target)
            assert parts.scheme in {"http", "https", "mailto"}
            assert (scheme + target).isascii()
            assert "\n" not in unquote(target)


@pytest.mark.parametrize(
    ("target", "yes"),
    [
        ("https://e.org", True),
        ("HTTP://e.org/a%20b", True),
        ("http://[::1]:80/", True),
        ("mailto:a@b.c?subject=x", True),
        ("mailto:", False),
        ("mailto:-x", False),
        ("https:", False),
        ("https:///x", False),
        ("https:e.org", False),
        ("https://[", False),
        ("https://good.org@e.org", False),
        ("https://e.org/%0d%0ax", False),
        ("https://e.org/%1b", False),
        ('https://e.org/"', False),
        ("https://\u0435.org", False),
        ("//e.org", False),
        ("e.org", False),
        ("#x", False),
        ("javascript:alert(1)", False),
        ("%6aavascript:alert(1)", False),
        ("data:text/html,x", False),
        ("file:///etc/passwd", False),
        ("https://e.org/" + "x" * 2000, False),
    ],
)
def test_which_targets_are_allowed(target: str, yes: bool) -> None:
    assert allowed(target) is yes
