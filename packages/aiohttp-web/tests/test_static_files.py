"""Paths of a served directory: nothing leads out, and nothing tells what is outside."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aiohttp._web.static_files import (
    Kind,
    Located,
    checked_directory,
    content_hash,
    leaves_by_root,
    listing,
    locate,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory to serve, with a secret beside it."""
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "outside").mkdir()
    served = tmp_path / "served"
    (served / "sub").mkdir(parents=True)
    (served / "a.txt").write_text("a")
    return served


def test_files_and_directories_are_found(root: Path) -> None:
    a = Located(root / "a.txt", Kind.FILE, 1)
    assert locate(root, "a.txt", follow_symlinks=False) == a
    assert locate(root, "sub/../a.txt", follow_symlinks=False) == a
    assert locate(root, ".//a.txt", follow_symlinks=True) == a
    assert locate(root, "sub", follow_symlinks=False) == Located(root / "sub", Kind.DIRECTORY)
    assert locate(root, "", follow_symlinks=False).kind is Kind.DIRECTORY


@pytest.mark.parametrize("follow", [False, True])
@pytest.mark.parametrize(
    "filename",
    ["../secret.txt", "../missing.txt", "../outside", "sub/../../secret.txt", "nul\0", "x" * 5000],
)
def test_what_is_outside_and_what_is_missing_look_the_same(
    root: Path, filename: str, follow: bool
) -> None:
    with pytest.raises(FileNotFoundError):
        locate(root, filename, follow_symlinks=follow)


def test_links_out_are_followed_only_if_asked(root: Path) -> None:
    (root / "link").symlink_to(root.parent / "secret.txt")
    with pytest.raises(FileNotFoundError):
        locate(root, "link", follow_symlinks=False)
    assert locate(root, "link", follow_symlinks=True).path == root.parent / "secret.txt"


def test_dots_do_not_climb_through_a_link(root: Path) -> None:
    (root / "link").symlink_to(root.parent / "outside")
    with pytest.raises(FileNotFoundError):
        locate(root, "link/../../secret.txt", follow_symlinks=True)


def test_links_in_a_circle_are_missing(root: Path) -> None:
    (root / "one").symlink_to(root / "two")
    (root / "two").symlink_to(root / "one")
    for follow in (False, True):
        with pytest.raises(FileNotFoundError):
            locate(root, "one", follow_symlinks=follow)


def test_pipes_are_refused(root: Path) -> None:
    os.mkfifo(root / "pipe")
    with pytest.raises(PermissionError):
        locate(root, "pipe", follow_symlinks=False)


@pytest.mark.parametrize(
    ("filename", "leaves"), [("/etc/passwd", True), ("//host/share", True), ("a/b", False)]
)
def test_absolute_names(filename: str, leaves: bool) -> None:
    assert leaves_by_root(filename) is leaves


def test_a_listing_is_escaped(root: Path) -> None:
    (root / "<img src=0 onerror=alert(1)>").write_text("x")
    page = listing(root, root, "/static")
    assert "<img" not in page
    assert "&lt;img src=0 onerror=alert(1)&gt;" in page
    assert 'href="/static/sub"' in page
    assert ">sub/<" in page


def test_the_directory_has_to_be_there(root: Path) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        checked_directory(root / "missing")
    with pytest.raises(ValueError, match="is not a directory"):
        checked_directory(root / "a.txt")


def test_the_hash_follows_the_content(root: Path) -> None:
    before = content_hash(root / "a.txt")
    (root / "a.txt").write_text("b")
    assert content_hash(root / "a.txt") != before
