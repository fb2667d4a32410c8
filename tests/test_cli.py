from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tui_stream import __version__

TEXT = "Hello\n**there**"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "answer.jsonl"
    lines = [
        {"tui_stream_recording": 1, "provider": "p", "model": "m"},
        {"t": 0, "event": "request"},
        {"t": 0.0, "event": "text", "text": TEXT},
        {"t": 0.0, "event": "end", "finish_reason": "stop"},
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    path = tmp_path / "endless.jsonl"
    lines: list[dict[str, object]] = [
        {"tui_stream_recording": 1, "provider": "p", "model": "m"},
        {"t": 0, "event": "request"},
    ]
    lines += [{"t": number / 100, "event": "text", "text": f"{number}\n"} for number in range(6000)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def run(*arguments: str, stdin: str | None = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tui_stream", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)


def test_version() -> None:
    assert run("--version").stdout == f"tui-stream {__version__}\n"


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom tui_stream.__main__ import main\nsys.argv[1:] = ['--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'textual', 'openai', 'ollama', 'httpx', 'httpx2', 'pydantic', 'genai_prices'}\n"
        "heavy &= set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "doctor" in done.stdout


def test_piped_text_is_answered_without_a_command(recording: Path) -> None:
    done = run("--provider", "replay", "--model", str(recording), stdin="Name three fruits.")
    assert (done.returncode, done.stdout, done.stderr) == (0, TEXT, "")


def test_a_prompt_and_piped_text(recording: Path) -> None:
    done = run("sum up", "--provider", "replay", "--model", str(recording), stdin="text")
    assert (done.returncode, done.stdout) == (0, TEXT)


def test_pipe_as_a_command(recording: Path) -> None:
    done = run("pipe", "Hi", "--provider", "replay", "--model", str(recording))
    assert (done.returncode, done.stdout) == (0, TEXT)


def test_a_recording_can_be_made_of_an_answer(recording: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.jsonl"
    run("pipe", "Hi", "--provider", "replay", "--model", str(recording), "--record", str(copy))
    assert run("pipe", "Hi", "--provider", "replay", "--model", str(copy)).stdout == TEXT


def test_errors_are_one_sentence_on_stderr_with_an_exit_code() -> None:
    done = run("pipe", "Hi", "--provider", "replay", "--model", "none.jsonl")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tui-stream: The recording none.jsonl cannot be read.")
    assert done.stderr.count("\n") == 1


def test_no_key_is_told_before_any_connection() -> None:
    done = run("pipe", "Hi", "--provider", "openai")
    assert (done.returncode, done.stdout) == (3, "")
    assert "OPENAI_API_KEY" in done.stderr


def test_a_server_that_is_not_there() -> None:
    arguments = ("pipe", "Hi", "--provider", "ollama", "--base-url", "http://127.0.0.1:9")
    done = run(*arguments, "--model", "m")
    assert (done.returncode, done.stdout) == (5, "")
    assert "127.0.0.1:9" in done.stderr


def test_the_chat_needs_a_terminal() -> None:
    done = run("chat")
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr


def test_an_empty_prompt_is_a_usage_error() -> None:
    done = run("pipe", "--provider", "replay", "--model", "x")
    assert done.returncode == 2
    assert "There is no prompt" in done.stderr


def test_a_reader_that_goes_away_ends_it_quietly(endless: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tui_stream",
        "pipe",
        "Hi",
        "--provider",
        "replay",
        "--model",
        str(endless),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stderr as errors:
        assert process.stdout.readline() == b"0\n"
        process.stdout.close()
        assert process.wait(timeout=20) == 141
        assert errors.read() == b""


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT to one process")
def test_an_interrupt_keeps_what_was_printed(endless: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tui_stream",
        "pipe",
        "Hi",
        "--provider",
        "replay",
        "--model",
        str(endless),
    ]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job's child would ignore it
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGINT, before)
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert first + rest == b"".join(f"{n}\n".encode() for n in range(len((first + rest).split())))
    assert errors == b""


def test_flags_and_prompts_that_are_not_text_in_this_locale_are_no_traceback(recording: Path) -> None:
    command = [os.fsencode(sys.executable), b"-m", b"tui_stream", b"pipe", b"caf\xe9", b"--system", b"\xe9"]
    command += [b"--provider", b"replay", b"--model", os.fsencode(recording)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout, done.stderr) == (0, TEXT.encode(), b"")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_closed_streams_are_no_traceback(recording: Path, closed: str) -> None:
    command = f'exec "$0" -m tui_stream pipe Hi --provider replay --model "$1" {closed}'
    arguments = ["sh", "-c", command, sys.executable, str(recording)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    assert (done.returncode, done.stdout) == ((2, "") if closed == ">&-" else (0, TEXT))


def test_a_terminated_pipe_closes_what_it_began(endless: Path) -> None:
    command = [sys.executable, "-m", "tui_stream", "pipe", "Hi", "--provider", "replay", "--model", str(endless)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert process.stdout is not None
    assert process.stdout.readline() == b"0\n"
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (143, b"")


def test_offline_says_that_it_makes_no_connection(recording: Path) -> None:
    remote = ("--provider", "sse", "--base-url", "https://chat.example.com/api/chat")
    done = run("pipe", "Hi", "--offline", *remote)
    assert (done.returncode, done.stdout) == (5, "")
    assert "Offline: no connection to chat.example.com is made." in done.stderr
    done = run("models", "--offline", "--provider", "openai", "--base-url", "https://chat.example.com/v1")
    assert (done.returncode, done.stdout) == (5, "")
    assert "Offline: no connection to chat.example.com is made." in done.stderr
    done = run("pipe", "Hi", "--offline", "--provider", "replay", "--model", str(recording))
    assert (done.returncode, done.stdout) == (0, TEXT)


def test_doctor_looks_nowhere_offline() -> None:
    done = run("doctor", "--offline", "--provider", "openai", "--base-url", "https://chat.example.com/v1")
    assert done.returncode == 1
    assert "no connection leaves this machine" in done.stdout
    assert "Offline: no connection to chat.example.com is made." in done.stdout
    assert "openai: named in the settings or by a flag, but it is not ready" in done.stdout.splitlines()[-1]


def test_doctor_is_content_where_the_provider_in_use_answers(recording: Path) -> None:
    done = run("doctor", "--offline", "--provider", "replay", "--model", str(recording))
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].endswith("replay: named in the settings or by a flag")


def test_a_log_of_events(recording: Path, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "events.log"
    log.parent.mkdir()
    done = run("pipe", "My prompt", "--log", str(log), "--provider", "replay", "--model", str(recording))
    assert (done.returncode, done.stdout, done.stderr) == (0, TEXT, "")
    written = log.read_text()
    assert " start version=" in written.splitlines()[0]
    assert " request " in written
    assert "characters=" in written
    assert "Hello" not in written
    assert "My prompt" not in written


def test_a_log_that_cannot_be_written(recording: Path, tmp_path: Path) -> None:
    done = run("pipe", "Hi", "--log", str(tmp_path), "--provider", "replay", "--model", str(recording))
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot be written: Is a directory. Name another file with --log." in done.stderr


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("--log", "The log '{0}/file' cannot be written: there is no folder '{0}'. Make it, or name another"),
        ("--record", "The recording {0}/file cannot be written: No such file or directory. Name another file"),
    ],
)
def test_a_slip_in_the_name_of_a_file_makes_no_folder(recording: Path, tmp_path: Path, flag: str, said: str) -> None:
    missing = tmp_path / "typo"
    done = run("pipe", "Hi", flag, str(missing / "file"), "--provider", "replay", "--model", str(recording))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"tui-stream: {said.format(missing)}")
    assert not missing.exists()


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT to one process")
def test_an_interrupt_ends_the_events_too(endless: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tui_stream",
        "pipe",
        "Hi",
        "--json",
        "--provider",
        "replay",
        "--model",
        str(endless),
    ]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job's child would ignore it
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGINT, before)
    assert process.stdout is not None
    first = [json.loads(process.stdout.readline()) for _ in range(2)]
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=20)
    events = first + [json.loads(line) for line in rest.splitlines()]
    assert [one["event"] for one in first] == ["start", "text"]
    assert [one["event"] for one in events[-2:]] == ["usage", "end"]
    assert (process.returncode, events[-1]["code"], events[-1]["finish_reason"], errors) == (130, 130, None, b"")
