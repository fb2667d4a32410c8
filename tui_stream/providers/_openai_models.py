"""The list of models that OpenAI-compatible servers give, each with extras of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_stream.core.models import ModelInfo
from tui_stream.providers._json import decode
from tui_stream.providers._usage import count

MOST_LISTED = 1 << 17
"""Values in a list of models; the longest lists have a third of that."""


def listed_models(body: bytes) -> Sequence[ModelInfo] | None:
    """The models in the answer to ``/models`` by name, None where it is no list of models.

    Raises:
        ProtocolError: it has more than `MOST_LISTED` values.
    """
    try:
        listed = decode(body, MOST_LISTED)
    except ValueError:
        return None
    data = listed.get("data") if isinstance(listed, dict) else None
    if not isinstance(data, list):
        return None
    return sorted((_model_info(entry) for entry in data if isinstance(entry, dict)), key=lambda info: info.name)


def window_of(models: Sequence[ModelInfo], name: str) -> int | None:
    """The context window of a listed model, where the list tells it; of the only one by whatever name it is asked."""
    named = [info for info in models if info.name == name]
    offered = named or (models if len(models) == 1 else ())
    return offered[-1].context_window if offered else None


def _model_info(entry: Mapping[str, object]) -> ModelInfo:
    """A listed model; the sizes are extras of vLLM, OpenRouter and llama.cpp."""
    meta, owner = entry.get("meta"), entry.get("owned_by")
    meta = meta if isinstance(meta, dict) else {}
    windows = (
        entry.get("max_model_len"),
        entry.get("context_length"),
        meta.get("n_ctx"),
        meta.get("n_ctx_train"),
    )
    return ModelInfo(
        str(entry.get("id", "")),
        context_window=next((found for value in windows if (found := count(value))), None),
        size=count(meta.get("size")),
        detail=owner if isinstance(owner, str) else "",
    )
