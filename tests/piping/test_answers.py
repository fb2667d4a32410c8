from __future__ import annotations

import asyncio
import io

import pytest

from tests.fakes import Gate, ScriptedProvider, Step
from tui_stream import pipe
from tui_stream.core.books import Books
from tui_stream.core.budgets import Budget, Budgets
from tui_stream.core.events import StreamEnd, TextDelta
from tui_stream.core.models import FinishReason, MessageStatus
from tui_stream.core.provider import Capabilities
from tui_stream.core.session import ChatSession, OpenedSession, SessionOptions
from tui_stream.errors import AuthenticationError, BudgetError, RequestError, ServerError
from tui_stream.piping.answers import EXIT_LENGTH
from tui_stream.piping.at_once import AT_ONCE

STOP = StreamEnd(FinishReason.STOP)
LENGTH = StreamEnd(FinishReason.LENGTH)


class Written:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.text = ""
        self.news = asyncio.Event()

    def write(self, text: str) -> None:
        self.text += text
        self.news.set()

    def write_last(self, text: str) -> None:
        self.text += f"[last]{text}"

    def step_aside(self) -> None:
        pass

    def between(self, *, last: bool = False) -> None:
        (self.write_last if last else self.write)("\n\n---\n\n")

    def end(self) -> None:
        pass

    async def until(self, text: str) -> None:
        while text not in self.text:
            self.news.clear()
            await self.news.wait()


class Run:
    """One run of the pipe, with all that can be looked at."""

    def __init__(self, provider: ScriptedProvider, asking: pipe.Asking, *budgets: Budget) -> None:
        self.output, self.said = Written(), io.StringIO()
        books = Books(budgets=Budgets(budgets))
        self.session = ChatSession(provider, options=SessionOptions(frame=0), books=books)
        self.task = asyncio.create_task(
            pipe.run(self._open, "Hi", output=self.output, notes=pipe.Notes(self.said), asking=asking)
        )

    async def _open(self) -> OpenedSession:
        async def nothing() -> None:
            return None

        return OpenedSession(self.session, "for a test", nothing)

    @property
    def statuses(self) -> list[MessageStatus]:
        """Of the answers, in the order in which they were asked for."""
        conversation = self.session.conversation
        known = {message.id: message for message in (*conversation.messages, *conversation.others)}
        return [known[one].status for one in conversation.tree.siblings(conversation.messages[-1].id)]


async def test_a_hosted_model_is_asked_for_several_answers_at_once_which_are_written_in_order() -> None:
    gates = [Gate() for _ in range(3)]
    scripts: list[list[Step]] = [
        [TextDelta(f"{number} "), gate, TextDelta("end"), STOP] for number, gate in enumerate(gates)
    ]
    provider = ScriptedProvider(scripts)
    run = Run(provider, pipe.Asking(answers=3))
    async with asyncio.timeout(10):
        for gate in gates:
            await gate.reached.wait()
        await run.output.until("0 ")
        assert run.output.text == "0 "
        gates[2].open()
        gates[1].open()
        gates[0].open()
        assert await run.task == 0
    assert run.output.text == "0 end\n\n---\n\n1 end\n\n---\n\n2 end"
    assert [[message.content for message in request.messages] for request in provider.requests] == [["Hi"]] * 3
    assert run.statuses == [MessageStatus.COMPLETE] * 3
    assert provider.open_streams == 0


async def test_a_model_on_this_machine_is_asked_for_one_after_the_other() -> None:
    gates = [Gate() for _ in range(2)]
    provider = ScriptedProvider(
        [[TextDelta("a"), gates[0], LENGTH], [TextDelta("b"), gates[1], STOP]], capabilities=Capabilities(local=True)
    )
    run = Run(provider, pipe.Asking(answers=2))
    async with asyncio.timeout(10):
        await gates[0].reached.wait()
        assert len(provider.requests) == 1
        gates[0].open()
        await gates[1].reached.wait()
        gates[1].open()
        assert await run.task == 6
    assert run.output.text == "a\n\n---\n\nb"


async def test_no_more_at_once_than_a_few() -> None:
    gate = Gate()
    provider = ScriptedProvider([[gate, TextDelta("a"), STOP]])
    run = Run(provider, pipe.Asking(answers=AT_ONCE + 3))
    async with asyncio.timeout(10):
        while provider.open_streams < AT_ONCE:
            await asyncio.sleep(0)
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(provider.requests) == AT_ONCE
        gate.open()
        assert await run.task == 0
    assert len(provider.requests) == AT_ONCE + 3


async def test_an_interrupt_stops_all_answers() -> None:
    gates = [Gate(), Gate()]
    provider = ScriptedProvider([[TextDelta("a"), gates[0]], [TextDelta("b"), gates[1]]])
    run = Run(provider, pipe.Asking(answers=2))
    async with asyncio.timeout(10):
        for gate in gates:
            await gate.reached.wait()
        await run.output.until("a")
        run.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run.task
    assert run.statuses == [MessageStatus.CANCELLED] * 2
    assert (provider.open_streams, provider.closed) == (0, True)


@pytest.mark.parametrize("local", [False, True])
async def test_where_one_fails_the_others_go_on(local: bool) -> None:
    provider = ScriptedProvider(
        [
            [TextDelta("a"), STOP],
            [TextDelta("b"), ServerError("It broke.")],
            [RequestError("No.")],
            [TextDelta("d"), LENGTH],
        ],
        capabilities=Capabilities(local=local),
    )
    run = Run(provider, pipe.Asking(answers=4))
    async with asyncio.timeout(10):
        assert await run.task == ServerError("It broke.").exit_code
    assert run.output.text == "a\n\n---\n\nb\n\n---\n\nd"
    said = run.said.getvalue().splitlines()
    assert [line.partition(":")[0] for line in said[:2]] == ["Answer 2 failed", "Answer 3 failed"]
    assert "It broke." in said[0]
    failed = MessageStatus.FAILED
    assert run.statuses == [MessageStatus.COMPLETE, failed, failed, MessageStatus.COMPLETE]


