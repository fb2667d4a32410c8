from __future__ import annotations

import inspect
import subprocess
import sys

import pytest
from rich.style import Style

from tests.markdown.helpers import all_lines, rendered
from tui_stream.markdown import THEMES, LiveMarkdown
from tui_stream.markdown.highlight import CodeStyles, Highlighter
from tui_stream.markdown.themes import DARK, MarkdownTheme

JAVASCRIPT = "/* a\n * b */\nconst f = (x) => `text ${x}\nmore`; // end\n"
SQL = "select 'a' -- note\nfrom t /* long\ncomment */ where x = 1;\n"
GO = "package main\n/* a\nb */\nfunc main() {\n\ts := `raw\ntext`\n}\n"
HTML = "<!-- a\nb --><p class='x'>t</p>\n<script>\nlet a = 1;\n</script>\n<style>\np { color: red; }\n</style>\n"
BASH = "for i in a b; do\n  echo \"$i\nx\" 'y\nz'\ndone\ncat <<EOF\nhere $x\nEOF\nls\n"
YAML = (
    "# c\na: 1\nb:\n  - 'x'\n  - |\n    block: not a key\n    more\n  - >-\n    folded\n"
    "c: {d: [1, 2]}\nlong: one\n  two\n"
)


def colours(rows: list[list[tuple[str, Style]]]) -> list[list[tuple[str, Style]]]:
    """Rows with a style for each visible character."""
    return [[(char, style) for text, style in row for char in text if not char.isspace()] for row in rows]


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", inspect.getsource(inspect)[:20_000]),
        ("python", "x = '''a\nb''' + f'{x:>{w}}'\n@d\nclass A:\n    '''doc\n    it'''\n"),
        ("javascript", JAVASCRIPT),
        ("sql", SQL),
        ("go", GO),
        ("html", HTML),
        ("bash", BASH),
        ("json", '{"a": [1, true, null], "b": {"c": "d"}}\n' * 3),
        ("toml", '[a]\nb = \'x\'\nc = """m\nn"""\n'),
        ("rust", '/* a\n/* b */ */ fn main() { let s = r#"x\ny"#; }\n'),
        ("yaml", YAML),
        ("php", "<?php\n/** doc\n */\nfunction f() { return strlen('x'); }\n"),
        ("css", "/* a\nb */\np { color: red; }\n"),
        ("unknown-language", "x\ny\n"),
        ("", "plain\n"),
    ],
)
def test_line_by_line_gives_what_the_whole_gives(language: str, code: str) -> None:
    styles = CodeStyles(DARK)
    lines = code.split("\n")
    by_line = Highlighter(language, styles)
    assert colours([by_line.feed(line) for line in lines]) == colours(Highlighter(language, styles).whole(lines))


def test_peeking_does_not_move_on() -> None:
    styles = CodeStyles(DARK)
    highlighter, other = Highlighter("python", styles), Highlighter("python", styles)
    for line in ("x = '''", "inside", "'''", "y = 1"):
        for end in range(len(line)):
            highlighter.peek(line[:end])
        assert highlighter.feed(line) == other.feed(line)


def test_names_of_the_standard_library_have_their_own_colour() -> None:
    runs = Highlighter("c", CodeStyles(DARK)).feed("size_t n;")
    assert dict(runs).get("size_t") != DARK.code_block


def test_what_was_wrong_while_open_is_right_once_the_fence_closes() -> None:
    code = "int\nmain(void)\n{ return 0; }"
    live = rendered([f"```c\n{code}\n"], finish=False)
    live.append("```\n")
    rows = [[(s.text, s.style) for s in line if s.text.strip()] for line in all_lines(live)[1:]]
    whole = Highlighter("c", CodeStyles(DARK)).whole(code.split("\n"))
    assert [[text for text, _ in row] for row in colours(whole)] == [
        [char for text, _ in row for char in text if not char.isspace()] for row in rows
    ]
    assert [[style for _, style in row] for row in colours(whole)] == [
        [style for text, style in row for char in text if not char.isspace()] for row in rows
    ]


@pytest.mark.parametrize("name", sorted(THEMES))
def test_every_theme_colours_code(name: str) -> None:
    live = LiveMarkdown(60, theme=THEMES[name])
    live.append("```python\ndef f(x):  # note\n    return 'text', 1\n```\n")
    live.append("```yaml\na: 1 # b\nc:\n  - d\n```\n")
    styles = {segment.style for line in live.lines(0, live.height) for segment in line if segment.text.strip()}
    assert len(styles) > 4


def test_an_unknown_style_shows_plain_code() -> None:
    styles = CodeStyles(MarkdownTheme(pygments_style="no-such-style"))
    assert {style for _, style in Highlighter("python", styles).feed("def f(): pass")} == {styles.plain}


def test_pygments_is_not_imported_without_code() -> None:
    script = (
        "import sys; from tui_stream.markdown import LiveMarkdown; m = LiveMarkdown(80);"
        " m.append('# a\\n\\ntext `code`\\n'); m.height; sys.exit('pygments.lexer' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
