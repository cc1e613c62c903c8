"""Proxies and passwords of the environment."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from yarl import URL

from aiohttp import _environment as environment
from aiohttp._switches import IS_WINDOWS


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for scheme in ("http", "https", "ws", "wss", "all", "no"):
        monkeypatch.delenv(f"{scheme}_proxy", raising=False)
        monkeypatch.delenv(f"{scheme.upper()}_PROXY", raising=False)
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))


@pytest.fixture
def netrc_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "passwords"
    path.write_text("machine example.com login user password pass\n")
    monkeypatch.setenv("NETRC", str(path))
    return path


# --- netrc ---


def test_named_file(netrc_file: Path) -> None:
    found = environment.netrc_from_env()
    assert found is not None
    entry = found.authenticators("example.com")
    assert entry is not None
    assert (entry[0], entry[2]) == ("user", "pass")  # [1], the account, is None in Python 3.10
    auth = environment.basicauth_from_netrc(found, "example.com")
    assert (auth.login, auth.password) == ("user", "pass")
    with pytest.raises(LookupError, match=r"No entry for other\.org"):
        environment.basicauth_from_netrc(found, "other.org")


def test_file_at_home(tmp_path: Path) -> None:
    name = "_netrc" if IS_WINDOWS else ".netrc"
    path = tmp_path / name
    path.write_text("machine example.com account who password pass\n")
    path.chmod(0o600)
    auth = environment.basicauth_from_netrc(environment.netrc_from_env(), "example.com")
    assert (auth.login, auth.password) == ("who", "pass")


def test_no_file(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert environment.netrc_from_env() is None
    assert caplog.records == []
    with pytest.raises(LookupError, match=r"No \.netrc file"):
        environment.basicauth_from_netrc(None, "example.com")


@pytest.mark.parametrize("content", [None, "gibberish", "machine"])
def test_a_named_file_that_cannot_be_read_is_told(
    netrc_file: Path, caplog: pytest.LogCaptureFixture, content: str | None
) -> None:
    if content is None:
        netrc_file.unlink()
    else:
        netrc_file.write_text(content)
    assert environment.netrc_from_env() is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Path:
        raise RuntimeError("no user")

    monkeypatch.setattr(Path, "home", fail)
    assert environment.netrc_from_env() is None


# --- proxies ---


@pytest.mark.parametrize("scheme", ["http", "https", "ws", "wss"])
def test_proxy_of_a_scheme(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv(f"{scheme}_proxy", "http://user:p%40@proxy.example.com:3128")
    info = environment.proxies_from_env()[scheme]
    assert info.proxy == URL("http://proxy.example.com:3128")
    assert info.proxy_auth is not None
    assert (info.proxy_auth.login, info.proxy_auth.password) == ("user", "p@")
    assert environment.get_env_proxy_for_url(URL(f"{scheme}://example.com/")) == (
        info.proxy,
        info.proxy_auth,
    )


def test_password_of_the_proxy_from_netrc(
    monkeypatch: pytest.MonkeyPatch, netrc_file: Path
) -> None:
    monkeypatch.setenv("http_proxy", "http://example.com:3128")
    auth = environment.proxies_from_env()["http"].proxy_auth
    assert auth is not None
    assert auth.login == "user"


def test_a_tls_proxy_is_left_out_and_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("https_proxy", "https://proxy.example.com")
    assert environment.proxies_from_env() == {}
    assert "HTTPS proxies https://proxy.example.com are not supported" in caplog.text


def test_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example.com")
    monkeypatch.setenv("no_proxy", "aiohttp.io,.example.org")
    for host in ("aiohttp.io", "www.example.org"):
        with pytest.raises(LookupError, match="disallowed"):
            environment.get_env_proxy_for_url(URL(f"http://{host}/"))
    with pytest.raises(LookupError, match="No proxies found"):
        environment.get_env_proxy_for_url(URL("https://example.com/"))
    assert environment.get_env_proxy_for_url(URL("http://example.com/"))[1] is None
