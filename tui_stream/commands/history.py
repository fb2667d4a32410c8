"""``tui-stream history``: what was said before, listed, searched, shown, taken away, brought in and deleted.

What is asked for goes to stdout, everything else to stderr. What reads the history is imported when a command runs, so
that ``--help`` does not wait for it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import IO, Annotated

import typer

from tui_stream.commands import history_moves
from tui_stream.commands.helping import App
from tui_stream.commands.history_access import (
    IdArgument,
    IdsArgument,
    JsonOption,
    counted,
    database,
    everything,
    found,
    opened,
    overviews,
    resolved,
)
from tui_stream.commands.printing import is_terminal, printed, say, screen, write_list
from tui_stream.core.sanitize import repair
from tui_stream.errors import UsageError

_SCREENFUL = 50  # conversations that a terminal is shown unasked
_MOST_HITS, _ALL_HITS = 100, 1_000_000_000  # messages that a search finds unasked, and more than there are

app = App(
    name="history",
    help="List, search, show, export, import and delete conversations.",
    no_args_is_help=True,
)


@app.command("list")
def list_(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORDS", help="Only titles with all of these words or beginnings of words."),
    ] = None,
    archived: Annotated[bool, typer.Option("--archived", help="The archived ones instead of the others.")] = False,
    deleted: Annotated[bool, typer.Option("--deleted", help="Those that restore can bring back.")] = False,
    limit: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help=f"How many at most, 0 for all; {_SCREENFUL} on a terminal, else all."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """List conversations, the pinned ones first (*), then those used last.

    On a terminal: marks (* pinned, ! its newest answer was interrupted), id,
    day and time, number of messages, model, title.

    Elsewhere, parted by tabs: id, day and time, number of messages, marks,
    model, title.

    JSON: a list of objects with id, title, created_at, updated_at, pinned,
    archived, interrupted, messages, model and cost; that is null, or has amount
    (US dollars as a string, null if unknown), source and local.
    """
    from tui_stream.commands import history_views as views

    seen = None if json else screen()
    text = repair(" ".join(words or ()))
    most = (_SCREENFUL if seen else 0) if limit is None else limit
    with opened() as history:
        listed = list(found(history, text, archived=archived, deleted=deleted, limit=most + 1 if most else 0))
        others = found(history, deleted=True) if deleted else everything(history)
        short = views.short_ids(one.id for one in others) if seen and listed else {}
    shown = listed[:most] if most else listed
    lines = views.list_lines(shown, short, seen) if seen else map(views.list_row, shown)
    _print(lines, map(views.list_object, shown) if json else None)
    if not listed:
        kind = "deleted " if deleted else "archived " if archived else ""
        say("No conversation is found." if text else f"There is no {kind}conversation{'' if deleted else ' yet'}.")
    elif len(listed) > len(shown) and limit is None:
        say(f"These are the first {most}; --limit 0 lists all.")


def _print(lines: Iterable[str], objects: Iterable[object] | None) -> None:
    """Prints the lines, or as JSON the objects if there are any to print."""
    with printed() as stream:
        if objects is not None:
            write_list(objects, stream)
        else:
            stream.writelines(f"{line}\n" for line in lines)


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="The last may be the beginning of a word.")],
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=0, help=f"How many at most, 0 for all; {_MOST_HITS} without it.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Search all messages for words, wherever they stand in one; the newest first.

    On a terminal: the conversation's id, day, who said it, and the words in the
    midst of what was said.

    Elsewhere, parted by tabs: the conversation's id, day and time, role, the
    message's id, excerpt.

    JSON: a list of objects with conversation_id, message_id, title, role,
    created_at, excerpt and spans; those are places of the words in the excerpt,
    each [start, end) in characters.
    """
    from tui_stream.commands import history_views as views

    seen = None if json else screen()
    most = _MOST_HITS if limit is None else limit or _ALL_HITS
    with opened() as history:
        hits = history.wait(history.archive.search(repair(" ".join(words)), limit=most + 1))
        short = views.short_ids(one.id for one in everything(history)) if seen and hits else {}
    shown = hits[:most]
    lines = views.hit_lines(shown, short, seen) if seen else map(views.hit_row, shown)
    _print(lines, map(views.hit_object, shown) if json else None)
    if not hits:
        say("Nothing is found.")
    elif len(hits) > len(shown) and limit is None:
        say(f"These are the first {most}; --limit 0 finds all.")


@app.command()
def show(
    conversation: IdArgument,
    branches: Annotated[bool, typer.Option("--branches", help="All branches, not only the shown path.")] = False,
    reasoning: Annotated[bool, typer.Option("--reasoning", help="With what models thought aloud.")] = False,
    json: JsonOption = False,
) -> None:
    """Print a conversation as Markdown.

    JSON: what export writes, with everything in it (see history export).
    """
    from tui_stream.commands import history_views as views
    from tui_stream.exchange import Format, Options, write

    with opened() as history:
        whole = history.wait(history.archive.load(*resolved(history, [conversation])))
    options = Options(reasoning=reasoning)
    with printed() as stream:
        if branches and not json:
            stream.write("\n\n".join(views.branches(whole, options)) + "\n")
        else:
            write([whole], stream, Format.JSON if json else Format.MARKDOWN, options=options)


@app.command()
def path() -> None:
    """Print where the history is, whether or not there is one."""
    file = database()
    with printed() as stream:
        stream.write(f"{file}\n")
    say("It exists." if file.exists() else "There is none yet; the first chat begins it.")


@app.command()
def delete(
    conversations: IdsArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete conversations, after asking; for a day they can be brought back."""
    from tui_stream.commands.history_views import short_ids, title_of

    if not yes and not is_terminal(_stdin()):
        raise UsageError("There is nobody to ask whether to delete.", hint="--yes deletes without asking.")
    with opened() as history:
        chosen = overviews(history, resolved(history, conversations))
        if not yes:
            short = short_ids(one.id for one in everything(history))
            for one in chosen:
                say(f"{short.get(one.id, one.id)}  {counted(one.messages, 'message')}  {title_of(one)}")
            if not _agreed(f"Delete {counted(len(chosen), 'conversation')}? [y/N] "):
                say("Nothing is deleted.")
                raise typer.Exit(1)
        for one in chosen:
            history.wait(history.archive.delete(one.id))
            say(f'Deleted. "tui-stream history restore {one.id}" brings it back, for a day.')
        history.wait(history.archive.purge())


def _stdin() -> IO[str] | None:
    """Stdin; None where it was closed before the program began."""
    return sys.stdin


def _agreed(question: str) -> bool:
    """Whether the person says yes; the question goes to stderr."""
    typer.echo(question, nl=False, err=True)
    answer = sys.stdin.readline()
    if not answer:
        say("")
    return answer.strip().lower() in {"y", "yes"}


@app.command()
def restore(
    conversations: IdsArgument,
) -> None:
    """Bring deleted conversations back; history list --deleted names them."""
    with opened() as history:
        for one in resolved(history, conversations, deleted=True):
            history.wait(history.archive.restore(one))
            say(f"{one} is back.")


app.command("export")(history_moves.export)
app.command("import")(history_moves.import_)
