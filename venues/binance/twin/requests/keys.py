"""API keys: whose they are, what they may do, and how their signatures are checked.

    HMAC      a secret that both know; hexadecimal signatures, in either case
    ED25519   the venue keeps the public key; base64 signatures; these keys alone may log a session on
    RSA       the venue keeps the public key; base64 signatures of PKCS#1 v1.5 over SHA-256

A key's `secret` is what its owner signs with: the HMAC secret, or the private key in PEM (PKCS#8). It is empty where
the owner brought a public key. Source: Binance Spot API, request-security and faqs/api_key_types, 2026-07.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from venues.binance.twin.errors import bad_key_format, invalid_signature, unknown_key
from venues.binance.twin.trading.accounts import Account

KeyType = Literal["HMAC", "ED25519", "RSA"]
Permission = Literal["USER_DATA", "TRADE", "USER_STREAM"]
KEY_TYPES: tuple[KeyType, ...] = get_args(KeyType)
PERMISSIONS: tuple[Permission, ...] = get_args(Permission)
KEY_LENGTH = 64
MAX_KEY_LENGTH = 128
RSA_BITS = 2048
_ALPHABET = string.ascii_letters + string.digits

Verify = Callable[[bytes, str], bool]
"""Whether a signature is a payload's."""


@dataclass(slots=True, eq=False)
class Key:
    """One key. No `addresses` means that it may be used from any."""

    name: str
    type: KeyType
    account: Account
    verify: Verify
    permissions: frozenset[Permission] = frozenset(PERMISSIONS)
    addresses: frozenset[str] = frozenset()
    is_revoked: bool = False
    may_withdraw: bool = False
    """Nothing is withdrawn here; the venue says of each key whether it may."""

    def __repr__(self) -> str:
        return f"Key({self.name[:6]}..., {self.type})"

    def check_use(self, permission: Permission, ip: str) -> None:
        """Raises VenueError -2015 when it is revoked, or may not do that, or not from there."""
        allowed = not self.addresses or ip in self.addresses
        if self.is_revoked or not allowed or permission not in self.permissions:
            raise unknown_key()

    def check_signature(self, payload: bytes, signature: str) -> None:
        """Raises VenueError -1022 when the signature is not the payload's."""
        if not self.verify(payload, signature):
            raise invalid_signature()


class Keyring:
    """All keys by their names, the revoked ones too."""

    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}

    def __iter__(self) -> Any:
        return iter(self._keys.values())

    def add(self, key: Key) -> Key:
        """Take a key in."""
        self._keys[key.name] = key
        return key

    def of(self, name: str | None) -> Key:
        """The key of that name, even where it was revoked. Raises VenueError -2014 for no name of a key, else -2015."""
        if not name or len(name) > MAX_KEY_LENGTH or not name.isascii() or not name.isalnum():
            raise bad_key_format()
        key = self._keys.get(name)
        if key is None:
            raise unknown_key()
        return key

    def known(self, name: str) -> Key | None:
        """The key of that name, None for a stranger's; a revoked one is known."""
        return self._keys.get(name)

    def of_account(self, account: Account) -> Iterable[Key]:
        """The keys of an account."""
        return [key for key in self._keys.values() if key.account is account]


def new_name() -> str:
    """A name as the venue makes one."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(KEY_LENGTH))


def new_secret(kind: KeyType) -> str:
    """What the owner of a new key signs with."""
    if kind == "HMAC":
        return new_name()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    pair: Any
    pair = ed25519.Ed25519PrivateKey.generate() if kind == "ED25519" else rsa.generate_private_key(65537, RSA_BITS)
    pem: bytes = pair.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode()


def verifier(secret: str) -> tuple[KeyType, Verify]:
    """The type of a key and its check, from its secret or a public key in PEM. Raises ValueError for another PEM."""
    if not secret.startswith("-----BEGIN"):
        return "HMAC", _hmac(secret)
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    public: Any
    if "PUBLIC KEY" in secret.partition("\n")[0]:
        public = serialization.load_pem_public_key(secret.encode())
    else:
        public = serialization.load_pem_private_key(secret.encode(), password=None).public_key()
    if isinstance(public, ed25519.Ed25519PublicKey):
        return "ED25519", _asymmetric(public.verify)
    if isinstance(public, rsa.RSAPublicKey):
        return "RSA", _asymmetric(_rsa(public))
    raise ValueError(f"{type(public).__name__}: expected an Ed25519 or RSA key")


def _hmac(secret: str) -> Verify:
    begun = hmac.new(secret.encode(), digestmod=hashlib.sha256)

    def verify(payload: bytes, signature: str) -> bool:
        signing = begun.copy()
        signing.update(payload)
        return hmac.compare_digest(signing.hexdigest().encode(), signature.lower().encode())

    return verify


def _rsa(public: Any) -> Callable[[bytes, bytes], None]:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    return lambda signature, payload: public.verify(signature, payload, padding.PKCS1v15(), hashes.SHA256())


def _asymmetric(check: Callable[[bytes, bytes], None]) -> Verify:
    from cryptography.exceptions import InvalidSignature

    def verify(payload: bytes, signature: str) -> bool:
        try:
            check(base64.b64decode(signature, validate=True), payload)
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True

    return verify
