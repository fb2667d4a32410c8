"""``tui-stream templates``: the prompts that are used again."""

from __future__ import annotations

from typing import Annotated

import typer

from tui_stream import paths
from tui_stream.commands.helping import App
from tui_stream.commands.printing import one_line, printed, say
from tui_stream.core.sanitize import clean

app = App(
    name="templates",
    help="List and show templates: prompts that are used again (-t NAME).",
    epilog="""A template is a Markdown file in the folder that `templates path` names. {{input}} in it stands for what is typed and piped in, {{name}} for -p name=value. Before the text there may be settings, in TOML between two lines +++: description, system, provider, model, and the tables options and defaults (values of variables).

Example, as summary.md:

+++

description = "Summarises."

defaults = { language = "English" }

+++

Summarise in {{language}}, in three sentences:

{{input}}

Then:

curl -s example.org/news.txt | tui-stream -t summary -p language=French""",  # noqa: E501 - Typer breaks it
    no_args_is_help=True,
)


def _complete(incomplete: str) -> list[str]:
    from tui_stream.prompts import templates

    return [name for name in templates.names(paths.templates_dir()) if name.startswith(incomplete)]


@app.command("list")
def list_() -> None:
    """List the templates: name, variables, description, parted by tabs."""
    from tui_stream.errors import ConfigError
    from tui_stream.prompts import templates

    folder = paths.templates_dir()
    found = templates.names(folder)
    if not found:
        say(f"There are no templates in {folder}.")
    with printed() as stream:
        for name in found:
            try:
                template = templates.load(folder, name)
            except ConfigError as error:
                say(str(error))
                continue
            stream.write(f"{name}\t{' '.join(template.variables)}\t{one_line(template.description)}\n")


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which one.", autocompletion=_complete)],
) -> None:
    """Print a template as it is in its file."""
    from tui_stream.prompts import templates
    from tui_stream.prompts.texts import read_file

    folder = paths.templates_dir()
    templates.load(folder, name)
    text = read_file(folder / f"{name}{templates.SUFFIX}").text
    with printed() as stream:
        stream.write(clean(text))


@app.command()
def path() -> None:
    """Print the folder that templates are in; it need not exist."""
    with printed() as stream:
        stream.write(f"{paths.templates_dir()}\n")
