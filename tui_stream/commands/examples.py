"""What ``tui-stream pipe --help`` says at its end: examples, exit codes, the events of ``--json``."""

from __future__ import annotations

from typing import Final

EXAMPLES: Final = """Examples:

git diff --staged | tui-stream "Write a commit message for this change."

tui-stream pipe -f prompt.md -f data.csv > report.md

tui-stream pipe -m gpt-5-mini -s "Answer in one word." "Capital of France?"

curl -s example.org/news.txt | tui-stream -t summary -p language=French

tui-stream pipe --image cat.png "What is this?"

tui-stream pipe --schema '{"required": ["name"]}' "Invent a person" | jq .name

tui-stream pipe -c "And shorter?"

tui-stream pipe --json "Hi" | jq -j 'select(.event == "text").text'

Input: what is typed, then what is piped in, then the files, each between fences under its name. A file - is what is piped in. Text may be UTF-8, UTF-16 with a byte order mark, or what the locale says; of anything else the part that is not text is replaced, and stderr says so. Binary files are refused.

Output: UTF-8, as it arrives; to a terminal whose locale says otherwise, what that says. On a terminal the answer is rendered (see: tui-stream render). stderr has nothing but trouble, unless --stats or --reasoning asks for more.

Exit codes: 0 the answer is complete; 1 another error; 2 wrong flags, input or settings; 3 no key, or a wrong one; 4 rate limit; 5 no connection, a time-out, or a stream that broke off; 6 cut off by the length limit; 7 refused or filtered; 8 a limit on money or tokens; 9 no such model; 10, 11, 12 the embedded model's file cannot be had, has no room, is damaged; 13 not valid by --schema; 130 interrupted; 141 the reader went away; 129, 131, 143 told to end.

--json: each line is an object with "event": start (version, conversation, message, provider, model), text, reasoning, retry, note, usage (input_tokens, output_tokens, source, cost, cost_source ...), error (message, hint, code), end (code, finish_reason, seconds ...). "answer" counts the answers of -n. This is version 2; fields and events may be added to it. "tui-stream pipe --json-schema" prints all of it.

Files: settings and templates are where "tui-stream config path" and "tui-stream templates path" say; every run is kept in the history ("tui-stream history") unless --no-store is given."""  # noqa: E501 - Typer breaks it
