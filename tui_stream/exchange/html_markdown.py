"""Markdown as HTML that is safe to open: nothing runs, nothing is fetched, and no text turns its surroundings around.

It exists apart from the document around it because each message is rendered by itself, so that nothing in one reaches
another: neither an open block nor the target of a link.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any, Final

from tui_stream.core.sanitize import clean
from tui_stream.exchange.links import allowed

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_MOST_NESTED: Final = 60
"""Blocks within blocks; markdown-it leaves out what is deeper."""
_MOST_MARKED_UP: Final = 1 << 20  # characters of a message that is read as Markdown
_MOST_COLOURED: Final = 1 << 16  # characters of a block of code that gets colours
_LONGEST_COLOURED: Final = 2000  # and of its longest line: lexers may take a long time over long lines
_OF_BLOCKS: Final = frozenset({"blockquote_open", "table_open", "bullet_list_open", "ordered_list_open"})
_TURNED: Final = _OF_BLOCKS | {"paragraph_open", "heading_open", "list_item_open", "th_open", "td_open"}
"""Blocks that find out for themselves whether they are written from the right."""
_LINK: Final = 'rel="noopener noreferrer nofollow"'


def render(text: str) -> str:
    """A message's Markdown as HTML; as plain text where it is too long or too deep to be read as Markdown."""
    cleaned = clean(text.replace("\r\n", "\n").replace("\r", "\n"))
    if len(cleaned) > _MOST_MARKED_UP:
        return plain(cleaned)
    try:
        html = _marked_up(cleaned)
    except RecursionError:
        return plain(cleaned)
    return html if html.strip() else plain(cleaned)


def _marked_up(text: str) -> str:
    """The HTML; nothing where the parser would leave something out, or nothing is left to see."""
    parser = _parser()
    environment: dict[str, Any] = {}
    tokens = parser.parse(text, environment)
    if any(token.level >= _MOST_NESTED - 1 for token in tokens):
        return ""
    return clean(str(parser.renderer.render(tokens, parser.options, environment)))


def plain(text: str) -> str:
    """Text as it is, its lines kept."""
    return f'<pre class="plain" dir="auto">{escape(clean(text))}</pre>\n'


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    """CommonMark with tables and struck out text, without HTML. It keeps nothing between calls."""
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML

    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": _MOST_NESTED}).enable(["table", "strikethrough"])
    parser.validateLink = _any_link  # type: ignore[method-assign]  # links are judged when they are written
    renderer = RendererHTML(parser)
    parser.renderer = renderer
    rules: dict[str, Any] = renderer.rules
    for name in _TURNED:
        rules[name] = _turned
    rules["link_open"] = _link_open
    rules["link_close"] = _link_close
    rules["image"] = _image
    rules["fence"] = _fence
    rules["code_block"] = _fence
    return parser


def _any_link(url: str) -> bool:  # noqa: ARG001 - the parser names it
    return True


def _turned(tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    token = tokens[index]
    if token.hidden:
        return ""
    style = str(token.attrGet("style") or "").removeprefix("text-align:")
    aligned = f' class="{style}"' if style in {"left", "right", "center"} else ""
    start = token.attrGet("start")
    first = f' start="{start}"' if isinstance(start, int) else ""
    end = "\n" if token.type in _OF_BLOCKS else ""
    return f'<{token.tag} dir="auto"{aligned}{first}>{end}'


def _target(token: Token) -> str:
    return clean(str(token.attrGet("href") or token.attrGet("src") or ""))


def _link_open(tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    token = tokens[index]
    target = _target(token)
    if not allowed(target):
        return '<span class="link">'
    shown = escape(target)
    return f'<a href="{shown}" title="{shown}" {_LINK}>'


def _link_close(tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    """The end of a link; where its target is not allowed, that follows as text."""
    while tokens[index].type != "link_open":
        index -= 1
    target = _target(tokens[index])
    return "</a>" if allowed(target) else f"</span>{_shown(target)}"


def _shown(target: str) -> str:
    return f' <bdi class="target">({escape(target)})</bdi>' if target else ""


def _image(tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    """A link to the picture, which is never fetched."""
    token = tokens[index]
    target = _target(token)
    label = f"Image: <bdi>{escape(_words(token))}</bdi>"
    if not allowed(target):
        return f'<span class="image">{label}</span>{_shown(target)}'
    shown = escape(target)
    return f'<a class="image" href="{shown}" title="{shown}" {_LINK}>{label}</a>'


def _words(token: Token) -> str:
    """What stands in a picture's label, without its markup."""
    found: list[str] = []
    waiting = list(reversed(token.children or ()))
    while waiting:
        each = waiting.pop()
        if each.type == "image":
            waiting.extend(reversed(each.children or ()))
        else:
            found.append(" " if each.type in {"softbreak", "hardbreak"} else each.content)
    return "".join(found) or "without a description"


def _fence(tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    token = tokens[index]
    language = clean(token.info).strip().split(maxsplit=1)[:1]
    label = f'<div class="language"><bdi>{escape(language[0][:60])}</bdi></div>' if language else ""
    return f'{label}<pre class="code" dir="ltr"><code>{_coloured(token.content, *language)}</code></pre>\n'


def _coloured(code: str, language: str = "") -> str:
    lexer = _lexer(language) if _may_be_coloured(code) else None
    if lexer is None:
        return escape(code)
    from pygments import highlight  # type: ignore[import-untyped]  # Pygments has no types
    from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]  # Pygments has no types

    return str(highlight(code, lexer, HtmlFormatter(nowrap=True)))


def _may_be_coloured(code: str) -> bool:
    return len(code) <= _MOST_COLOURED and max(map(len, code.split("\n"))) <= _LONGEST_COLOURED


def _lexer(language: str) -> Any:
    """The lexer of that name, None if there is none. It is never guessed."""
    if not language:
        return None
    from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]  # Pygments has no types
    from pygments.util import ClassNotFound  # type: ignore[import-untyped]  # Pygments has no types

    try:
        return get_lexer_by_name(language.lower(), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
