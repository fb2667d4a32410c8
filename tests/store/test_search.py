from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.keeping import Talk
from tui_stream.core.models import MessageStatus
from tui_stream.store.search import excerpt_of
from tui_stream.store.words import query, tokens

TEXTS = {
    "bread": "How do I bake a Bread with sourdough?",
    "accents": "Crème brûlée, cafe\u0301 and naïveté; Straße und ﬁnale",
    "japanese": "東京都に住んでいます。コンピューターが好きだ。",
    "chinese": "我想学习机器学习和人工智能",
    "thai": "ภาษาไทยไม่มีช่องว่างระหว่างคำ",
    "korean": "학교에서 한국어를 배웁니다",
    "greek": "ΟΔΥΣΣΕΥΣ στην Ιθάκη",
    "russian": "Ёжик в тумане",
    "hindi": "हिन्दी भाषा में लिखा",
    "code": 'In C++ write foo->bar(snake_case, --json) or a #include; AND OR NOT NEAR(x) "quoted" \'; DROP TABLE',
    "emoji": "Party 🎉 time",
}


@pytest.fixture
async def told(talk: Talk) -> Talk:
    for name, text in TEXTS.items():
        await talk.say(text, id=name)
    return talk


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("bread", ["bread"]),
        ("BREAD bake", ["bread"]),
        ("sourd", ["bread"]),
        ("sour bake", []),
        ("ourdough", []),
        ("creme BRULEE", ["accents"]),
        ("Café", ["accents"]),
        ("naivete", ["accents"]),
        ("strasse", ["accents"]),
        ("STRAßE", ["accents"]),
        ("finale", ["accents"]),
        ("京都", ["japanese"]),
        ("コンピューター 好", ["japanese"]),
        ("学习", ["chinese"]),
        ("机", ["chinese"]),
        ("习学", []),
        ("ไม่มี", ["thai"]),
        ("한국", ["korean"]),
        ("국어", ["korean"]),
        ("οδυσσευς", ["greek"]),
        ("ιθακη", ["greek"]),
        ("ежик", ["russian"]),
        ("हिन्दी", ["hindi"]),
        ("हिन्", ["hindi"]),
        ("c++", ["code"]),
        ("--json", ["code"]),
        ("foo->bar", ["code"]),
        ("snake_case", ["code"]),
        ("#include", ["code"]),
        ('"quoted"', ["code"]),
        ("AND OR NOT", ["code"]),
        ("NEAR(x)", ["code"]),
        ("text:bread", []),
        ("bread*", []),
        ("'; DROP", ["code"]),
        ("🎉", ["emoji"]),
        ("party 🎉", ["emoji"]),
        ('"', []),
        ("*", []),
        ("", []),
        ("  ", []),
        ("\x00", []),
        ("\ud800", []),
    ],
)
async def test_what_is_typed_is_what_is_looked_for(told: Talk, asked: str, found: list[str]) -> None:
    assert [hit.message_id for hit in await told.archive.search(asked)] == found


async def test_the_excerpt_is_a_line_around_what_was_found(talk: Talk) -> None:
    await talk.say(f"{'word ' * 100}\n\n  the Néedle\tin\nthe hay {'stack ' * 100}")
    (hit,) = await talk.archive.search("needle hay")
    assert "\n" not in hit.excerpt
    assert [hit.excerpt[a:b] for a, b in hit.spans] == ["Néedle", "hay"]
    assert hit.excerpt.startswith("…word")
    assert hit.excerpt.endswith("…")
    assert (hit.conversation_id, hit.title) == (talk.id, (await talk.archive.conversations())[0].title)


async def test_the_newest_come_first_and_no_more_than_asked_for(talk: Talk) -> None:
    for number in range(5):
        await talk.say(f"same {number}")
    other = Talk(talk.archive)
    await other.say("same elsewhere")
    found = [hit.excerpt for hit in await talk.archive.search("same", limit=3)]
    assert found == ["same elsewhere", "same 4", "same 3"]
    here = await talk.archive.search("same", conversation_id=talk.id)
    assert [hit.excerpt for hit in here] == [f"same {number}" for number in (4, 3, 2, 1, 0)]
    assert await talk.archive.search("+", conversation_id=talk.id) == []


async def test_a_message_is_found_once_it_is_finished_and_until_it_is_removed(talk: Talk) -> None:
    search = talk.archive.search
    answer = await talk.answer("fresh", reasoning="hidden thoughts")
    await talk.grow(answer, " words")
    assert await search("words") == []
    await talk.finish(answer, MessageStatus.CUT_OFF)
    assert len(await search("words")) == 1
    assert await search("thoughts") == []
    answer.text = "rewritten"
    await talk.finish(answer)
    assert (await search("words"), len(await search("rewritten"))) == ([], 1)
    await talk.archive.remove(talk.conversation, [answer.id])
    assert await search("rewritten") == []
    await talk.archive.put_back(talk.id, [answer.id])
    assert len(await search("rewritten")) == 1
    answer.status = MessageStatus.STREAMING
    await talk.archive.update(talk.conversation, answer)
    assert await search("rewritten") == []


@given(st.text(), st.text(max_size=20))
def test_spans_stand_in_their_order_within_the_excerpt(text: str, asked: str) -> None:
    excerpt, spans = excerpt_of(text, query(asked))
    end = 0
    for start, stop in spans:
        assert end <= start < stop <= len(excerpt)
        end = stop


@given(st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=12))
def test_a_word_is_marked_wherever_it_is_found(word: str) -> None:
    asked = query(word)
    assert tokens(word)
    excerpt, spans = excerpt_of(f"before {word} behind", asked)
    assert [excerpt[a:b] for a, b in spans] != []
