"""Files of a served directory: which file a URL path means, listings, version hashes.

Blocking: its callers run it in an executor.  Knows the file system; nothing of requests, responses
or the event loop.

A path must not lead out of the directory (CVE-2024-23334, CVE-2026-34515), and the answer must not
tell whether something exists outside (CVE-2025-69226): both are the same FileNotFoundError here.
"""

from __future__ import annotations

import base64
import enum
import hashlib
import html
import os
import stat
from pathlib import Path
from urllib.parse import quote

import attr

# Bytes read at once while hashing; large enough that the loop does not count.
_HASH_CHUNK = 1 << 20


class Kind(enum.Enum):
    """What a path turned out to be."""

    FILE = enum.auto()
    DIRECTORY = enum.auto()


def checked_directory(path: str | os.PathLike[str]) -> Path:
    """Return the directory to serve, absolute and without symbolic links.

    Raises:
        ValueError: there is no such directory.
    """
    try:
        directory = Path(path).expanduser().resolve(strict=True)
    except (FileNotFoundError, RuntimeError) as error:
        raise ValueError(f"'{path}' does not exist") from error
    if not directory.is_dir():
        raise ValueError(f"'{path}' is not a directory")
    return directory


def leaves_by_root(filename: str) -> bool:
    """Whether joined to a directory it would replace it: an absolute path, a drive, a UNC share."""
    if os.sep == "/":
        return filename.startswith("/")
    return bool(Path(filename).anchor) or bool(Path(filename).drive)


@attr.s(auto_attribs=True, frozen=True, slots=True)
class Located:
    """What a path leads to: the real path, and the size of a file in bytes."""

    path: Path
    kind: Kind
    size: int = 0


def locate(directory: Path, filename: str, *, follow_symlinks: bool) -> Located:
    """Return what ``filename`` leads to.

    With ``follow_symlinks``, a symbolic link inside the directory may lead out of it; ``..`` may
    not.

    Raises:
        FileNotFoundError: there is nothing, or it is outside.
        PermissionError: it may not be looked at, or is neither file nor directory: a pipe, a
            device.
    """
    try:
        located = _locate_plain(directory, filename)
        if located is not None:
            return located
        return _located(_resolved(directory, filename, follow_symlinks))
    except PermissionError:
        raise
    except (ValueError, RuntimeError, OSError):
        # ValueError: outside, or a NUL in the name; RuntimeError, OSError: links in a circle, a
        # name too long.
        pass
    raise FileNotFoundError(f"no file {filename!r} in the served directory {directory}")


def _locate_plain(directory: Path, filename: str) -> Located | None:
    """Locate by one question to the system for each name; None if that is not enough.

    It is for a file where no name has a meaning of its own and none is a link: then there is
    nothing to resolve, because ``directory`` is resolved already.
    """
    if os.sep != "/" or "\0" in filename:
        return None
    path = os.fspath(directory)
    for name in filename.split("/"):
        if name in ("", ".", ".."):
            return None
        path = f"{path}/{name}"
        try:
            status = os.lstat(path)
        except OSError:
            return None
        if stat.S_ISLNK(status.st_mode):
            return None
    return Located(Path(path), Kind.FILE, status.st_size) if stat.S_ISREG(status.st_mode) else None


def _resolved(directory: Path, filename: str, follow_symlinks: bool) -> Path:
    """Return the real path; raise ValueError if it is not below the directory."""
    unresolved = directory / filename
    if follow_symlinks:
        # First by the letters alone: `..` must not climb out through a link.
        normalized = Path(os.path.normpath(unresolved))
        normalized.relative_to(directory)
        return normalized.resolve()
    path = unresolved.resolve()
    path.relative_to(directory)
    return path


def _located(path: Path) -> Located:
    if path.is_file():
        return Located(path, Kind.FILE, path.stat().st_size)
    if path.is_dir():
        return Located(path, Kind.DIRECTORY)
    if path.exists():
        raise PermissionError(f"{path} is neither a file nor a directory")
    raise FileNotFoundError(f"{path} does not exist")


def listing(directory: Path, root: Path, prefix: str) -> str:
    """Return an HTML page with links to what is in ``directory``.

    Names are escaped for HTML and quoted for URLs (CVE-2024-27306).

    Args:
        directory: what to list.
        root: the served directory.
        prefix: its URL path, quoted.

    Raises:
        PermissionError: the directory may not be read.
    """
    relative = directory.relative_to(root).as_posix()
    title = html.escape(f"Index of /{'' if relative == '.' else relative}")
    entries = sorted(directory.iterdir(), key=lambda entry: entry.name)
    items = "\n".join(_listed(entry, root, prefix) for entry in entries)
    return (
        f"<html>\n<head>\n<title>{title}</title>\n</head>\n<body>\n"
        f"<h1>{title}</h1>\n<ul>\n{items}\n</ul>\n</body>\n</html>"
    )


def _listed(entry: Path, root: Path, prefix: str) -> str:
    name = f"{entry.name}/" if entry.is_dir() else entry.name
    href = f"{prefix}/{quote(entry.relative_to(root).as_posix())}"
    return f'<li><a href="{html.escape(href)}">{html.escape(name)}</a></li>'


def content_hash(path: Path) -> str:
    """Return a URL-safe hash of the file's content, which changes when the content does."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_HASH_CHUNK):
            digest.update(chunk)
    return hash_text(digest.digest())


def hash_text(digest: bytes) -> str:
    """Return ``digest`` in the alphabet of URLs (RFC 4648 §5)."""
    return base64.urlsafe_b64encode(digest).decode("ascii")
