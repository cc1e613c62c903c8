"""What the server itself says, as text and as HTML."""

from __future__ import annotations

import pytest

from aiohttp._web.error_page import ErrorPage, encodable, error_page


def test_internal_error_says_nothing_of_the_inside() -> None:
    assert error_page(500) == ErrorPage(
        "500 Internal Server Error\n\nServer got itself in trouble", "text/plain"
    )


def test_html_for_who_asks_for_it() -> None:
    page = error_page(500, accept="text/html,application/xhtml+xml;q=0.9")
    assert page.content_type == "text/html"
    assert page.text == (
        "<html><head><title>500 Internal Server Error</title></head><body>\n"
        "<h1>500 Internal Server Error</h1>\nServer got itself in trouble\n</body></html>\n"
    )


@pytest.mark.parametrize("accept", ["", "*/*", "application/json"])
def test_plain_text_for_everybody_else(accept: str) -> None:
    assert error_page(500, accept=accept).content_type == "text/plain"


def test_a_message_stands_alone_in_plain_text() -> None:
    assert error_page(400, message="No colon in the field").text == "No colon in the field"


def test_traceback_is_escaped_in_html() -> None:
    page = error_page(500, traceback="ValueError: <script>", accept="text/html")
    assert "ValueError: &lt;script&gt;" in page.text
    assert "<script>" not in page.text


def test_message_is_escaped_in_html() -> None:
    page = error_page(400, message="bad: <script>\n  ^", accept="text/html")
    assert "<pre>bad: &lt;script&gt;\n  ^</pre>" in page.text


def test_traceback_in_plain_text() -> None:
    page = error_page(500, traceback="Traceback…")
    assert page.text == "500 Internal Server Error\n\nTraceback…"


def test_a_status_that_has_no_name() -> None:
    assert error_page(599).text.startswith("599 Unknown error")


@pytest.mark.parametrize("accept", ["", "text/html"])
@pytest.mark.parametrize("part", ["message", "traceback"])
def test_octets_that_are_no_text_are_shown(accept: str, part: str) -> None:
    told = {part: "no boundary in é" + b"\xa9".decode("utf-8", "surrogateescape")}
    text = error_page(400, accept=accept, **told).text
    assert "no boundary in é\\udca9" in text
    text.encode("utf-8")


def test_text_is_encodable_as_it_is() -> None:
    text = "é\U0001f600"
    assert encodable(text) == text
