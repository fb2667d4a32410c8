from __future__ import annotations

import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.exchange.conversations import FOREIGN, MOMENTS
from tui_stream.commands.history_views import hit_lines, hit_row, list_lines, list_row, short_ids
from tui_stream.commands.printing import Screen
from tui_stream.core.archive import Hit, Overview
from tui_stream.core.models import Role
from tui_stream.core.sanitize import clean

IDS = st.text("ab_-", min_size=1, max_size=14)
OVERVIEWS = st.builds(
    Overview, IDS, FOREIGN, MOMENTS, MOMENTS, st.booleans(), st.booleans(), st.integers(0, 10**6), FOREIGN
)


@st.composite
def hits(draw: st.DrawFn) -> Hit:
    before, found, behind = (draw(FOREIGN).replace("\n", " ") for _ in range(3))
    span = (len(before), len(before) + len(found))
    excerpt = before + found + behind
    return Hit(draw(IDS), "m", "", draw(st.sampled_from(Role)), draw(MOMENTS), excerpt, (span,) if found else ())


@given(st.lists(IDS, max_size=30))
def test_short_ids_name_one_conversation_each(ids: list[str]) -> None:
    short = short_ids(ids)
    assert set(short) == set(ids)
    for one, beginning in short.items():
        assert one.startswith(beginning)
        assert len(beginning) >= min(8, len(one))
        meant = [beginning] if beginning in short else [each for each in short if each.startswith(beginning)]
        assert meant == [one], "what the history takes it for"


@given(st.lists(OVERVIEWS, max_size=4), st.integers(1, 120))
def test_a_list_fits_any_terminal(overviews: list[Overview], columns: int) -> None:
    lines = list(list_lines(overviews, short_ids(each.id for each in overviews), Screen(columns, colour=True)))
    assert len(lines) == len(overviews)
    for line in lines:
        assert cell_len(line) <= columns
        assert line.splitlines() == [line]
        assert clean(line) == line


@given(st.lists(hits(), max_size=4), st.integers(1, 120), st.booleans())
def test_what_was_found_fits_any_terminal(found: list[Hit], columns: int, colour: bool) -> None:
    lines = list(hit_lines(found, {}, Screen(columns, colour)))
    assert len(lines) == len(found)
    for line in lines:
        plain = re.sub("\x1b\\[(1;33|0)m", "", line) if colour else line
        assert cell_len(plain) <= columns
        assert clean(plain) == plain
        assert "\n" not in line


@given(OVERVIEWS, hits())
def test_rows_for_programs_keep_their_columns(overview: Overview, hit: Hit) -> None:
    assert list_row(overview).count("\t") == 5
    assert hit_row(hit).count("\t") == 4
    for row in (list_row(overview), hit_row(hit)):
        assert clean(row) == row
        assert len(row.splitlines()) == 1


def test_a_mark_in_the_midst_of_a_glyph_makes_no_line_too_wide() -> None:
    hit = Hit("abc", "m", "", Role.USER, datetime(2026, 3, 4, tzinfo=UTC), "❤\ufe0f" * 20, ((0, 1), (4, 5)))
    (line,) = hit_lines([hit], {}, Screen(50, colour=True))
    assert cell_len(re.sub("\x1b\\[(1;33|0)m", "", line)) <= 50
    assert line.count("\x1b[1;33m❤\x1b[0m") == 2
