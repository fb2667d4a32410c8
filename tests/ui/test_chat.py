from __future__ import annotations

import pytest

from tests.fakes import FlatPrices, Gate, ScriptedProvider, Step
from tests.ui.harness import Chat, chat, opening, running
from tui_stream.core.events import (
    Progress,
    ReasoningDelta,
    StreamEnd,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tui_stream.core.models import FinishReason, Usage
from tui_stream.core.provider import Capabilities
from tui_stream.errors import (
    AuthenticationError,
    ConfigError,
    ConnectionFailedError,
    ModelNotFoundError,
    StreamBrokenError,
)

STOP = StreamEnd(FinishReason.STOP)


async def test_an_answer_appears_while_it_streams() -> None:
    gate = Gate()
    async with running(chat([TextDelta("Hello **there"), gate, TextDelta("**."), STOP])) as screen:
        await screen.type("Hi you")
        await screen.shows("Hi you", "Hello", "streaming")
        gate.open()
        await screen.shows("Hello there.", "done")
        assert "**" not in screen.text
        assert screen.prompt == ""


async def test_the_header_names_provider_model_and_reason() -> None:
    async with running(chat([STOP])) as screen:
        await screen.shows("scripted · scripted-model", "named in a test")


async def test_escape_stops_the_answer_and_keeps_it() -> None:
    given = chat([TextDelta("half an answer"), Gate()])
    async with running(given) as screen:
        await screen.type("Hi")
        await screen.shows("half an answer")
        await screen.pilot.press("escape")
        await screen.shows("half an answer", "Stopped.", "cancelled")
        assert isinstance(given.provider, ScriptedProvider)
        assert given.provider.open_streams == 0


async def test_escape_before_the_first_token_gives_the_prompt_back() -> None:
    async with running(chat([Gate()])) as screen:
        await screen.type("Hi")
        await screen.shows("connecting")
        await screen.pilot.press("escape")
        await screen.shows("Stopped before the answer began.")
        await screen.until(lambda: screen.prompt == "Hi")


async def test_a_second_prompt_is_queued_and_shown_as_queued() -> None:
    gate = Gate()
    given = chat([TextDelta("first answer"), gate, STOP], [TextDelta("second answer"), STOP])
    async with running(given) as screen:
        await screen.type("one")
        await screen.shows("first answer")
        await screen.type("two")
        await screen.shows("You · queued", "1 queued", "two")
        gate.open()
        await screen.shows("second answer", "done")
        assert "queued" not in screen.text


async def test_stopping_an_answer_goes_on_with_the_queued_prompt() -> None:
    async with running(chat([TextDelta("first"), Gate()], [TextDelta("second answer"), STOP])) as screen:
        await screen.type("one")
        await screen.shows("first")
        await screen.type("two")
        await screen.shows("1 queued")
        await screen.pilot.press("escape")
        await screen.shows("second answer", "done")


async def test_a_failure_is_told_in_place_and_gives_prompts_back() -> None:
    gate = Gate()
    error = AuthenticationError("The key was refused.", hint="Set OPENAI_API_KEY to a valid one.")
    async with running(chat([gate, error])) as screen:
        await screen.type("one")
        await gate.reached.wait()
        await screen.type("two")
        await screen.shows("1 queued")
        gate.open()
        await screen.shows("The key was refused. Set OPENAI_API_KEY to a valid one.", "failed")
        await screen.until(lambda: "one" in screen.prompt and "two" in screen.prompt)
        assert "queued" not in screen.text


async def test_a_cut_stream_keeps_its_text_and_says_so() -> None:
    error = StreamBrokenError("The connection was reset.")
    async with running(chat([TextDelta("half an answer"), error])) as screen:
        await screen.type("Hi")
        await screen.shows("half an answer", "The connection was reset.", "cut off")


@pytest.mark.parametrize(
    ("reason", "said"),
    [(FinishReason.LENGTH, "length limit"), (FinishReason.CONTENT_FILTER, "content filter")],
)
async def test_unusual_endings_are_said_aloud(reason: FinishReason, said: str) -> None:
    async with running(chat([TextDelta("text"), StreamEnd(reason)])) as screen:
        await screen.type("Hi")
        await screen.shows(said)


async def test_an_empty_answer_is_said_aloud() -> None:
    async with running(chat([STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("The model answered with nothing.")


async def test_tool_calls_are_shown_not_run() -> None:
    script: list[Step] = [
        ToolCallDelta(0, "1", "weather", '{"city":'),
        ToolCallDelta(0, arguments='"Rome"}'),
        STOP,
    ]
    async with running(chat(script)) as screen:
        await screen.type("Hi")
        await screen.shows('Tool call: weather({"city":"Rome"})')


async def test_thinking_is_apart_and_folds_when_the_answer_begins() -> None:
    gate = Gate()
    async with running(chat([ReasoningDelta("Let me think."), gate, TextDelta("Yes."), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("▾ Thinking", "Let me think.", "thinking")
        gate.open()
        await screen.shows("▸ Thinking", "Yes.")
        assert "Let me think." not in screen.text
        await screen.pilot.press("ctrl+t")
        await screen.shows("▾ Thinking", "Let me think.")


async def test_newline_keys_do_not_send() -> None:
    async with running(chat([STOP])) as screen:
        await screen.pilot.press("a", "ctrl+j", "b", "shift+enter", "c")
        assert screen.prompt == "a\nb\nc"


async def test_prompts_typed_while_preparing_wait_for_it() -> None:
    gate = Gate()
    provider = ScriptedProvider([[TextDelta("answer"), STOP]], preparation=[Progress("Fetching model", 25, 100), gate])
    async with running(Chat(provider)) as screen:
        await screen.shows("Fetching model", "25%", "25 B of 100 B")
        await screen.type("early")
        await screen.shows("You · queued", "early")
        assert provider.requests == []
        gate.open()
        await screen.shows("answer", "done")


async def test_escape_while_preparing_stops_it_and_gives_the_prompt_back() -> None:
    provider = ScriptedProvider([[STOP]], preparation=[Progress("Fetching model", 25, 100), Gate()])
    async with running(Chat(provider)) as screen:
        await screen.type("early")
        await screen.shows("early", "Fetching model")
        await screen.pilot.press("escape")
        await screen.shows("cancelled")
        await screen.until(lambda: screen.prompt == "early")


async def test_a_session_that_cannot_be_opened_is_told_and_tried_again() -> None:
    given = chat([TextDelta("answer"), STOP])
    given.trouble.append(ConfigError("No key is set.", hint="Set one."))
    async with running(given) as screen:
        await screen.shows("No key is set. Set one.", "failed")
        await screen.type("Hi")
        await screen.shows("answer", "done")


async def test_retries_are_counted_down() -> None:
    given = chat([ConnectionFailedError("Refused.")], [TextDelta("answer"), STOP], attempts=3)
    gate = Gate()

    async def sleep(seconds: float) -> None:
        assert seconds == 1.0
        gate.reached.set()
        await gate.event.wait()

    given.clock.sleep = sleep  # type: ignore[method-assign] # the test decides when the wait is over
    async with running(given) as screen:
        await screen.type("Hi")
        await screen.shows("retrying in 1 s")
        gate.open()
        await screen.shows("answer", "done")


async def test_silence_is_called_stalled() -> None:
    given = chat([TextDelta("text"), Gate()])
    async with running(given) as screen:
        await screen.type("Hi")
        await screen.shows("text")
        given.clock.now += 7
        await screen.shows("stalled for 7 s")


async def test_costs_are_estimates_until_reported_and_add_up() -> None:
    gate = Gate()
    given = chat([TextDelta("x" * 400), gate, UsageReport(Usage(10, 90)), STOP])
    given.prices = FlatPrices("1000")
    async with running(given) as screen:
        await screen.type("Hi")
        await screen.shows("~5 in / ~100 out", "~$0.10", "total ~$0.10")
        gate.open()
        await screen.shows("10 in / 90 out", "│  $0.10 · total $0.10")
        await screen.type("again")
        await screen.shows("$0.10 · total $0.20")


async def test_an_unknown_price_is_a_question_mark() -> None:
    async with running(chat([TextDelta("x"), UsageReport(Usage(10, 90)), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("$? · total $?", "done")
        assert "$0.00" not in screen.text


async def test_a_local_model_reads_local_and_shows_its_context() -> None:
    given = chat([TextDelta("x"), UsageReport(Usage(100, 100)), STOP])
    assert isinstance(given.provider, ScriptedProvider)
    given.provider.capabilities = Capabilities(local=True, context_window=1000)
    async with running(given) as screen:
        await screen.type("Hi")
        await screen.shows("│  local  │", "ctx 20%", "done")


async def test_markup_in_foreign_text_is_text() -> None:
    evil = "[@click=app.quit]x[/] [bold]b[/bold] [/nope]"
    given = chat([ReasoningDelta(evil), TextDelta(evil), ConnectionFailedError(evil)])
    given.reason = evil
    async with running(given) as screen:
        await screen.type(evil)
        await screen.shows("[/nope]", "failed")
        await screen.pilot.press("ctrl+t")
        await screen.until(lambda: screen.text.count("[/nope]") >= 4)


async def test_first_prompt_is_sent_at_once() -> None:
    given = chat([TextDelta("answer"), STOP])
    given.first_prompt = "from the shell"
    async with running(given) as screen:
        await screen.shows("from the shell", "answer", "done")


async def test_help_lists_the_keys() -> None:
    async with running(chat([STOP])) as screen:
        await screen.pilot.press("f1")
        await screen.shows("Stops the answer at once")
        await screen.pilot.press("escape")
        await screen.until(lambda: "Stops the answer at once" not in screen.text)


async def test_a_paste_is_text_without_control_characters() -> None:
    from textual import events

    async with running(chat([STOP])) as screen:
        screen.app.screen.post_message(events.Paste("a\r\nb\x1b[31m\rc"))
        await screen.until(lambda: screen.prompt == "a\nb[31m\nc")


async def test_a_theme_that_does_not_exist_is_refused() -> None:
    from tui_stream.config import UiSettings

    given = chat([STOP])
    given.ui = UiSettings(theme="nope")
    with pytest.raises(ConfigError, match="no theme 'nope'"):
        given.app()


LONG = "".join(f"line {number}\n\n" for number in range(100))


async def test_scrolling_up_holds_the_place_and_the_end_follows_again() -> None:
    gate, more = Gate(), Gate()
    script: list[Step] = [TextDelta(LONG), gate, TextDelta("more\n\n" * 10 + "the end"), more, STOP]
    async with running(chat(script)) as screen:
        await screen.type("Hi")
        await screen.shows("line 99")
        await screen.pilot.press("pageup")
        await screen.until(lambda: "line 99" not in screen.text)
        before = screen.text.splitlines()[1:20]
        gate.open()
        await screen.shows("lines below")
        await more.reached.wait()
        await screen.pilot.pause()
        assert screen.text.splitlines()[1:20] == before
        await screen.pilot.press("ctrl+end")
        await screen.shows("the end")
        assert "lines below" not in screen.text
        more.open()


async def test_sending_a_prompt_follows_the_answer() -> None:
    async with running(chat([TextDelta(LONG), STOP], [TextDelta("second"), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("line 99", "done")
        await screen.pilot.press("pageup", "pageup")
        await screen.until(lambda: "line 99" not in screen.text)
        await screen.type("again")
        await screen.shows("second", "done")


async def test_a_resize_keeps_the_text_and_its_place() -> None:
    async with running(chat([TextDelta(LONG + "word " * 60), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("word", "done")
        await screen.pilot.resize_terminal(40, 20)
        await screen.until(lambda: "word word" in screen.text and len(screen.text.splitlines()) == 20)
        await screen.pilot.press("pageup")
        await screen.until(lambda: "lines below" in screen.text)
        top = next(line for line in screen.text.splitlines() if "line " in line)
        await screen.pilot.resize_terminal(90, 30)
        await screen.until(lambda: len(screen.text.splitlines()) == 30)
        await screen.shows(top.strip())


async def test_a_theme_change_restyles_what_stands_there() -> None:
    async with running(chat([TextDelta("# Title\n\ntext"), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("Title", "done")
        screen.app.theme = "textual-light"
        await screen.pilot.pause()
        await screen.shows("Title", "text")


async def test_selected_text_is_what_is_shown() -> None:
    async with running(chat([TextDelta("alpha **beta** gamma"), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("alpha beta gamma", "done")
        row = next(y for y, line in enumerate(screen.text.splitlines()) if "alpha" in line)
        column = screen.text.splitlines()[row].index("alpha")
        await screen.pilot.mouse_down(offset=(column, row))
        await screen.pilot.hover(offset=(column + 10, row))
        await screen.pilot.mouse_up(offset=(column + 10, row))
        await screen.pilot.pause()
        assert screen.app.screen.get_selected_text() == "alpha beta"


async def test_a_click_on_a_link_asks_with_its_true_target(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = opening(monkeypatch)
    async with running(chat([TextDelta("see [here](https://example.org/x)"), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("here", "done")
        row = next(y for y, line in enumerate(screen.text.splitlines()) if "see here" in line)
        column = screen.text.splitlines()[row].index("here")
        await screen.pilot.click(offset=(column + 1, row))
        await screen.shows("Open this link?", "https://example.org/x")
        assert not opened
        await screen.pilot.press("y")
        await screen.until(lambda: opened == ["https://example.org/x"])


async def test_a_click_on_a_link_to_a_file_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = opening(monkeypatch)
    async with running(chat([TextDelta("see <ftp://example.org/file>"), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("example.org/file", "done")
        row = next(y for y, line in enumerate(screen.text.splitlines()) if "see " in line)
        column = screen.text.splitlines()[row].index("example")
        await screen.pilot.click(offset=(column, row))
        await screen.shows("Not opened")
        assert not opened


async def test_a_click_folds_and_unfolds_thoughts() -> None:
    async with running(chat([ReasoningDelta("Let me think."), TextDelta("Yes."), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("▸ Thinking", "done")
        row = next(y for y, line in enumerate(screen.text.splitlines()) if "Thinking" in line and "▸" in line)
        await screen.pilot.click(offset=(6, row))
        await screen.shows("▾ Thinking", "Let me think.")


async def test_keys_run_in_the_order_they_were_typed() -> None:
    async with running(chat([STOP])) as screen:
        await screen.pilot.press(*"wrong", "ctrl+u", *"right", "left", "!")
        assert screen.prompt == "righ!t"


async def test_escape_right_behind_enter_leaves_the_chat_usable() -> None:
    async with running(chat([TextDelta("answer"), STOP])) as screen:
        pane = screen.app.get_default_screen().pane
        pane.ask("one")
        pane.stop()
        await screen.until(lambda: screen.prompt == "one")
        assert not pane.busy
        await screen.pilot.press("enter")
        await screen.shows("answer", "done")


async def test_prompts_typed_while_the_session_is_opened_again_keep_their_order() -> None:
    given = chat([TextDelta("answer one"), STOP], [TextDelta("answer two"), STOP])
    given.trouble.append(ConfigError("No key is set."))
    async with running(given) as screen:
        await screen.shows("No key is set.")
        pane = screen.app.get_default_screen().pane
        pane.ask("alpha")
        pane.ask("beta")
        await screen.shows("answer two", "done")
        places = [screen.text.index(text) for text in ("alpha", "answer one", "beta", "answer two")]
        assert places == sorted(places)


async def test_prompts_given_back_keep_their_order() -> None:
    gate = Gate()
    async with running(chat([gate, AuthenticationError("No.")])) as screen:
        pane = screen.app.get_default_screen().pane
        for text in ("one", "two", "three"):
            pane.ask(text)
        await gate.reached.wait()
        gate.open()
        await screen.until(lambda: screen.prompt == "one\n\ntwo\n\nthree")


async def test_what_is_pasted_takes_the_place_of_what_is_selected() -> None:
    from textual import events

    async with running(chat([STOP])) as screen:
        await screen.pilot.press(*"old", "ctrl+a")
        screen.app.screen.query_one("Prompt").action_select_all()  # type: ignore[attr-defined] # a text area
        screen.app.screen.post_message(events.Paste("new"))
        await screen.until(lambda: screen.prompt == "new")


async def test_the_context_is_shown_after_an_interrupted_preparation() -> None:
    gate = Gate()
    provider = ScriptedProvider(
        [[TextDelta("x"), UsageReport(Usage(100, 100)), STOP]], preparation=[Progress("Loading"), gate]
    )
    async with running(Chat(provider)) as screen:
        await screen.shows("Loading")
        await screen.pilot.press("escape")
        await screen.shows("cancelled")
        provider.capabilities = Capabilities(local=True, context_window=1000)
        await screen.type("Hi")
        await screen.shows("done", "ctx 20%")


@pytest.mark.parametrize("size", [(4, 12), (1, 1), (2, 3), (20, 5)])
async def test_a_tiny_terminal_loses_nothing(size: tuple[int, int]) -> None:
    async with running(chat([TextDelta("answer"), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("answer", "done")
        await screen.pilot.resize_terminal(*size)
        await screen.pilot.pause()
        await screen.pilot.resize_terminal(100, 30)
        await screen.shows("answer", "done")


async def test_a_small_terminal_still_shows_the_conversation() -> None:
    async with running(chat([TextDelta("answer"), STOP]), size=(20, 6)) as screen:
        await screen.type("Hi")
        await screen.shows("answer", "done")


async def test_thoughts_that_come_after_the_answer_began_are_folded() -> None:
    gate = Gate()
    async with running(chat([TextDelta("Yes."), gate, ReasoningDelta("Late thought."), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("Yes.")
        gate.open()
        await screen.shows("▸ Thinking", "done")
        assert "Late thought." not in screen.text


async def test_control_characters_of_a_progress_label_do_not_reach_the_screen() -> None:
    provider = ScriptedProvider([[STOP]], preparation=[Progress("Fetch\x1b]0;x\x07\x9b31m"), Gate()])
    async with running(Chat(provider)) as screen:
        await screen.shows("Fetch]0;x31m")


async def test_quitting_while_an_answer_streams_closes_it() -> None:
    given = chat([TextDelta("text"), Gate()])
    async with running(given) as screen:
        await screen.type("Hi")
        await screen.shows("text")
        await screen.pilot.press("ctrl+q")
    assert isinstance(given.provider, ScriptedProvider)
    assert given.provider.open_streams == 0


async def test_ctrl_c_stops_the_answer_and_says_how_to_leave() -> None:
    async with running(chat([TextDelta("text"), Gate()])) as screen:
        await screen.type("Hi")
        await screen.shows("text")
        await screen.pilot.press("ctrl+c")
        await screen.shows("Stopped.")
        await screen.pilot.press("ctrl+c")
        await screen.shows("Ctrl+Q leaves.")


async def test_a_model_that_is_missing_is_fetched_on_request() -> None:
    from collections.abc import AsyncGenerator

    gate = Gate()

    class Puller(ScriptedProvider):
        async def pull(self, model: str) -> AsyncGenerator[Progress, None]:
            yield Progress(f"Fetching {model}", 1, 4)
            gate.reached.set()
            await gate.event.wait()

    provider = Puller([[ModelNotFoundError("It is not there.")], [TextDelta("answer"), STOP]])
    async with running(Chat(provider)) as screen:
        await screen.type("Hi")
        await screen.shows("The model scripted-model is not installed")
        await screen.pilot.press("y")
        await screen.shows("Fetching scripted-model", "25%")
        gate.open()
        await screen.shows("ready")
        assert screen.prompt == "Hi"
        await screen.pilot.press("enter")
        await screen.shows("answer", "done")


async def test_code_is_copied_by_key_and_by_a_click_on_its_label_in_mid_stream_too() -> None:
    text = "First:\n\n```python\nx = 1\n```\n\nthen:\n\n```sh\nls\n"
    async with running(chat([TextDelta(text), Gate()])) as screen:
        await screen.type("Hi")
        await screen.shows("python", "ls")
        await screen.pilot.press("ctrl+o")
        await screen.until(lambda: screen.app.clipboard == "ls\n")
        await screen.shows("The code is on the clipboard.")
        rows = screen.text.splitlines()
        row = next(y for y, line in enumerate(rows) if "python" in line)
        await screen.pilot.click(offset=(rows[row].index("python"), row))
        await screen.until(lambda: screen.app.clipboard == "x = 1\n")
        await screen.pilot.press("ctrl+y")
        await screen.until(lambda: screen.app.clipboard == text)
