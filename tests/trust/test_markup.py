"""No call in the program reads foreign text as markup; and markup that is shown stays text when it is clicked."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.style import Style

import tui_stream
from tests.fakes import Step
from tests.trust.markup import faults
from tests.trust.payloads import MARKUP
from tests.ui.harness import chat, opening, running
from tui_stream.core.events import StreamEnd, TextDelta
from tui_stream.core.models import FinishReason

PACKAGE = Path(tui_stream.__file__).parent


def test_no_call_reads_foreign_text_as_markup() -> None:
    files = sorted(PACKAGE.rglob("*.py"))
    assert len(files) > 100
    found = {file: faults(file.read_text("utf-8"), shows=PACKAGE / "ui" in file.parents) for file in files}
    assert {file: lines for file, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "line",
    [
        "self.notify(text)",
        "app.notify(f'{text}', severity='error')",
        "app.notify(text, markup=True)",
        "yield Static(text)",
        "yield Static(Content(text))",
        "Label(text, id='x')",
        "Button(text)",
        "Button(f'{name}', variant='primary')",
        "self.border_title = title",
        "self.border_subtitle: str = f'{title}'",
        "self.tooltip = target",
        "super().__init__(placeholder=hint)",
        "TextArea(placeholder=f'{name}')",
        "Content.from_markup(text)",
        "Text.from_markup(text)",
        "Text(text)",
        "from textual.widgets import DataTable",
        "from textual.widgets import Tree, Static",
        "from textual.widgets import OptionList",
        "from textual.widgets import Markdown",
        "from rich.text import Text",
        "from rich import print",
        "from rich import markup",
        "import webbrowser",
        "self.app.open_url(target)",
        "self.run_action(f'open({target!r})')",
        "Style(link=target)",
        "class A(Static):\n    def __init__(self):\n        super().__init__(Content('x'))",
        "class A(Widget):\n    def render(self) -> str: ...",
        "class A(Widget):\n    def render(self) -> RenderResult: ...",
    ],
)
def test_each_such_call_would_be_found(line: str) -> None:
    assert faults(line)


@pytest.mark.parametrize(
    "line",
    [
        "self.notify(text, markup=False)",
        "yield Static(text, markup=False)",
        "Button(Content(text))",
        "Button('No')",
        "self.border_title = Content(text) if text else None",
        "self._counts.update(text)",
        "self.run_action(binding.action)",
        "class A(Widget):\n    def render(self) -> Content: ...",
    ],
)
def test_harmless_ones_are_let_pass(line: str) -> None:
    assert not faults(line)


@pytest.mark.parametrize("name", MARKUP)
async def test_markup_in_every_place_is_shown_as_text_and_a_click_on_it_does_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, left = opening(monkeypatch), []
    text = MARKUP[name]
    monkeypatch.setattr("tui_stream.ui.app.ChatApp.action_quit", lambda _: left.append("quit"), raising=False)
    monkeypatch.setattr("tui_stream.ui.app.ChatApp.action_bell", lambda _: left.append("bell"))
    script: list[Step] = [
        TextDelta(f"ANSWER ~~~{text}~~~ `{text}` {text}\n\n    {text}\n"),
        StreamEnd(FinishReason.STOP),
    ]
    asked = chat(script)
    asked.first_prompt = f"PROMPT {text}"
    async with running(asked) as screen:
        await screen.shows("ANSWER", "done")
        screen.app.notify(text, markup=False)
        await screen.pilot.pause()
        await screen.shows(text)
        for y, strip in enumerate(screen.app.screen._compositor.render_strips()):
            for segment in strip:
                style = segment.style or Style()
                assert "@click" not in style.meta
                assert style.link is None
            if text in strip.text:
                await screen.pilot.click(offset=(strip.text.index(text) + 1 + len(text) // 2, y))
        assert not opened
        assert not left
