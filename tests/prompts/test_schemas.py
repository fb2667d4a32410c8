from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from tui_stream.errors import SchemaError, UsageError
from tui_stream.prompts import _check_worker
from tui_stream.prompts.schemas import load

PERSON = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
}


@pytest.mark.parametrize("answer", ['{"name": "A"}', ' {"name": "A", "age": 3}\n'])
async def test_a_valid_answer_is_left_as_it_is(answer: str) -> None:
    assert await load(json.dumps(PERSON)).checked(answer) == answer


@pytest.mark.parametrize(
    "fence", ["```json\n{}\n```", "\n````\n{}\n````\n", "```JSON\r\n{}\r\n```", "```\n{}```", "```json\n{} ``` \n"]
)
async def test_a_fence_around_it_is_taken_away(fence: str) -> None:
    answer = '{"name": "```"}'
    assert await load(json.dumps(PERSON)).checked(fence.replace("{}", answer)) == answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("Here it is: {}", "not JSON"),
        ("", "not JSON"),
        ('{"name": NaN}', "NaN is no JSON"),
        ('{"name": 1}', r"\$.name: 1 is not of type 'string'"),
        ("{}", r"\$: 'name' is a required property"),
        ("[" * 100_000, "not JSON"),
    ],
)
async def test_any_other_is_refused_with_its_faults(answer: str, said: str) -> None:
    with pytest.raises(SchemaError, match=said) as caught:
        await load(json.dumps(PERSON)).checked(answer)
    assert caught.value.exit_code == 13


async def test_not_all_faults_are_told() -> None:
    schema = load('{"items": {"type": "string"}}')
    with pytest.raises(SchemaError, match="and 7 more"):
        await schema.checked(json.dumps(list(range(10))))


def test_a_schema_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    file.write_text(json.dumps(PERSON))
    assert load(str(file)).document == PERSON


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{", "not JSON"),
        ('{"type": "objct"}', r"not valid: \$.type"),
        ('{"$ref": "https://example.org/x.json"}', "refers to another document: https://example.org/x.json"),
        ('{"$ref": "file:///etc/passwd"}', "refers to another document"),
        ('{"$ref": "#/$defs/none"}', "refers to #/[$]defs/none, which is not in it"),
        ('{"$dynamicRef": "#none"}', "refers to #none, which is not in it"),
        ('{"$ref": "#/enum/x", "enum": [1]}', "refers to #/enum/x, which is not in it"),
        ('{"$ref": "#/a/b", "a": 5}', "refers to #/a/b, which is not in it"),
        ('{"$ref": "#/a", "a": {"$ref": "none.json"}}', "refers to another document: none.json"),
        ('{"$ref": "#/a", "a": {"type": "objct"}}', r"not valid: \$.type"),
        ('{"$ref": "#/title/0", "title": "x"}', "'x' is not of type 'object'"),
        ('{"$ref": "#/a", "a": 5}', "5 is not of type 'object'"),
        ('{"$defs": {"a": {"$ref": "b.json"}}}', "refers to another document: b.json"),
        ('{"$id": "http://x/", "$defs": {"a": {"$id": "http://[x"}}}', "no address"),
        ('{"not": ' * 400 + "{}" + "}" * 400, "too deep"),
        (r'{"const": "\ud800"}', "what cannot be sent"),
        ('{"maximum": 1e999}', "what cannot be sent"),
        ("", "The schema is not JSON"),
        ("true", "not a JSON object"),
        ("[]", "not a JSON object"),
        ("nope.json", "No such file or directory. Name a file or give JSON, for example: --schema"),
        ('{"pattern": "("}', "is not a 'regex'"),
        (r'{"pattern": "\\p{L}"}', "Patterns are read as Python's re does"),
        *(
            (f'{{"$schema": {value}}}', "not valid: [$]schema: that is no text")
            for value in ("5", "true", "[]", "{}", "null")
        ),
        ('{"$schema": "http://["}', "not valid: [$]schema: "),
        ('{"patternProperties": {"[": {}}}', "is not a 'regex'"),
        ("none.json", "none.json cannot be read"),
    ],
)
def test_a_schema_that_is_none_is_refused(given: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load(given)


def test_a_list_is_no_schema(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    file.write_text("[]")
    with pytest.raises(UsageError, match="not a JSON object"):
        load(str(file))


async def test_places_in_the_schema_itself_may_be_referred_to() -> None:
    schema = load(
        '{"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/definitions/a",'
        ' "definitions": {"a": {"type": "integer"}}}'
    )
    assert await schema.checked("1") == "1"
    with pytest.raises(SchemaError):
        await schema.checked('"a"')


async def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    schema = load('{"$schema": "https://example.org/mine", "type": "integer"}')
    assert await schema.checked("1") == "1"
    with pytest.raises(UsageError, match=r"refers to another document: https://example\.org/x"):
        load('{"$dynamicRef": "https://example.org/x"}')


def test_nothing_is_fetched_where_answers_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    told = _check_worker.check({"$ref": "https://example.org/x"}, 1)
    assert told == {"trouble": "the schema refers to what is not in it"}


async def test_a_schema_without_end_is_told() -> None:
    with pytest.raises(SchemaError, match="without end"):
        await load('{"$ref": "#"}').checked("1")


@pytest.mark.parametrize(
    ("document", "valid", "invalid"),
    [
        ({"const": {"$ref": "x"}}, '{"$ref": "x"}', "1"),
        (
            {"enum": [{"$ref": "http://x"}], "default": {"$ref": "#no"}, "examples": [{"$id": 5}]},
            '{"$ref": "http://x"}',
            "1",
        ),
        (
            {
                "$id": "http://a/root",
                "$ref": "http://a/x.json",
                "$defs": {"x": {"$id": "x.json", "type": "integer"}},
            },
            "1",
            '"a"',
        ),
        (
            {
                "$ref": "http://x/a",
                "$defs": {"a": {"$id": "http://x/a", "$defs": {"b": {"type": "null"}}, "$ref": "#/$defs/b"}},
            },
            "null",
            "1",
        ),
        ({"$ref": "#n", "$defs": {"n": {"$anchor": "n", "type": "null"}}}, "null", "1"),
        ({"$dynamicRef": "#n", "$defs": {"n": {"$dynamicAnchor": "n", "type": "null"}}}, "null", "1"),
        ({"$ref": "#/a", "a": {"items": {"$ref": "#/a/b"}, "b": {"type": "null"}}}, "[null]", "[1]"),
        ({"properties": {"$ref": {"type": "integer"}}}, '{"$ref": 1}', '{"$ref": "x"}'),
        ({"$ref": "https://json-schema.org/draft/2020-12/schema"}, '{"type": "null"}', '{"type": 5}'),
    ],
)
async def test_every_way_to_refer_to_what_is_in_the_schema(document: object, valid: str, invalid: str) -> None:
    schema = load(json.dumps(document))
    assert await schema.checked(valid) == valid
    with pytest.raises(SchemaError, match="not valid"):
        await schema.checked(invalid)
