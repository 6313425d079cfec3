"""A venue's addresses where they are configured: encrypted, or on this host."""

from __future__ import annotations

from urllib.parse import urlsplit

__all__ = ["address_problem"]

_PLAIN = {"https": "http", "wss": "ws"}
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def address_problem(address: str, scheme: str) -> str:
    """Return what is wrong with a base address of `scheme` (https or wss), empty where nothing is.

    What is signed with a key leaves this host encrypted or not at all; without TLS only a loopback address is taken,
    where a proxy or a stand-in of the venue may be.
    """
    expected = f"expected {scheme}://HOST[:PORT][/PATH], or {_PLAIN[scheme]}:// on this host alone"
    try:
        parts = urlsplit(address)
        host = parts.hostname
        _ = parts.port
    except ValueError as error:
        return f"{expected}; {error}"
    if not host or parts.query or parts.fragment or parts.username is not None or address.endswith("/"):
        return f"{expected}, without a slash at its end"
    if parts.scheme == scheme or (parts.scheme == _PLAIN[scheme] and host in _LOOPBACK):
        return ""
    return expected
