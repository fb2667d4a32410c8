"""The process in which an answer is checked: a schema's regular expressions can take for ever, and cannot be stopped.

It imports nothing of the program. On stdin it is given a list of two, as JSON: the schema and the answer. On stdout it
says ``{"faults": [[PLACE, FAULT], ...], "count": N}``, the first few of them, or ``{"trouble": SENTENCE}``. The
argument is a number of seconds after which the system ends it, should whoever started it not do so.
"""

from __future__ import annotations

import json
import signal
import sys
from typing import Any

MOST = 3
LONGEST = 1000  # characters of a fault, which may quote all of the answer


def check(document: Any, value: Any) -> dict[str, Any]:
    """What is wrong with a value by a schema."""
    import jsonschema
    import referencing
    import referencing.exceptions

    made = jsonschema.validators.validator_for(document, default=jsonschema.Draft202012Validator)
    validator = made(document, registry=referencing.Registry())
    try:
        faults = sorted(validator.iter_errors(value), key=lambda fault: list(map(str, fault.absolute_path)))
    except RecursionError:
        return {"trouble": "the schema refers to itself without end, or the answer is too deep"}
    except referencing.exceptions.Unresolvable:
        return {"trouble": "the schema refers to what is not in it"}
    first = [[fault.json_path[:LONGEST], fault.message[:LONGEST]] for fault in faults[:MOST]]
    return {"faults": first, "count": len(faults)}


def main() -> None:
    """Checks one answer."""
    if hasattr(signal, "alarm"):
        signal.alarm(int(sys.argv[1]))
    document, value = json.loads(sys.stdin.buffer.read())
    sys.stdout.write(json.dumps(check(document, value)))


if __name__ == "__main__":
    main()
