"""The poll through the test client."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from polls import make_app
from polls.keys import FEED, STORE
from polls.pages import MAX_IMAGE

from aiohttp import FormData, WSCloseCode, WSMsgType, web

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest_asyncio.fixture
async def client(aiohttp_client: Any, tmp_path: Path) -> Any:
    return await aiohttp_client(make_app(tmp_path))


async def test_pages(client: Any) -> None:
    async with client.get("/") as response:
        assert response.status == 200
        assert response.content_type == "text/html"
        assert "Tabs or spaces?" in await response.text()
    async with client.get("/questions/1") as response:
        assert response.status == 200
        assert "Whatever the formatter says" in await response.text()


async def test_titles_are_escaped(client: Any) -> None:
    form = {"title": "<script>alert(1)</script>", "choices": "a\nb"}
    async with client.post("/questions", data=form) as response:
        assert response.status == 200
        assert "<script>alert(1)" not in await response.text()


async def test_ask_a_question(client: Any) -> None:
    form = {"title": "Which editor?", "choices": "vim\n\nemacs\n"}
    async with client.post("/questions", data=form, allow_redirects=False) as response:
        assert response.status == 303
        assert response.headers["Location"] == "/questions/7"
    question = await (await client.get("/api/questions/7")).json()
    assert [choice["label"] for choice in question["choices"]] == ["vim", "emacs"]


@pytest.mark.parametrize("form", [{}, {"title": "One?", "choices": "only"}, {"choices": "a\nb"}])
async def test_a_bad_question_is_refused(client: Any, form: dict[str, str]) -> None:
    async with client.post("/questions", data=form) as response:
        assert response.status == 400
        assert "two to ten choices" in await response.text()


async def test_vote_by_form(client: Any) -> None:
    async with client.post("/questions/1/votes", data={"choice": "2"}) as response:
        assert response.status == 200
        assert response.url.path == "/questions/1"
    question = await (await client.get("/api/questions/1")).json()
    assert (question["total"], question["choices"][1]["votes"]) == (1, 1)


async def test_vote_by_api(client: Any) -> None:
    async with client.post("/api/questions/1/votes", json={"choice": 3}) as response:
        assert response.status == 201
        assert (await response.json())["total"] == 1


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"choice": "1"}', b'{"choice": 4}', b'{"choice": true}', b"\xff"]
)
async def test_a_bad_vote_is_refused(client: Any, body: bytes) -> None:
    async with client.post("/api/questions/1/votes", data=body) as response:
        assert response.status == 400
        assert (await response.json())["status"] == 400


async def test_votes_are_kept(aiohttp_client: Any, tmp_path: Path) -> None:
    first = await aiohttp_client(make_app(tmp_path))
    await first.post("/api/questions/1/votes", json={"choice": 1})
    await first.close()
    second = await aiohttp_client(make_app(tmp_path))
    assert (await (await second.get("/api/questions/1")).json())["total"] == 1


async def test_live_feed(client: Any) -> None:
    async with client.ws_connect("/questions/1/live") as feed:
        assert (await feed.receive_json())["total"] == 0
        await client.post("/api/questions/1/votes", json={"choice": 1})
        assert (await feed.receive_json())["total"] == 1


async def test_shutdown_says_going_away(client: Any) -> None:
    feed = await client.ws_connect("/questions/1/live")
    await feed.receive_json()
    await client.app.shutdown()
    message = await feed.receive()
    assert message.type is WSMsgType.CLOSE
    assert message.data == WSCloseCode.GOING_AWAY


async def test_upload_an_image(client: Any) -> None:
    form = FormData()
    form.add_field("image", PNG, filename="cover.png", content_type="image/png")
    async with client.post("/questions/1/image", data=form) as response:
        assert response.status == 200
    image = (await (await client.get("/api/questions/1")).json())["image"]
    async with client.get(f"/images/{image}") as response:
        assert response.content_type == "image/png"
        assert await response.read() == PNG


@pytest.mark.parametrize(
    ("content", "status"), [(b"<svg/>", 415), (b"", 415), (PNG + bytes(MAX_IMAGE), 413)]
)
async def test_a_bad_image_is_refused(
    client: Any, tmp_path: Path, content: bytes, status: int
) -> None:
    form = FormData()
    form.add_field("image", io.BytesIO(content), filename="cover.png", content_type="image/png")
    async with client.post("/questions/1/image", data=form) as response:
        assert response.status == status
    assert not list((tmp_path / "images").iterdir())


async def test_error_pages(client: Any) -> None:
    async with client.get("/nowhere") as response:
        assert response.status == 404
        assert "Back to the questions" in await response.text()
    async with client.get("/api/questions/99") as response:
        assert response.status == 404
        assert await response.json() == {"status": 404, "error": "There is no such question."}
    async with client.put("/questions/1") as response:
        assert response.status == 405
        assert set(response.headers["Allow"].split(",")) == {"GET", "HEAD"}


async def test_a_broken_handler_shows_a_page(
    client: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(client.app[STORE], "questions", broken)
    async with client.get("/") as response:
        assert response.status == 500
        assert "the disk is full" not in await response.text()
    assert "the disk is full" in caplog.text


async def test_static_files_may_be_cached(client: Any) -> None:
    async with client.get("/static/style.css") as response:
        assert response.status == 200
        etag = response.headers["ETag"]
    async with client.get("/static/style.css", headers={"If-None-Match": etag}) as response:
        assert response.status == 304


def test_the_application_knows_its_parts(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    assert isinstance(app, web.Application)
    assert FEED in app
