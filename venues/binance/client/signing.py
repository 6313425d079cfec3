"""Signatures of requests.

Source: Binance Spot API, request-security (SIGNED endpoint examples) and web-socket-api, 2026-07. REST signs what is
sent, byte for byte and percent-encoded (since 2026-01-15), query and body joined by nothing. The WebSocket API signs
all parameters but the signature, sorted by name and not percent-encoded.
"""

from __future__ import annotations

import base64
import hmac
import importlib
from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["Ed25519Signer", "HmacSigner", "Signer", "signer_for", "ws_payload"]


class Signer(Protocol):
    """Signs payloads; `signature` is as the venue wants it in a parameter, before percent-encoding."""

    def sign(self, payload: bytes) -> str:
        """Return the signature."""


class HmacSigner:
    """HMAC-SHA256 in hexadecimal, by a key's secret."""

    def __init__(self, secret: str) -> None:
        self._begun = hmac.new(secret.encode(), digestmod="sha256")  # the key is taken in once, not for each signature

    def __repr__(self) -> str:
        return "HmacSigner(***)"

    def sign(self, payload: bytes) -> str:
        signing = self._begun.copy()
        signing.update(payload)
        return signing.hexdigest()


class Ed25519Signer:
    """Ed25519 in base64, by a private key in PEM (PKCS#8). Needs the package `cryptography`."""

    def __init__(self, pem: str) -> None:
        kinds: Any = importlib.import_module("cryptography.hazmat.primitives.asymmetric.ed25519")
        loading: Any = importlib.import_module("cryptography.hazmat.primitives.serialization")
        self._key: Any = loading.load_pem_private_key(pem.encode(), password=None)
        if not isinstance(self._key, kinds.Ed25519PrivateKey):
            raise ValueError("the private key is not an Ed25519 key")

    def __repr__(self) -> str:
        return "Ed25519Signer(***)"

    def sign(self, payload: bytes) -> str:
        return base64.b64encode(self._key.sign(payload)).decode()


def signer_for(secret: str) -> Signer:
    """Return the signer that a secret is made for: a PEM private key signs by Ed25519, anything else by HMAC.

    Raises ValueError for a PEM that is no Ed25519 key, or where `cryptography` is not installed.
    """
    if not secret.startswith("-----BEGIN"):
        return HmacSigner(secret)
    try:
        return Ed25519Signer(secret)
    except ImportError:
        raise ValueError("a PEM private key needs the Python package cryptography, which is not installed") from None


def ws_payload(params: Mapping[str, object]) -> bytes:
    """Return what a WebSocket API request signs."""
    return "&".join(f"{name}={params[name]}" for name in sorted(params)).encode()
