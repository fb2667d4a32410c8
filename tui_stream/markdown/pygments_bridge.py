"""The few things taken from Pygments, imported when the first block of code needs them.

It exists because Pygments costs tens of milliseconds to import and brings no types: both end here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

PLAIN: Final = frozenset({"", "text", "plain", "plaintext", "txt", "none", "output"})
"""Names of languages that are shown without colours."""


_MOST_LEXERS: Final = 64
"""Names that a text may make up are not kept without end."""

_lexers: Final[dict[str, Any]] = {}
"""The lexers that were asked for, as a cache does keep them, but one that can be looked into."""


def find_lexer(language: str) -> Any:
    """The Pygments lexer of that name, None if there is none. It is never guessed."""
    if language not in _lexers and len(_lexers) < _MOST_LEXERS:
        _lexers[language] = _make_lexer(language)
    return _lexers[language] if language in _lexers else _make_lexer(language)


def _make_lexer(language: str) -> Any:
    if language in PLAIN:
        return None
    from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]  # Pygments has no types
    from pygments.util import ClassNotFound  # type: ignore[import-untyped]  # Pygments has no types

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def lexers_ready(languages: Iterable[str]) -> bool:
    """Whether `load_lexers` has nothing to do for them."""
    return all(language.lower() in _lexers for language in languages)


def load_lexers(languages: Iterable[str]) -> None:
    """Make ready to colour these languages, which takes up to 40 ms each the first time; any thread may do it."""
    for language in languages:
        find_lexer(language.lower())


def find_style(name: str) -> Any:
    """The Pygments style of that name, None if there is none."""
    from pygments.styles import get_style_by_name  # type: ignore[import-untyped]  # Pygments has no types
    from pygments.util import ClassNotFound

    try:
        return get_style_by_name(name)
    except ClassNotFound:
        return None


def new_context(lexer: Any) -> Any:
    """What an `ExtendedRegexLexer` keeps its state in, None for other lexers."""
    from pygments.lexer import ExtendedRegexLexer, LexerContext  # type: ignore[import-untyped]  # no types

    if not isinstance(lexer, ExtendedRegexLexer):
        return None
    if lexer.name != "YAML":
        return LexerContext("", 0)
    from pygments.lexers.data import YamlLexerContext  # type: ignore[import-untyped]  # Pygments has no types

    return YamlLexerContext("", 0)


def is_resumable(lexer: Any) -> bool:
    """Whether the lexer's state is a stack of rule sets and nothing else."""
    from pygments.lexer import ExtendedRegexLexer, RegexLexer

    return isinstance(lexer, RegexLexer) and not isinstance(lexer, ExtendedRegexLexer)


def renames_tokens(lexer: Any) -> bool:
    """Whether a resumable lexer passes over its tokens once more, to give some names another token."""
    from pygments.lexer import RegexLexer

    return type(lexer).get_tokens_unprocessed is not RegexLexer.get_tokens_unprocessed


def is_token(action: Any) -> bool:
    """Whether a rule's action is a token type, not a function that makes tokens."""
    from pygments.token import _TokenType  # type: ignore[import-untyped]  # Pygments has no types

    return type(action) is _TokenType


def fallback_tokens() -> tuple[Any, Any, Any, frozenset[Any]]:
    """The tokens of white space, errors and strings, and those of names that may be renamed."""
    from pygments.token import Error, Name, String, Whitespace

    return Whitespace, Error, String, frozenset({Name, Name.Other})
