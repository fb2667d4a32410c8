"""The protocol every provider follows. It is public: packages outside may implement it.

A provider is a module ``tui_stream.providers.<name>`` with a function
``create(settings: Settings) -> Provider`` (dashes in a name become underscores). Importing the module must be
cheap: an SDK or another heavy package is imported by `Provider.prepare` or when first needed, off the event
loop. Limits on silence and on the length of a stream are the turn loop's; a provider sees to the time that a
connection may take (``settings.timeouts.connect``) and sets no other limit.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from tui_stream.core.events import Event, Progress
from tui_stream.core.models import ChatRequest, ModelInfo


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do, so that front ends ask for no more.

    Attributes:
        local: the model runs on this machine and costs nothing per token.
        reasoning: it may stream reasoning apart from the answer.
        context: more context may be sent on the open stream while it answers.
        images: prompts may carry pictures.
        schemas: it can be told a JSON Schema that its answer has to be valid by.
        context_window: tokens that a request and its answer may hold together; None while it is not known.
    """

    local: bool = False
    reasoning: bool = False
    context: bool = False
    images: bool = False
    schemas: bool = False
    context_window: int | None = None


class Provider(Protocol):
    """A source of answers."""

    @property
    def name(self) -> str:
        """The provider's name as flags and settings spell it."""

    @property
    def model(self) -> str:
        """The model used when a request names none; empty while it is not known."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""

    def prepare(self) -> AsyncGenerator[Progress, None]:
        """Does the slow work ahead of the first request: imports, a download, loading a model.

        May be called any number of times, also while another call is under way: the work is done once,
        and every caller sees its progress. `stream` does the same by itself where nobody prepared.

        Raises:
            TuiStreamError: where it fails; a later call tries again.
        """

    def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        """Sends the request and yields what comes back, ending with `StreamEnd`.

        Closing the generator, or cancelling the task that runs it, closes the connection at once and
        stops the generation. It never tries again by itself. An answer that stops without the dialect's
        end marker raises `StreamBrokenError`.

        Raises:
            ProviderError: translated from whatever the SDK or the transport raised.
        """

    async def models(self) -> Sequence[ModelInfo]:
        """The models that it offers.

        Raises:
            ProviderError: when it cannot be asked.
        """

    async def aclose(self) -> None:
        """Closes connections and child processes; the provider cannot be used afterwards."""


@runtime_checkable
class Pulls(Protocol):
    """A provider that can fetch a model it does not have yet."""

    def pull(self, model: str) -> AsyncGenerator[Progress, None]:
        """Fetches the model; closing the generator breaks it off.

        Raises:
            ProviderError: it cannot be had.
        """


@runtime_checkable
class TakesContext(Protocol):
    """A provider that can be told more while it answers (see `Capabilities.context`)."""

    async def add_context(self, text: str) -> bool:
        """Sends a note along with the answer that streams now; the answer goes on.

        Returns False, and has sent nothing that counts, where no answer streams, where several do at once so that
        it is not clear which one is meant, and where the connection is gone.
        """


@runtime_checkable
class TellsWindow(Protocol):
    """A provider that can say how many tokens a model takes as it is set up there."""

    async def window(self, model: str, options: Mapping[str, object]) -> int | None:
        """The tokens that a request and its answer may hold together; None where the provider does not say.

        Args:
            model: the model; empty for the provider's default.
            options: the parameters that the request carries; some providers take the window as one.

        Raises:
            ProviderError: it cannot be asked.
        """
