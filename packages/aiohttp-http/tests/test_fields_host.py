"""Addresses and names."""

from __future__ import annotations

import pytest

from aiohttp._fields.host import is_canonical_ipv4_address, is_ip_address


@pytest.mark.parametrize(
    ("host", "canonical", "address"),
    [
        ("127.0.0.1", True, True),
        ("255.255.255.255", True, True),
        ("256.1.1.1", False, True),
        ("01.2.3.4", False, True),
        ("127.1", False, True),
        ("2130706433", False, True),
        ("::1", False, True),
        ("fe80::1%eth0", False, True),
        ("example.com", False, False),
        ("1.2.3.4.example.com", False, False),
        ("١.1.1.1", False, False),
        ("", False, False),
        (".", False, False),
    ],
)
def test_hosts(host: str, canonical: bool, address: bool) -> None:
    assert is_canonical_ipv4_address(host) is canonical
    assert is_ip_address(host) is address


def test_no_host() -> None:
    assert not is_ip_address(None)
