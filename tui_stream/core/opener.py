"""Opens turns: a new prompt, another wording of one, another answer, or more of the newest answer.

What stood there stays in the conversation's tree, as a branch beside the one that is shown. Methods that take a message
want one of ``conversation.messages``. `ChatSession` runs the turns that are opened here.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from tui_stream.core.follower import keep
from tui_stream.core.history import system_of, unanswered
from tui_stream.core.holder import ConversationHolder
from tui_stream.core.images import Image
from tui_stream.core.models import UNDER_WAY, Cut, Message, MessageStatus, Role
from tui_stream.core.options import SessionOptions
from tui_stream.core.provider import TakesContext
from tui_stream.core.route import Answerer
from tui_stream.core.sanitize import clean_line, repair
from tui_stream.core.stats import TurnTimer
from tui_stream.core.turn import Turn


class TurnOpener(ConversationHolder):
    """Opens turns in a conversation; who answers them, and how, its heir says.

    Attributes:
        options: the system prompt, the model and the limits of the next turn.
    """

    options: SessionOptions

    @abstractmethod
    def _chosen(self, model: str = "") -> Answerer:
        """Who answers the next turn; with ``model`` another one of the same provider."""

    def begin(self, text: str, *, images: Sequence[Image] = (), cut: Cut | None = None) -> Turn:
        """Opens a turn: the prompt and the still empty answer stand in the conversation.

        Args:
            text: the prompt.
            images: pictures that go with the prompt; of them the history keeps the names alone.
            cut: what of the conversation is not sent from now on; see `Foresight.plan`.
        """
        messages, tree = self.conversation.messages, self.conversation.tree
        turn = self._ask(text, messages[-1].id if messages else tree.head, images)
        turn.prompt.cut = cut
        return turn

    async def instruct(self, text: str) -> None:
        """Has a system prompt hold from the next turn on, in place of the one before; it is kept as a message.

        Raises:
            ValueError: an answer streams.
            StoreError: earlier messages cannot be read.
        """
        self._refuse_while_running()
        said = repair(text)
        if said.strip() and system_of(await self.path()) != said:
            messages, tree = self.conversation.messages, self.conversation.tree
            parent = messages[-1].id if messages else tree.head
            self._branches.append(Message(Role.SYSTEM, said, parent_id=parent))

    def begin_apart(self, text: str) -> Turn:
        """Opens a turn on a branch of its own, which carries nothing of what was said so far.

        Raises:
            ValueError: an answer streams.
        """
        self._refuse_while_running()
        if self.conversation.messages:
            self._branches.cut(self.conversation.messages[0])
        return self._ask(text, None)

    def edit(self, prompt: Message, text: str) -> Turn:
        """Opens a turn with another wording of an earlier prompt, on a branch beside it.

        Raises:
            ValueError: it is not a prompt that is shown, or an answer streams.
        """
        self._refuse_while_running()
        if prompt.role is not Role.USER:
            raise ValueError("only a prompt can be edited")
        self._branches.cut(prompt)
        return self._ask(text, prompt.parent_id)

    def resume(self, answer: Message) -> Turn:
        """Opens a turn that goes on with the newest answer, where it was broken off.

        Its text so far is sent as the assistant's; most servers then go on behind it.

        Raises:
            ValueError: there is nothing to go on with, or it is not the newest answer.
        """
        if answer.empty or answer.status in UNDER_WAY or not self._is_newest(answer):
            raise ValueError("only the newest answer can be resumed, and one with text")
        turn = self._turn(self._prompt_of(answer), answer, resume=True)
        self._journal.changed(turn.snapshot())
        return turn

    def retry(self, answer: Message) -> Turn:
        """Opens a turn that answers the prompt of the newest answer again; the old answer is put aside.

        If nothing comes, the old answer stands in the conversation again, and says why.

        Raises:
            ValueError: it is not the newest answer.
        """
        if not self._is_newest(answer):
            raise ValueError("only the newest answer can be replaced")
        return self.regenerate(answer)

    def regenerate(self, answer: Message, *, model: str = "") -> Turn:
        """Opens a turn that answers a prompt again, on a branch beside an answer that it has.

        If nothing comes, the old answer is shown again, and says why. Of the two, one that has nothing in it is
        deleted; what it cost still counts.

        Args:
            answer: any that is shown, and whose prompt is.
            model: who is to answer this once, of the session's provider; empty for the session's model.

        Raises:
            ValueError: it is not such an answer, or an answer streams.
        """
        self._refuse_while_running()
        if answer.role is not Role.ASSISTANT:
            raise ValueError("only an answer can be asked for again")
        prompt = self._prompt_of(answer)
        self._branches.cut(answer)
        turn = self._answering(prompt, self._chosen(model) if model else None)
        turn.instead_of = None if answer.empty else answer
        self._branches.drop(answer)
        return turn

    def beside(self, answer: Message) -> Turn:
        """Opens a turn that answers a prompt once more, on a branch beside an answer that it has or is getting.

        The new one is shown from now on; the other one, if it streams, goes on.

        Raises:
            ValueError: it is not an answer that is shown.
        """
        if answer.role is not Role.ASSISTANT:
            raise ValueError("only an answer can have another one beside it")
        prompt = self._prompt_of(answer)
        self._branches.cut(answer)
        return self._answering(prompt)

    def answer(self, prompt: Message) -> Turn:
        """Opens a turn that answers a prompt which has no answer: the last message that is shown.

        Raises:
            ValueError: it is not such a prompt, or an answer streams.
        """
        self._refuse_while_running()
        if prompt.role is not Role.USER or self.conversation.messages[-1:] != [prompt]:
            raise ValueError("only a prompt that nothing follows can be answered")
        return self._answering(prompt)

    def follow_up(self, answer: Message, text: str) -> Turn:
        """Opens a turn with what was to be added to the newest answer, which was stopped for that.

        If nothing of it had arrived, the text is added to its prompt instead.

        Raises:
            ValueError: it is not the newest answer.
        """
        if not self._is_newest(answer):
            raise ValueError("only the newest answer can be followed up")
        if answer.empty:
            self._branches.cut(answer)
            turn = self._ask(text, answer.parent_id)
            self._branches.drop(answer)
            return turn
        return self.begin(text)

    async def add_context(self, turn: Turn, text: str) -> Message | None:
        """Hands a note to the model while it answers, where its provider can.

        Returns:
            The note, which now stands before the answer; None where nothing was sent.
        """
        taker = _context_taker(turn)
        note = Message(Role.USER, repair(text))
        if taker is None or not await taker.add_context(note.text):
            return None
        self._branches.insert(note, before=turn.message)
        await keep(self._journal, turn)
        return note

    def unanswered(self, answer: Message) -> list[Message]:
        """What the person said to get this answer, where it did not begin: no later request carries that."""
        return unanswered(self.conversation.messages, answer)

    def _ask(self, text: str, parent: str | None, images: Sequence[Image] = ()) -> Turn:
        notes = [f"Sent with a picture: {clean_line(image.name)}" for image in images]
        prompt = Message(Role.USER, repair(text), parent_id=parent, notes=notes, images=tuple(images))
        self._branches.append(prompt)
        return self._answering(prompt)

    def _answering(self, prompt: Message, instead: Answerer | None = None) -> Turn:
        asked = instead or self._chosen()
        answer = Message(
            Role.ASSISTANT,
            status=MessageStatus.STREAMING,
            parent_id=prompt.id,
            provider=asked.provider.name,
            model=asked.model_name,
        )
        self._branches.append(answer)
        return self._turn(prompt, answer, instead=instead)

    def _turn(self, prompt: Message, answer: Message, *, resume: bool = False, instead: Answerer | None = None) -> Turn:
        meter, timer = (instead or self._chosen()).meter(), TurnTimer(self._clock)
        cleaner = self.options.cleaner
        return Turn(prompt, answer, meter=meter, timer=timer, cleaner=cleaner, resume=resume, instead=instead)

    def _is_newest(self, answer: Message) -> bool:
        messages = self.conversation.messages
        return bool(messages) and messages[-1] is answer and answer.role is Role.ASSISTANT

    def _prompt_of(self, answer: Message) -> Message:
        place = self._branches.place(answer)
        if not place:
            raise ValueError("the prompt of this answer is not loaded")
        return self.conversation.messages[place - 1]

    def _recall(self, turn: Turn) -> None:
        """Puts the answer back in its place for which was asked again, where nothing came."""
        old, new = turn.instead_of, turn.message
        if old is None or turn.has_token or new.status is MessageStatus.COMPLETE:
            return
        self._branches.recall(old)
        old.error = new.error or old.error
        self._branches.drop(new)
        self._journal.changed(old)
        turn.recalled = True


def _context_taker(turn: Turn) -> TakesContext | None:
    """The provider that answers, if it can be told more meanwhile."""
    if turn.answerer is None or not turn.answerer.provider.capabilities.context:
        return None
    provider: object = turn.answerer.provider
    return provider if isinstance(provider, TakesContext) else None
