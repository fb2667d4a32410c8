"""A program that writes to a history until it is killed: ``python -m tests.store.writer FOLDER MANNER [ARGUMENT]``.

Every line that it prints is about a write that has returned.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tui_stream.core.models import Conversation, Message, MessageStatus, Role
from tui_stream.store import open_store


def say(*words: object) -> None:
    """Tells what is safe now."""
    print(*words, flush=True)


async def stream(folder: Path) -> None:
    """Turn after turn: a prompt, an answer that grows, its end."""
    archive = (await open_store(folder)).archive
    conversation = Conversation()
    say("conversation", conversation.id)
    number = 0
    while True:
        number += 1
        prompt = Message(Role.USER, f"prompt {number}", parent_id=conversation.tree.head)
        answer = Message(Role.ASSISTANT, status=MessageStatus.STREAMING, parent_id=prompt.id)
        for message in (prompt, answer):
            conversation.tree.add(message.id, message.parent_id)
            await archive.add(conversation, message)
            say("added", message.id, len(message.text))
        for piece in range(20):
            answer.text += f"piece {piece} of {number}, "
            await archive.update(conversation, answer)
            say("grown", answer.id, len(answer.text))
        answer.status = MessageStatus.COMPLETE
        await archive.update(conversation, answer)
        say("finished", answer.id, len(answer.text))


async def append(folder: Path, conversation_id: str, count: int) -> None:
    """Answers to the first prompt of a conversation, one after the other, as fast as it goes."""
    archive = (await open_store(folder)).archive
    conversation = await archive.load(conversation_id)
    root = conversation.messages[0]
    say("ready")
    sys.stdin.readline()
    for number in range(count):
        answer = Message(Role.ASSISTANT, f"{number}", status=MessageStatus.STREAMING, parent_id=root.id)
        await archive.add(conversation, answer)
        answer.text += " more"
        await archive.update(conversation, answer)
        answer.status = MessageStatus.COMPLETE
        await archive.update(conversation, answer)
        say(answer.id)
    await archive.aclose()


if __name__ == "__main__":
    where, manner, *rest = sys.argv[1:]
    asyncio.run(stream(Path(where)) if manner == "stream" else append(Path(where), rest[0], int(rest[1])))
