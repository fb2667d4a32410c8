from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style

from tests.markdown.helpers import Lines, all_lines, link_of, plain, rendered, styled
from tui_stream.markdown import LiveMarkdown
from tui_stream.markdown.references import Definitions, held_is_undecided


def test_take_keeps_definitions_and_returns_the_rest() -> None:
    definitions = Definitions()
    assert definitions.take("[a]: /u 'title'\n[b]:\n/v\ntext [c]") == "text [c]"
    assert {label: target["href"] for label, target in definitions.links.items()} == {"A": "/u", "B": "/v"}
    assert definitions.take("[a]: /other") == ""
    assert definitions.links["A"]["href"] == "/u"


def test_held_text_is_let_go_once_it_is_no_definition() -> None:
    assert held_is_undecided("[a")
    assert held_is_undecided("[a]: ")
    assert not held_is_undecided("[a](b)")
    assert not held_is_undecided("[a] b")


def test_a_late_definition_changes_only_what_refers_to_it() -> None:
    live = LiveMarkdown(60)
    live.append("first\n\nsee [ref] and [other]\n\nlast\n\n")
    before = all_lines(live)
    assert live.frozen_height == 1
    changed = live.append("[ref]: https://x.org\n\n")
    after = all_lines(live)
    assert changed == live.blocks[1].first_line
    assert link_of(styled(live, "ref")) == "https://x.org"
    assert [n for n, (old, new) in enumerate(zip(before, after, strict=True)) if old != new] == [2]
    assert all_lines(rendered([live.text])) == after


def test_a_label_seen_in_part_holds_nothing_up() -> None:
    live = LiveMarkdown(60)
    for char in "**See [a late] label, [late][late] and x[^note]** in bold. " + "Words. " * 80 + "\n\nNext.\n\n":
        live.append(char)
    assert live.frozen_height == 0
    live.append("[a late]: /u\n\n[late]: /v\n\n[^note]: n\n\nEnd.\n\n")
    assert live.frozen_height == live.height


def test_definitions_are_not_shown_while_they_arrive() -> None:
    for end in range(1, len(text := "[label]: https://example.org 'title'") + 1):
        lines = plain(text[:end], finish=False)
        assert "".join(lines) in "label", text[:end]
    assert plain(text) == []


def test_a_late_footnote_marks_its_references() -> None:
    live = LiveMarkdown(60)
    live.append("Claim[^1] and [^name].\n\n")
    assert live.plain(0, 1) == ["Claim¹ and [^name]."]
    unknown = styled(live, "¹").style
    live.append("[^1]: the note\n[^name]: another\n")
    assert live.plain(0, live.height) == ["Claim¹ and [name].", "", "¹ the note", "[name] another"]
    assert isinstance(unknown, Style)
    assert styled(live, "¹").style != unknown


def test_an_item_with_only_a_definition_keeps_its_bullet() -> None:
    assert plain("- [a]: /u\n- b\n") == ["•", "• b"]


PLACES = (
    "Words {}.",
    "A long paragraph " * 30 + "{} and more.",
    "- item {}\n- other",
    "1. one\n\n   {}",
    "> quote {}",
    "# Heading {}",
    "| {} | b |\n|---|---|\n| x | y |",
    "| h | b |\n|---|---|\n| x | {} |",
    "```\n{}\n```",
)
REFERENCES = {"[a]": "a", "[text][a]": "a", "![image][A]": "a", "[b]": "b", "note[^a]": "^a", "[^b]": "^b", "word": ""}
DEFINITIONS = {"a": "[a]: /u 'title'\n\n", "b": "[b]: <x y>\n\n", "^a": "[^a]: A note.\n\n", "^b": "[^b]: Other.\n\n"}


@settings(max_examples=250, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(sorted(REFERENCES))), min_size=1, max_size=8),
    st.permutations(sorted(DEFINITIONS)),
    st.sampled_from((24, 60)),
    st.integers(1, 40),
)
def test_late_definitions_update_what_refers_to_them_and_nothing_else(
    blocks: list[tuple[str, str]], labels: list[str], width: int, size: int
) -> None:
    text = "".join(place.format(reference) + "\n\n" for place, reference in blocks)
    live = rendered([text[n : n + size] for n in range(0, len(text), size)], width, finish=False)
    for label in labels:
        before, shown = all_lines(live), shown_blocks(live)
        changed = live.append(DEFINITIONS[label])
        after, now = all_lines(live), shown_blocks(live)
        differing = (n for n, (old, new) in enumerate(zip(before, after, strict=False)) if old != new)
        assert changed == next(differing, min(len(before), len(after)))
        for source, lines in shown.items():
            assert now[source] == lines or refers(source, label)
    assert all_lines(live) == all_lines(rendered([live.text], width, finish=False))


def shown_blocks(live: LiveMarkdown) -> dict[tuple[int, str], Lines]:
    """The lines of each block by its source."""
    return {
        (block.start, live.text[block.start : block.end]): live.lines(
            block.first_line, block.first_line + block.line_count
        )
        for block in live.blocks
    }


def refers(source: tuple[int, str], label: str) -> bool:
    return any(REFERENCES[reference] == label and reference in source[1] for reference in REFERENCES)


def test_what_a_late_definition_pushes_down_is_told_by_the_first_changed_line() -> None:
    live = LiveMarkdown(40)
    live.append("first\n\n- one\n- see [a]\n\nlast\n\n" + "more\n\n" * 5)
    before = all_lines(live)
    changed = live.append(f"[a]: https://x.org/{'long/' * 9}\n\n")
    assert changed == 3
    assert live.height == len(before) + 2
    assert all_lines(live)[6:] == before[4:]
