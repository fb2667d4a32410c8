"""The log of ``llm``: its database in the shapes that it has had, and what ``llm logs --json`` prints."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tui_stream.core.models import Conversation, Message, Role, Timing, Usage
from tui_stream.errors import StoreError
from tui_stream.exchange import read_any

RESPONSES = """
CREATE TABLE conversations (id TEXT PRIMARY KEY, name TEXT, model TEXT);
CREATE TABLE responses (
    id TEXT PRIMARY KEY, model TEXT, prompt TEXT, system TEXT, prompt_json TEXT, options_json TEXT, response TEXT,
    response_json TEXT, conversation_id TEXT, duration_ms INTEGER, datetime_utc TEXT {}
);
INSERT INTO conversations VALUES ('c1', 'First', 'm'), ('c2', 'Second', 'm');
"""
LATER = """
CREATE TABLE attachments (id TEXT PRIMARY KEY, type TEXT, path TEXT, url TEXT, content BLOB);
CREATE TABLE prompt_attachments (response_id TEXT, attachment_id TEXT, "order" INTEGER);
CREATE TABLE fragments (id INTEGER PRIMARY KEY, hash TEXT, content TEXT, datetime_utc TEXT, source TEXT);
CREATE TABLE prompt_fragments (response_id TEXT, fragment_id INTEGER, "order" INTEGER);
CREATE TABLE system_fragments (response_id TEXT, fragment_id INTEGER, "order" INTEGER);
CREATE TABLE tool_calls (
    id INTEGER PRIMARY KEY, response_id TEXT, tool_id INTEGER, name TEXT, arguments TEXT, tool_call_id TEXT
);
CREATE TABLE tool_results (
    id INTEGER PRIMARY KEY, response_id TEXT, tool_id INTEGER, name TEXT, output TEXT, tool_call_id TEXT
);
"""
THREADS = """
CREATE TABLE messages (hash TEXT PRIMARY KEY, parent_hash TEXT, role TEXT, provider_metadata TEXT);
CREATE TABLE parts (
    id INTEGER PRIMARY KEY, message_hash TEXT, position INTEGER, type TEXT, tool_name TEXT, text TEXT, payload TEXT
);
CREATE TABLE threads (id TEXT PRIMARY KEY, name TEXT, tip_message_hash TEXT, forked_from TEXT, datetime_utc TEXT);
CREATE TABLE turns (
    id TEXT PRIMARY KEY, thread_id TEXT, parent_message_hash TEXT, tip_message_hash TEXT, model TEXT,
    resolved_model TEXT, options_json TEXT, schema_id TEXT, input_tokens INTEGER, output_tokens INTEGER,
    token_details TEXT, duration_ms INTEGER, datetime_utc TEXT, response_json TEXT
);
CREATE TABLE fragments (id INTEGER PRIMARY KEY, hash TEXT, content TEXT, datetime_utc TEXT, source TEXT);
CREATE TABLE attachments (id TEXT PRIMARY KEY, type TEXT, path TEXT, url TEXT, content BLOB);
"""


def database(path: Path, schema: str, **rows: list[dict[str, Any]]) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(schema)
        for table, values in rows.items():
            for value in values:
                names = ", ".join(f'"{name}"' for name in value)
                marks = ", ".join("?" * len(value))
                connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(value.values()))  # noqa: S608 - ours
    return path


def row(number: int, prompt: str | None, response: str, conversation: str | None = "c1", **more: Any) -> dict[str, Any]:
    return {
        "id": f"r{number}",
        "model": "m",
        "prompt": prompt,
        "response": response,
        "conversation_id": conversation,
        "duration_ms": 1500,
        "datetime_utc": f"2024-05-06T07:08:0{number}.000000",
        **more,
    }


def said(conversation: Conversation) -> list[tuple[Role, str]]:
    return [(message.role, message.text) for message in conversation.messages]


def test_responses_are_conversations(tmp_path: Path) -> None:
    file = database(
        tmp_path / "logs.db",
        RESPONSES.format(""),
        responses=[
            row(2, "More?", "No.", options_json='{"temperature": 0.5}'),
            row(1, "Why?", "So.", system="Be brief."),
            row(3, "Other", "Yes.", "c2"),
            row(4, "Alone", "Yes.", None),
        ],
    )
    first, second, alone = read_any(file)
    assert (first.title, second.title, alone.title) == ("First", "Second", "")
    assert said(first) == [
        (Role.SYSTEM, "Be brief."),
        (Role.USER, "Why?"),
        (Role.ASSISTANT, "So."),
        (Role.USER, "More?"),
        (Role.ASSISTANT, "No."),
    ]
    answer = first.messages[-1]
    moment = datetime(2024, 5, 6, 7, 8, 2, tzinfo=UTC)
    assert (answer.created_at, answer.finished_at) == (moment, moment + timedelta(seconds=1.5))
    assert answer.timing == Timing(1.5)
    assert (answer.model, answer.provider, answer.parameters) == ("m", "llm", {"temperature": 0.5})
    assert answer.usage is None
    assert first.created_at == datetime(2024, 5, 6, 7, 8, 1, tzinfo=UTC)
    assert first.updated_at == moment + timedelta(seconds=1.5)
    assert first.id == next(iter(read_any(file))).id


def test_what_later_versions_keep_beside_is_there(tmp_path: Path) -> None:
    columns = ", input_tokens INTEGER, output_tokens INTEGER, token_details TEXT, resolved_model TEXT, reasoning TEXT"
    details = {"prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 5}}
    file = database(
        tmp_path / "logs.db",
        RESPONSES.format(columns) + LATER,
        responses=[
            row(
                1,
                "Why?",
                "I look.",
                input_tokens=10,
                output_tokens=20,
                token_details=json.dumps(details),
                resolved_model="m-2024",
                reasoning="Hm.",
            ),
            row(2, None, "So."),
        ],
        attachments=[{"id": "a", "type": "image/png", "path": "/tmp/a.png"}],
        prompt_attachments=[{"response_id": "r1", "attachment_id": "a", "order": 0}],
        fragments=[{"id": 1, "content": "A novel."}, {"id": 2, "content": "Be kind."}],
        prompt_fragments=[{"response_id": "r1", "fragment_id": 1, "order": 0}],
        system_fragments=[{"response_id": "r1", "fragment_id": 2, "order": 0}],
        tool_calls=[{"response_id": "r1", "name": "look", "arguments": '{"a": 1}', "tool_call_id": "t"}],
        tool_results=[{"response_id": "r2", "name": "look", "output": "found"}],
    )
    (made,) = read_any(file)
    assert said(made) == [
        (Role.SYSTEM, "Be kind."),
        (Role.USER, "A novel.\nWhy?\n\n[Attached: /tmp/a.png]"),
        (Role.ASSISTANT, "I look.\n\nOutput of look:\n\n```\nfound\n```\n\nSo."),
    ]
    answer = made.messages[-1]
    assert answer.usage == Usage(10, 20, 4, reasoning_tokens=5)
    assert (answer.reasoning, [(call.name, call.arguments) for call in answer.tool_calls]) == (
        "Hm.",
        [("look", '{"a": 1}')],
    )


@pytest.mark.parametrize(("table", "moment"), [("log", "timestamp"), ("logs", "datetime_utc")])
def test_the_first_versions_had_one_table(tmp_path: Path, table: str, moment: str) -> None:
    schema = f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, model, prompt, system, response, chat_id, {moment})"
    at = {moment: "2023-04-05 06:07:08"}
    rows = [
        {"id": 1, "model": "gpt", "prompt": "Why?", "system": "", "response": "So.", **at},
        {"id": 2, "model": "gpt", "prompt": "More?", "response": "No.", "chat_id": 1, **at},
        {"id": 3, "model": "gpt", "prompt": "Other", "response": "Yes.", **at},
    ]
    first, second = read_any(database(tmp_path / "log.db", schema, **{table: rows}))
    assert [text for _, text in said(first)] == ["Why?", "So.", "More?", "No."]
    assert [text for _, text in said(second)] == ["Other", "Yes."]
    assert first.created_at == datetime(2023, 4, 5, 6, 7, 8, tzinfo=UTC)


def text(
    message: str, parent: str | None, role: str, words: str | None, /, **payload: Any
) -> dict[str, list[dict[str, Any]]]:
    part = {"message_hash": message, "position": 0, "type": payload.pop("type", "text"), "text": words}
    return {
        "messages": [{"hash": message, "parent_hash": parent, "role": role}],
        "parts": [part | {"payload": json.dumps(payload) if payload else None}],
    }


def together(*rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for each in rows:
        for table, values in each.items():
            found.setdefault(table, []).extend(values)
    return found


def turn(number: int, sent: str | None, tip: str, **more: Any) -> dict[str, Any]:
    known = {"id": f"t{number}", "thread_id": "c1", "parent_message_hash": sent, "tip_message_hash": tip, "model": "m"}
    return known | {"datetime_utc": f"2026-01-01T00:00:0{number}+00:00", **more}


def threads() -> dict[str, list[dict[str, Any]]]:
    rows = together(
        text("s", None, "system", "Be brief."),
        text("u", "s", "user", None, text_ref=[{"literal": "See: "}, {"fragment": 7}]),
        text("call", "u", "assistant", None, type="tool_call", name="look", arguments={"a": 1}, tool_call_id="t"),
        text("result", "call", "tool", None, type="tool_result", name="look", output="found"),
        text("a1", "result", "assistant", "So."),
        text("a2", "u", "assistant", "Otherwise."),
        text("u2", "a1", "user", "More?"),
        text("a3", "u2", "assistant", "No."),
    )
    rows["parts"].append({"message_hash": "a1", "position": 1, "type": "reasoning", "text": "Hm."})
    rows["fragments"] = [{"id": 7, "content": "a novel"}]
    rows["threads"] = [{"id": "c1", "name": "First", "tip_message_hash": "a3"}]
    rows["turns"] = [
        turn(1, "u", "call", input_tokens=1),
        turn(2, "result", "a1", output_tokens=2, options_json='{"x": 1}'),
        turn(3, "u", "a2"),
        turn(4, "u2", "a3", resolved_model="m-9"),
    ]
    return rows


def test_threads_are_trees(tmp_path: Path) -> None:
    (made,) = read_any(database(tmp_path / "logs.db", THREADS, **threads()))
    assert made.title == "First"
    assert said(made) == [
        (Role.SYSTEM, "Be brief."),
        (Role.USER, "See: a novel"),
        (Role.ASSISTANT, "Output of look:\n\n```\nfound\n```\n\nSo."),
        (Role.USER, "More?"),
        (Role.ASSISTANT, "No."),
    ]
    answer = made.messages[2]
    assert answer.reasoning == "Hm."
    assert [(call.id, call.name, call.arguments) for call in answer.tool_calls] == [("t", "look", '{"a": 1}')]
    assert answer.usage == Usage(output_tokens=2)
    assert made.messages[-1].model == "m-9"
    assert [message.text for message in made.others] == ["Otherwise."]
    assert made.tree.siblings(answer.id) == (answer.id, made.others[0].id)


def test_what_was_carried_on_as_a_thread_is_there_once(tmp_path: Path) -> None:
    both = THREADS + RESPONSES.format("")
    file = database(tmp_path / "a.db", both, **threads(), responses=[row(1, "See", "So.")])
    assert [each.title for each in read_any(file)] == ["First"]
    file = database(tmp_path / "b.db", both, **threads(), responses=[row(1, "See", "Lost words.")])
    first, second = read_any(file)
    assert first.id != second.id
    assert said(second)[-1] == (Role.ASSISTANT, "Lost words.")


def test_links_that_lead_nowhere_or_in_circles_lose_nothing(tmp_path: Path) -> None:
    rows = together(text("a", "b", "user", "A"), text("b", "a", "assistant", "B"), text("c", "gone", "user", "C"))
    rows["turns"] = [turn(1, "a", "b"), turn(2, None, "c"), turn(3, None, "gone")]
    (made,) = read_any(database(tmp_path / "logs.db", THREADS, **rows))
    assert {message.text for message in (*made.messages, *made.others)} == {"A", "B", "C"}


def test_strange_values_are_no_trouble(tmp_path: Path) -> None:
    strange = {
        "model": b"\xff",
        "duration_ms": -(2**62),
        "options_json": "[" * 5000,
        "datetime_utc": "soon",
        "system": 5,
    }
    rows = [row(1, "a\x1b[2Jb", "x\u202ey", **strange), row(2, 5, b"\xff")]  # type: ignore[arg-type]  # as a file may be
    (made,) = read_any(database(tmp_path / "logs.db", RESPONSES.format(""), responses=rows))
    assert [text for _, text in said(made)] == ["5", "a[2Jb", "xy", "5"]
    assert made.messages[0].created_at == datetime(1970, 1, 1, tzinfo=UTC)


def test_text_that_is_not_utf_8_is_repaired(tmp_path: Path) -> None:
    file = database(tmp_path / "logs.db", RESPONSES.format(""), responses=[row(1, "x", "y")])
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE responses SET response = CAST(x'61ff62' AS TEXT)")
    (made,) = read_any(file)
    assert made.messages[-1].text == "a\ufffdb"


def test_nothing_in_a_database_runs(tmp_path: Path) -> None:
    schema = """
    CREATE TABLE logs (id INTEGER PRIMARY KEY, prompt, response, model);
    INSERT INTO logs VALUES (1, 'p', 'r', 'm');
    CREATE VIEW responses AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS id FROM n;
    """
    (made,) = read_any(database(tmp_path / "logs.db", schema))
    assert said(made) == [(Role.USER, "p"), (Role.ASSISTANT, "r")]


def test_a_database_is_only_read(tmp_path: Path) -> None:
    file = database(tmp_path / "logs.db", RESPONSES.format(""), responses=[row(1, "x", "y")])
    before = file.read_bytes()
    file.chmod(0o400)
    assert len(list(read_any(file))) == 1
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_a_name_that_a_web_address_would_change_is_a_name(tmp_path: Path) -> None:
    file = database(tmp_path / "a?mode=rwc&b#c%20.db", RESPONSES.format(""), responses=[row(1, "x", "y")])
    assert len(list(read_any(file))) == 1


def test_other_databases_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not one of llm"):
        list(read_any(database(tmp_path / "other.db", "CREATE TABLE notes (x)")))


def test_a_damaged_database_is_an_error_in_words(tmp_path: Path) -> None:
    file = database(tmp_path / "logs.db", RESPONSES.format(""), responses=[row(n, "x" * 5000, "y") for n in range(9)])
    data = file.read_bytes()
    file.write_bytes(data[:5000] + b"\xff" * 8000 + data[13000:])
    with pytest.raises(StoreError, match=r"logs\.db cannot be read: "):
        list(read_any(file))


def test_logs_as_json(tmp_path: Path) -> None:
    listed = [
        row(2, "More?", "No.", system="Be brief.", conversation_name="First", options_json={"x": 1}, tool_calls=[]),
        row(3, "Other", "Yes.", "c2"),
        row(
            1,
            "Why?",
            "So.",
            system="Be brief.",
            conversation_name="First",
            prompt_fragments=[{"hash": "x", "content": "A novel."}],
            attachments=[{"type": "image/png", "url": "https://e.org/a.png"}],
            tool_calls=[{"name": "look", "arguments": {"a": 1}, "tool_call_id": "t"}],
        ),
    ]
    file = tmp_path / "logs.json"
    file.write_text(json.dumps(listed))
    first, second = read_any(file)
    assert said(first) == [
        (Role.SYSTEM, "Be brief."),
        (Role.USER, "A novel.\nWhy?\n\n[Attached: https://e.org/a.png]"),
        (Role.ASSISTANT, "So."),
        (Role.USER, "More?"),
        (Role.ASSISTANT, "No."),
    ]
    assert first.messages[-1].parameters == {"x": 1}
    assert first.messages[2].tool_calls[0].arguments == '{"a": 1}'
    assert said(second)[-1] == (Role.ASSISTANT, "Yes.")
    responses = database(tmp_path / "logs.db", RESPONSES.format(""), responses=[row(1, "Why?", "So.")])
    assert [each.id for each in read_any(responses)] == [first.id]


def test_a_row_that_is_none_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "logs.json"
    file.write_text(json.dumps([row(1, "Why?", "So."), {"x": 1}]))
    with pytest.raises(StoreError, match=r"\[1\] is no row of llm's log"):
        list(read_any(file))
    told: list[StoreError] = []
    (made,) = read_any(file, passed_over=told.append)
    assert isinstance(made.messages[0], Message)
    assert len(told) == 1
