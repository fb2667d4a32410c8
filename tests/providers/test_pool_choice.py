from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_stream.providers._pool_choice import FIRST_REST, LONGEST_ASKED, LONGEST_REST, STALE, Standing, order


def fast(ttft: float, **more: float) -> Standing:
    standing = Standing(ttft)
    for name, value in more.items():
        setattr(standing, name, value)
    return standing


def test_the_fastest_is_first_and_the_others_follow_by_speed() -> None:
    assert order([fast(0.5), fast(0.1), fast(0.3)], 1) == [1, 2, 0]


def test_one_without_a_figure_is_asked_before_all_but_after_those_known_to_work_in_need() -> None:
    assert order([fast(0.5), Standing(), fast(0.3)], 1) == [1, 2, 0]
    assert order([Standing(), fast(0.5), Standing(), fast(0.3)], 1) == [0, 3, 1, 2]


def test_without_any_figure_the_order_is_the_settings() -> None:
    assert order([Standing(), Standing(), Standing()], 1) == [0, 1, 2]


def test_one_that_rests_is_left_out_except_as_the_last_resort() -> None:
    standings = [fast(0.1), fast(0.2), fast(0.3)]
    standings[0].fail(0)
    assert order(standings, FIRST_REST - 1) == [1, 2, 0]
    assert order(standings, FIRST_REST) == [0, 1, 2]


def test_behind_a_healthy_one_the_one_that_is_due_soonest_is_tried() -> None:
    standings = [fast(0.1), fast(0.2), fast(0.3), fast(0.4)]
    for moment, place in enumerate((2, 0, 1)):
        standings[place].fail(moment)
    assert order(standings, 5) == [3, 2]


def test_when_all_rest_all_are_tried_those_with_the_fewest_failures_first_and_by_speed() -> None:
    standings = [fast(0.1), fast(0.2), fast(0.3)]
    for moment, place in enumerate((0, 0, 2, 1)):
        standings[place].fail(moment)
    assert order(standings, 5) == [1, 2, 0]


def test_one_that_wants_to_be_left_alone_is_asked_before_only_where_all_do() -> None:
    standings = [fast(0.1), fast(0.2), fast(0.3), fast(0.4)]
    for place, asked in enumerate((20.0, 10.0, None, 5.0)):
        standings[place].fail(0, asked)
    assert order(standings, 4) == [2]
    assert order(standings, 5) == [2, 3]
    assert order(standings, 20) == [0, 1, 2, 3]
    assert order([standings[0], standings[1], standings[3]], 4) == [2], "the one that is due soonest"
    assert order([standings[0], fast(9)], 4) == [1], "the healthy one alone"


def test_rests_double_up_to_a_limit() -> None:
    standing, rests = Standing(), []
    for _ in range(8):
        standing.fail(100)
        rests.append(standing.rests_until - 100)
    assert rests == [30, 60, 120, 240, 480, 600, 600, 600]
    assert LONGEST_REST == 600


@pytest.mark.parametrize(("asked", "rest"), [(None, 30), (5, 30), (900, 900), (1e12, LONGEST_ASKED)])
def test_a_longer_rest_that_the_server_asks_for_is_granted_within_reason(asked: float | None, rest: float) -> None:
    standing = Standing()
    standing.fail(100, asked)
    assert standing.rests_until == 100 + rest


def test_a_failure_before_its_rest_is_over_begins_the_same_rest_again() -> None:
    standing = Standing()
    for moment in (0, 1, 2):
        standing.fail(moment, again=moment > 0)
    assert (standing.failures, standing.rests_until) == (1, 2 + FIRST_REST)


def test_one_that_answers_is_no_longer_left_alone() -> None:
    standing = Standing()
    standing.fail(0, 900)
    standing.wake(5)
    assert (standing.healthy(5), standing.asked_until) == (True, 5)
    standing.fail(6)
    assert standing.asked_until < 6


def test_forgiven_it_rests_as_after_a_first_failure() -> None:
    standing = Standing()
    for moment in (0, 1, 2):
        standing.fail(moment)
    standing.forgive()
    assert (standing.failures, standing.rests_until) == (1, 2 + FIRST_REST)


def test_a_new_measurement_counts_the_more_the_older_the_figure_is() -> None:
    at_once, later, much_later = fast(1.0), fast(1.0), fast(1.0)
    at_once.learn(2.0, 0)
    later.learn(2.0, STALE)
    much_later.learn(2.0, STALE * 20)
    assert at_once.ttft == pytest.approx(1.3)
    assert later.ttft == pytest.approx(1.5)
    assert much_later.ttft == pytest.approx(2.0, abs=1e-4)


@pytest.mark.parametrize(
    ("age", "answers", "expected"),
    [(STALE * 2, 8, [1, 0]), (STALE * 2 - 1, 8, [0, 1]), (STALE * 2, 7, [0, 1])],
)
def test_a_slower_one_is_measured_again_now_and_then(age: float, answers: int, expected: list[int]) -> None:
    assert order([fast(0.2, measured_at=age), fast(0.4, passed_over=answers)], age) == expected


def test_a_much_slower_one_is_measured_again_later_but_in_the_end() -> None:
    standings = [fast(0.2, measured_at=1e5), fast(60, passed_over=100)]
    assert order(standings, STALE * 5) == [0, 1]
    assert order(standings, STALE * 6) == [1, 0]


def test_of_several_the_one_measured_longest_ago_is_due() -> None:
    standings = [fast(0.2), fast(0.3, measured_at=50, passed_over=99), fast(0.4, measured_at=20, passed_over=99)]
    assert order(standings, STALE * 3)[0] == 2


FIGURES = st.none() | st.floats(0, 100)
STANDINGS = st.builds(
    Standing,
    FIGURES,
    measured_at=st.floats(0, 1e4),
    failures=st.integers(0, 5),
    rests_until=st.floats(0, 1e4),
    passed_over=st.integers(0, 100),
    asked_until=st.floats(0, 1e4),
)


@given(st.lists(STANDINGS, min_size=1, max_size=6), st.floats(0, 1e4))
def test_every_healthy_one_is_asked_once_and_then_at_most_one_that_rests(standings: list[Standing], now: float) -> None:
    places = order(standings, now)
    healthy = {place for place, standing in enumerate(standings) if standing.healthy(now)}
    assert len(places) == len(set(places))
    assert set(places[: len(healthy)]) == healthy
    willing = {place for place, standing in enumerate(standings) if standing.asked_until <= now} - healthy
    if healthy:
        assert len(places) == len(healthy) + min(len(willing), 1)
        assert set(places[len(healthy) :]) <= willing
    elif willing:
        assert set(places) == willing
    else:
        assert len(places) == 1
