"""What child processes are given of the environment: they need folders and devices, and none of the person's keys.

Whoever may look at a process of the same user may read its environment, and so may a library that a child loads. So
a child gets the variables that are known to be of use to it, and no others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_SYSTEM = (
    "PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_.*|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|WINDIR|COMSPEC|PATHEXT|APPDATA"
    "|LOCALAPPDATA|PROGRAMDATA|USERPROFILE|XDG_(?:CACHE|CONFIG|DATA|RUNTIME|STATE)_(?:HOME|DIR)|VIRTUAL_ENV|CONDA_PREFIX"
    "|PYTHON(?:HOME|PATH|UTF8|IOENCODING|WARNINGS|DONTWRITEBYTECODE|NOUSERSITE|USERBASE)|(?:LD|DYLD)_LIBRARY_PATH"
    "|(?:LD_PRELOAD|DYLD_INSERT_LIBRARIES|MALLOC_.*)"
)
_COMPUTING = (
    "(?:OMP|GOMP|KMP|MKL|OPENBLAS|BLIS|VECLIB|GGML|LLAMA|CUDA|CUBLAS|NVIDIA|HIP|HSA|ROCR|ROCM|GPU|ONEAPI|SYCL|ZE|VK|MTL"
    "|METAL)_.*"
)
_FETCHING = "PIP_.*|UV_.*|(?:HTTPS?|ALL|NO)_PROXY|SSL_CERT_(?:FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NETRC"

FOR_COMPUTING = re.compile(f"(?:{_SYSTEM}|{_COMPUTING})", re.IGNORECASE)
"""What llama.cpp needs: where libraries are, and what is set of threads and graphics cards."""

FOR_FETCHING = re.compile(f"(?:{_SYSTEM}|{_FETCHING})", re.IGNORECASE)
"""What pip needs: its own settings (a login to a package index among them), proxies and certificates."""


def environment(needed: re.Pattern[str], environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that a child gets."""
    return {name: value for name, value in environ.items() if needed.fullmatch(name)}
