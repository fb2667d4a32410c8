"""How each construct looks.

It exists so that a user interface can map its own theme onto the renderer's; the presets cover dark,
light, 16 colours, high contrast and colours that are told apart without seeing red and green.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from rich.style import Style


def _style(definition: str) -> Style:
    return Style.parse(definition)


@dataclass(frozen=True, slots=True)
class MarkdownTheme:
    """Styles of a rendered text. Each is added to what surrounds it."""

    text: Style = field(default_factory=Style)
    """All text; leave it empty to inherit."""
    strong: Style = field(default_factory=lambda: _style("bold"))
    emphasis: Style = field(default_factory=lambda: _style("italic"))
    strike: Style = field(default_factory=lambda: _style("strike"))
    code: Style = field(default_factory=lambda: _style("#e6b673 on #262b36"))
    """Code within a line."""
    link: Style = field(default_factory=lambda: _style("underline #6cb6ff"))
    link_target: Style = field(default_factory=lambda: _style("#8b949e"))
    """The address shown after a link's label."""
    image: Style = field(default_factory=lambda: _style("#8ddb8c"))
    math: Style = field(default_factory=lambda: _style("italic #d2a8ff"))
    html: Style = field(default_factory=lambda: _style("#8b949e"))
    footnote: Style = field(default_factory=lambda: _style("#6cb6ff"))
    headings: tuple[Style, Style, Style, Style, Style, Style] = field(
        default_factory=lambda: (
            _style("bold underline #79c0ff"),
            _style("bold #79c0ff"),
            _style("bold #a5d6ff"),
            _style("bold"),
            _style("bold italic"),
            _style("italic"),
        )
    )
    quote: Style = field(default_factory=lambda: _style("#a9b3be"))
    """Text in a quote."""
    quote_bar: Style = field(default_factory=lambda: _style("#3d444d"))
    bullet: Style = field(default_factory=lambda: _style("#79c0ff"))
    task_done: Style = field(default_factory=lambda: _style("#57ab5a"))
    task_open: Style = field(default_factory=lambda: _style("#8b949e"))
    rule: Style = field(default_factory=lambda: _style("#3d444d"))
    code_block: Style = field(default_factory=lambda: _style("#d1d7e0 on #1b2028"))
    """The text and background of a code block, over which the colours of tokens are laid."""
    code_label: Style = field(default_factory=lambda: _style("#8b949e on #262b36"))
    """The line that names the language."""
    table_border: Style = field(default_factory=lambda: _style("#3d444d"))
    table_header: Style = field(default_factory=lambda: _style("bold"))
    pygments_style: str = "github-dark"
    """The Pygments style for code; only its text colours and weights are used. Unknown names show plain
    code."""
    code_tokens: Mapping[str, Style] | None = None
    """Styles by Pygments token name ("Keyword", "Name.Function", ...), in place of `pygments_style`."""


def _token_styles(**colours: str) -> dict[str, Style]:
    names = {
        "keyword": ("Keyword", "Operator.Word"),
        "type": ("Keyword.Type", "Name.Class", "Name.Exception", "Name.Namespace", "Generic.Heading"),
        "function": ("Name.Function", "Name.Decorator", "Name.Tag"),
        "builtin": ("Name.Builtin", "Name.Attribute", "Name.Variable"),
        "string": ("Literal.String", "Generic.Inserted"),
        "number": ("Literal.Number", "Keyword.Constant", "Name.Constant"),
        "comment": ("Comment",),
        "error": ("Generic.Deleted",),
    }
    return {name: _style(colours[key]) for key, group in names.items() for name in group}


_ANSI_TOKENS: Final = _token_styles(
    keyword="magenta",
    type="yellow",
    function="blue",
    builtin="cyan",
    string="green",
    number="cyan",
    comment="bright_black",
    error="red",
)
_SAFE_TOKENS: Final = _token_styles(
    keyword="bold #56b4e9",
    type="#f0e442",
    function="#cc79a7",
    builtin="#56b4e9",
    string="#e69f00",
    number="#f0e442",
    comment="italic #9a9a9a",
    error="bold underline #d55e00",
)

