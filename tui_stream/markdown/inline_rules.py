"""Inline syntax that markdown-it-py does not bring: formulas, footnote references and bare addresses.

It exists because these must be recognized while the text is still arriving, and because addresses are
taken only where GFM takes them: a guess would make a link of every `main.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from markdown_it import MarkdownIt
from markdown_it.common.utils import unescapeAll
from markdown_it.rules_inline import StateInline

from tui_stream.markdown.cleaning import harmless

_MATH: Final = (
    re.compile(r"\$\$(.+?)\$\$", re.DOTALL),
    re.compile(r"\$(?![\s$])([^$\n]{0,199}?[^\s$\\])\$(?![\d$])"),
    re.compile(r"\\\((.+?)\\\)", re.DOTALL),
    re.compile(r"\\\[(.+?)\\\]", re.DOTALL),
)
_MATH_OPEN: Final = re.compile(r"\\[(\[](.*)", re.DOTALL)
_DOLLAR_OPEN: Final = re.compile(r"\$(?![\s$\d])((?=[^$\n]*(?:\\[A-Za-z]|\^))[^$\n]{1,199})$")
"""A formula that is not closed, but has marks that nothing else has."""
_TEX: Final = re.compile(r"[\\^_={}]")
_FOOTNOTE: Final = re.compile(r"\[\^([^\]\[\s^]{1,60})\]")
_WIDE_MARKS: Final = r"\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
_ADDRESS: Final = re.compile(
    rf"(?<![\w/])(?:(?P<web>https?://|www\.)[^\s<>\"`{_WIDE_MARKS}]+"
    r"|[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+)",
    re.IGNORECASE,
)
_SCHEME: Final = re.compile(r"https?$", re.IGNORECASE)
_LONGEST_SCHEME: Final = len("https")
_ENCODED: Final = re.compile(r"(?:%[89A-F][0-9A-F])+", re.IGNORECASE)
_TRAILING: Final = "?!.,:*_~'\";"


@lru_cache(maxsize=1)
def build_parser() -> MarkdownIt:
    """markdown-it-py's inline grammar with GFM strikethrough and the rules of this module.

    Any scheme is let through: what may be opened is the caller's decision. The parser keeps nothing
    between calls, so there is one for all.
    """
    md = MarkdownIt("commonmark", {"maxNesting": 40}).enable("strikethrough")
    md.validateLink = _any_scheme  # type: ignore[method-assign]  # the documented way to set the policy
    md.normalizeLinkText = _link_text  # type: ignore[method-assign]  # the usual one decodes control characters
    md.inline.ruler.before("escape", "math", _math)
    md.inline.ruler.before("link", "footnote_ref", _footnote)
    md.inline.ruler.before("footnote_ref", "unclosed", _unclosed)
    md.inline.ruler.after("text", "address", _address)
    return md


def _any_scheme(url: str) -> bool:  # noqa: ARG001 - a parameter of the name that is asked for
    return True


def _link_text(link: str) -> str:
    return readable(link)


def _math(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "$\\":
        return False
    for pattern in _MATH:
        match = pattern.match(state.src, state.pos, state.posMax)
        if match and not _is_variable(match):
            break
    else:
        match = _open_math(state) if state.env.get("open") else None
    if match is None:
        return False
    if not silent:
        state.push("math_inline", "", 0).content = match[1]
    state.pos = match.end()
    return True


def _open_math(state: StateInline) -> re.Match[str] | None:
    """A formula that is not closed yet."""
    pattern = _DOLLAR_OPEN if state.src[state.pos] == "$" else _MATH_OPEN
    return pattern.match(state.src, state.pos, state.posMax)


def _is_variable(match: re.Match[str]) -> bool:
    """Whether what looks like a formula is rather two variables of a shell, as in `$HOME/$USER`."""
    if not match[0].startswith("$") or len(match[1]) == 1 or _TEX.search(match[1]):
        return False
    after = match.string[match.end() : match.end() + 1]
    return after.isalpha() or after == "{"


def _unclosed(state: StateInline, silent: bool) -> bool:
    """A bracket that nothing after it closes: text, as the rules for links and images find at much greater length.

    Each of those looks through all that follows, and for every bracket anew.
    """
    pos = state.pos
    begins = state.src.startswith("[", pos) or state.src.startswith("![", pos)
    if not begins or state.src.find("]", pos, state.posMax) >= 0:
        return False
    if not silent:
        state.pending += state.src[pos]
    state.pos += 1
    return True


def _footnote(state: StateInline, silent: bool) -> bool:
    match = _FOOTNOTE.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        state.push("footnote_ref", "", 0).content = match[1]
    state.pos = match.end()
    return True


def _address(state: StateInline, silent: bool) -> bool:
    """A web address, taken whole before its underscores and stars are taken for emphasis."""
    pos = state.pos
    if silent or state.linkLevel or not state.src.startswith("://", pos):
        return False
    scheme = _SCHEME.search(state.src, max(0, pos - _LONGEST_SCHEME), pos)
    match = _ADDRESS.match(state.src, scheme.start(), state.posMax) if scheme else None
    if match is None or not state.pending.endswith(state.src[match.start() : pos]):
        return False
    found = _trim(match[0])
    if match.start() + len(found) <= pos + len("://"):
        return False
    state.pending = state.pending[: match.start() - pos]
    shown = harmless(unescapeAll(found)) if "&" in found or "\\" in found else found
    state.push("address", "", 0).content = shown
    state.pos = match.start() + len(found)
    return True


def addresses(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and link target of each bare web or mail address in `text`."""
    if "://" not in text and "@" not in text and "www." not in text:
        return
    for match in _ADDRESS.finditer(text):
        found = _trim(match[0])
        prefix = match["web"]
        if prefix is None:
            target = "mailto:" + found
        elif prefix.lower() == "www.":
            target = "http://" + found
        else:
            target = found
        if prefix is None or len(found) > len(prefix):
            yield match.start(), match.start() + len(found), target


def _trim(address: str) -> str:
    """Leave out punctuation that ends the sentence rather than the address."""
    while address:
        if address[-1] in _TRAILING or (address[-1] == ")" and address.count(")") > address.count("(")):
            address = address[:-1]
        else:
            break
    return address


def readable(target: str) -> str:
    """A link's target with encoded letters of other scripts as they are; what is ASCII stays encoded.

    So nothing that steers a terminal and no mark with a meaning in an address appears.
    """
    return _ENCODED.sub(_decoded, target) if "%" in target else target


def _decoded(match: re.Match[str]) -> str:
    try:
        text = bytes.fromhex(match[0].replace("%", "")).decode()
    except UnicodeDecodeError:
        return match[0]
    return "".join(char if char.isalnum() else quote(char) for char in text)
