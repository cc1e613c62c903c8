"""Content-Disposition on its way out."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest

from aiohttp._fields.disposition import content_disposition_header, guess_filename, quoted_string


@pytest.mark.parametrize(
    ("arguments", "parameters", "expected"),
    [
        (("attachment",), {"foo": "bar"}, 'attachment; foo="bar"'),
        (("attachment",), {"foo": "bar[]"}, 'attachment; foo="bar[]"'),
        (("attachment",), {"foo": 'a"b\\'}, r'attachment; foo="a\"b\\"'),
        (("attachment",), {"foo": "bär"}, "attachment; foo*=utf-8''b%C3%A4r"),
        (("attachment", True, "latin-1"), {"foo": "bär"}, "attachment; foo*=latin-1''b%E4r"),
        (("attachment",), {"foo": "a\nb"}, "attachment; foo*=utf-8''a%0Ab"),
        (("attachment",), {"filename": "b är"}, 'attachment; filename="b%20%C3%A4r"'),
        (("attachment", False), {"filename": 'bär "\\'}, r'attachment; filename="bär \"\\"'),
        # RFC 7578 §5.1 and §4.2: raw, never extended.
        (("form-data",), {"name": "bär"}, 'form-data; name="bär"'),
        (("form-data",), {"name": 'ä"\\'}, r'form-data; name="ä\"\\"'),
        (("form-data",), {"name": "ä\r\nX: y"}, "form-data; name*=utf-8''%C3%A4%0D%0AX%3A%20y"),
        (("inline",), {}, "inline"),
    ],
)
def test_format(arguments: Any, parameters: Any, expected: str) -> None:
    assert content_disposition_header(*arguments, **parameters) == expected


@pytest.mark.parametrize("disptype", ["", "foo bar", "foo\r\n", "—foo"])
def test_bad_type(disptype: str) -> None:
    with pytest.raises(ValueError, match="bad content disposition type"):
        content_disposition_header(disptype)


@pytest.mark.parametrize("name", ["", "foo bar", "a\nb", "ä", "a/b"])
def test_bad_parameter(name: str) -> None:
    with pytest.raises(ValueError, match="bad content disposition parameter"):
        content_disposition_header("inline", **{name: "baz"})  # type: ignore[arg-type]


@pytest.mark.parametrize("content", ["a\nb", "ä", "\x00"])
def test_quoted_string_is_ascii_text(content: str) -> None:
    with pytest.raises(ValueError, match="bad content for quoted-string"):
        quoted_string(content)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("/a/b.txt", "b.txt"),
        ("<fdopen>", "default"),
        ("/a/<b>", "default"),
        ("", "default"),
        (3, "default"),
        (None, "default"),
    ],
)
def test_guess_filename(name: Any, expected: str) -> None:
    assert guess_filename(SimpleNamespace(name=name), "default") == expected


def test_guess_filename_of_what_has_no_name() -> None:
    assert guess_filename(io.BytesIO()) is None
