from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

import tui_stream.ui
from tests.ui.harness import PATIENCE
from tui_stream.ui.screens.save import SaveScreen


class SaveApp(App[None]):
    """Asks once and keeps the answer."""

    CSS_PATH = Path(tui_stream.ui.__file__).with_name("app.tcss")
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, suggested: str) -> None:
        super().__init__()
        self.asking = SaveScreen(suggested)
        self.answers: list[Path | None] = []

    def on_mount(self) -> None:
        self.push_screen(self.asking, self.answers.append)

    @property
    def text(self) -> str:
        return "\n".join(strip.text for strip in self.screen._compositor.render_strips())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The present folder, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@asynccontextmanager
async def asking(suggested: str) -> AsyncGenerator[tuple[SaveApp, Pilot[None]], None]:
    app = SaveApp(suggested)
    async with app.run_test(size=(100, 24)) as pilot:
        await until(app, pilot, lambda: isinstance(app.focused, Input))
        yield app, pilot


async def until(app: SaveApp, pilot: Pilot[None], predicate: Callable[[], object]) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE
    while not predicate():
        assert loop.time() < end, f"never came true; the screen:\n{app.text}"
        await pilot.pause()


async def test_enter_takes_the_name_that_is_proposed(tmp_path: Path) -> None:
    async with asking(f"{tmp_path}/talk.md") as (app, pilot):
        await until(app, pilot, lambda: "talk.md" in app.text)
        for words in (".md saves Markdown", ".txt plain text", "Enter saves, Esc does not."):
            assert words in " ".join(app.text.replace("│", " ").split())
        await pilot.press("enter")
        await until(app, pilot, lambda: app.answers)
        assert app.answers == [tmp_path / "talk.md"]
        assert not app.asking.replaces
        assert list(tmp_path.iterdir()) == []


async def test_typing_replaces_the_name_and_arrows_change_it() -> None:
    async with asking("~/talk.md") as (app, pilot):
        await pilot.press("end", "backspace", "backspace", "t", "x", "t", "enter")
        await until(app, pilot, lambda: app.answers)
        assert app.answers == [Path("~/talk.txt")]
    async with asking("~/talk.md") as (app, pilot):
        await pilot.press(*"a.txt", "enter")
        await until(app, pilot, lambda: app.answers)
        assert app.answers == [Path("a.txt")]


async def test_two_quick_enters_are_one_answer(tmp_path: Path) -> None:
    async with asking(f"{tmp_path}/talk.md") as (app, pilot):
        field = app.asking.query_one(Input)
        for _ in range(2):
            field.post_message(Input.Submitted(field, field.value))
        await until(app, pilot, lambda: app.answers)
        await pilot.pause()
        assert app.answers == [tmp_path / "talk.md"]


async def test_escape_cancels() -> None:
    async with asking("talk.md") as (app, pilot):
        await pilot.press("escape")
        await until(app, pilot, lambda: app.answers)
        assert app.answers == [None]


async def test_a_file_that_exists_is_asked_about_once_more(folder: Path) -> None:
    (folder / "talk.md").write_text("old")
    async with asking("talk.md") as (app, pilot):
        await pilot.press("enter")
        await until(app, pilot, lambda: "Enter once more replaces it." in app.text)
        assert app.answers == []
        await pilot.press("enter")
        await until(app, pilot, lambda: app.answers)
        assert app.answers == [Path("talk.md")]
        assert app.asking.replaces


async def test_another_name_takes_the_question_back(folder: Path) -> None:
    (folder / "talk.md").write_text("old")
    async with asking("talk.md") as (app, pilot):
        await pilot.press("enter")
        await until(app, pilot, lambda: "replaces it" in app.text)
        await pilot.press("end", "x")
        await until(app, pilot, lambda: "replaces it" not in app.text)
        await pilot.press("backspace", "enter")
        await until(app, pilot, lambda: "replaces it" in app.text)
        await pilot.press("x", "enter")
        await until(app, pilot, lambda: app.answers)
        assert app.answers == [Path("talk.mdx")]
        assert not app.asking.replaces


async def test_what_cannot_be_saved_to_is_said_and_can_be_mended(folder: Path) -> None:
    async with asking(str(folder)) as (app, pilot):
        await pilot.press("enter")
        await until(app, pilot, lambda: "is a directory" in app.text)
        field = app.asking.query_one(Input)
        field.value = "[b]none[/b]/x.md"
        await pilot.press("enter")
        await until(app, pilot, lambda: "[b]none[/b]/x.md cannot be written: the folder" in app.text)
        field.value = "  "
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers == []
        field.value = "x.md"
        await pilot.press("enter")
        await until(app, pilot, lambda: app.answers)
        assert app.answers == [Path("x.md")]
