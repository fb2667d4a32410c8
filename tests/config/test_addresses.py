from __future__ import annotations

import pytest

from tui_stream.config import AiSdkSettings, OpenAISettings, Providers, Settings
from tui_stream.config.addresses import addresses, at_address


def test_one_address_or_several() -> None:
    openai = OpenAISettings(base_url="http://o", base_urls=("http://a", "http://b", "http://a"))
    settings = Settings(providers=Providers(openai=openai, ai_sdk=AiSdkSettings(base_url="http://c")))
    assert addresses(settings, "openai") == ("http://a", "http://b")
    assert addresses(settings, "ai-sdk") == ("http://c",)


@pytest.mark.parametrize("provider", ["embedded", "replay", "nobody"])
def test_a_provider_without_an_address(provider: str) -> None:
    assert addresses(Settings(), provider) == ()


def test_the_settings_for_one_of_them() -> None:
    settings = Settings(providers=Providers(ai_sdk=AiSdkSettings(model="m", base_urls=("http://a", "http://b"))))
    alone = at_address(settings, "ai-sdk", "http://b")
    assert alone.providers.ai_sdk == AiSdkSettings(model="m", base_url="http://b")
    assert addresses(alone, "ai-sdk") == ("http://b",)
    assert alone.providers.openai is settings.providers.openai