DARK: Final = MarkdownTheme()
LIGHT: Final = MarkdownTheme(
    code=_style("#8a4600 on #eceff3"),
    link=_style("underline #0550ae"),
    link_target=_style("#57606a"),
    image=_style("#116329"),
    math=_style("italic #6639ba"),
    html=_style("#57606a"),
    footnote=_style("#0550ae"),
    headings=(
        _style("bold underline #0550ae"),
        _style("bold #0550ae"),
        _style("bold #0969da"),
        _style("bold"),
        _style("bold italic"),
        _style("italic"),
    ),
    quote=_style("#57606a"),
    quote_bar=_style("#afb8c1"),
    bullet=_style("#0550ae"),
    task_done=_style("#116329"),
    task_open=_style("#57606a"),
    rule=_style("#afb8c1"),
    code_block=_style("#1f2328 on #f2f4f7"),
    code_label=_style("#57606a on #e4e8ed"),
    table_border=_style("#afb8c1"),
    pygments_style="friendly",
)
ANSI: Final = MarkdownTheme(
    code=_style("yellow"),
    link=_style("underline blue"),
    link_target=_style("bright_black"),
    image=_style("green"),
    math=_style("italic magenta"),
    html=_style("bright_black"),
    footnote=_style("blue"),
    headings=(
        _style("bold underline cyan"),
        _style("bold cyan"),
        _style("bold blue"),
        _style("bold"),
        _style("bold italic"),
        _style("italic"),
    ),
    quote=_style("bright_black"),
    quote_bar=_style("bright_black"),
    bullet=_style("cyan"),
    task_done=_style("green"),
    task_open=_style("bright_black"),
    rule=_style("bright_black"),
    code_block=_style("default"),
    code_label=_style("reverse bright_black"),
    table_border=_style("bright_black"),
    code_tokens=_ANSI_TOKENS,
)
HIGH_CONTRAST: Final = MarkdownTheme(
    text=_style("bright_white on black"),
    code=_style("bold bright_yellow on black"),
    link=_style("bold underline bright_cyan"),
    link_target=_style("bright_white"),
    image=_style("bold bright_green"),
    math=_style("bold bright_magenta"),
    html=_style("bright_white"),
    footnote=_style("bold bright_cyan"),
    headings=(
        _style("bold underline bright_white"),
        _style("bold underline bright_white"),
        _style("bold bright_white"),
        _style("bold bright_white"),
        _style("bold italic bright_white"),
        _style("italic bright_white"),
    ),
    quote=_style("bright_white"),
    quote_bar=_style("bright_yellow"),
    bullet=_style("bold bright_yellow"),
    task_done=_style("bold bright_green"),
    task_open=_style("bold bright_white"),
    rule=_style("bright_white"),
    code_block=_style("bright_white on black"),
    code_label=_style("bold black on bright_white"),
    table_border=_style("bright_white"),
    table_header=_style("bold bright_yellow"),
    code_tokens=_token_styles(
        keyword="bold bright_cyan",
        type="bold bright_yellow",
        function="bold bright_white",
        builtin="bright_cyan",
        string="bright_green",
        number="bright_magenta",
        comment="italic bright_white",
        error="bold bright_red",
    ),
)
COLOUR_BLIND: Final = replace(
    DARK,
    code=_style("#e69f00 on #262b36"),
    link=_style("underline #56b4e9"),
    image=_style("#f0e442"),
    math=_style("italic #cc79a7"),
    footnote=_style("#56b4e9"),
    bullet=_style("#56b4e9"),
    task_done=_style("bold #56b4e9"),
    task_open=_style("#e69f00"),
    code_tokens=_SAFE_TOKENS,
)
"""Okabe and Ito's colours: told apart with any kind of colour vision."""

THEMES: Final[Mapping[str, MarkdownTheme]] = {
    "dark": DARK,
    "light": LIGHT,
    "ansi": ANSI,
    "high-contrast": HIGH_CONTRAST,
    "colour-blind": COLOUR_BLIND,
}
