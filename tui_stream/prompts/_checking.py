"""Checks an answer by a schema in a process of its own, which is ended when it takes too long or nobody waits."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tui_stream.core.sanitize import clean_line
from tui_stream.errors import SchemaError
from tui_stream.providers._children import FOR_COMPUTING, environment

LIMIT: Final = 10.0
"""Seconds that a check may take, the start of the process included: a usual one takes less than one."""

_WORKER: Final = Path(__file__).with_name("_check_worker.py")
_GRACE: Final = 5  # seconds after the limit


async def faults(document: dict[str, Any], value: object, limit: float = LIMIT) -> tuple[list[str], int]:
    """The first few faults of an answer, and how many there are.

    Raises:
        SchemaError: it cannot be checked.
    """
    told = await _run(json.dumps([document, value]).encode(), limit)
    if trouble := told.get("trouble"):
        raise _uncheckable(trouble)
    return [f"{clean_line(place)}: {clean_line(fault, 120)}" for place, fault in told["faults"]], told["count"]


async def _run(given: bytes, limit: float) -> dict[str, Any]:
    command = (sys.executable, "-P", str(_WORKER), str(int(limit) + _GRACE))
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment(FOR_COMPUTING, os.environ),
            start_new_session=True,
        )
    except OSError as error:
        raise _uncheckable(f"no process can be started ({error.strerror})") from error
    try:
        async with asyncio.timeout(limit):
            said, _ = await process.communicate(given)
    except TimeoutError as error:
        hint = "Look in the schema for a pattern that repeats what is repeated already, as (a+)+ does, or uniqueItems."
        raise _uncheckable(f"that takes longer than {limit:g} s", hint) from error
    finally:
        await _end(process)
    if process.returncode:
        raise _uncheckable(f"what checks it ended with the code {process.returncode}")
    told: dict[str, Any] = json.loads(said)
    return told


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _uncheckable(reason: str, hint: str = "") -> SchemaError:
    return SchemaError(f"The answer cannot be checked: {reason}.", hint=hint)
