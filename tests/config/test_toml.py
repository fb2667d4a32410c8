from __future__ import annotations

import tomllib
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_stream.config.toml import KeyPath, dotted, key_lines, line_of, toml_key, toml_string, toml_value


def test_every_way_to_write_a_key_is_found() -> None:
    text = '''# a comment = 1
a = 1
b.c."d.e\\u0041" = [1, 2, # ]
 {x = 3, 'y'.z = """
 " a = 1
"""""}, "]",
]
when = 1979-05-27 07:32:00 # [x]
[[prices]] # one
model = "x] # = \\" 1"
[[prices.sub]]
q = \'\'\'
[no]
''\'\'\'
[[ prices ]]
[prices.sub]
z = {}
["ui"]
last = true'''
    tomllib.loads(text)
    found = {dotted(path): line for path, line in key_lines(text).items()}
    assert found == {
        "a": 2,
        "b": 3,
        "b.c": 3,
        'b.c."d.eA"': 3,
        'b.c."d.eA"[0]': 3,
        'b.c."d.eA"[1]': 3,
        'b.c."d.eA"[2]': 4,
        'b.c."d.eA"[2].x': 4,
        'b.c."d.eA"[2].y': 4,
        'b.c."d.eA"[2].y.z': 4,
        'b.c."d.eA"[3]': 6,
        "when": 8,
        "prices": 9,
        "prices[0]": 9,
        "prices[0].model": 10,
        "prices[0].sub": 11,
        "prices[0].sub[0]": 11,
        "prices[0].sub[0].q": 12,
        "prices[1]": 15,
        "prices[1].sub": 16,
        "prices[1].sub.z": 17,
        "ui": 18,
        "ui.last": 19,
    }


def test_a_header_goes_before_the_tables_inside_it() -> None:
    assert key_lines("[a.b]\n[a]\n") == {("a",): 2, ("a", "b"): 1}


def test_line_ends_of_every_system_count() -> None:
    assert key_lines("a = 1\r\nb = 2\r\n")["b",] == 2


def test_what_does_not_stand_there_is_sought_around() -> None:
    lines = key_lines("\n[a]\nb = 1\n")
    assert line_of(lines, ("a", "c", "d")) == 2
    assert line_of(lines, ("x",)) == 1


@pytest.mark.parametrize("value", [object(), None, {"a": None}])
def test_what_toml_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="TOML has no"):
        toml_value(value)


def test_half_a_surrogate_pair_can_be_shown() -> None:
    written = toml_string("x\udcff")
    assert tomllib.loads(f"a = {written}") == {"a": "x\ufffd"}


VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_written_values_read_the_same_and_show_nothing_unseen(data: dict[str, object]) -> None:
    text = "\n".join(f"{toml_key(key)} = {toml_value(value)}" for key, value in data.items())
    assert tomllib.loads(text) == data
    assert text.replace("\n", "").isprintable()


# Documents that are made together with the lines of their keys


@dataclass
class Document:
    """Text that grows, and where each key of it was put."""

    text: str = ""
    lines: dict[KeyPath, int] = field(default_factory=dict)

    def put(self, text: str) -> None:
        self.text += text

    def here(self, path: KeyPath) -> None:
        self.lines.setdefault(path, self.text.count("\n") + 1)


KEYS = st.sampled_from(["a", "b-1", "3", "x.y", 'q"', "#", "= [", "", "é", "\n", "'"])
NOISE = st.lists(st.sampled_from(["\n", '# a = 1 [x] "\n', "  \n", "\t# '''\n"]), max_size=3).map("".join)
TOKENS = (
    "1",
    "-0.5",
    "inf",
    "true",
    "1979-05-27T07:32:00Z",
    "1979-05-27 07:32:00",
    "07:32:00",
    '"a = 1 # ] } \\" \\\\"',
    "'a = [1]'",
    '"""\na = 1\n\\""" [b] \n"""""',
    "'''\n[x]\n# \"\"\" '' \n''''",
    '""',
    "''",
    '""""""',
    "''''''",
)


def write_key(draw: st.DrawFn, key: str) -> str:
    quoted = [toml_string(key)] + ([f"'{key}'"] if key.isprintable() and "'" not in key else [])
    bare = [toml_key(key)] if not toml_key(key).startswith('"') else []
    return draw(st.sampled_from(bare + quoted))


def put_value(draw: st.DrawFn, document: Document, path: KeyPath, depth: int) -> None:
    kind = draw(st.sampled_from(["token", "array", "inline"] if depth else ["token"]))
    if kind == "token":
        document.put(draw(st.sampled_from(TOKENS)))
    elif kind == "array":
        document.put("[")
        for place in range(draw(st.integers(0, 3))):
            document.put(draw(NOISE))
            document.here((*path, place))
            put_value(draw, document, (*path, place), depth - 1)
            document.put(draw(NOISE) + ",")
        document.put(draw(NOISE) + "]")
    else:
        document.put("{ ")
        for number, key in enumerate(draw(st.lists(KEYS, unique=True, max_size=3))):
            document.put(", " if number else "")
            put_pair(draw, document, path, [key], depth - 1)
        document.put(" }")


def put_pair(draw: st.DrawFn, document: Document, table: KeyPath, keys: list[str], depth: int) -> None:
    path = table
    for key in keys:
        path = (*path, key)
        document.here(path)
    space = draw(st.sampled_from(["", " ", "\t"]))
    document.put(f"{space}.{space}".join(write_key(draw, key) for key in keys) + f"{space}={space}")
    put_value(draw, document, path, depth)


def put_table(draw: st.DrawFn, document: Document, path: KeyPath) -> None:
    for key in draw(st.lists(KEYS, unique=True, max_size=4)):
        document.put(draw(NOISE))
        more = draw(st.lists(KEYS, max_size=2))
        put_pair(draw, document, path, [key, *more], 2)
        document.put(draw(st.sampled_from(["\n", " # [x] = 1\n"])))


@st.composite
def documents(draw: st.DrawFn) -> Document:
    document = Document()
    put_table(draw, document, ())
    for number in range(draw(st.integers(0, 3))):
        outer, inner = f"t{number}", draw(KEYS)
        document.put(draw(NOISE))
        if draw(st.booleans()):
            document.here((outer,))
            document.here((outer, inner))
            document.put(f"[ {outer} . {write_key(draw, inner)} ]\n")
            put_table(draw, document, (outer, inner))
            continue
        for place in range(draw(st.integers(1, 3))):
            document.here((outer,))
            document.here((outer, place))
            document.put(f"[[{outer}]]\n")
            put_table(draw, document, (outer, place))
    return document


@given(documents())
def test_the_lines_of_any_document_are_those_where_its_keys_were_put(document: Document) -> None:
    tomllib.loads(document.text)
    assert key_lines(document.text) == document.lines
