"""What stands in one node of a ChatGPT export, by its kind of content.

Texts, code that ran and what it printed become text; thoughts become reasoning; other calls of tools are kept as calls.
What tools fetched for the model (web pages, files) is left out with a note: ChatGPT does not show it either.
"""

from __future__ import annotations

import re
from typing import Any, Final

from tui_stream.core.models import Message, Role, ToolCall
from tui_stream.exchange import foreign

_CITED: Final = re.compile("\ue200[^\ue200\ue201]{0,2000}\ue201")
"""Marks of sources, in ChatGPT's own private characters."""
_CITATION: Final = re.compile("\ue200[^\ue200\ue201]{0,2000}\ue201|【[^【】]{0,200}】")
_RUNS: Final = frozenset({"python", "container.exec", "code_interpreter"})
"""Tools whose calls are code, which reads best as such."""
_MOST_CITATIONS: Final = 2000


def fill(part: Message, content: dict[str, Any], message: dict[str, Any], *, tool: str | None) -> None:
    """Puts what a node says into the message that stands for it.

    Args:
        part: empty.
        content: the node's ``message.content``.
        message: the node's ``message``.
        tool: the name of the tool that wrote it, None if it was none.
    """
    kind = foreign.text(content.get("content_type"))
    if tool is not None:
        _tool_output(part, kind, content, tool)
        return
    match kind:
        case "thoughts":
            part.reasoning = _thoughts(content)
        case "reasoning_recap":
            part.notes = list(filter(None, [foreign.title(content.get("content"))]))
        case "code":
            _code(part, content, foreign.text(message.get("recipient")))
        case "user_editable_context":
            part.text = _instructions(content)
        case "model_editable_context":
            part.text = foreign.text(content.get("model_set_context"))
        case _:
            _said(part, kind, content, message)


def _said(part: Message, kind: str, content: dict[str, Any], message: dict[str, Any]) -> None:
    """What a person or the model says."""
    about, recipient = foreign.mapping(message.get("metadata")), foreign.text(message.get("recipient"))
    said = _parts(content)
    if about.get("is_user_system_message") is True and not said.strip():
        said = _custom(foreign.mapping(about.get("user_context_message_data")))
    if not said.strip() and kind not in {"text", "multimodal_text", ""}:
        part.notes.append(f"Left out on import: content of the kind {kind[:60]}.")
        return
    if part.role is Role.ASSISTANT and recipient not in {"", "all"}:
        part.tool_calls.append(ToolCall(name=recipient, arguments=said))
        return
    if part.role is Role.USER:
        said = "\n\n".join(filter(None, [*_attached(about, said), said]))
    part.text = _with_sources(said, about)


def _parts(content: dict[str, Any]) -> str:
    """The text of a content, its pictures and sounds named."""
    parts = foreign.listed(content.get("parts"))
    if not parts:
        return foreign.text(content.get("text")) or foreign.text(content.get("result"))
    return "\n\n".join(filter(str.strip, map(_part, parts)))


def _part(part: object) -> str:
    if isinstance(part, str):
        return part
    value = foreign.mapping(part)
    match foreign.text(value.get("content_type")):
        case "image_asset_pointer":
            return _picture(value)
        case "audio_asset_pointer" | "real_time_user_audio_video_asset_pointer":
            return "[Recording]"
        case "video_container_asset_pointer":
            return "[Video]"
    return foreign.text(value.get("text"))


def _picture(value: dict[str, Any]) -> str:
    width, height = foreign.tokens(value.get("width")), foreign.tokens(value.get("height"))
    size = f", {width} by {height}" if width and height else ""
    name = foreign.title(value.get("asset_pointer")).rpartition("/")[2]
    drawn = foreign.mapping(foreign.mapping(value.get("metadata")).get("dalle"))
    prompt = foreign.title(drawn.get("prompt"))
    return f"[Picture: {name or 'unnamed'}{size}]" + (f"\n\nDrawn from: {prompt}" if prompt else "")


def _attached(about: dict[str, Any], said: str) -> list[str]:
    """The names of files that were sent along, but for those that the text shows."""
    attachments = map(foreign.mapping, foreign.listed(about.get("attachments")))
    return [
        f"[Attached: {foreign.title(each.get('name')) or 'unnamed'}]"
        for each in attachments
        if not (foreign.text(each.get("id")) and foreign.text(each.get("id")) in said)
    ]


def _thoughts(content: dict[str, Any]) -> str:
    thoughts = map(foreign.mapping, foreign.listed(content.get("thoughts")))
    written = ((foreign.title(each.get("summary")), foreign.text(each.get("content"))) for each in thoughts)
    found = [f"**{summary}**\n\n{said}" if summary else said for summary, said in written if summary or said]
    return "\n\n".join(found) or _parts(content)


def _code(part: Message, content: dict[str, Any], recipient: str) -> None:
    code = _parts(content)
    if not code.strip():
        return
    if recipient in _RUNS or recipient in {"", "all"}:
        language = foreign.title(content.get("language"))
        known = "" if language == "unknown" else language
        part.text = foreign.fenced(code, known or ("python" if recipient == "python" else ""))
    else:
        part.tool_calls.append(ToolCall(name=recipient, arguments=code))


def _tool_output(part: Message, kind: str, content: dict[str, Any], tool: str) -> None:
    said = _parts(content)
    if not said.strip():
        return
    match kind:
        case "execution_output":
            part.text = f"Output:\n\n{foreign.fenced(said)}"
        case "multimodal_text":
            part.text = said
        case "system_error":
            part.notes.append(f"{tool or 'A tool'} failed: {foreign.title(said)}")
        case _:
            part.notes.append(f"Left out on import: what {foreign.title(tool)[:60] or 'a tool'} told the model.")


def _instructions(content: dict[str, Any]) -> str:
    return "\n\n".join(
        filter(str.strip, map(foreign.text, (content.get("user_profile"), content.get("user_instructions"))))
    )


def _custom(data: dict[str, Any]) -> str:
    told = (data.get("about_user_message"), data.get("about_model_message"))
    return "\n\n".join(filter(str.strip, map(foreign.text, told)))


def _with_sources(said: str, about: dict[str, Any]) -> str:
    """The text with its marks of sources replaced by links, where the export tells them."""
    if not _CITATION.search(said):
        return said
    known: dict[str, str] = {}
    for reference in map(foreign.mapping, foreign.listed(about.get("content_references"))[:_MOST_CITATIONS]):
        mark = foreign.text(reference.get("matched_text"))
        if _CITATION.fullmatch(mark):
            known[mark] = foreign.text(reference.get("alt"))
    linked = _CITATION.sub(lambda found: known.get(found[0], found[0]), said)
    return _CITED.sub("", linked)
