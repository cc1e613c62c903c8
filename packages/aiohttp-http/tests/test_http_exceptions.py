"""The faults of messages: codes, texts, copies."""

from __future__ import annotations

import pickle

import pytest
from multidict import CIMultiDict

from aiohttp import http_exceptions as errors

EVERY = [
    errors.HttpProcessingError(code=501, message="m", headers=CIMultiDict(a="b")),
    errors.BadHttpMessage("m", headers=CIMultiDict(a="b")),
    errors.HttpBadRequest("m"),
    errors.ContentEncodingError("m"),
    errors.ContentLengthError("m"),
    errors.TransferEncodingError("m"),
    errors.DecompressSizeError("m"),
    errors.BadMultipart("m"),
    errors.InvalidURLError("m"),
    errors.LineTooLong("GET", 10, "20"),
    errors.InvalidHeader(b"a\xffb"),
    errors.BadStatusLine("x"),
    errors.BadStatusLine("x", "why"),
    errors.BadHttpMethod("x"),
]


@pytest.mark.parametrize("error", EVERY, ids=repr)
def test_pickle_keeps_everything(error: errors.HttpProcessingError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert (str(copy), repr(copy), vars(copy), copy.args) == (
        str(error),
        repr(error),
        vars(error),
        error.args,
    )


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.BadHttpMessage("m"), 400),
        (errors.DecompressSizeError("m"), 413),
        (errors.HttpProcessingError(code=501), 501),
        (errors.HttpProcessingError(), 0),
    ],
    ids=repr,
)
def test_code_answers_the_message(error: errors.HttpProcessingError, code: int) -> None:
    assert error.code == code


def test_text() -> None:
    error = errors.BadHttpMessage("one\ntwo")
    assert str(error) == "400, message:\n  one\n  two"
    assert repr(error) == "<BadHttpMessage: 400, message='one\\ntwo'>"


def test_line_too_long_names_the_limit() -> None:
    assert (
        errors.LineTooLong(b"GET", 8190).message == "Got more than 8190 bytes when reading: b'GET'."
    )


def test_invalid_header_is_shown_without_control_characters() -> None:
    error = errors.InvalidHeader(b"a\x00\xff")
    assert error.message == "Invalid HTTP header: b'a\\x00\\xff'"
    assert error.hdr == "a\x00\\xff"


def test_bad_multipart_is_a_value_error() -> None:
    with pytest.raises(ValueError):
        raise errors.BadMultipart("no boundary")
