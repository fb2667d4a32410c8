"""The styles that entries of the transcript are drawn with, made from the app's theme."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from rich.color import Color, blend_rgb
from rich.style import Style
from textual.theme import Theme

if TYPE_CHECKING:
    from tui_stream.markdown import MarkdownTheme


@dataclass(frozen=True, eq=False)
class Looks:
    """One set of styles.

    Attributes:
        base: the transcript's own colours, under everything else.
        prompt: the person's messages.
        selection: selected text.
        cursor: the edge of the line that the cursor stands on.
        found: text that was looked for and found; ``found_now`` where the person is.
    """

    base: Style
    prompt: Style
    prompt_bar: Style
    prompt_label: Style
    queued_bar: Style
    queued_label: Style
    answer_label: Style
    quiet: Style
    warning: Style
    error: Style
    selection: Style
    cursor: Style
    found: Style
    found_now: Style
    theme: Theme

    @cached_property
    def markdown(self) -> MarkdownTheme:
        """For answers; made when the first one is drawn, since the renderer is imported for it."""
        return _markdown(self.theme)

    @cached_property
    def thoughts(self) -> MarkdownTheme:
        """For what a model thinks: all of it stands back."""
        quiet = self.quiet
        return replace(
            self.markdown,
            text=quiet,
            headings=(quiet,) * 6,
            strong=Style(bold=True),
            bullet=quiet,
            quote=quiet,
            link=quiet,
        )


_ROLES = (
    "prompt",
    "prompt-bar",
    "prompt-label",
    "queued-bar",
    "queued-label",
    "answer-label",
    "warning",
    "error",
    "selection",
    "cursor",
    "found",
    "found-now",
)
COMPONENTS = frozenset(f"transcript--{role}" for role in _ROLES)
"""The component classes that a style sheet gives colours to."""


def make_looks(base: Style, styles: dict[str, Style], theme: Theme) -> Looks:
    """The styles for a theme; ``styles`` are those of the component classes, by name."""
    given = {role.replace("-", "_"): styles[f"transcript--{role}"] for role in _ROLES}
    return Looks(base=base, quiet=_quiet(base, theme), theme=theme, **given)


def _markdown(theme: Theme) -> MarkdownTheme:
    """A preset that suits the theme, with the theme's own colours for what stands out."""
    from tui_stream.markdown import ANSI, DARK, LIGHT, THEMES

    if theme.ansi:
        return ANSI
    if theme.name in THEMES:
        return THEMES[theme.name]
    preset = DARK if theme.dark else LIGHT
    first, second = _colour(theme.primary), _colour(theme.secondary or theme.primary)
    bold, plain = Style(bold=True), Style()
    headings = (
        Style(color=first, bold=True, underline=True),
        Style(color=first, bold=True),
        Style(color=second, bold=True),
        bold,
        bold + Style(italic=True),
        plain + Style(italic=True),
    )
    return replace(preset, headings=headings, bullet=Style(color=first))


def _quiet(base: Style, theme: Theme) -> Style:
    """Text that stands back: between the text's colour and the background's; not where contrast is to be high."""
    if theme.name.startswith("high-contrast"):
        return Style()
    if base.color is None or base.bgcolor is None or not (base.color.triplet and base.bgcolor.triplet):
        return Style(dim=True)
    share = 0.6
    mixed = blend_rgb(base.bgcolor.triplet, base.color.triplet, share)
    return Style(color=Color.from_triplet(mixed))


def _colour(name: str) -> Color:
    from textual.color import Color as TextualColor

    return TextualColor.parse(name).rich_color
