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


async def test_a_fault_of_textuals_own_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(chat()) as screen:
        monkeypatch.setattr(screen.app, "_close_messages_no_wait", lambda: None)
        screen.app.panic("something is wrong")
        assert screen.app.return_code == 1


async def test_textual_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("textual.driver.Driver.open_url", lambda _, url, *__: opened.append(url))
    async with running(chat()) as screen:
        screen.app.open_url("%66ile:///etc/passwd")
        screen.app.open_url("https://example.org", new_tab=False)
    assert not opened


async def test_ctrl_z_is_for_the_shell_and_another_key_takes_typing_back() -> None:
    async with running(chat()) as screen:
        await screen.pilot.press("a", "ctrl+z")
        await screen.until(lambda: screen.prompt == "a")
        await screen.pilot.press("ctrl+underscore")
        await screen.until(lambda: screen.prompt == "")
