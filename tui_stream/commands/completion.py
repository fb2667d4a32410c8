"""``tui-stream completion``: what a shell has to be told so that it completes commands, flags, models and templates.

The scripts are our own, since Typer's do not know that the name of a model may have a colon in it: bash takes that for
the end of a word, zsh for the end of what is to be inserted. A flag and its value in one word (--model=NAME) are handed
on as two. Words are completed by the program itself, which speaks Typer's protocols: bash's, and fish's, whose lines
are a word, a tab and what it means.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import typer

from tui_stream.commands.printing import printed

EXAMPLES = """Examples:

bash: echo 'source <(tui-stream completion bash)' >> ~/.bashrc

zsh: echo 'source <(tui-stream completion zsh)' >> ~/.zshrc (below compinit)

fish: tui-stream completion fish > ~/.config/fish/completions/tui-stream.fish"""

_BASH: Final = r"""# Works with bash from 3.2 on, without bash-completion.
_tui_stream_completion() {
    local left=${COMP_LINE:0:COMP_POINT} line="" last=-1 at word bare found cut=""
    local -a words
    # Puts the words together again that were taken apart at a colon or an equals sign.
    for ((at = 0; at <= COMP_CWORD; at++)); do
        bare=${left#"${left%%[![:space:]]*}"}
        word=${COMP_WORDS[at]}
        ((at == COMP_CWORD)) && word=$bare
        if [[ $last -ge 0 && $bare == "$left" ]]; then
            words[last]+=$word
        else
            words[++last]=$word
        fi
        left=${bare#"$word"}
    done
    word=${words[last]}
    # What stands before the last colon or equals sign is no part of what bash replaces.
    if [[ $word == --*=* ]]; then
        [[ $COMP_WORDBREAKS == *=* ]] || line=${word%%=*}=
        words[last]=${word%%=*}
        word=${word#*=}
        words[++last]=$word
    fi
    [[ $COMP_WORDBREAKS == *:* && $word == *:* ]] && cut=${word%:*}:
    COMPREPLY=()
    while IFS= read -r found; do
        [[ -n $found ]] && COMPREPLY+=("$line${found#"$cut"}")
    done < <(COMP_WORDS="${words[*]}" COMP_CWORD=$last _TUI_STREAM_COMPLETE=complete_bash "$1" 2> /dev/null)
}
complete -o default -o nosort -F _tui_stream_completion tui-stream 2> /dev/null ||
    complete -o default -F _tui_stream_completion tui-stream
"""

_ZSH: Final = r"""#compdef tui-stream
_tui_stream_completion() {
    local -a found
    local one
    local line="${words[1,CURRENT-1]} $PREFIX"
    if [[ $PREFIX == --*=* ]]; then
        line="${words[1,CURRENT-1]} ${PREFIX/=/ }"
        compset -P '*='
    fi
    for one in "${(@f)$(_TYPER_COMPLETE_ARGS="$line" _TYPER_COMPLETE_FISH_ACTION=get-args \
        _TUI_STREAM_COMPLETE=complete_fish ${words[1]} 2> /dev/null)}"; do
        [[ -n $one ]] && found+=("${${one%%$'\t'*}//:/\\:}${${(M)one%%$'\t'*}:+:${one#*$'\t'}}")
    done
    if (( $#found )); then
        _describe -V 'tui-stream' found
    else
        _files
    fi
}
compdef _tui_stream_completion tui-stream
"""

_FISH: Final = r"""function __tui_stream_complete
    set -l line (commandline -cp | string collect)
    set -l flag (string match -r -g -- '\s(--[^\s=]+=)\S*$' $line)
    test -n "$flag"; and set line (string replace -r -- '(\s--[^\s=]+)=(\S*)$' '$1 $2' $line)
    for found in (_TYPER_COMPLETE_ARGS=$line _TYPER_COMPLETE_FISH_ACTION=get-args \
            _TUI_STREAM_COMPLETE=complete_fish tui-stream 2>/dev/null)
        echo "$flag$found"
    end
end
complete --command tui-stream --no-files --arguments '(__tui_stream_complete)' \
    --condition '__tui_stream_complete | string length --quiet'
"""


def completion(
    shell: Annotated[Literal["bash", "zsh", "fish"], typer.Argument(metavar="bash|zsh|fish", help="Which shell.")],
) -> None:
    """Print what makes a shell complete commands, flags, providers, models and templates.

    Models are those that "tui-stream models" or the chat listed before, or that answered a pipe: nobody is asked.
    """
    with printed() as stream:
        stream.write({"bash": _BASH, "zsh": _ZSH, "fish": _FISH}[shell])
