from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.fakes import FakeClock
from tui_stream import paths
from tui_stream.providers._pool_choice import STALE, Standing
from tui_stream.providers._pool_memory import MOST_ENTRIES, Key, Memory

START = 1_700_000_000.0
A = Key("openai", "http://a/v1", "m")


class Run:
    """A run of the program: its monotonic clock begins anywhere, the wall clock is what it is."""

    def __init__(self, path: Path, wall: float = START, now: float = 0.0) -> None:
        self.clock, self.wall = FakeClock(now), FakeClock(wall)
        self.memory = Memory(path, wall=self.wall, clock=self.clock)

    def write(self, **standings: Standing) -> None:
        self.memory.keep({A._replace(model=name): standing for name, standing in standings.items()})
        self.memory.write()

    def read(self) -> dict[str, Standing]:
        return {key.model: standing for key, standing in self.memory.read().items()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "endpoints.json"


def test_the_next_run_knows_what_this_one_knew(path: Path) -> None:
    failing = Standing(0.25, measured_at=990, failures=2, failed_at=995, rests_until=1055, passed_over=3)
    Run(path, now=1000).write(m=failing, n=Standing(0.5, measured_at=1000))
    later = Run(path, wall=START + 20, now=5)
    known = later.read()
    assert known["m"] == Standing(0.25, -25, 2, -20, 40, 3)
    assert (known["n"].ttft, known["n"].measured_at, known["n"].healthy(5)) == (0.5, -15, True)


def test_the_next_run_knows_who_wants_to_be_left_alone(path: Path) -> None:
    standing = Standing()
    standing.fail(990, 100)
    run = Run(path, now=1000)
    run.write(m=standing)
    assert Run(path, wall=START + 20, now=5).read()["m"].asked_until == 75
    assert Run(path, wall=START - 86_400, now=5).read()["m"].asked_until == 105
    standing.fail(1000)
    run.write(m=standing)
    assert Run(path, wall=START + 20, now=5).read()["m"].asked_until == float("-inf")


def test_the_file_is_the_owners_alone_and_holds_what_it_says(path: Path) -> None:
    Run(path).write(m=Standing(0.5))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["endpoints.json"]
    assert json.loads(path.read_text()) == {
        "format": 1,
        "endpoints": [
            {"provider": "openai", "url": "http://a/v1", "model": "m", "ttft": 0.5, "measured_at": START},
        ],
    }


def test_by_itself_it_is_in_the_cache_folder() -> None:
    memory = Memory()
    memory.keep({A: Standing(0.5)})
    memory.write()
    assert (paths.cache_dir() / "endpoints.json").is_file()


def test_nothing_is_written_where_nothing_was_noted(path: Path) -> None:
    Run(path).memory.write()
    assert not path.parent.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"format": 2, "endpoints": []}',
        b"\xff\xfe",
        b"[" * 100_000,
        b"{}" + b" " * (1 << 21),
    ],
    ids=["empty", "cut", "list", "null", "format", "binary", "deep", "huge"],
)
def test_a_damaged_file_is_ignored_and_replaced(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    run = Run(path)
    assert run.read() == {}
    run.write(m=Standing(0.5))
    assert list(run.read()) == ["m"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"ttft": "fast"},
        {"ttft": -1},
        {"ttft": 1e99},
        {"failures": -1},
        {"failures": True},
        {"url": 3},
        {"model": "m" * 501},
    ],
)
def test_a_damaged_entry_costs_no_other(path: Path, wrong: dict[str, object]) -> None:
    Run(path).write(m=Standing(0.5), n=Standing(0.6))
    value = json.loads(path.read_text())
    value["endpoints"][0] |= wrong
    path.write_text(json.dumps(value))
    assert list(Run(path).read()) == ["n"]


def test_where_it_cannot_be_written_nothing_happens(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    run = Run(tmp_path / "cache" / "endpoints.json")
    run.write(m=Standing(0.5))
    assert run.read() == {}
    folder = tmp_path / "endpoints.json"
    folder.mkdir()
    Run(folder).write(m=Standing(0.5))
    assert [file.name for file in tmp_path.iterdir() if file.name.endswith(".part")] == []


def test_what_others_have_written_meanwhile_is_kept(path: Path) -> None:
    one, other = Run(path), Run(path)
    one.read()
    other.write(n=Standing(0.6))
    one.write(m=Standing(0.5))
    assert set(Run(path).read()) == {"m", "n"}


def test_it_stays_small_and_keeps_the_newest(path: Path) -> None:
    run = Run(path, now=1000)
    run.write(**{f"m{number}": Standing(0.5, measured_at=number) for number in range(MOST_ENTRIES + 20)})
    known = run.read()
    assert len(known) == MOST_ENTRIES
    assert "m0" not in known
    assert f"m{MOST_ENTRIES + 19}" in known


def test_an_entry_from_the_future_is_the_first_to_go(path: Path) -> None:
    Run(path, wall=START + 1e6).write(future=Standing(0.5))
    run = Run(path, now=1000)
    run.write(**{f"m{number}": Standing(0.5, measured_at=number) for number in range(MOST_ENTRIES)})
    assert "future" not in run.read()


def test_names_that_are_no_text_or_too_long_are_left_out(path: Path) -> None:
    Run(path).write(**{"\udcff": Standing(0.5), "x" * 501: Standing(0.5), "m": Standing(0.5)})
    assert list(Run(path).read()) == ["m"]


def test_after_the_clock_was_set_back_a_figure_counts_as_old_and_a_rest_is_no_longer_than_it_was(path: Path) -> None:
    standing = Standing(0.5, measured_at=0)
    standing.fail(0)
    Run(path).write(m=standing)
    known = Run(path, wall=START - 86_400, now=7).read()["m"]
    assert known.measured_at == 7 - STALE
    assert known.rests_until == 7 + 30
    assert known.failed_at == 7


def test_after_the_clock_was_set_forward_a_rest_is_over(path: Path) -> None:
    standing = Standing()
    standing.fail(0)
    Run(path).write(m=standing)
    assert Run(path, wall=START + 86_400).read()["m"].healthy(0)


def test_a_rest_that_no_server_could_have_asked_for_is_cut(path: Path) -> None:
    path.parent.mkdir()
    entry = {"provider": "p", "url": "u", "model": "m", "failures": 1, "failed_at": 0, "failing_until": 1e12}
    path.write_text(json.dumps({"format": 1, "endpoints": [entry]}))
    assert Run(path).read()["m"].rests_until == 86_400
