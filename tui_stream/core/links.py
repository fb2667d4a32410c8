"""Which links may be opened. Their targets are foreign text: they choose neither a program nor its options."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote, urlsplit

from tui_stream.core.sanitize import clean

_MOST = 2000
_WEB = frozenset({"http", "https"})
_MAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~][\w.!#$%&'*+/=?^`{|}~-]*@[\w.-]+", re.ASCII)
_BLANK = "\u115f\u1160\u3164\uffa0\u2800"
"""Letters and signs of which nothing is seen."""

_SIGNS = "-._:"  # what a host may have beside letters, their marks and digits
_CROSSING = re.compile("[\u0334-\u0338\u20d2-\u20e4]")  # marks that cross a letter out, or ring it
_ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"})
_MAIL_FIELDS = frozenset({"to", "cc", "bcc", "subject", "body"})
"""What a link may fill in; some mail programs would attach a file that a link names."""


def openable(target: str) -> str | None:
    """The target as it may be handed to a browser; None unless it is plainly a web or mail address.

    The scheme must stand there as it is: nothing is decoded to find one, and nothing is added where it is missing.
    Decoded, there is no control character in it, and it is no longer than what a person can look through.
    """
    if len(target) > _MOST or target.startswith("-") or not all(map(_visible, target)) or _controls(unquote(target)):
        return None
    try:
        parts = urlsplit(target)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme in _WEB and host and _plain(host) and not set("@%\\").intersection(parts.netloc):
        return target
    if parts.scheme == "mailto" and _MAIL.fullmatch(unquote(parts.path)) and _fields(parts.query) <= _MAIL_FIELDS:
        return target
    return None


def _visible(character: str) -> bool:
    if character.isspace() or character in _BLANK or not character.isprintable():
        return False
    return clean(character) == character


def _plain(host: str) -> bool:
    """Whether a host is what it looks like: letters in their plain form, and in no part of it two alphabets alike."""
    folded = host.casefold()
    if host.startswith("-") or unicodedata.normalize("NFKC", folded) != unicodedata.normalize("NFC", folded):
        return False
    if _CROSSING.search(host) or not all(map(_in_names, host)):
        return False
    return all(len(_ALIKE.intersection(map(_script, part))) <= 1 for part in host.split("."))


def _in_names(character: str) -> bool:
    """Whether a character stands in names, and looks like none of the signs that end them."""
    if character.isascii():
        return character.isalnum() or character in _SIGNS
    small_capital = "SMALL CAPITAL" in unicodedata.name(character, "")
    return (unicodedata.category(character)[0] in "LM" and not small_capital) or character.isdecimal()


def _script(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0] if character.isalpha() else ""


def _controls(decoded: str) -> bool:
    return clean(decoded) != decoded or "\n" in decoded or "\t" in decoded


def _fields(query: str) -> set[str]:
    """The names of the fields that a mail link fills in, as a mail program reads them (RFC 6068)."""
    return {unquote(field.partition("=")[0]).lower() for field in query.split("&") if field}
