"""Forms as request bodies."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import MultiDict

from aiohttp.formdata import FormData


def body_of(form: FormData) -> bytes:
    """Return the body, the boundary being called B."""
    payload = form()
    boundary = getattr(payload, "boundary", None)
    text = _as_bytes(payload)
    return text.replace(boundary.encode(), b"B") if boundary else text


def _as_bytes(payload: Any) -> bytes:
    coroutine = payload.as_bytes()
    try:
        while True:
            coroutine.send(None)
    except StopIteration as done:
        result: bytes = done.value
        return result


# --- urlencoded ---


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"a": "b", "c": "d"}, b"a=b&c=d"),
        ([("a", "1"), ("a", "2")], b"a=1&a=2"),
        ((("a", "b"),), b"a=b"),
        (MultiDict([("a", "1"), ("a", "2")]), b"a=1&a=2"),
        ({"a": ["1", "2"]}, b"a=1&a=2"),
        ({"a": 1, "b": 1.5, "c": True}, b"a=1&b=1.5&c=True"),
        ({"a": "ü b&="}, b"a=%C3%BC+b%26%3D"),
        ((), b""),
    ],
)
def test_urlencoded(fields: Any, expected: bytes) -> None:
    form = FormData(fields)
    assert not form.is_multipart
    assert form().content_type == "application/x-www-form-urlencoded"
    assert body_of(form) == expected


def test_charset_of_the_text() -> None:
    payload = FormData({"a": "ü"}, charset="latin-1")()
    assert payload.content_type == "application/x-www-form-urlencoded; charset=latin-1"
    assert _as_bytes(payload) == b"a=%FC"


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\x00"), min_size=1)


@given(st.lists(st.tuples(NAMES, TEXT)))
@settings(derandomize=True)
def test_urlencoded_round_trip(pairs: list[tuple[str, str]]) -> None:
    body = body_of(FormData(pairs)).decode()
    assert parse_qsl(body, keep_blank_values=True) == pairs


# --- multipart ---


@pytest.mark.parametrize(
    ("arguments", "options", "head"),
    [
        (("a", "b"), {"content_type": "text/x"}, 'Content-Type: text/x|name="a"'),
        (("a", "b"), {"filename": "f"}, 'name="a"; filename="f"'),
        (("a", "b"), {"filename": 'ü"'}, 'name="a"; filename="%C3%BC%22"'),
        (("a", io.BytesIO(b"b")), {}, 'name="a"; filename="a"'),
        (("a", io.StringIO("b")), {}, 'text/plain; charset=utf-8|name="a"; filename="a"'),
        (("a", b"b"), {"filename": "f"}, 'application/octet-stream|name="a"; filename="f"'),
        # RFC 7578 §5.1: raw, or servers do not see the name.
        (("ä", "b"), {"filename": "f"}, 'name="ä"; filename="f"'),
        (("ä", "b"), {"content_type": "text/x"}, 'name="ä"'),
    ],
)
def test_multipart(arguments: Any, options: Any, head: str) -> None:
    form = FormData()
    form.add_field(*arguments, **options)
    assert form.is_multipart
    body = body_of(form).decode()
    assert re.fullmatch(r"--B\r\n.*\r\n\r\nb\r\n--B--\r\n", body, re.DOTALL), body
    for part in head.split("|"):
        assert part + "\r\n" in body
    assert "Content-Length" not in body


def test_unquoted_fields() -> None:
    form = FormData(quote_fields=False)
    form.add_field("a", "b", filename='ü "x"')
    assert 'filename="ü \\"x\\""' in body_of(form).decode()


def test_multipart_on_demand() -> None:
    form = FormData({"a": "b"}, default_to_multipart=True)
    assert form.is_multipart
    assert form().content_type.startswith("multipart/form-data; boundary=")


async def test_a_file_of_the_disk_keeps_its_name(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("content")
    with (tmp_path / "x.txt").open("rb") as file:
        form = FormData(file)
        body = await form().as_bytes()
        assert b'name="x.txt"; filename="x.txt"' in body
        assert b"content" in body


def test_a_form_can_be_sent_twice() -> None:
    form = FormData({"a": io.BytesIO(b"content")})
    first = body_of(form)
    assert b"content" in first
    assert body_of(form) == first


def test_bytes_without_a_name_are_a_deprecated_file() -> None:
    form = FormData()
    with pytest.warns(DeprecationWarning, match="filename argument") as caught:
        form.add_field("a", b"b")
    assert caught[0].filename == __file__
    assert 'filename="a"' in body_of(form).decode()


def test_transfer_encoding_is_deprecated() -> None:
    form = FormData()
    with pytest.warns(DeprecationWarning, match="BytesPayload"):
        form.add_field("a", "b", content_transfer_encoding="base64")
    assert form.is_multipart
    assert "base64" not in body_of(form).decode()


# --- mistakes ---


@pytest.mark.parametrize("fields", ["asd", ("a", "b"), [("a",)], [("a", "b", "c")], [1], b"x"])
def test_no_fields(fields: Any) -> None:
    with pytest.raises(TypeError, match="use add_field"):
        FormData(fields)


@pytest.mark.parametrize("option", ["content_type", "filename", "content_transfer_encoding"])
@pytest.mark.parametrize("value", [0, 0.1, {}, [], b"foo"])
def test_options_are_texts(option: str, value: Any) -> None:
    with pytest.raises(TypeError, match=f"{option} must be an instance of str"):
        FormData().add_field("a", "b", **{option: value})


@pytest.mark.parametrize("breaker", ["\r", "\n", "\r\nX: y", "\x00"])
@pytest.mark.parametrize("option", ["name", "content_type", "filename"])
def test_no_header_can_be_injected(option: str, breaker: str) -> None:
    with pytest.raises(ValueError, match="expected no CR, LF or NUL"):
        FormData().add_field(**{"name": "a", "value": "b", option: f"x{breaker}y"})


def test_a_value_that_cannot_be_sent() -> None:
    form = FormData()
    form.add_field("a", object(), filename="x")
    with pytest.raises(TypeError, match="value of form field 'a'"):
        form()


@pytest.mark.filterwarnings("ignore:content_transfer_encoding:DeprecationWarning")
async def test_bytes_of_a_given_coding_are_no_file() -> None:
    form = FormData()
    form.add_field("n", b"abc", content_transfer_encoding="base64")
    assert "filename" not in str(form()._parts[0][0].headers)  # type: ignore[attr-defined]
