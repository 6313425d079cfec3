"""Signatures of requests.

Source: Binance Spot API, request-security (SIGNED endpoint examples) and web-socket-api, 2026-07. REST signs what is
sent, byte for byte and percent-encoded (since 2026-01-15), query and body joined by nothing. The WebSocket API signs
all parameters but the signature, sorted by name and not percent-encoded.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from typing import Protocol

__all__ = ["RECV_WINDOW_MS", "Ed25519Signer", "HmacSigner", "RsaSigner", "Signer", "signer_for", "ws_payload"]

RECV_WINDOW_MS = 5000
"""How old a request may be when the venue takes it; the venue's own default."""


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
    """Ed25519 in base64: the only kind of key that a session of the WebSocket API can log on with."""

    def __init__(self, sign: Callable[[bytes], bytes]) -> None:
        self._sign = sign

    def __repr__(self) -> str:
        return "Ed25519Signer(***)"

    def sign(self, payload: bytes) -> str:
        return base64.b64encode(self._sign(payload)).decode()


class RsaSigner:
    """RSA (PKCS#1 v1.5, SHA-256) in base64."""

    def __init__(self, sign: Callable[[bytes], bytes]) -> None:
        self._sign = sign

    def __repr__(self) -> str:
        return "RsaSigner(***)"

    def sign(self, payload: bytes) -> str:
        return base64.b64encode(self._sign(payload)).decode()


def signer_for(secret: str) -> Signer:
    """Return the signer that a secret is made for: a private key in PEM (PKCS#8) signs by its kind, all else by HMAC.

    Raises ValueError for a PEM that holds no Ed25519 or RSA key, or where `cryptography` is not installed.
    """
    if not secret.startswith("-----BEGIN"):
        return HmacSigner(secret)
    try:
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
    except ImportError:
        raise ValueError("a PEM private key needs the Python package cryptography, which is not installed") from None
    try:
        key = serialization.load_pem_private_key(secret.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise ValueError(f"the private key cannot be read: {error}") from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return Ed25519Signer(key.sign)
    if isinstance(key, rsa.RSAPrivateKey):
        return RsaSigner(lambda payload: key.sign(payload, padding.PKCS1v15(), hashes.SHA256()))
    raise ValueError("the private key is neither Ed25519 nor RSA")


def ws_payload(params: Mapping[str, object]) -> bytes:
    """Return what a WebSocket API request signs; a boolean as JSON writes it."""
    return "&".join([f"{name}={_word(params[name])}" for name in sorted(params)]).encode()


def _word(value: object) -> object:
    return value if value is not True and value is not False else str(value).lower()
