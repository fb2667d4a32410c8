"""What `.ci/audit` makes of what pip-audit says: a hole fails the checks, a list that cannot be had does not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

AUDIT = Path(__file__).parents[2] / ".ci" / "audit"


@pytest.mark.parametrize(
    ("said", "ended", "code", "told"),
    [
        ("No known vulnerabilities found", 0, 0, "No known vulnerabilities found"),
        ("Found 1 known vulnerability in 1 package\nidna 3.6 PYSEC-2024-60", 1, 1, "idna 3.6"),
        ("Found 12 known vulnerabilities in 3 packages", 1, 1, "Found 12"),
        ("requests.exceptions.ConnectionError: no route", 1, 0, "NOT CHECKED"),
        ("", 124, 0, "NOT CHECKED"),
    ],
)
def test_what_is_made_of_it(said: str, ended: int, code: int, told: str, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "pip-audit"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' '{said}'\nexit {ended}\n")
    program.chmod(0o755)
    done = subprocess.run([str(AUDIT), str(tmp_path)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code
    assert told in done.stdout + done.stderr
