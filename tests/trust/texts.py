"""Markdown that was written to be hard: each a hundred kilobytes, or about, of one thing."""

from __future__ import annotations

from collections.abc import Mapping

_SIZE = 100_000


def _row(cells: int, text: str = " cell ") -> str:
    return f"|{f'{text}|' * cells}\n"


def _filled(piece: str, size: int = _SIZE) -> str:
    return piece * (size // len(piece))


HARD: Mapping[str, str] = {
    "backticks": _filled("`"),
    "runs of backticks": " ".join("`" * (number % 700 + 1) for number in range(400)),
    "open brackets": _filled("["),
    "brackets": _filled("[]"),
    "links": _filled("[a](b) "),
    "links in links": "[a" * 20_000 + "](b)" * 10_000,
    "links without an end": _filled("[a]("),
    "images": _filled("!["),
    "labels without an end": _filled("[a\n"),
    "labels that end late": "[" * 50_000 + "a" + "]" * 50_000,
    "asterisks": _filled("*"),
    "emphasis that opens": _filled("*a "),
    "emphasis that closes": _filled("a* "),
    "emphasis of both kinds": _filled("**a *b "),
    "underscores": _filled("_"),
    "words with underscores": _filled("_a_b"),
    "tildes": _filled("~~a "),
    "pipes": _filled("|"),
    "rows of pipes": _row(20_000, "a") + _row(20_000, "-") + _row(20_000, "b"),
    "quotes": _filled(">"),
    "quotes with spaces": _filled("> ") + "a",
    "quotes that grow and shrink": "".join(">" * (number % 60) + " a\n" for number in range(2500)),
    "a list in one line": _filled("- ", 40_000) + "a",
    "numbers in one line": _filled("1. ", 60_000) + "a",
    "a deep list": "".join("  " * depth + "- a\n" for depth in range(300)),
    "tasks": _filled("- [ ] a\n", 80_000),
    "a table of 400 by 20": _row(20) + _row(20, "---") + _row(20) * 400,
    "a table of 1,000 columns": _row(1000) + _row(1000, "---") + _row(1000) * 12,
    "3,000 paragraphs": "".join(
        f"Paragraph *{number}* has `code` and [a link](/{number}).\n\n" for number in range(3000)
    ),
    "headings": _filled("# a\n", 60_000),
    "rules": _filled("***\n", 60_000),
    "underlined headings": _filled("a\n---\n", 60_000),
    "an endless line": _filled("word "),
    "an endless word": _filled("x"),
    "angle brackets": _filled("<"),
    "tags": _filled("<a "),
    "open comments": _filled("<!--"),
    "open declarations": _filled("<![CDATA["),
    "ampersands": _filled("&"),
    "entities": _filled("&amp;"),
    "backslashes": _filled("\\"),
    "dollars": _filled("$a "),
    "fractions": "$$" + _filled("\\frac{", 60_000),
    "subscripts": "$" + _filled("a_{", 60_000) + "$",
    "addresses": _filled("http://a "),
    "at signs": _filled("a@"),
    "footnotes": _filled("[^a]"),
    "definitions": "".join(f"[r{number}]: /u{number}\n" for number in range(6000)),
    "references": "".join(f"[r{n}]: /u\n" for n in range(2000)) + "\n" + "".join(f"[r{n}] " for n in range(6000)),
    "code": "```python\n" + "x = (1 + 2) * 'a'\n" * 5000,
    "code in one line": "```python\n" + _filled("x=("),
    "open strings": "```python\n" + _filled('"""'),
    "fences": _filled("```\n"),
    "combining marks": "a" + _filled("\u0301", 50_000),
    "joiners": _filled("\U0001f469\u200d", 60_000),
    "wide characters": _filled("\u6f22", 60_000),
    "blank lines": _filled("\n"),
    "spaces": _filled(" ") + "a",
    "hashes": _filled("#"),
}
