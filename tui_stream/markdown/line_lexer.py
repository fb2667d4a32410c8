"""Pygments lexers run line by line.

It exists because Pygments lexes whole texts. The state of a lexer is carried from line to line here: its
stack of rule sets, its context if it has one, or the comment that it is in where one rule matches a
comment across lines. Lexers that are not made of rules start afresh at each line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from functools import lru_cache
from typing import Any, Final, Protocol

from tui_stream.markdown.pygments_bridge import (
    fallback_tokens,
    find_lexer,
    is_resumable,
    is_token,
    new_context,
    renames_tokens,
)

Token = tuple[Any, str]
"""A Pygments token type and the text it covers."""
Pair = tuple[str, str, Any]
"""What begins and ends a piece that spans lines, and its token."""

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
_MOST_WORDS: Final = 5000
_MOST_STILL: Final = 100
"""Changes of state without a step forward; a lexer that makes more of them would never end."""
_HEREDOC: Final = re.compile(r"<<-?\s*['\"]?\\?(\w+)")
_EMBEDDED: Final = {"script-content": ("</script", "javascript"), "style-content": ("</style", "css")}
"""Rule sets of HTML lexers for text in another language: what ends it and the language."""


class LineLexer(Protocol):
    """Finds the tokens of one line after another."""

    def lex(self, line: str, *, keep: bool) -> list[Token]:
        """The tokens of the next line, given without its newline; only with `keep` is it passed."""


def line_lexer(lexer: Any) -> LineLexer:
    """The way to run a Pygments lexer line by line."""
    if is_resumable(lexer):
        return StackLexer(lexer)
    context = new_context(lexer)
    return FreshLexer(lexer) if context is None else ContextLexer(lexer, context)


class FreshLexer:
    """Lexes each line by itself."""

    def __init__(self, lexer: Any) -> None:
        self._lexer = lexer

    def lex(self, line: str, *, keep: bool) -> list[Token]:  # noqa: ARG002 - there is nothing to keep
        """The tokens of a line."""
        return [(token, value) for _, token, value in self._lexer.get_tokens_unprocessed(line + "\n")]


class Grammar:
    """What is known of one `RegexLexer`: its rules and what was found out about them."""

    def __init__(self, lexer: Any) -> None:
        self.lexer = lexer
        # the compiled rules have no public name
        self.rules = {name: [_rule(*rule) for rule in rules] for name, rules in lexer._tokens.items()}  # noqa: SLF001
        """For each state its rules: the match function, a token or None, a function or None, the new
        state."""
        self.pairs = (*_PAIRS, *_OWN_PAIRS.get(lexer.name, ()))
        self.renames = renames_tokens(lexer)
        self.whitespace, self.error, self.string, self._renamed = fallback_tokens()
        self._openers: dict[tuple[str, bool], tuple[Pair, ...]] = {}
        self._words: dict[str, Any] = {}

    def openers(self, state: str, *, at_start: bool) -> tuple[Pair, ...]:
        """The pairs that a rule set matches across lines as one piece, at the start of a line or not."""
        key = (state, at_start)
        if key not in self._openers:
            self._openers[key] = tuple(self._spanning(state, 0 if at_start else 1))
        return self._openers[key]

    def _spanning(self, state: str, pos: int) -> Iterator[Pair]:
        for opener, closer in self.pairs:
            sample = f"{' ' * pos}{opener} x\n {closer}"
            for rexmatch, token, action, new_state in self.rules[state]:
                match = rexmatch(sample + " z\n", pos)
                if match is None or match.end() == pos:
                    continue
                if match.end() == len(sample) and new_state is None and (token or action):
                    last = token or [kind for _, kind, _ in action(self.lexer, match)][-1]
                    yield opener, closer, last
                break

    def rename(self, token: Any, value: str) -> Any:
        """The token that the lexer's own pass over its tokens would give a name."""
        if token not in self._renamed:
            return token
        found = self._words.get(value)
        if found is None:
            sample = _CONTEXT.get(self.lexer.name, "") + value
            kinds = [kind for _, kind, text in self.lexer.get_tokens_unprocessed(sample) if text == value]
            found = kinds[0] if kinds else token
            if len(self._words) < _MOST_WORDS:
                self._words[value] = found
        return found


def _rule(rexmatch: Any, action: Any, new_state: Any) -> tuple[Any, Any, Any, Any]:
    """A rule with the two kinds of action told apart."""
    return (rexmatch, action, None, new_state) if is_token(action) else (rexmatch, None, action, new_state)


@lru_cache(maxsize=64)
def grammar_of(lexer: Any) -> Grammar:
    """The grammar of a lexer, worked out once."""
    return Grammar(lexer)


