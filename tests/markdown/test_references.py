from __future__ import annotations

from rich.style import Style

from tests.markdown.helpers import all_lines, link_of, plain, rendered, styled
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
    assert changed == live.blocks[1].first_line - 1
    assert link_of(styled(live, "ref")) == "https://x.org"
    assert [n for n, (old, new) in enumerate(zip(before, after, strict=True)) if old != new] == [2]
    assert all_lines(rendered([live.text])) == after


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
