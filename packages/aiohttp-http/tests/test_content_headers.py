"""What fields say about the content."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict

from aiohttp._content_headers import HeadersMixin, sentinel


class Message(HeadersMixin):
    def __init__(self, **headers: str) -> None:
        self._headers = CIMultiDict({n.replace("_", "-"): v for n, v in headers.items()})


def test_nothing_said() -> None:
    message = Message()
    assert message._stored_content_type is sentinel
    assert message.content_type == "application/octet-stream"
    assert (message.charset, message.content_length) == (None, None)


def test_said() -> None:
    message = Message(Content_Type="Text/HTML; Charset=koi8-r", Content_Length="12")
    assert (message.content_type, message.charset, message.content_length) == (
        "text/html",
        "koi8-r",
        12,
    )


@pytest.mark.parametrize("text", ["charset=", 'charset=""', "charset=; a=b", "charset"])
def test_an_empty_charset_is_none(text: str) -> None:
    assert Message(Content_Type=f"text/plain; {text}").charset is None


def test_changed() -> None:
    message = Message(Content_Type="text/html; charset=a")
    assert message.charset == "a"
    message._headers = CIMultiDict({"Content-Type": "text/plain; charset=b"})
    assert (message.charset, message.content_type) == ("b", "text/plain")
    del message._headers["Content-Type"]
    charset: str | None = message.charset
    assert charset is None
    assert message.content_type == "application/octet-stream"


@pytest.mark.parametrize("text", ["", "x", "-1", "+1", "1_0", "١", "0x1"])
def test_a_length_is_digits(text: str) -> None:
    with pytest.raises(ValueError, match="expected digits only"):
        _ = Message(Content_Length=text).content_length
