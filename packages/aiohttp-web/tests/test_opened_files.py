"""What is opened for a path: small and large files, siblings, and what is no file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aiohttp._web.opened_files import SMALL, OpenedFile, open_file


@pytest.mark.parametrize("size", [0, 1, SMALL])
def test_a_small_file_is_read_and_closed(tmp_path: Path, size: int) -> None:
    (tmp_path / "file").write_bytes(b"x" * size)
    opened = open_file(tmp_path / "file", "")
    assert opened.file is None
    assert opened.content == b"x" * size
    assert opened.stat is not None
    assert opened.stat.st_size == size


def test_a_large_file_stays_open(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * SMALL + b"end")
    opened = open_file(tmp_path / "file", "")
    assert opened.content is None
    assert opened.file is not None
    assert opened.read(SMALL, 3) == b"end"
    opened.close()
    assert opened.file.closed


def test_parts_of_a_small_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    opened = open_file(tmp_path / "file", "", is_regular=True)
    assert opened.read(2, 3) == b"234"
    assert opened.read(8, 5) == b"89"
    opened.close()


@pytest.mark.parametrize(
    ("accepted", "content", "coding"),
    [
        ("gzip, br", b"br", "br"),
        ("gzip", b"gzip", "gzip"),
        ("br;q=0.1, gzip", b"gzip", "gzip"),
        ("deflate", b"itself", None),
        ("", b"itself", None),
    ],
)
def test_the_sibling_that_the_peer_likes_best(
    tmp_path: Path, accepted: str, content: bytes, coding: str | None
) -> None:
    (tmp_path / "file").write_bytes(b"itself")
    (tmp_path / "file.br").write_bytes(b"br")
    (tmp_path / "file.gz").write_bytes(b"gzip")
    opened = open_file(tmp_path / "file", accepted)
    assert (opened.content, opened.coding) == (content, coding)


def test_a_sibling_that_is_a_link_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"itself")
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "file.br").symlink_to(tmp_path / "secret")
    assert open_file(tmp_path / "file", "br").content == b"itself"


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("missing", "pipe", ".", "nul\0"):
        assert open_file(tmp_path / name, "") == OpenedFile(status=404)
    # It was a file when somebody looked.
    assert open_file(tmp_path, "", is_regular=True) == OpenedFile(status=404)
