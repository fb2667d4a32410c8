"""The shape of a conversation, beside a model of it that keeps everything and works everything out anew."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_stream.core.tree import Tree


def grown(*links: tuple[str, str | None], head: str | None = None) -> Tree:
    return Tree(links, head)


CHAIN = (("p", None), ("a", "p"), ("q", "a"), ("b", "q"))


def test_an_empty_conversation_has_no_head() -> None:
    tree = Tree()
    assert (tree.head, len(tree), list(tree), tree.path(None), tree.children(None)) == (None, 0, [], [], ())


def test_the_path_leads_to_what_was_added_last() -> None:
    tree = grown(*CHAIN)
    assert tree.head == "b"
    assert tree.path(tree.head) == ["p", "a", "q", "b"]
    tree.add("a2", "p")
    assert (tree.head, tree.siblings("a2")) == ("a2", ("a", "a2"))


def test_a_branch_is_shown_down_to_the_leaf_that_was_chosen_last() -> None:
    tree = grown(*CHAIN, ("b2", "q"), ("a2", "p"))
    tree.choose("b")
    tree.choose("a2")
    assert tree.head == "a2"
    assert tree.leaf("a") == "b"
    tree.choose("a")
    assert tree.head == "b"


def test_a_branch_out_of_sight_is_preferred_without_showing_it() -> None:
    tree = grown(*CHAIN, ("b2", "q"), ("a2", "p"))
    tree.prefer("b")
    assert (tree.head, tree.leaf("a")) == ("a2", "b")


def test_the_head_of_a_loaded_tree_is_the_one_it_is_given() -> None:
    assert grown(*CHAIN, ("a2", "p"), head="b").head == "b"


def test_what_does_not_fit_is_refused() -> None:
    tree = grown(*CHAIN)
    with pytest.raises(ValueError, match="already"):
        tree.add("a", "p")
    with pytest.raises(KeyError):
        tree.add("x", "nobody")
    with pytest.raises(KeyError):
        tree.remove("nobody")
    with pytest.raises(KeyError):
        tree.restore("a")
    with pytest.raises(KeyError):
        tree.insert("x", before="nobody")
    tree.remove("a")
    with pytest.raises(ValueError, match="already"):
        tree.add("a", "p")
    assert "x" not in tree


def test_a_note_comes_between_an_answer_and_its_prompt() -> None:
    tree = grown(("p", None), ("a", "p"), ("a2", "p"))
    tree.insert("note", before="a2")
    assert tree.path(tree.head) == ["p", "note", "a2"]
    assert tree.siblings("note") == ("a", "note")
    tree.choose("a")
    tree.insert("other", before="a2")
    assert tree.head == "a", "what is not shown does not come into view"
    assert tree.path("a2") == ["p", "note", "other", "a2"]


def test_what_followed_a_removed_message_follows_its_parent() -> None:
    tree = grown(*CHAIN)
    tree.remove("p")
    tree.remove("a")
    assert (tree.path(tree.head), tree.parent("q"), len(tree)) == (["q", "b"], None, 2)


def test_where_nothing_followed_the_sibling_beside_it_is_shown() -> None:
    tree = grown(("p", None), ("a", "p"), ("b", "p"), ("c", "p"), head="b")
    tree.remove("b")
    assert tree.head == "c"
    tree.remove("c")
    assert tree.head == "a"
    tree.remove("a")
    assert tree.head == "p"
    tree.remove("p")
    assert tree.head is None


@pytest.mark.parametrize("removed", [("p", "a"), ("a", "p")])
@pytest.mark.parametrize("order", [("p", "a"), ("a", "p")])
def test_a_turn_comes_back_to_where_it_was(removed: tuple[str, str], order: tuple[str, str]) -> None:
    tree = grown(*CHAIN, ("p2", None))
    tree.choose("b")
    for message_id in removed:
        tree.remove(message_id)
    tree.add("c", "b")
    tree.add("new", None)
    for message_id in order:
        tree.restore(message_id)
    assert tree.path(tree.head) == ["p", "a", "q", "b", "c"]
    assert tree.siblings("p") == ("p", "p2", "new")


# -- against a naive model --------------------------------------------------------------------------


class Naive:
    """Keeps every link ever made; a removed message is only crossed out."""

    def __init__(self) -> None:
        self.links: dict[str, str | None] = {}
        self.order: list[str] = []
        self.crossed: set[str] = set()

    def present(self) -> list[str]:
        return [one for one in self.order if one not in self.crossed]

    def parent(self, one: str) -> str | None:
        parent = self.links[one]
        while parent in self.crossed:
            parent = self.links[parent]
        return parent

    def children(self, one: str | None) -> tuple[str, ...]:
        return tuple(other for other in self.present() if self.parent(other) == one)

    def insert(self, new: str, before: str) -> None:
        self.links[new], self.links[before] = self.links[before], new
        place = self.order.index(before)
        self.order[place] = new
        self.order.append(before)


def alike(tree: Tree, model: Naive) -> None:
    present = model.present()
    assert sorted(tree) == sorted(present)
    assert len(tree) == len(present)
    for one in (None, *present):
        assert tree.children(one) == model.children(one)
    for one in present:
        assert tree.parent(one) == model.parent(one)
        assert set(tree.below(one)) == {other for other in present if one in tree.path(other)}
    head = tree.head
    assert (head is None) == (not present)
    assert head is None or not tree.children(head)


def act(data: Any, tree: Tree, model: Naive, number: int) -> None:
    """One thing that may happen to a conversation, to both."""
    present, name = model.present(), f"m{number}"
    kinds = ["add", *(["choose", "remove", "insert"] if present else []), *(["restore"] if model.crossed else [])]
    kind = data.draw(st.sampled_from(kinds))
    if kind == "add":
        parent = data.draw(st.sampled_from([None, *present]))
        tree.add(name, parent)
        model.links[name] = parent
        model.order.append(name)
        assert tree.head == name
    elif kind == "restore":
        one = data.draw(st.sampled_from(sorted(model.crossed)))
        tree.restore(one)
        model.crossed.discard(one)
        assert one in tree.path(tree.head)
    else:
        one = data.draw(st.sampled_from(present))
        before = tree.path(tree.head)
        if kind == "choose":
            tree.choose(one)
            assert one in tree.path(tree.head)
        elif kind == "insert":
            tree.insert(name, before=one)
            model.insert(name, one)
            assert [other for other in tree.path(tree.head) if other != name] == before
        else:
            tree.remove(one)
            model.crossed.add(one)
            kept = [other for other in before if other != one]
            assert tree.path(tree.head)[: len(kept)] == kept, "the rest of the shown path stays shown"


@settings(max_examples=150, deadline=None)
@given(data=st.data(), steps=st.integers(1, 25))
def test_whatever_happens_it_is_what_the_naive_model_is(data: Any, steps: int) -> None:
    tree, model = Tree(), Naive()
    for number in range(steps):
        act(data, tree, model, number)
        alike(tree, model)


def test_what_another_tree_has_besides_is_learnt_and_the_path_stays() -> None:
    mine = grown(*CHAIN, ("q2", "a"), ("b2", "q2"))
    other = grown(*CHAIN, ("x", "a"), ("y", "x"), ("b3", "q"), ("p2", None))
    assert sorted(mine.learn(other)) == ["b3", "p2", "x", "y"]
    assert mine.path(mine.head) == ["p", "a", "q2", "b2"]
    assert mine.siblings("q2") == ("q", "q2", "x")
    assert (mine.leaf("x"), mine.leaf("q"), mine.siblings("p")) == ("y", "b", ("p", "p2"))
    assert mine.learn(other) == []


def test_what_comes_behind_the_end_or_was_removed_here_is_not_learnt() -> None:
    mine, other = grown(*CHAIN, ("c", "b")), grown(*CHAIN, ("c", "b"), ("d", "c"), ("e", "d"))
    assert mine.learn(other) == []
    mine.remove("b")
    assert mine.learn(grown(*CHAIN)) == []
    assert mine.path(mine.head) == ["p", "a", "q", "c"]
