"""What stands under a pane: its parts, and the one job that it does at a time."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Coroutine
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical

from tui_stream.ui.widgets.conversation import ConversationView
from tui_stream.ui.widgets.header_bar import HeaderBar
from tui_stream.ui.widgets.status_bar import StatusBar
from tui_stream.ui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from tui_stream.config import UiSettings


class JobPane(Vertical):
    """Header, conversation and status, and at most one job under way; work on the side does not count."""

    def __init__(self, ui: UiSettings) -> None:
        super().__init__()
        self._header_bar = HeaderBar()
        self._transcript = Transcript(keep_thinking=ui.show_reasoning, wide="scroll" if ui.wide == "scroll" else "wrap")
        self._conversation = ConversationView(self._transcript)
        self._status_bar = StatusBar(id="status")
        self._job: asyncio.Task[None] | None = None
        self._side_jobs: set[asyncio.Future[None]] = set()

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self._header_bar
        yield self._conversation
        yield self._status_bar

    async def on_unmount(self) -> None:
        """Stops what is under way, and waits until it has ended."""
        jobs = {job for job in (self._job, *self._side_jobs) if job is not None and not job.done()}
        for job in jobs:
            job.cancel()
        if jobs:
            await asyncio.wait(jobs)

    @property
    def transcript(self) -> Transcript:
        """The conversation."""
        return self._transcript

    @property
    def conversation(self) -> ConversationView:
        """The conversation with its find bar."""
        return self._conversation

    @property
    def busy(self) -> bool:
        """Whether there is anything to stop."""
        return self._job is not None and not self._job.done()

    def stop(self) -> None:
        """Stops what is under way: the answer, or the preparation. What is being stopped is left to close in peace."""
        if self._job is not None and not self._job.cancelling():
            self._job.cancel()

    @abstractmethod
    def job_ended(self, *, cancelled: bool) -> None:
        """The job is over, and another one may begin."""

    def _start(self, work: Coroutine[None, None, None]) -> None:
        self._job = asyncio.create_task(work)
        self._job.add_done_callback(self._job_done)

    def _start_aside(self, work: Awaitable[None]) -> None:
        job = asyncio.ensure_future(work)
        self._side_jobs.add(job)
        job.add_done_callback(self._side_job_done)

    def _job_done(self, job: asyncio.Future[None]) -> None:
        if self.is_attached and not self._fell_over(job):
            self.job_ended(cancelled=job.cancelled())

    def _side_job_done(self, job: asyncio.Future[None]) -> None:
        self._side_jobs.discard(job)
        self._fell_over(job)

    def _fell_over(self, job: asyncio.Future[None]) -> bool:
        """Whether a fault of the program itself ended a job; it then ends the program too, with its traceback."""
        if job.cancelled() or (failure := job.exception()) is None:
            return False
        self.call_later(self._fall_over, failure)
        return True

    def _fall_over(self, failure: BaseException) -> None:
        raise failure
