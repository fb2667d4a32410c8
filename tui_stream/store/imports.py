"""Takes in whole conversations that come from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from tui_stream.core.models import Conversation, Cost, Message, Role, Source
from tui_stream.core.tree import Tree
from tui_stream.store import index, writing
from tui_stream.store.branches import prefer
from tui_stream.store.database import Connection
from tui_stream.store.rows import copied, head_columns
from tui_stream.store.writing import About, Write


def whole_tree(tree: Tree) -> Iterator[str]:
    """All ids, parents before their children and siblings in their order."""
    waiting = list(reversed(tree.children(None)))
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(tree.children(one)))


def loaded(conversation: Conversation) -> list[Message]:
    """The messages that are loaded, parents before their children and siblings in their order."""
    known = {message.id: message for message in (*conversation.messages, *conversation.others)}
    ordered = [known.pop(one) for one in whole_tree(conversation.tree) if one in known]
    return [*ordered, *known.values()]


def found(conversation: Conversation, message_id: str | None) -> Message | None:
    """The message of this id as it stands now, if it is loaded."""
    for messages in (conversation.messages, conversation.others):
        for message in reversed(messages):
            if message.id == message_id:
                return copied(message)
    return None


def again(conversation: Conversation) -> list[Write]:
    """What of a conversation is loaded, for a history that has lost it."""
    about = About.of(conversation)
    return [
        Write(about, copied(message), conversation, ancestors(conversation, message), again=True)
        for message in loaded(conversation)
    ]


def ancestors(conversation: Conversation, message: Message) -> Sequence[str]:
    """The messages before this one, the nearest first."""
    if message.parent_id is None or message.parent_id not in conversation.tree:
        return ()
    return conversation.tree.path(message.parent_id)[::-1]


def take_in(
    connection: Connection, about: About, messages: Sequence[Message], tree: Tree, unloaded: Cost | None = None
) -> bool:
    """Keeps a conversation with its tree as it is; False where one of this id is kept already.

    Its place in lists and searches is that of its own time. What requests have cost that no message stands for is kept
    as what it came from: a message that was removed. All of it is marked as imported: what it cost was spent elsewhere,
    or is known already, and counts neither in bills nor towards budgets.
    """
    if writing.conversation_key(connection, about.id) is not None:
        return False
    conversation = writing.know(connection, about)
    keys: dict[str, int] = {}
    for message in messages:
        followed = tree.parent(message.id) if message.id in tree else message.parent_id
        parent = None if followed is None else keys.get(followed)
        columns = head_columns(message)
        rank = columns["created_at"]
        keys[message.id] = writing.insert(connection, conversation, message, parent, columns, rank)
    if unloaded is not None and unloaded != Cost(Decimal(0), Source.REPORTED):
        _charge(connection, conversation, unloaded, about)
    for table in ("messages", "receipts"):
        connection.execute(f"UPDATE {table} SET imported = 1 WHERE conversation = ?", (conversation,))  # noqa: S608 # ours
    _choose(connection, tree, keys)
    writing.entitle(connection, conversation)
    return True


def _charge(connection: Connection, conversation: int, cost: Cost, about: About) -> None:
    """Adds a removed message that cost this, and of which no word is left."""
    spent = Message(Role.ASSISTANT, cost=cost)
    columns = head_columns(spent) | {"created_at": about.created_at}
    key = writing.insert(connection, conversation, spent, None, columns, about.created_at)
    with index.reindexed(connection, [key]):
        connection.execute("UPDATE messages SET chosen = 0, removed = 1, removed_at = created_at WHERE key = ?", (key,))
        connection.execute("DELETE FROM bodies WHERE message = ?", (key,))


def _choose(connection: Connection, tree: Tree, keys: dict[str, int]) -> None:
    """Has each path lead on as the tree's do."""
    leaves: dict[str, str] = {}
    for one in reversed(list(whole_tree(tree))):
        children = tree.children(one)
        leaf = tree.leaf(one) if len(children) > 1 else leaves[children[0]] if children else one
        leaves[one] = leaf or one
        _prefer(connection, children, leaf, leaves, keys)
    _prefer(connection, tree.children(None), tree.head, leaves, keys)


def _prefer(
    connection: Connection, children: Sequence[str], leaf: str | None, leaves: dict[str, str], keys: dict[str, int]
) -> None:
    if len(children) > 1:
        for child in children[:-1]:
            if leaves[child] == leaf and child in keys:
                prefer(connection, keys[child])
