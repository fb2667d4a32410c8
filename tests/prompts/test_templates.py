from __future__ import annotations

from pathlib import Path

import pytest

from tui_stream.errors import ConfigError, UsageError
from tui_stream.prompts.templates import load, names, parse_values, read

WHOLE = """+++
description = "D"
system = "You speak {{lang}}."
provider = "ollama"
model = "qwen3:8b"
options = { temperature = 0.2 }
defaults = { lang = "English", count = 3 }
+++
{{count}} in {{ lang }}: {{input}} {{{x}} {{ }}
"""


def test_a_whole_template() -> None:
    template = read("t", WHOLE.replace("{{{x}}", "{x}"), "t.md")
    assert (template.description, template.provider, template.model) == ("D", "ollama", "qwen3:8b")
    assert template.options == {"temperature": 0.2}
    assert template.variables == ["lang", "count"]
    assert template.filled("this", {"lang": "Dutch"}) == "3 in Dutch: this {x} {{ }}\n"
    assert template.filled_system({}) == "You speak English."


def test_a_template_may_be_nothing_but_text() -> None:
    assert read("t", "+++ is no head", "t.md").filled("in", {}) == "+++ is no head\n\nin"
    assert read("t", "Tell a joke.\n", "t.md").filled("", {}) == "Tell a joke.\n"


@pytest.mark.parametrize("text", ['+++\nmodel="big"\n', "+++", "+++ \r\nx", '+++\nsystem = """\n++++\n"""\n'])
def test_settings_without_an_end_are_not_taken_for_text(text: str) -> None:
    with pytest.raises(ConfigError, match=r"t.md: the settings have no end. Put a line of three plus signs below"):
        read("t", text, "t.md")


def test_values_are_never_looked_at_again() -> None:
    template = read("t", "{{a}} {{b}} {{input}}", "t.md")
    assert template.filled("{{a}} \\1", {"a": "{{b}}", "b": "\\g<0>"}) == "{{b}} \\g<0> {{a}} \\1"


@pytest.mark.parametrize(
    ("values", "given", "said"),
    [
        ({}, "x", r"needs more: lang, tone. Give -p lang=... -p tone=..."),
        ({"lang": "a", "tone": "b", "ton\x1be": "c"}, "x", r"has no variable 'tone'. It has: lang, tone."),
        ({"lang": "a", "tone": "b"}, " ", r"needs something to work on"),
    ],
)
def test_what_is_missing_or_too_much(values: dict[str, str], given: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read("t", "{{input}} {{lang}} {{tone}}", "t.md").filled(given, values)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("a = ", r"t.md: Invalid value \(at line 2, column 5\)"),
        ("model = 'm'\n\na = ", r"t.md: Invalid value \(at line 4, column 5\)"),
        ("colour = 1", "'colour' is no setting of a template. There are: description, system"),
        ("system = 1", "system has to be a string"),
        ("options = 1", "options has to be a table"),
        ('system = "{{input}}"', "has no place in a system prompt"),
    ],
)
def test_settings_that_are_not_valid(head: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read("t", f"+++\n{head}\n+++\n", "t.md")


def test_templates_are_files_in_a_folder(tmp_path: Path) -> None:
    assert names(tmp_path / "none") == []
    for name in ("b.md", "a.md", ".hidden.md", "c.txt"):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbfHi")
    (tmp_path / "d.md").mkdir()
    assert names(tmp_path) == ["a", "b"]
    assert load(tmp_path, "a").text == "Hi"
    for name in ("none", "../a", "/etc/passwd", "", "a.md"):
        with pytest.raises(UsageError, match="There are: a, b"):
            load(tmp_path, name)


def test_values_of_variables(tmp_path: Path) -> None:
    file = tmp_path / "v"
    file.write_text("from a file")
    assert parse_values(["a=1=2", "b=", f"c=@{file}", "d=@@x"]) == {"a": "1=2", "b": "", "c": "from a file", "d": "@x"}
    for wrong in ("a", "=1"):
        with pytest.raises(UsageError, match="NAME=VALUE"):
            parse_values([wrong])
    with pytest.raises(UsageError, match=r"nope cannot be read: No such file or directory. -p NAME=@FILE takes a text"):
        parse_values([f"a=@{tmp_path / 'nope'}"])
