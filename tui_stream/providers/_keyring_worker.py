"""Asks the system's keyring for one entry, in a process of its own: ``_keyring_worker.py SERVICE USER``.

It is run as a plain file and imports nothing but the standard library and ``keyring``. One line of JSON goes to
standard output: ``{"kind": "key", "text": ...}``, or the kind of failure and what the keyring says of it. The key
stands in no argument and in no variable of the environment.
"""

from __future__ import annotations

import importlib
import json
import sys


def answer(service: str, user: str) -> dict[str, str]:
    """What the keyring holds there, or why that cannot be told."""
    try:
        keyring = importlib.import_module("keyring")
        errors = importlib.import_module("keyring.errors")
    except ImportError as error:
        return {"kind": "missing", "text": str(error)}
    try:
        found = keyring.get_password(service, user)
    except errors.NoKeyringError as error:
        return {"kind": "none", "text": str(error)}
    except (errors.KeyringLocked, errors.InitError) as error:
        return {"kind": "locked", "text": str(error) or "nobody unlocked it"}
    except errors.KeyringError as error:
        return {"kind": "failed", "text": str(error) or type(error).__name__}
    return {"kind": "empty", "text": ""} if found is None else {"kind": "key", "text": str(found).strip()}


if __name__ == "__main__":
    print(json.dumps(answer(*sys.argv[1:3])))  # noqa: T201 - the parent reads it
