"""Objects that tell of tokens and money -> `Usage`, in the words of every dialect.

The classes are those of `Usage`: cached and written parts lie inside the input, reasoning lies inside the output. Where
a dialect counts them beside it, they are added:

- Anthropic's ``input_tokens`` are what was neither read from the cache nor written to it
  (https://docs.claude.com/en/docs/build-with-claude/prompt-caching#tracking-cache-performance);
- xAI's and Gemini's ``completion_tokens`` leave the reasoning out, which ``total_tokens`` has in it
  (https://docs.x.ai/docs/guides/reasoning, https://ai.google.dev/gemini-api/docs/openai);
- DeepSeek tells what was cached as ``prompt_cache_hit_tokens``
  (https://api-docs.deepseek.com/guides/kv_cache).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from tui_stream.core.models import Usage
from tui_stream.core.money import amount_of

_ABSURD = 10**15  # tokens or dollars

_SENT = ("prompt_tokens", "input_tokens", "inputTokens", "promptTokens")
_MADE = ("completion_tokens", "output_tokens", "outputTokens", "completionTokens")
_TOTAL = ("total_tokens", "totalTokens")
_SENT_DETAILS = ("prompt_tokens_details", "input_tokens_details", "inputTokenDetails")
_MADE_DETAILS = ("completion_tokens_details", "output_tokens_details", "outputTokenDetails")
_CACHED = ("cached_tokens", "cacheReadTokens")
_CACHED_BESIDE = ("prompt_cache_hit_tokens", "cache_read_input_tokens", "cachedInputTokens", "cached_tokens")
_WRITTEN = ("cache_write_tokens", "cacheWriteTokens")
_WRITTEN_BESIDE = ("cache_creation_input_tokens",)
_THOUGHT = ("reasoning_tokens", "reasoningTokens")
_ANTHROPIC = frozenset({"cache_read_input_tokens", "cache_creation_input_tokens"})


def usage_of(usage: Mapping[str, object]) -> Usage:
    """A ``usage`` object; what is missing or no count is None."""
    sent, made = _table(usage, _SENT_DETAILS), _table(usage, _MADE_DETAILS)
    cached, written = _count(sent, _CACHED), _count(sent, _WRITTEN)
    thought = _count(made, _THOUGHT)
    found = Usage(
        input_tokens=_count(usage, _SENT),
        output_tokens=_count(usage, _MADE),
        cached_input_tokens=_count(usage, _CACHED_BESIDE) if cached is None else cached,
        cache_write_tokens=_count(usage, _WRITTEN_BESIDE) if written is None else written,
        reasoning_tokens=_count(usage, _THOUGHT) if thought is None else thought,
        cost=_cost(usage),
    )
    apart = "input_tokens" in usage and not _ANTHROPIC.isdisjoint(usage)
    return _with_thoughts(_with_cached(found, apart=apart), _count(usage, _TOTAL))


def _with_cached(usage: Usage, *, apart: bool) -> Usage:
    """The usage with its cached and written parts inside the input.

    Args:
        usage: as it was told.
        apart: they are known to lie beside it; else they do where they are more than it.
    """
    sent, parts = usage.input_tokens, (usage.cached_input_tokens or 0) + (usage.cache_write_tokens or 0)
    if sent is None or not (apart or parts > sent):
        return usage
    return replace(usage, input_tokens=sent + parts)


def _with_thoughts(usage: Usage, whole: int | None) -> Usage:
    """The usage with its reasoning inside the output.

    What was made beyond what is told apart was not shown, and is reasoning.

    Args:
        usage: as it was told.
        whole: the tokens of input and output together, where they were told.
    """
    sent, made, thought = usage.input_tokens, usage.output_tokens, usage.reasoning_tokens
    if made is None:
        return usage
    beyond = 0 if whole is None or sent is None else max(0, whole - sent - made)
    if thought is not None and thought > made:
        beyond = max(beyond, thought)
    if not beyond:
        return usage
    return replace(usage, output_tokens=made + beyond, reasoning_tokens=beyond if thought is None else thought)


def _table(value: Mapping[str, object], names: tuple[str, ...]) -> Mapping[str, object]:
    return next((found for name in names if isinstance(found := value.get(name), dict)), {})


def _count(value: Mapping[str, object], names: tuple[str, ...]) -> int | None:
    return next((found for name in names if (found := count(value.get(name))) is not None), None)


def count(value: object) -> int | None:
    """A number of tokens, None for anything that is none."""
    return value if type(value) is int and 0 <= value < _ABSURD else None


def _cost(usage: Mapping[str, object]) -> Decimal | None:
    """What the provider says the request cost, None where it does not say all of it.

    Where OpenRouter uses the person's own key for a provider (``is_byok``), ``cost`` is its fee alone, mostly nothing,
    and the provider bills the rest (https://openrouter.ai/docs/use-cases/usage-accounting#cost-breakdown). For other
    requests some endpoints tell the rest too, which is in ``cost`` then.
    """
    charged = _money(usage.get("cost"))
    if usage.get("is_byok") is not True:
        return charged
    details = usage.get("cost_details")
    elsewhere = _money(details.get("upstream_inference_cost")) if isinstance(details, dict) else None
    return None if elsewhere is None else (charged or Decimal(0)) + elsewhere


def _money(value: object) -> Decimal | None:
    """An amount of US dollars, None for anything that nobody can charge."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, int) and not 0 <= value < _ABSURD:
        return None
    amount = amount_of(str(value))
    return amount.copy_abs() if amount is not None and 0 <= amount < _ABSURD else None
