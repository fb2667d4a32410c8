"""Every setting, declared once with its default and what it is for.

The docstring under an attribute is its documentation, its annotation says which values it takes, and
``metadata["example"]`` shows one where the default is empty: ``config.example.toml`` and ``tui-stream config
init`` are made from them. How the values are read and checked is `tui_stream.config.load`'s business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from tui_stream.config.marks import FallbackModel, HttpUrl, NotNegative, OneOf, Range, VariableName, WebSocketUrl
from tui_stream.config.money import EXAMPLE_BUDGET, EXAMPLE_PRICE, BudgetSetting, PriceSetting

PROVIDER_NAMES = ("embedded", "openai", "openai-responses", "ollama", "sse", "ai-sdk", "websocket", "replay")
"""The names that ``--provider`` and the setting ``provider`` take."""


BaseUrl = Annotated[str, HttpUrl()]
SocketUrl = Annotated[str, WebSocketUrl()]


@dataclass(frozen=True, slots=True)
class EmbeddedSettings:
    """The llama.cpp model that runs inside the program: no server, no key."""

    model: str = ""
    """A GGUF file. Empty: SmolLM2-135M-Instruct, fetched once into the cache folder."""

    context: Annotated[int, Range(0, 100_000_000)] = 4096
    """The context window in tokens, at most what the model was made for; 0 takes all of that."""

    threads: Annotated[int, Range(0, 4096)] = 0
    """Threads to compute with; 0 leaves the number to llama.cpp."""

    gpu_layers: Annotated[int, Range(-1, 100_000)] = -1
    """Layers to put on a GPU where the installed build has one; -1 as many as fit, 0 none."""


@dataclass(frozen=True, slots=True)
class OpenAISettings:
    """Any server that speaks OpenAI's chat completions: OpenAI, vLLM, llama.cpp, LM Studio, OpenRouter ..."""

    base_url: BaseUrl = "https://api.openai.com/v1"
    """The root of the API, up to and including /v1."""

    base_urls: tuple[BaseUrl, ...] = field(
        default=(), metadata={"example": ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8001/v1")}
    )
    """Several endpoints for one model, used instead of base_url: the fastest healthy one is asked."""

    model: str = "gpt-5-mini"
    """The model to ask."""

    api_key_env: Annotated[str, VariableName()] = "OPENAI_API_KEY"
    """The environment variable that holds the key. The key itself never stands in this file."""

    api_key_command: str = ""
    """A command that prints the key, for example "pass show openai"; used where the variable is not set."""

    api_key_keyring: str = ""
    """The entry of the system's keyring that holds the key, as "service/user"; used where neither of the others gives
    one. Needs: pip install 'tui-stream[keyring]'"""

    headers: Mapping[str, str] = field(default_factory=dict, metadata={"example": {"X-Title": "my chat"}})
    """Headers to send besides the usual ones; never one that holds a key."""

    body: Mapping[str, object] = field(default_factory=dict, metadata={"example": {"reasoning_effort": "low"}})
    """Fields to add to the body of every request."""


@dataclass(frozen=True, slots=True)
class OpenAIResponsesSettings(OpenAISettings):
    """Any server that speaks OpenAI's Responses API: OpenAI, llama.cpp, Ollama."""


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """A chat endpoint of a web application, asked by POST."""

    base_url: BaseUrl = "http://127.0.0.1:3000/api/chat"
    """The endpoint itself."""

    base_urls: tuple[BaseUrl, ...] = field(
        default=(), metadata={"example": ("https://eu.example.org/api/chat", "https://us.example.org/api/chat")}
    )
    """Several endpoints for one model, used instead of base_url: the fastest healthy one is asked."""

    model: str = ""
    """The model to ask for, where the endpoint lets one choose; empty leaves it to the endpoint."""

    api_key_env: Annotated[str, VariableName()] = ""
    """The environment variable that holds a key, sent as "Authorization: Bearer ..."; empty sends none."""

    api_key_command: str = ""
    """A command that prints the key, used where the variable is not set."""

    api_key_keyring: str = ""
    """The entry of the system's keyring that holds the key, as "service/user"; used where neither of the others gives
    one. Needs: pip install 'tui-stream[keyring]'"""

    headers: Mapping[str, str] = field(default_factory=dict, metadata={"example": {"X-Title": "my chat"}})
    """Headers to send besides the usual ones; never one that holds a key."""

    body: Mapping[str, object] = field(default_factory=dict, metadata={"example": {"room": "lobby"}})
    """Fields to add to the body of every request."""


@dataclass(frozen=True, slots=True)
class SseSettings(EndpointSettings):
    """An endpoint that answers with server-sent events: data: {"content": "..."}, at the end data: [DONE]."""


@dataclass(frozen=True, slots=True)
class AiSdkSettings(EndpointSettings):
    """An endpoint that answers with one of the AI SDK's streams, told apart by its headers."""


@dataclass(frozen=True, slots=True)
class WebSocketSettings(EndpointSettings):
    """A chat server on a WebSocket."""

    base_url: SocketUrl = "ws://127.0.0.1:3000/"
    """The socket's address, with ws:// or wss://."""

    base_urls: tuple[SocketUrl, ...] = field(
        default=(), metadata={"example": ("wss://eu.example.org/chat", "wss://us.example.org/chat")}
    )
    """Several endpoints for one model, used instead of base_url: the fastest healthy one is asked."""


@dataclass(frozen=True, slots=True)
class OllamaSettings:
    """A running Ollama."""

    base_url: BaseUrl = "http://127.0.0.1:11434"
    """Where Ollama listens."""

    base_urls: tuple[BaseUrl, ...] = field(
        default=(), metadata={"example": ("http://127.0.0.1:11434", "http://gpu.example.org:11434")}
    )
    """Several endpoints for one model, used instead of base_url: the fastest healthy one is asked."""

    model: str = ""
    """The model to ask. Empty: the one that was used last, else the first that is installed."""

    think: Literal["auto", "on", "off", "low", "medium", "high"] = "auto"
    """Whether a reasoning model thinks before it answers, and how much; auto leaves it to the model."""

    keep_alive: str = ""
    """How long the model stays in memory afterwards, for example "10m"; empty leaves it to Ollama."""


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """Plays a recorded stream again, with its timing."""

    file: str = ""
    """A recording made with --record."""

    speed: NotNegative = 1.0
    """How many times faster than it was recorded; 0 plays without any pause."""


@dataclass(frozen=True, slots=True)
class Providers:
    """One table for each provider."""

    embedded: EmbeddedSettings = field(default_factory=EmbeddedSettings)
    openai: OpenAISettings = field(default_factory=OpenAISettings)
    openai_responses: OpenAIResponsesSettings = field(default_factory=OpenAIResponsesSettings)
    ollama: OllamaSettings = field(default_factory=OllamaSettings)
    sse: SseSettings = field(default_factory=SseSettings)
    ai_sdk: AiSdkSettings = field(default_factory=AiSdkSettings)
    websocket: WebSocketSettings = field(default_factory=WebSocketSettings)
    replay: ReplaySettings = field(default_factory=ReplaySettings)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait, in seconds. 0 means without limit. What had arrived is always kept."""

    connect: NotNegative = 10.0
    """Until the connection stands."""

    first_token: NotNegative = 300.0
    """From the request to the first token."""

    between_tokens: NotNegative = 60.0
    """From one piece of the answer to the next."""

    total: NotNegative = 0.0
    """For a whole answer."""

    stall_notice: NotNegative = 5.0
    """Silence after which the status bar says that the stream is stalled."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Trying again when a request fails before its first token; never after it."""

    attempts: Annotated[int, Range(1, 100)] = 3
    """Tries in all, the first included: 1 to 100."""

    base_delay: NotNegative = 1.0
    """Seconds before the second try; doubled for each further one, with some chance added."""

    max_delay: NotNegative = 30.0
    """The longest wait in seconds, unless the provider asks for a longer one."""

    longest_wait: NotNegative = 120.0
    """The longest wait in seconds that a provider may ask for; where it asks for more, the request fails at once."""


@dataclass(frozen=True, slots=True)
class UiSettings:
    """The chat screen."""

    theme: str = "textual-dark"
    """A theme's name: "high-contrast", "high-contrast-light", "colour-blind", "colour-blind-light", "ansi-dark" and
    "ansi-light" (16 colours), or another of Textual's, for example "textual-light", "nord", "gruvbox"."""

    frame_rate: Annotated[int, Range(1, 240)] = 30
    """How many times a second a streaming answer is drawn, 1 to 240; over a slow link it lowers itself."""

    show_reasoning: bool = False
    """Keep what a model thinks unfolded after its answer begins."""

    wide: Annotated[str, OneOf(("wrap", "scroll"))] = "wrap"
    """What is done with code and tables wider than the screen, until a key says otherwise: "wrap" or "scroll"."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, with their defaults; later sources win: defaults, config file, environment, flags."""

    provider: Annotated[str, OneOf(PROVIDER_NAMES)] = ""
    """The provider. Empty: OpenAI where its key is set, else a running Ollama, else the embedded model."""

    model: str = ""
    """The model to use with the chosen provider. Empty: the one in the provider's own table. It belongs to
    the provider named beside it, and is left aside where the environment or a flag names another."""

    fallback: tuple[Annotated[str, FallbackModel()], ...] = field(
        default=(), metadata={"example": ("gpt-5-nano", "ollama/qwen3:8b")}
    )
    """Models that answer when the chosen one cannot, tried in this order: a model of the same provider,
    "provider/model", or a provider's name for its own default. Those of the same provider are left aside where the
    environment or a flag names another."""

    offline: bool = False
    """Refuse every connection that leaves this machine: only models on it can answer."""

    plain_http_hosts: tuple[str, ...] = field(default=(), metadata={"example": ("gpu.lan", "192.168.1.20")})
    """Other machines that keys may be sent to unencrypted, by http:// or ws://, without a warning."""

    system: str = ""
    """A system prompt for every conversation."""

    options: Mapping[str, object] = field(
        default_factory=dict, metadata={"example": {"temperature": 0.7, "max_tokens": 2000}}
    )
    """Parameters for the model under the provider's own names: temperature, max_tokens, num_ctx ..."""

    max_tokens: Annotated[int, Range(0, 1_000_000_000)] = 0
    """Tokens that an answer may have at most, by whichever name the provider has for that; 0 leaves it open."""

    history: bool = True
    """Keep conversations on this machine, to be searched and gone on with; they are nowhere else."""

    ask_above: NotNegative = 0.0
    """Ask before sending what will probably cost more US dollars than this; 0 never asks."""

    log_text: bool = False
    """Let the log that --log FILE writes hold the text of messages too, and not only how long each is."""

    providers: Providers = field(default_factory=Providers)
    timeouts: Timeouts = field(default_factory=Timeouts)
    retry: Retry = field(default_factory=Retry)
    ui: UiSettings = field(default_factory=UiSettings)
    prices: tuple[PriceSetting, ...] = field(default=(), metadata={"example": (EXAMPLE_PRICE,)})
    budgets: tuple[BudgetSetting, ...] = field(default=(), metadata={"example": (EXAMPLE_BUDGET,)})

    over_budget: bool = field(default=False, metadata={"flag": "--over-budget"})
    """Go past every budget (flag --over-budget)."""

    record: Path | None = field(default=None, metadata={"flag": "--record"})
    """A file to record the stream of every answer into (flag --record)."""

    log: Path | None = field(default=None, metadata={"flag": "--log"})
    """A file to write a log of events into (flag --log)."""