class StackLexer:
    """Lexes line after line with the rules of a `RegexLexer`."""

    def __init__(self, lexer: Any) -> None:
        self._grammar = grammar_of(lexer)
        self._stack = ["root"]
        self._until: tuple[str, Any] | None = None
        """The end and token of the comment or text that the line begins in."""
        self._inner: dict[str, LineLexer] = {}
        """Lexers of other languages within this one, by the rule set they stand in for."""

    def lex(self, line: str, *, keep: bool) -> list[Token]:
        """The tokens of a line; the state moves on if `keep`."""
        stack, until = list(self._stack), self._until
        tokens = self._run(line + "\n", keep=keep)
        if not keep:
            self._stack, self._until = stack, until
        if self._grammar.renames:
            return [(self._grammar.rename(token, value), value) for token, value in tokens]
        return tokens

    def _run(self, text: str, *, keep: bool) -> list[Token]:
        tokens: list[Token] = []
        pos = self._leave(text, tokens)
        risky = any(opener in text for opener, _ in self._grammar.pairs)
        still = 0
        while pos < len(text) and still < _MOST_STILL:
            before = pos
            if self._stack[-1] in _EMBEDDED and self._embedded(text, pos, tokens, keep=keep):
                break
            if risky and self._enter(text, pos, tokens):
                break
            pos = self._step(text, pos, tokens)
            still = still + 1 if pos == before else 0
        if still:
            self._stack = ["root"]
            tokens.append((self._grammar.error, text[pos:]))
        return tokens

    def _embedded(self, text: str, pos: int, tokens: list[Token], *, keep: bool) -> bool:
        """Whether the rest of the line is in another language; it is taken then."""
        state = self._stack[-1]
        end, language = _EMBEDDED[state]
        if end in text[pos:].lower():
            self._inner.pop(state, None)
            return False
        if state not in self._inner:
            self._inner[state] = line_lexer(find_lexer(language))
        tokens.extend(self._inner[state].lex(text[pos:-1], keep=keep))
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
        grammar = self._grammar
        document = _HEREDOC.match(text, pos) if grammar.lexer.name == "Bash" else None
        if document is not None:
            self._until = (document[1], grammar.string)
            tokens.append((grammar.string, text[pos:]))
            return True
        begin = pos or len(text) - len(text.lstrip())
        for opener, closer, token in grammar.openers(self._stack[-1], at_start=not pos):
            if not text.startswith(opener, begin) or text.find(closer, begin + len(opener)) >= 0:
                continue
            self._until = (closer, token)
            if begin > pos:
                tokens.append((grammar.whitespace, text[pos:begin]))
            tokens.append((token, text[begin:]))
            return True
        return False

    def _step(self, text: str, pos: int, tokens: list[Token]) -> int:
        """Apply one rule; the position after it."""
        for rexmatch, token, action, new_state in self._grammar.rules[self._stack[-1]]:
            match = rexmatch(text, pos)
            if match is None:
                continue
            if token is not None:
                tokens.append((token, match.group()))
            elif action is not None:
                tokens.extend((kind, value) for _, kind, value in action(self._grammar.lexer, match))
            if new_state is not None:
                _move(self._stack, new_state)
            return int(match.end())
        if text[pos] == "\n":
            self._stack = ["root"]
            tokens.append((self._grammar.whitespace, "\n"))
        else:
            tokens.append((self._grammar.error, text[pos]))
        return pos + 1


class ContextLexer:
    """Lexes line after line with an `ExtendedRegexLexer`, whose rules keep their state in a context."""

    def __init__(self, lexer: Any, context: Any) -> None:
        self._grammar = grammar_of(lexer)
        self._context = context

    def lex(self, line: str, *, keep: bool) -> list[Token]:
        """The tokens of a line; the state moves on if `keep`."""
        context = self._context if keep else deepcopy(self._context)
        context.text, context.pos, context.end = line + "\n", 0, len(line) + 1
        tokens: list[Token] = []
        still = 0
        while context.pos < context.end and still < _MOST_STILL:
            before = context.pos
            self._step(context, tokens)
            still = still + 1 if context.pos == before else 0
        if still:
            context.stack = ["root"]
            tokens.append((self._grammar.error, context.text[context.pos :]))
        return tokens

    def _step(self, context: Any, tokens: list[Token]) -> None:
        """Apply one rule."""
        text, pos = context.text, context.pos
        for rexmatch, token, action, new_state in self._grammar.rules[context.stack[-1]]:
            match = rexmatch(text, pos, context.end)
            if match is None:
                continue
            if token is not None:
                tokens.append((token, match.group()))
                context.pos = match.end()
            elif action is not None:  # such a function moves the context itself
                tokens.extend((kind, value) for _, kind, value in action(self._grammar.lexer, match, context))
            if new_state is not None:
                _move(context.stack, new_state)
            return
        if text[pos] == "\n":
            context.stack = ["root"]
        tokens.append((self._grammar.whitespace if text[pos] == "\n" else self._grammar.error, text[pos]))
        context.pos = pos + 1


def _move(stack: list[str], new_state: Any) -> None:
    """Do to a stack of states what a rule says."""
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
