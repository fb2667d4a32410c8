"""Every segment of a link carries its target, wherever it stands and however it is wrapped; others carry none."""
# ruff: noqa: RUF001 - the punctuation is meant

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.segment import Segment

from tests.markdown.helpers import all_lines, link_of, plain, rendered
from tui_stream.markdown import LIGHT, LiveMarkdown

TARGET = "https://example.org/some_path/to/a_page?with=query&and=more"
LINKS = {
    f"[a label of some words]({TARGET})": f"a label of some words ({TARGET})",
    f"[a **bold** and `code()` ~~label~~]({TARGET} 'title')": f"a bold and code() label ({TARGET})",
    f"[![image of a link](i.png) and text]({TARGET})": f"▣ image of a link and text ({TARGET})",
    "[by reference][r]": f"by reference ({TARGET})",
    "[r]": f"r ({TARGET})",
    f"![the image]({TARGET})": f"▣ the image ({TARGET})",
    f"<{TARGET}>": TARGET,
    TARGET: TARGET,
    f"**{TARGET}**": TARGET,
}
PLACES = (
    "{}",
    "words before {} words after",
    "- item {}",
    "> > {}\n> more",
    "# {}",
    "| h |\n|---|\n| {} |",
    "1. a\n\n   {}",
)
NOTES = (
    "x[^1] y[^n] [ref] [x](\n\n[^1]: A note. Mail me at no@ address, see main.py.\n[^n]: `https://code.org` $x$ 5 @ 3"
)


def linked(live: LiveMarkdown) -> str:
    """The text of all segments that carry the target, without spaces, and without what tables draw."""
    segments = [segment for line in all_lines(live) for segment in line]
    return squeezed("".join(segment.text for segment in segments if link_of(segment) == TARGET))


def squeezed(text: str) -> str:
    return "".join(text.split())


@settings(max_examples=250, deadline=None)
@given(
    st.sampled_from(sorted(LINKS)),
    st.sampled_from(PLACES),
    st.sampled_from((12, 25, 60, 200)),
    st.integers(1, 50),
    st.booleans(),
)
def test_every_segment_of_a_link_carries_its_target(link: str, place: str, width: int, size: int, late: bool) -> None:
    definition = f"[r]: {TARGET}\n\n"
    text = place.format(link) + "\n\n" + definition if late else definition + place.format(link)
    live = LiveMarkdown(width)
    for start in range(0, len(text), size):
        live.append(text[start : start + size])
    live.finish()
    shown = LINKS[link]
    assert linked(live) == squeezed(shown)
    others = {link_of(segment) for line in all_lines(live) for segment in line} - {TARGET, None}
    assert others == set()
    live.set_theme(LIGHT)
    live.resize(31)
    assert linked(live) == squeezed(shown)


def test_what_is_no_link_carries_none() -> None:
    live = rendered([NOTES], 30)
    assert {link_of(segment) for line in all_lines(live) for segment in line} == {None}


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("https://x.org/_foo_/bar", "https://x.org/_foo_/bar"),
        ("(https://x.org/a*b*c).", "https://x.org/a*b*c"),
        ("**https://x.org/a_(b)**", "https://x.org/a_(b)"),
        ("https://x.org/a\\_b", "https://x.org/a_b"),
        ("https://x.org/?a=1&amp;b=2,", "https://x.org/?a=1&b=2"),
        ("HTTP://X.org:8080/~me/", "HTTP://X.org:8080/~me/"),
        ("见 https://x.org/人工智能。谢谢", "https://x.org/人工智能"),
        ("**https://x.org/a**，", "https://x.org/a"),
        ("www.x.org/a.", "http://www.x.org/a"),
        ("me.too+x@mail.x.org,", "mailto:me.too+x@mail.x.org"),
        ("![x](i.png)", "i.png"),
        ("[![x](i.png)](u)", "u"),
    ],
)  # fmt: skip
def test_targets_of_bare_addresses_and_images(text: str, target: str) -> None:
    for pieces in ([f"See {text} end"], list(f"See {text} end")):
        live = rendered(pieces, 200)
        segments: list[Segment] = live.lines(0, 1)[0]
        assert {link_of(segment) for segment in segments} == {None, target}
        assert link_of(segments[0]) is link_of(segments[-1]) is None


@pytest.mark.parametrize(
    "text", ["https://", "xhttps://x.org", "http:/x.org", "`https://x.org`", "a@b", "[x]", "x[^1]"]
)
def test_what_only_looks_like_an_address_is_none(text: str) -> None:
    live = rendered([f"See {text} end"], 200)
    assert {link_of(segment) for segment in live.lines(0, 1)[0]} == {None}


def test_links_of_scrolled_blocks_are_kept() -> None:
    live = LiveMarkdown(20, wide="scroll")
    live.append(f"| h |\n|---|\n| {TARGET} |\n\n")
    live.scroll_block(2, 10)
    assert link_of(live.lines(2, 3)[0][0]) == TARGET


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("https://x.org/人工智能", "https://x.org/人工智能"),
        ("https://x.org/%E4%BA%BA/caf%C3%A9", "https://x.org/人/café"),
        ("https://x.org/%E4%BA%BA%E3%80%81%E3%81%8B", "https://x.org/人%E3%80%81か"),
        ("https://good.org%2F@x.org", "https://good.org%2F@x.org"),
        ("https://x.org/%1B[0m", "https://x.org/%1B%5B0m"),
        ("https://x.org/%E2%80%AEx", "https://x.org/%E2%80%AEx"),
        ("https://x.org/%FF%FE", "https://x.org/%FF%FE"),
    ],
)
def test_targets_are_shown_readably_and_safely(target: str, shown: str) -> None:
    live = rendered([f"[label]({target})"], 200)
    assert live.plain(0, 1) == [f"label ({shown})"]
    assert plain(f"<{target.replace('[', '%5B')}>", 200) == [shown]
