from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tui_stream.ui.days import Days

NOW = datetime(2026, 5, 20, 0, 30, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("when", "group", "short", "moment"),
    [
        (datetime(2026, 5, 20, 0, 5, tzinfo=UTC), "Today", "00:05", "Today 00:05"),
        (datetime(2026, 5, 19, 23, 59, tzinfo=UTC), "Yesterday", "23:59", "Yesterday 23:59"),
        (datetime(2026, 5, 18, 1, 2, tzinfo=UTC), "Monday", "01:02", "Monday 01:02"),
        (datetime(2026, 5, 14, 8, 0, tzinfo=UTC), "Thursday", "08:00", "Thursday 08:00"),
        (datetime(2026, 5, 13, 8, 0, tzinfo=UTC), "May", "13 May", "13 May"),
        (datetime(2026, 1, 3, 8, 0, tzinfo=UTC), "January", "3 Jan", "3 January"),
        (datetime(2025, 12, 31, 8, 0, tzinfo=UTC), "December 2025", "31 Dec", "31 December 2025"),
        (datetime(2026, 5, 21, 0, 0, tzinfo=UTC), "After today", "21 May", "21 May"),
    ],
)
def test_days_and_months(when: datetime, group: str, short: str, moment: str) -> None:
    days = Days(NOW, UTC)
    assert (days.group(when), days.short_time(when), days.moment(when)) == (group, short, moment)


def test_days_begin_where_the_person_is() -> None:
    when = NOW - timedelta(hours=1)
    assert Days(NOW, UTC).group(when) == "Yesterday"
    assert Days(NOW, ZoneInfo("Asia/Tokyo")).moment(when) == "Today 08:30"
    assert Days(NOW, ZoneInfo("America/New_York")).moment(when) == "Today 19:30"


def test_a_clock_that_was_put_forward_moves_no_day() -> None:
    zone = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 3, 29, 12, 0, tzinfo=zone)  # the day of 23 hours
    assert Days(now, zone).group(datetime(2026, 3, 28, 0, 10, tzinfo=zone)) == "Yesterday"
    assert Days(now, zone).moment(datetime(2026, 3, 29, 0, 10, tzinfo=zone)) == "Today 00:10"
