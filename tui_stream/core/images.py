"""A picture that goes with a prompt."""

from __future__ import annotations

import base64
from dataclasses import dataclass

PICTURE_TOKENS = 1600
"""Tokens that a picture is taken for until the provider reports, whatever its size: about the most of the usual ones.

Anthropic takes its width times its height, divided by 750, and at most about 1,600
(https://docs.anthropic.com/en/docs/build-with-claude/vision), OpenAI 85 and 170 for each of at most eight tiles, 1,445
in all, but many times that for its smallest models (https://platform.openai.com/docs/guides/images-vision).
"""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as a request carries it.

    Attributes:
        name: of its file, for people.
        media_type: "image/png", "image/jpeg", "image/gif" or "image/webp": what the usual models take.
        data: the file as it is.
    """

    name: str
    media_type: str
    data: bytes

    @property
    def base64(self) -> str:
        """The file in letters (RFC 4648)."""
        return base64.b64encode(self.data).decode("ascii")

    @property
    def url(self) -> str:
        """The file as an address (RFC 2397)."""
        return f"data:{self.media_type};base64,{self.base64}"
