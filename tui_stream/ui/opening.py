"""Opens a link in the browser, in a process of its own that can neither write to the terminal nor read from it.

A browser and the programs that look for one write messages over the screen, and one that runs in a terminal would
take the keyboard. None of them needs the person's keys, which stand in the environment.
"""

from __future__ import annotations

import asyncio
import os
import sys

from tui_stream.config.check import looks_secret

_PROGRAM = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"


async def open_link(target: str) -> bool:
    """Hands a link to the browser, as one argument; whether there was one that took it.

    Args:
        target: what `tui_stream.ui.links.openable` lets pass, so that it begins with its scheme.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-c", _PROGRAM, target),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if not looks_secret(name, "")},
            start_new_session=True,
        )
    except OSError:
        return False
    return await process.wait() == 0
