"""No error repeats a key, a password of an address or a header that holds one, whatever a server sends back."""

from __future__ import annotations

import asyncio
import base64
import html
import json
import traceback
from collections.abc import Callable

import pytest

from tests.faults.asking import in_pipe
from tests.faults.server import Misbehaving
from tests.faults.wires import WIRES
from tests.trust.canaries import ENVIRONMENT, IN_HEADER, KEY, REPEATS, SECRETS, found_in, settings_for
from tui_stream.core.models import MessageStatus
from tui_stream.errors import TuiStreamError
from tui_stream.providers._secrets import Secrets

_NOT_OF_HTTP = ("in the close frame",)
_UNFRAMED = ("in the stream", "in garbage")
CASES = [
    (wire, name)
    for wire in WIRES
    for name in REPEATS
    if (name not in _NOT_OF_HTTP or wire == "websocket") and (name not in _UNFRAMED or wire != "ai-sdk-text")
]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(("wire", "name"), CASES, ids=[f"{wire}-{name}" for wire, name in CASES])
async def test_an_error_repeats_no_secret(wire: str, name: str) -> None:
    spoken = WIRES[wire]
    async with asyncio.timeout(30), Misbehaving(spoken, REPEATS[name]) as server:
        outcome = await in_pipe(settings_for(spoken, server.base_url))
        await server.left()
    assert server.asked, "it was asked, with the secrets"
    assert outcome.message is not None
    error = outcome.error
    assert error is not None or outcome.message.status is MessageStatus.COMPLETE
    said = [outcome.said, outcome.message.error, *outcome.message.notes]
    if error is not None:
        said += [str(error), repr(error), str(error.args), error.hint]
        if name not in _NOT_OF_HTTP:
            said.append("".join(traceback.format_exception(error)))
    told = "\n".join(said)
    if wire == "ollama":  # it has no headers of the settings: what stands there is the server's own invention
        told = told.replace(IN_HEADER, "").replace(f"{IN_HEADER[:12]}", "")
    assert found_in(told) == []


def test_what_is_cut_off_in_the_middle_of_a_secret_is_found_too() -> None:
    secrets = Secrets(key=KEY)
    for size in range(6, len(KEY)):
        assert secrets.mask(f"It is {KEY[:size]}… so") == "It is [key]… so"
    assert secrets.mask("It is canar… so") == "It is canar… so"


def test_an_error_says_the_same_apart_from_the_secret() -> None:
    secrets = Secrets(f"http://me:{SECRETS[1]}@x/?key={SECRETS[2]}", {"x-key": SECRETS[3], "x-title": "my chat"}, KEY)
    with pytest.raises(TuiStreamError) as raised, secrets.hidden():
        raise TuiStreamError(f"my chat at x said {KEY}.", hint=f"Ask {SECRETS[1]} of me.")
    assert (raised.value.message, raised.value.hint) == ("my chat at x said [key].", "Ask [key] of me.")
    assert raised.value.args == ("my chat at x said [key].",)


WRITTEN: dict[str, Callable[[str], str]] = {
    "Base64": lambda text: base64.b64encode(text.encode()).decode(),
    "Base64 of a header": lambda text: base64.b64encode(f"Bearer {text}".encode()).decode(),
    "Base64 amid more": lambda text: base64.b64encode(f"ab{text}cd".encode()).decode(),
    "Base64 for addresses": lambda text: base64.urlsafe_b64encode(f"{text}??>>".encode()).decode(),
    "hexadecimal": lambda text: text.encode().hex(),
    "capitals": str.upper,
    "percent": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "JSON": lambda text: "".join(f"\\u{ord(character):04x}" for character in text),
    "HTML": lambda text: "".join(f"&#{ord(character)};" for character in text),
}


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("key", [KEY, "correct?horse>battery", "co?rect horse", "sk-0123456789"])
def test_a_secret_is_found_in_other_writing(name: str, key: str) -> None:
    written = WRITTEN[name](key)
    masked = Secrets(key=key).mask(f"It is <{written}>.")
    assert "[key]" in masked
    assert written not in masked
    rest = masked.replace("[key]", "").removeprefix("It is <").removesuffix(">.")
    assert len(rest) <= 12 + len("Bearer ")
    assert key not in html.unescape(masked)
    assert key not in json.dumps(masked)
