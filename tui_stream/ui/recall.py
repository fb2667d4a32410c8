"""Goes through earlier prompts, the newest first; what stands in the prompt box is never lost on the way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

_PAGE = 100
_AHEAD = 20  # prompts that are still to come when more are fetched

Fetch = Callable[[int, int], Awaitable[list[str]]]
"""Prompts of all conversations, each once, the newest first: so many, from this one on."""


class Recall:
    """Earlier prompts, and which of them the person is at.

    What they change in one on the way stays changed until something is sent, as in a shell.

    Args:
        fetch: None where only what is sent from now on can be recalled.
    """

    def __init__(self, fetch: Fetch | None = None) -> None:
        self._fetch = fetch
        self._fetched = 0
        self._complete = fetch is None
        self._prompts: list[str] = []
        self._at = 0
        self._changed: dict[int, str] = {}

    @property
    def runs_out(self) -> bool:
        """Whether `load` should be called, so that the next steps find something."""
        return not self._complete and self._at + _AHEAD >= len(self._prompts)

    async def load(self) -> None:
        """Fetches some more.

        Raises:
            StoreError: they cannot be read.
        """
        if self._fetch is None or self._complete:
            return
        start = self._fetched
        page = await self._fetch(_PAGE, start)
        if start == self._fetched:
            self._fetched += len(page)
            self._complete = len(page) < _PAGE
            known = set(self._prompts)
            self._prompts += [prompt for prompt in page if prompt not in known]

    def step(self, older: bool, text: str) -> str | None:
        """The next older prompt, or the next newer one, at last what was typed; None where there is none.

        Args:
            older: the direction.
            text: what stands in the prompt box now.
        """
        at = self._at + (1 if older else -1)
        if not 0 <= at <= len(self._prompts):
            return None
        self._changed[self._at] = text
        self._at = at
        return self._changed.get(at, self._prompts[at - 1] if at else "")

    def pick(self, prompt: str, text: str) -> None:
        """Goes to an earlier prompt, which is the newest now; a step back from there leads to what was typed.

        Args:
            prompt: the earlier one.
            text: what stands in the prompt box now.
        """
        recalled = bool(self._at) and text == self._prompts[self._at - 1]
        typed = self._changed.get(0, "") if recalled else text
        self.sent(prompt)
        self._at, self._changed = 1, {0: typed}

    def sent(self, text: str) -> None:
        """This was sent: it is the newest now."""
        if text in self._prompts:
            self._prompts.remove(text)
        self._prompts.insert(0, text)
        self.reset()

    def reset(self) -> None:
        """Begins at the newest again."""
        self._at = 0
        self._changed.clear()
