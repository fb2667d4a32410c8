"""The chat screen; the only place that knows Textual.

Textual draws what changed at fixed moments, 60 a second. A key that is typed just after one of them waits
for the next; four times as many cut that wait to 4 ms, and cost nothing where nothing changed. Streamed text has
its own, lower rate.
"""

from __future__ import annotations

import os

from textual import constants

if "TEXTUAL_FPS" not in os.environ:
    constants.MAX_FPS = 250  # type: ignore[misc] # final, but read once, when textual.screen is imported
