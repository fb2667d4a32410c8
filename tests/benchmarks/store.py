"""What the history costs: ``python -m tests.benchmarks.store [--rounds N]``, run by hand.

A history of 1,000 conversations, one of which has 10,000 messages and branches. Each call stands beside a bare query of
SQLite for the same rows, in turns, as milliseconds of CPU of the whole process and as a ratio; then what journalling a
stream takes, against the 0.2 s of CPU that the program spends on 1,000 tokens.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from tui_stream.core.models import Conversation, Cost, Message, MessageStatus, Role, Source, Usage, utc_now
from tui_stream.core.tree import Tree
from tui_stream.store import open_store
from tui_stream.store.archive import SqliteArchive

CONVERSATIONS, LONG = 1_000, 10_000
STREAM_CPU = 0.2  # seconds of CPU that the whole program spends on 1,000 tokens
LIMIT = 0.02  # of that, for the journal
TOKENS_A_SECOND, FLUSHES_A_SECOND, CHARACTERS_A_TOKEN = 1_000, 4, 4
SYLLABLES = ("ba", "co", "di", "fu", "ge", "ha", "li", "mo", "nu", "pe", "ra", "so", "ti", "vu", "we", "zi")


class Words:
    """Text whose words come as often as words do."""

    def __init__(self) -> None:
        self._random = random.Random(1)
        made = {"".join(self._random.choices(SYLLABLES, k=1 + number % 4)) for number in range(30_000)}
        self._words = sorted(made, key=lambda word: (len(word), word))
        self._weights = [1 / (1 + place) for place in range(len(self._words))]

    def text(self, count: int) -> str:
        """So many words, some of Chinese among them."""
        words = self._random.choices(self._words, self._weights, k=count)
        if self._random.random() < 0.1:
            words.insert(count // 2, "我想学习机器学习和人工智能")
        return " ".join(words)

    def rarer(self) -> str:
        """A word that a few dozen messages have."""
        return self._words[len(self._words) // 3]


def conversation(words: Words, count: int) -> Conversation:
    """A conversation of so many messages, with a second answer to every tenth prompt."""
    made: list[Message] = []
    tree, moment = Tree(), utc_now() - timedelta(days=400)
    for number in range(count):
        role = Role.ASSISTANT if number % 2 else Role.USER
        aside = number % 20 == 19
        parent = made[-2 if aside else -1].id if made else None
        message = Message(role, words.text(150 if number % 2 else 15), parent_id=parent, created_at=moment)
        if role is Role.ASSISTANT:
            message.usage, message.model = Usage(1000, 200), f"model-{number % 3}"
            message.cost = Cost(Decimal("0.00123"), Source.REPORTED)
        moment += timedelta(seconds=30)
        tree.add(message.id, parent)
        made.append(message)
    path = set(tree.path(tree.head))
    result = Conversation(tree=tree, messages=[message for message in made if message.id in path])
    result.others = [message for message in made if message.id not in path]
    result.updated_at = moment
    return result


async def fill(archive: SqliteArchive, words: Words) -> str:
    """Fills the history; the id of the long conversation."""
    for _ in range(CONVERSATIONS - 1):
        await archive.import_conversation(conversation(words, 10))
    long = conversation(words, LONG)
    await archive.import_conversation(long)
    return long.id


@dataclass
class Comparison:
    """One call beside the bare query."""

    name: str
    call: Callable[[], Awaitable[object]]
    bare: Callable[[], object]


async def measure(comparison: Comparison, rounds: int) -> str:
    """Medians of both and of the ratio, pair by pair, and how long the slowest call took."""
    ours, bare, wall = [], [], []
    for number in range(rounds + 1):
        start, clock = time.process_time(), time.perf_counter()
        await comparison.call()
        middle, wall_end = time.process_time(), time.perf_counter()
        comparison.bare()
        end = time.process_time()
        if number:
            ours.append(middle - start)
            bare.append(max(end - middle, 1e-6))
            wall.append(wall_end - clock)
    ratio = statistics.median(one / other for one, other in zip(ours, bare, strict=True))
    return (
        f"{comparison.name:<42} {statistics.median(ours) * 1000:8.2f} ms  bare {statistics.median(bare) * 1000:7.2f} ms"
        f"  ratio {ratio:5.1f}  slowest {max(wall) * 1000:7.1f} ms"
    )


def comparisons(archive: SqliteArchive, folder: Path, long: str, words: Words) -> list[Comparison]:
    """What a person does with a history."""
    connection = sqlite3.connect(folder / "history.db")

    def bare(sql: str, *values: object) -> Callable[[], object]:
        return lambda: connection.execute(sql, values).fetchall()

    def found(match: str) -> Callable[[], object]:
        return bare(
            "SELECT m.id, b.text FROM (SELECT m.key FROM found JOIN messages m ON m.key = found.rowid"
            " WHERE found MATCH ? ORDER BY m.rank DESC LIMIT 100) f"
            " JOIN messages m ON m.key = f.key JOIN bodies b ON b.message = f.key",
            match,
        )

    def bare_load() -> None:
        sql = "SELECT m.* FROM messages m JOIN conversations c ON c.key = m.conversation WHERE c.id = ? ORDER BY place"
        rows = connection.execute(sql, (long,)).fetchall()
        for row in rows[-50:]:
            connection.execute("SELECT * FROM bodies WHERE message = ?", (row[0],)).fetchone()

    async def reopen() -> None:
        await (await open_store(folder)).archive.aclose()

    def bare_open() -> None:
        one = sqlite3.connect(folder / "history.db")
        one.execute("SELECT count(*) FROM conversations").fetchone()
        one.close()

    rare = words.rarer()
    page = (
        "SELECT c.id, c.title, c.first_line, c.updated_at, count(*), sum(m.cost_pico) FROM (SELECT * FROM conversations"
        " WHERE first_line LIKE ? ORDER BY used DESC LIMIT 200) c"
        " JOIN messages m ON m.conversation = c.key GROUP BY c.key"
    )
    signs = "SELECT message FROM bodies WHERE instr(text, '->')"
    prompts = "SELECT text FROM bodies WHERE text LIKE '%co%' LIMIT 100"
    return [
        Comparison("open and close", reopen, bare_open),
        Comparison("load the end of 10,000 messages", lambda: archive.load(long, tail=50), bare_load),
        Comparison("the list", archive.conversations, bare(page, "%")),
        Comparison("the list, filtered", lambda: archive.conversations("ba"), bare(page, "%ba%")),
        Comparison("search a letter", lambda: archive.search("b"), found('"b"*')),
        Comparison("search a word of many", lambda: archive.search("ba"), found('"ba"*')),
        Comparison("search a word of few", lambda: archive.search(rare), found(f'"{rare}"*')),
        Comparison("search two words", lambda: archive.search(f"ba {rare[:4]}"), found(f'"ba" "{rare[:4]}"*')),
        Comparison("search within a run (机器)", lambda: archive.search("机器"), found('"机 器"*')),
        Comparison("search signs (->)", lambda: archive.search("->"), bare(signs)),
        Comparison("recall a prompt", lambda: archive.prompts("co"), bare(prompts)),
    ]


async def journal(archive: SqliteArchive, folder: Path, seconds: int) -> str:
    """CPU of journalling a fast stream, and how much is written for it."""
    talk = Conversation()
    answer = Message(Role.ASSISTANT, status=MessageStatus.STREAMING)
    talk.tree.add(answer.id, None)
    await archive.add(talk, answer)
    wal = folder / "history.db-wal"
    with sqlite3.connect(folder / "history.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    piece = ("word" * 100_000)[: TOKENS_A_SECOND // FLUSHES_A_SECOND * CHARACTERS_A_TOKEN]
    start = time.process_time()
    for _ in range(seconds * FLUSHES_A_SECOND):
        answer.text += piece
        await archive.update(talk, answer)
    cpu = (time.process_time() - start) / seconds
    written = wal.stat().st_size
    rewriting = sum(len(piece) * number for number in range(seconds * FLUSHES_A_SECOND))
    answer.status = MessageStatus.COMPLETE
    await archive.update(talk, answer)
    share = cpu * 1000 / TOKENS_A_SECOND / STREAM_CPU
    return (
        f"journalling {seconds} s of {TOKENS_A_SECOND} tokens/s: {cpu * 1000:.2f} ms of CPU a second, {share:.2%} of a"
        f" stream's (limit {LIMIT:.0%}); {written / 1024:.0f} KiB of journal file for {len(answer.text) / 1024:.0f} KiB"
        f" of text; rewriting the text each time would be {rewriting / 1024:.0f} KiB and more"
    )


async def main() -> None:
    """Measures and prints a line each."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.store")
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as place:
        folder, words = Path(place), Words()
        archive = (await open_store(folder)).archive
        start = time.perf_counter()
        long = await fill(archive, words)
        await archive.aclose()
        archive = (await open_store(folder)).archive
        sizes(folder, time.perf_counter() - start)
        for comparison in comparisons(archive, folder, long, words):
            print(await measure(comparison, rounds))
        for _ in range(3):
            print(await journal(archive, folder, 10))
        await archive.aclose()


def sizes(folder: Path, seconds: float) -> None:
    """How large the history is, and what of it is index."""
    with sqlite3.connect(folder / "history.db") as connection:
        texts = connection.execute("SELECT sum(length(CAST(text AS BLOB))), count(*) FROM bodies").fetchone()
        index = connection.execute("SELECT sum(length(block)) FROM found_data").fetchone()[0]
    connection.close()
    print(
        f"{texts[1]} messages with {texts[0] / 1e6:.1f} MB of text, imported in {seconds:.1f} s; the database has"
        f" {(folder / 'history.db').stat().st_size / 1e6:.1f} MB, {index / 1e6:.1f} MB of it the index"
    )


if __name__ == "__main__":
    asyncio.run(main())
