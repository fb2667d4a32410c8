"""Foreign text that tries to steer a terminal, run an action or break the layout; each ends with a word to look for."""

from __future__ import annotations

_C1 = {"CSI": "\x9b", "OSC": "\x9d", "DCS": "\x90", "ST": "\x9c", "APC": "\x9f", "PM": "\x9e", "SOS": "\x98"}

_STEERING = {
    "osc52_write": "\x1b]52;c;Y2FuYXJ5\x07",
    "osc52_st": "\x1b]52;p;Y2FuYXJ5\x1b\\",
    "osc52_read": "\x1b]52;c;?\x07",
    "osc8_file": "\x1b]8;;file:///etc/passwd\x1b\\here\x1b]8;;\x1b\\",
    "osc0_title": "\x1b]0;canary-title\x07",
    "osc2_title": "\x1b]2;canary-title\x1b\\",
    "osc4_palette": "\x1b]4;1;?\x07",
    "osc7_folder": "\x1b]7;file://host/canary\x07",
    "osc9_notify": "\x1b]9;canary\x07",
    "osc10_colour": "\x1b]10;?\x07",
    "osc777_notify": "\x1b]777;notify;canary;canary\x07",
    "osc1337_file": "\x1b]1337;File=inline=1;size=4:Y2Fu\x07",
    "osc1337_copy": "\x1b]1337;CopyToClipboard=general\x07canary\x1b]1337;EndCopy\x07",
    "osc_open": "\x1b]52;c;never closed",
    "dcs_decrqss": "\x1bP$q q\x1b\\",
    "dcs_sixel": "\x1bPq#0;2;0;0;0#0~~@@vv@@~~$-\x1b\\",
    "dcs_tmux": "\x1bPtmux;\x1b\x1b]52;c;Y2FuYXJ5\x07\x1b\\",
    "apc_kitty": "\x1b_Ga=T,f=24,s=1,v=1;AAAA\x1b\\",
    "pm": "\x1b^canary\x1b\\",
    "sos": "\x1bXcanary\x1b\\",
    "c1_csi": f"{_C1['CSI']}2J{_C1['CSI']}5;41m",
    "c1_osc": f"{_C1['OSC']}52;c;Y2FuYXJ5{_C1['ST']}",
    "c1_dcs": f"{_C1['DCS']}$q q{_C1['ST']}",
    "c1_apc": f"{_C1['APC']}Ga=q;{_C1['ST']}{_C1['PM']}{_C1['ST']}{_C1['SOS']}{_C1['ST']}",
    "csi_position": "\x1b[6n",
    "csi_status": "\x1b[5n",
    "csi_secondary": "\x1b[>c",
    "csi_title": "\x1b[21t",
    "csi_clear": "\x1b[2J\x1b[3J\x1b[H",
    "csi_cursor": "\x1b[999;999H",
    "csi_blink": "\x1b[5;41m",
    "csi_conceal": "\x1b[8m",
    "csi_margins": "\x1b[1;1r",
    "csi_alternate": "\x1b[?1047l",
    "csi_mouse": "\x1b[?9h",
    "csi_insert": "\x1b[4h",
    "csi_keyboard": "\x1b[=31u",
    "csi_repeat": "A\x1b[9999b",
    "esc_reset": "\x1bc",
    "esc_charset": "\x1b(0\x0e",
    "esc_keypad": "\x1b=\x1b>",
    "esc_doubled": "\x1b\x1b[6n",
    "cancelled": "\x1b\x18[6n\x1b\x1a",
    "bell": "\x07\x07",
    "backspaces": "good\x08\x08\x08\x08evil",
    "carriage_return": "good\revil",
    "feeds": "a\x0bb\x0cc",
    "delete": "a\x7fb",
    "nul": "a\x00b",
    "enquiry": "\x05",
    "flow": "\x11\x13",
}
_PROBED = {
    "bare_csi": "\x1b[",
    "bare_osc": "\x1b]",
    "bare_c1_csi": "\x9b",
    "bare_c1_osc": "\x9d",
    "osc8_web": "\x1b]8;;https://example.org/\x07there\x1b]8;;\x07",
    "colour": "so \x1b[32mgreen\x1b[0m\x07",
    "conceal_end": "notes.txt\n-----\n7  1\x1b[8m",
}
"""The kinds that garak's probe ``ansiescape`` has a model say (garak/resources/ansi.py in github.com/NVIDIA/garak)."""

_SPELLED = {
    "spelled_c": r"\x1b[8m \033[8m \33[8m \27[8m \e[8m",
    "spelled_u": r"\u001b[8m \u{1b}[8m \U0000001b[8m",
    "spelled_c1": r"\x9b8m \x9d0;a \x1b]0;a\x07",
}
"""And what it has written out in the ways of programming languages, which nothing may turn into what it stands for."""

_LOOKS = {
    "bidi_override": "\u202egnp.exe\u202c",
    "bidi_isolate": "\u2066a\u2067b\u2068c\u2069",
    "bidi_marks": "\u200ea\u200fb\u061c",
    "tags": "".join(chr(0xE0000 + ord(letter)) for letter in "do evil") + "\U000e0001\U000e007f",
    "annotation": "\ufff9a\ufffab\ufffb",
    "marks": "a" + "\u0301\u0489\u20dd" * 100,
    "thai_marks": "ก" + "\u0e49" * 200,
}
MARKUP = {
    "markup_click": "[@click=app.quit]click[/]",
    "markup_click_quoted": '[@click="app.bell"]x[/@click]',
    "markup_close": "[/x]",
    "markup_close_none": "[/]",
    "markup_link": "[link=file:///etc/passwd]x[/link]",
    "markup_style": "[red on nowhere]x[/red on nowhere]",
    "markup_open": "[b][i][$nothing 50%]",
    "markup_escape": "\\[/x]\\",
    "markup_variable": "$variable [$primary]x",
}


def _marked(group: dict[str, str]) -> dict[str, str]:
    """Each with a word behind it, by which it is found where it is shown."""
    return {name: f"{text}zq{name.replace('_', '')}" for name, text in group.items()}


HOSTILE = _marked(_STEERING | _PROBED | _LOOKS)
"""By name; all of them have code points that no terminal may get, or too many marks."""

ALL = HOSTILE | _marked(MARKUP | _SPELLED)


def word(name: str) -> str:
    """The word behind a payload."""
    return f"zq{name.replace('_', '')}"
