"""The nearest of 256 colours to any colour, as the eye sees it.

It exists because what is nearest by red, green and blue, or by hue, turns the dark greys behind code into navy and
black.
"""

from __future__ import annotations

from functools import cached_property
from itertools import product
from typing import Final

from rich.color import Color
from rich.color_triplet import ColorTriplet

_STEPS: Final = (0, 95, 135, 175, 215, 255)
_FIRST: Final = 16
"""Those before are what a person has made of them."""
_GREYS: Final = range(8, 239, 10)
_TINT: Final = 1.5
"""How much more another tint counts than another lightness."""
_DARK: Final = 0.04045
"""The level of sRGB up to which light grows in proportion."""
Lab = tuple[float, float, float]


class Palette:
    """The 6 x 6 x 6 cube and the 24 greys of xterm (256colres.h); they are the same in every terminal."""

    @cached_property
    def _colours(self) -> list[Lab]:
        cube = [ColorTriplet(*levels) for levels in product(_STEPS, repeat=3)]
        return [_lab(triplet) for triplet in [*cube, *(ColorTriplet(level, level, level) for level in _GREYS)]]

    def nearest(self, colour: Color | None) -> Color | None:
        """The colour that looks most like this one; itself if it is one of the terminal's own."""
        if colour is None or colour.triplet is None:
            return colour
        light, *tint = _lab(colour.triplet)
        distances = [
            (light - other) ** 2 + _TINT * ((tint[0] - a) ** 2 + (tint[1] - b) ** 2) for other, a, b in self._colours
        ]
        return Color.from_ansi(_FIRST + distances.index(min(distances)))


def _lab(triplet: ColorTriplet) -> Lab:
    """Lightness and tint in Oklab (https://bottosson.github.io/posts/oklab/)."""
    red, green, blue = (_linear(level / 255) for level in triplet)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _linear(level: float) -> float:
    """Light from a level of sRGB (IEC 61966-2-1)."""
    return level / 12.92 if level <= _DARK else ((level + 0.055) / 1.055) ** 2.4
