"""``tui-stream usage``: what was spent, as a table and as data."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.commands.histories import HARM, Ran, kept, talk
from tui_stream.cli import app
from tui_stream.commands import usage as command
from tui_stream.commands import usage_views as views
from tui_stream.commands.printing import Screen
from tui_stream.core import figures
from tui_stream.core.accounts import Spent, UsageRow
from tui_stream.core.models import Conversation, Cost, Estimate, Source, Timing, Usage, utc_now
from tui_stream.errors import UsageError
from tui_stream.store.archive import SqliteArchive


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> object:
    def ran(*arguments: str) -> Ran:
        capfd.readouterr()
        code = app(["usage", *arguments], standalone_mode=False)
        return Ran(code or 0, *capfd.readouterr())

    return ran


def keep(*conversations: Conversation) -> None:
    """Keeps them as chats of one's own do."""

    async def work(archive: SqliteArchive) -> None:
        for each in conversations:
            await archive.open(each)
            for message in each.messages:
                await archive.add(each, message)

    kept(work)


def paid(day: int, dollars: str | None, model: str = "gpt-x", title: str = "") -> Conversation:
    made = talk(day=day, title=title)
    answer = made.messages[1]
    answer.provider, answer.model = "openai", model
    answer.usage, answer.timing = Usage(1000, 51), Timing(6.0, 1.0, 5.0)
    answer.cost = Cost(None if dollars is None else Decimal(dollars), Source.REPORTED)
    answer.estimate = Estimate(1, 4000, 0, 200, 0, 1010, 50)
    return made


def test_an_empty_history_is_no_error(run: object) -> None:
    assert callable(run)
    found = run()
    assert (found.code, found.stdout, found.stderr) == (0, "", "No request is known yet.\n")
    assert run("--json").json() == []


def test_rows_for_each_model_day_and_conversation(run: object) -> None:
    assert callable(run)
    keep(paid(1, "0.10"), paid(2, "0.30"), paid(2, None, "new"), paid(2, "0.02", "new", title=f"A {HARM}"))
    models = run().lines
    assert models[0] == ["openai/gpt-x", "2", "2,000", "102", "$0.40", "1.00 s", "10.0", "1.0 % / 2.0 %"]
    assert models[1][4] == "$0.02 + ?"
    assert [line[:2] for line in run("--by", "day").lines] == [["2026-03-01", "1"], ["2026-03-02", "3"]]
    named = [line[0] for line in run("--by", "conversation").lines]
    assert len(named) == 4
    assert not any("\x1b" in name for name in named)
    assert [line[1] for line in run("--since", "2026-03-02").lines] == ["1", "2"]


def test_data_is_exact(run: object) -> None:
    assert callable(run)
    keep(paid(1, "0.1"), paid(1, "0.0000000000000000002"), paid(1, None, "=evil()"))
    rows = {row["model"]: row for row in run("--json").json()}
    known = rows["openai/gpt-x"]
    assert known["dollars"] == "0.1000000000000000002"
    assert (known["requests"], known["input_tokens"], known["unknown_costs"]) == (2, 2000, 0)
    assert rows["openai/=evil()"]["dollars"] is None
    table = list(csv.DictReader(io.StringIO(run("--csv").stdout)))
    assert [row["dollars"] for row in table] == ["0.1000000000000000002", ""]
    assert table[0]["first_token"] == "1.0"


def test_a_terminal_gets_a_table_with_a_sum_that_fits() -> None:
    rows = [
        UsageRow(model="openai/" + "long" * 20, spent=Spent("", 1, Decimal("1.5"), 1, 0, 0, 30), usage=Usage(10, 20)),
        UsageRow(model="ollama/m", spent=Spent("", 2, local=2, tokens=4), usage=Usage(2, 2, source=Source.ESTIMATED)),
    ]
    lines = list(views.table(rows, [rows[0]], "model", Screen(80, colour=False)))
    assert len(lines) == 4
    assert all(len(line) <= 80 for line in lines)
    assert lines[0].split()[:2] == ["model", "requests"]
    assert "~$1.50" in lines[1]
    assert "local" in lines[2]
    assert "~2" in lines[2]
    assert lines[3].startswith("all")


@pytest.mark.parametrize(
    ("spent", "text"),
    [
        (Spent(), "$0.00"),
        (Spent("", 2, Decimal(1), unknown=1), "$1.00 + ?"),
        (Spent("", 2, Decimal(1), estimated=1, unknown=1), "~$1.00 + ?"),
        (Spent("", 2, unknown=2), "$?"),
        (Spent("", 2, unknown=1, local=1), "$?"),
        (Spent("", 2, local=2), "local"),
    ],
)
def test_money_is_never_less_unknown_than_its_parts(spent: Spent, text: str) -> None:
    assert figures.spent_text(spent) == text


def test_since_takes_days_and_durations(run: object) -> None:
    assert callable(run)
    week = command._moment("7d")
    assert week is not None
    assert abs(utc_now() - timedelta(days=7) - week) < timedelta(minutes=1)
    with pytest.raises(UsageError, match="does not know when"):
        run("--since", "lately")
    for never in ("99999y", "0001-01-01T00:00:00+14:00", "2026-02-30"):
        with pytest.raises(UsageError, match="does not know when"):
            run("--since", never)
    with pytest.raises(UsageError, match="two forms"):
        run("--json", "--csv")
