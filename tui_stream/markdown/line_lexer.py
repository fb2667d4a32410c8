"""Pygments lexers run line by line.

It exists because Pygments lexes whole texts. The state of a `RegexLexer` is carried from line to line
here: its stack of rule sets, or the comment that it is in where one rule matches a comment across lines.
Other lexers start afresh at each line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, Protocol

from tui_stream.markdown.pygments_bridge import (
    fallback_tokens,
    find_lexer,
    is_resumable,
    is_token,
    renames_tokens,
)

Token = tuple[Any, str]
"""A Pygments token type and the text it covers."""

_PAIRS: Final = (
    ("/**", "*/"),
    ("/*", "*/"),
    ("<!--", "-->"),
    ("(*", "*)"),
    ("{-", "-}"),
    ('"""', '"""'),
    ("'''", "'''"),
    ("`", "`"),
    ("--[[", "]]"),
    ("<#", "#>"),
    ("#=", "=#"),
    ('r#"', '"#'),
)
"""Comments and texts that some lexers match across lines as one piece; the longer opener comes first."""
_OWN_PAIRS: Final = {"Bash": (("'", "'"), ("<<", "<<"))}
"""More pairs by the name of the lexer; in other languages a lone apostrophe is too common."""
_CONTEXT: Final = {"PHP": "<?php "}
"""What has to stand before a word for a lexer to know it, by the name of the lexer."""
_HEREDOC: Final = re.compile(r"<<-?\s*['\"]?\\?(\w+)")
_EMBEDDED: Final = {"script-content": ("</script", "javascript"), "style-content": ("</style", "css")}
"""Rule sets of HTML lexers for text in another language: what ends it and the language."""


class LineLexer(Protocol):
    """Finds the tokens of one line after another."""

    def lex(self, line: str, *, keep: bool) -> list[Token]:
        """The tokens of the next line, given without its newline; only with `keep` is it passed."""


def line_lexer(lexer: Any) -> LineLexer:
    """The way to run a Pygments lexer line by line."""
    return StackLexer(lexer) if is_resumable(lexer) else FreshLexer(lexer)


class FreshLexer:
    """Lexes each line by itself."""

    def __init__(self, lexer: Any) -> None:
        self._lexer = lexer

    def lex(self, line: str, *, keep: bool) -> list[Token]:  # noqa: ARG002 - there is nothing to keep
        """The tokens of a line."""
        return [(token, value) for _, token, value in self._lexer.get_tokens_unprocessed(line + "\n")]


class StackLexer:
    """Lexes line after line with the rules of a `RegexLexer`."""

    def __init__(self, lexer: Any) -> None:
        self._lexer = lexer
        self._rules = lexer._tokens  # noqa: SLF001 - the compiled rules have no public name
        self._pairs = (*_PAIRS, *_OWN_PAIRS.get(lexer.name, ()))
        self._renames = renames_tokens(lexer)
        self._whitespace, self._error, self._heredoc, self._renamed = fallback_tokens()
        self._stack = ["root"]
        self._until: tuple[str, Any] | None = None
        """The end and token of the comment or text that the line begins in."""
        self._openers: dict[tuple[str, bool], tuple[tuple[str, str, Any], ...]] = {}
        self._words: dict[str, Any] = {}
        self._inner: dict[str, LineLexer] = {}
        """Lexers of other languages within this one, by the rule set they stand in for."""

    def lex(self, line: str, *, keep: bool) -> list[Token]:
        """The tokens of a line; the state moves on if `keep`."""
        stack, until = list(self._stack), self._until
        tokens = self._run(line + "\n")
        if not keep:
            self._stack, self._until = stack, until
        return [(self._rename(token, value), value) for token, value in tokens] if self._renames else tokens

    def _run(self, text: str) -> list[Token]:
        tokens: list[Token] = []
        pos = self._leave(text, tokens)
        risky = any(opener in text for opener, _ in self._pairs)
        while pos < len(text):
            if self._stack[-1] in _EMBEDDED and self._embedded(text, pos, tokens):
                break
            if risky and self._enter(text, pos, tokens):
                break
            pos = self._step(text, pos, tokens)
        return tokens

    def _embedded(self, text: str, pos: int, tokens: list[Token]) -> bool:
        """Whether the rest of the line is in another language; it is taken then."""
        state = self._stack[-1]
        end, language = _EMBEDDED[state]
        if end in text[pos:].lower():
            self._inner.pop(state, None)
            return False
        if state not in self._inner:
            self._inner[state] = line_lexer(find_lexer(language))
        tokens.extend(self._inner[state].lex(text[pos:-1], keep=True))
        return True

    def _leave(self, text: str, tokens: list[Token]) -> int:
        """Pass the rest of the comment or text that the line begins in."""
        if self._until is None:
            return 0
        closer, token = self._until
        end = text.find(closer)
        if end >= 0:
            self._until = None
        pos = len(text) if end < 0 else end + len(closer)
        tokens.append((token, text[:pos]))
        return pos

    def _enter(self, text: str, pos: int, tokens: list[Token]) -> bool:
        """Whether a comment or text begins here that does not end on this line; it is taken then."""
        document = _HEREDOC.match(text, pos) if self._lexer.name == "Bash" else None
        if document is not None:
            self._until = (document[1], self._heredoc)
            tokens.append((self._heredoc, text[pos:]))
            return True
        at_start = not pos
        begin = len(text) - len(text.lstrip()) if at_start else pos
        key = (self._stack[-1], at_start)
        openers = self._openers.get(key)
        if openers is None:
            openers = self._openers[key] = tuple(self._spanning(*key))
        for opener, closer, token in openers:
            if not text.startswith(opener, begin) or text.find(closer, begin + len(opener)) >= 0:
                continue
            self._until = (closer, token)
            if begin > pos:
                tokens.append((self._whitespace, text[pos:begin]))
            tokens.append((token, text[begin:]))
            return True
        return False

    def _spanning(self, state: str, at_start: bool) -> Iterator[tuple[str, str, Any]]:
        """The pairs that this rule set matches across lines as one piece."""
        pos = 0 if at_start else 1
        for opener, closer in self._pairs:
            sample = f"{'' if at_start else ' '}{opener} x\n {closer}"
            for rexmatch, action, new_state in self._rules[state]:
                match = rexmatch(sample + " z\n", pos)
                if match is None or match.end() == pos:
                    continue
                if match.end() == len(sample) and new_state is None and action is not None:
                    yield opener, closer, self._last_token(action, match)
                break

    def _last_token(self, action: Any, match: Any) -> Any:
        if is_token(action):
            return action
        return [token for _, token, _ in action(self._lexer, match)][-1]

    def _step(self, text: str, pos: int, tokens: list[Token]) -> int:
        """Apply one rule; the position after it."""
        for rexmatch, action, new_state in self._rules[self._stack[-1]]:
            match = rexmatch(text, pos)
            if match is None:
                continue
            if is_token(action):
                tokens.append((action, match.group()))
            elif action is not None:
                tokens.extend((token, value) for _, token, value in action(self._lexer, match))
            if new_state is not None:
                self._move(new_state)
            return int(match.end())
        if text[pos] == "\n":
            self._stack = ["root"]
            tokens.append((self._whitespace, "\n"))
        else:
            tokens.append((self._error, text[pos]))
        return pos + 1

    def _move(self, new_state: Any) -> None:
        stack = self._stack
        if isinstance(new_state, int):
            del stack[max(1, len(stack) - abs(new_state)) :]
            return
        for state in (new_state,) if isinstance(new_state, str) else new_state:
            if state == "#push":
                stack.append(stack[-1])
            elif state != "#pop":
                stack.append(state)
            elif len(stack) > 1:
                stack.pop()

    def _rename(self, token: Any, value: str) -> Any:
        """The token that the lexer's own pass over its tokens would give a name."""
        if token not in self._renamed:
            return token
        if value not in self._words:
            sample = _CONTEXT.get(self._lexer.name, "") + value
            found = [kind for _, kind, text in self._lexer.get_tokens_unprocessed(sample) if text == value]
            self._words[value] = found[0] if found else token
        return self._words[value]
