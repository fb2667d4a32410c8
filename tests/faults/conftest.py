"""What all tests of faults need: a key in the environment, and a collector that looks at their own objects alone."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tests.faults.asking import ENVIRONMENT


@pytest.fixture(autouse=True)
def _key(_isolated_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True, scope="module")
def _collector() -> Iterator[None]:
    """Each test collects what it made; the modules of the whole suite need not be walked through each time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
