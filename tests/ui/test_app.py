from __future__ import annotations

import pytest
from textual._compositor import ChopsUpdate, LayoutUpdate

from tests.ui.harness import chat, running


async def test_nothing_is_drawn_while_the_link_is_held_and_what_changed_is_drawn_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running(chat()) as screen:
        app = screen.app
        drawn: list[object] = []
        monkeypatch.setattr(app, "_display", lambda _, update: drawn.append(update))
        app.link._stop()
        await screen.pilot.press("a")
        await screen.until(lambda: screen.prompt == "a")
        assert not drawn
        app.link._let_go()
        await screen.until(lambda: any(isinstance(update, ChopsUpdate) for update in drawn))


async def test_what_textual_threw_away_while_the_link_was_held_is_drawn_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running(chat()) as screen:
        app = screen.app
        drawn: list[object] = []
        app.link._stop()
        app.screen._compositor_refresh()
        monkeypatch.setattr(app, "_display", lambda _, update: drawn.append(update))
        app.link._let_go()
        await screen.until(lambda: any(isinstance(update, LayoutUpdate) for update in drawn))


async def test_a_new_size_makes_the_painter_forget(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(chat()) as screen:
        forgot: list[bool] = []
        monkeypatch.setattr(screen.app.painter, "forget", lambda: forgot.append(True))
        await screen.pilot.resize_terminal(80, 20)
        await screen.until(lambda: forgot)


async def test_ctrl_l_draws_the_screen_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(chat()) as screen:
        forgot: list[str] = []
        monkeypatch.setattr(screen.app.painter, "forget", lambda: forgot.append("all"))
        await screen.pilot.press("ctrl+l")
        await screen.until(lambda: forgot == ["all"])
