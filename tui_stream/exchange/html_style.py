"""How an exported page looks, on light and dark screens and on paper."""

from __future__ import annotations

from typing import Final

_LIGHT: Final = "friendly"
_DARK: Final = "github-dark"

_PAGE: Final = """\
:root { color-scheme: light dark; --text: #1f2328; --page: #ffffff; --faint: #59636e; --line: #d1d9e0;
  --block: #f6f8fa; --link: #0550ae; --you: #ddf4ff; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --page: #0d1117; --faint: #9198a1; --line: #3d444d; --block: #161b22; --link: #79c0ff;
    --you: #12263f; }
}
* { box-sizing: border-box; }
body { max-width: 50rem; margin: 0 auto; padding: 1rem; color: var(--text); background: var(--page);
  font: 1rem/1.6 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; }
article { border-top: 1px solid var(--line); padding: 0.5rem 0; }
article > header { display: flex; flex-wrap: wrap; gap: 0 1rem; align-items: baseline; color: var(--faint); }
article > header h2 { font-size: 1rem; margin: 0.25rem 0; color: var(--text); }
article.user > .text { background: var(--you); border-radius: 0.5rem; padding: 0.25rem 1rem; }
a { color: var(--link); }
.target, .note, .about, .language, time { color: var(--faint); font-size: 0.875rem; }
.link, .image { text-decoration: underline dotted; }
.language { margin-bottom: -0.5rem; }
details { border-inline-start: 3px solid var(--line); padding-inline-start: 1rem; color: var(--faint); }
blockquote { margin-inline: 0; border-inline-start: 3px solid var(--line); padding-inline-start: 1rem; }
code, pre { font: 0.875rem/1.5 ui-monospace, monospace; }
code { background: var(--block); border-radius: 0.25rem; padding: 0.1rem 0.3rem; }
pre { background: var(--block); border-radius: 0.5rem; padding: 0.75rem 1rem; overflow-x: auto; overflow-wrap: normal; }
pre code { background: none; padding: 0; }
pre.plain { white-space: pre-wrap; overflow-wrap: anywhere; }
.text { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { border: 1px solid var(--line); padding: 0.25rem 0.75rem; text-align: start; }
.left { text-align: left; } .right { text-align: right; } .center { text-align: center; }
@media print { body { max-width: none; } pre { white-space: pre-wrap; } article { break-inside: avoid-page; } }
"""


def style_sheet() -> str:
    """All rules of a page, those of code by Pygments's classes included."""
    from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]  # Pygments has no types

    light = HtmlFormatter(style=_LIGHT).get_style_defs("pre.code")
    dark = HtmlFormatter(style=_DARK).get_style_defs("pre.code")
    return f"{_PAGE}{_rules(light)}@media (prefers-color-scheme: dark) {{\n{_rules(dark)}}}\n"


def _rules(definitions: str) -> str:
    """Only those of tokens: the page has its own background, and no numbers of lines."""
    return "".join(f"{line}\n" for line in definitions.splitlines() if line.startswith("pre.code ."))
