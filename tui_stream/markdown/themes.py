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
    text=_style("#ffffff"),
    code=_style("bold #ffff00 on #000000"),
    link=_style("bold underline #00ffff"),
    link_target=_style("#ffffff"),
    image=_style("bold #00ff00"),
    math=_style("bold #ff9cff"),
    html=_style("#ffffff"),
    footnote=_style("bold #00ffff"),
    headings=(
        _style("bold underline #ffffff"),
        _style("bold underline #ffffff"),
        _style("bold #ffffff"),
        _style("bold #ffffff"),
        _style("bold italic #ffffff"),
        _style("italic #ffffff"),
    ),
    quote=_style("#ffffff"),
    quote_bar=_style("#ffff00"),
    bullet=_style("bold #ffff00"),
    task_done=_style("bold #00ff00"),
    task_open=_style("bold #ffffff"),
    rule=_style("#ffffff"),
    code_block=_style("#ffffff on #000000"),
    code_label=_style("bold #000000 on #ffffff"),
    table_border=_style("#ffffff"),
    table_header=_style("bold #ffff00"),
    code_tokens=_token_styles(
        keyword="bold #00ffff",
        type="bold #ffff00",
        function="bold #ffffff",
        builtin="#00ffff",
        string="#00ff00",
        number="#ff9cff",
        comment="italic #ffffff",
        error="bold #ff8080",
    ),
)
"""Every colour has a contrast of at least 7:1 with black (WCAG 2.2, success criterion 1.4.6)."""
HIGH_CONTRAST_LIGHT: Final = MarkdownTheme(
    text=_style("#000000"),
    code=_style("bold #5c0000 on #ffffff"),
    link=_style("bold underline #00008b"),
    link_target=_style("#000000"),
    image=_style("bold #004d00"),
    math=_style("bold #4b0082"),
    html=_style("#000000"),
    footnote=_style("bold #00008b"),
    headings=(
        _style("bold underline #000000"),
        _style("bold underline #000000"),
        _style("bold #000000"),
        _style("bold #000000"),
        _style("bold italic #000000"),
        _style("italic #000000"),
    ),
    quote=_style("#000000"),
    quote_bar=_style("#00008b"),
    bullet=_style("bold #00008b"),
    task_done=_style("bold #004d00"),
    task_open=_style("bold #000000"),
    rule=_style("#000000"),
    code_block=_style("#000000 on #ffffff"),
    code_label=_style("bold #ffffff on #000000"),
    table_border=_style("#000000"),
    table_header=_style("bold #00008b"),
    code_tokens=_token_styles(
        keyword="bold #00008b",
        type="bold #5c0000",
        function="bold #000000",
        builtin="#00008b",
        string="#004d00",
        number="#4b0082",
        comment="italic #000000",
        error="bold #8b0000",
    ),
)
"""Every colour has a contrast of at least 7:1 with white (WCAG 2.2, success criterion 1.4.6)."""
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
COLOUR_BLIND_LIGHT: Final = replace(
    LIGHT,
    code=_style("#8a5a00 on #eceff3"),
    link=_style("underline #005f99"),
    image=_style("#8a5a00"),
    math=_style("italic #8f3f6f"),
    footnote=_style("#005f99"),
    bullet=_style("#005f99"),
    task_done=_style("bold #005f99"),
    task_open=_style("#8a5a00"),
    code_tokens=_token_styles(
        keyword="bold #005f99",
        type="#8a5a00",
        function="#8f3f6f",
        builtin="#005f99",
        string="#8a4600",
        number="#8a5a00",
        comment="italic #57606a",
        error="bold underline #a33c00",
    ),
)
"""The same colours, dark enough for a light background."""

THEMES: Final[Mapping[str, MarkdownTheme]] = {
    "dark": DARK,
    "light": LIGHT,
    "ansi": ANSI,
    "high-contrast": HIGH_CONTRAST,
    "high-contrast-light": HIGH_CONTRAST_LIGHT,
    "colour-blind": COLOUR_BLIND,
    "colour-blind-light": COLOUR_BLIND_LIGHT,
}