@pytest.mark.parametrize("local", [False, True])
async def test_where_all_would_fail_none_follows(local: bool) -> None:
    provider = ScriptedProvider(
        [[TextDelta("a"), STOP], [AuthenticationError("No.")], [TextDelta("c"), STOP]],
        capabilities=Capabilities(local=local),
    )
    run = Run(provider, pipe.Asking(answers=3))
    async with asyncio.timeout(10):
        with pytest.raises(AuthenticationError):
            await run.task
    assert run.output.text == "a"
    assert run.said.getvalue() == ""
    assert MessageStatus.FAILED in run.statuses
    assert (provider.open_streams, provider.closed) == (0, True)


async def test_nothing_is_marked_off_where_nothing_came() -> None:
    provider = ScriptedProvider([[STOP], [RequestError("No.")], [STOP], [TextDelta("d"), STOP]])
    run = Run(provider, pipe.Asking(answers=4))
    async with asyncio.timeout(10):
        assert await run.task == RequestError("No.").exit_code
    assert run.output.text == "d"


async def test_the_exit_code_is_that_of_the_first_failure_also_where_a_budget_follows() -> None:
    provider = ScriptedProvider(
        [[TextDelta("a"), LENGTH], [TextDelta("b " * 90), Gate()]], capabilities=Capabilities(local=True)
    )
    run = Run(provider, pipe.Asking(answers=4), Budget("run", tokens=60))
    async with asyncio.timeout(10):
        assert await run.task == EXIT_LENGTH
    said = run.said.getvalue()
    assert "A budget ended 3 of 4 answers" in said
    assert said.count("The answer was stopped") == 1


async def test_an_interrupted_answer_in_one_piece_is_marked_off() -> None:
    gate = Gate()
    provider = ScriptedProvider([[TextDelta("a"), STOP], [TextDelta("half"), gate]])
    run = Run(provider, pipe.Asking(answers=2, whole=True))
    async with asyncio.timeout(10):
        await gate.reached.wait()
        while "half" not in [message.text for message in run.session.conversation.messages]:
            await asyncio.sleep(0)
        await run.output.until("a")
        run.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run.task
    assert run.output.text == "a[last]\n\n---\n\n[last]half"


async def _upper(answer: str) -> str:
    return answer.upper()


async def test_an_answer_that_is_being_checked_can_be_interrupted() -> None:
    checking = asyncio.Event()

    async def never(answer: str) -> str:
        checking.set()
        await asyncio.get_running_loop().create_future()
        return answer

    run = Run(ScriptedProvider([[TextDelta("all of it"), STOP]]), pipe.Asking(checked=never))
    async with asyncio.timeout(10):
        await checking.wait()
        run.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run.task
    assert run.output.text == "[last]all of it"
    assert "written unchecked" in run.said.getvalue()


async def test_answers_under_way_keep_a_budget_together_and_are_written_as_far_as_they_came() -> None:
    gates = [Gate() for _ in range(2)]
    provider = ScriptedProvider(
        [[TextDelta("a " * 9), gates[0], TextDelta("more"), Gate()], [gates[1], TextDelta("b " * 90), Gate()]]
    )
    run = Run(provider, pipe.Asking(answers=2), Budget("run", tokens=60))
    async with asyncio.timeout(10):
        await run.output.until("a")
        gates[1].open()
        while MessageStatus.CUT_OFF not in run.statuses:
            await asyncio.sleep(0)
        assert run.output.text == "a " * 9, "the second has to wait for its turn to be written"
        gates[0].open()
        with pytest.raises(BudgetError) as caught:
            await run.task
    assert run.output.text == f"{'a ' * 9}more\n\n---\n\n{'b ' * 90}"
    assert run.statuses == [MessageStatus.CUT_OFF] * 2
    assert str(caught.value).endswith("or go past it for this once (--over-budget).")
    assert provider.open_streams == 0


async def test_an_answer_that_a_budget_refuses_is_not_marked_off() -> None:
    script: list[Step] = [TextDelta("a " * 90), Gate()]
    provider = ScriptedProvider([script], capabilities=Capabilities(local=True))
    run = Run(provider, pipe.Asking(answers=3), Budget("run", tokens=60))
    async with asyncio.timeout(10):
        with pytest.raises(BudgetError, match="The answer was stopped"):
            await run.task
    assert run.output.text == "a " * 90
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    ("asking", "said"), [(pipe.Asking(whole=True), ""), (pipe.Asking(checked=_upper), "unchecked")]
)
async def test_what_has_come_of_an_interrupted_answer_is_written(asking: pipe.Asking, said: str) -> None:
    gate = Gate()
    provider = ScriptedProvider([[TextDelta("half "), TextDelta("of it"), gate]])
    run = Run(provider, asking)
    async with asyncio.timeout(10):
        await gate.reached.wait()
        while not run.session.conversation.messages[-1].text.endswith("it"):
            await asyncio.sleep(0)
        assert run.output.text == ""
        run.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run.task
    assert run.output.text == "[last]half of it"
    assert said in run.said.getvalue()
    assert bool(run.said.getvalue()) is bool(said)
