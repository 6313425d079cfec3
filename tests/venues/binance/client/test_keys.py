"""Private keys sign by their kind, so that the public key agrees, and never show themselves."""

from __future__ import annotations

import base64
from urllib.parse import parse_qsl, unquote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from actors.secret import Secret
from venues.binance.client import MEMORY, Access, Credentials, MemoryTransport, Rest, ServerClock
from venues.binance.client.endpoints.orders import PLACE_ORDER
from venues.binance.client.signing import Ed25519Signer, RsaSigner, signer_for


def pem_of(key: Ed25519PrivateKey | object) -> str:
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # type: ignore[attr-defined]
    return pem.decode()


def test_an_rsa_key_signs_what_its_public_key_confirms() -> None:
    key = generate_private_key(65537, 2048)
    signer = signer_for(pem_of(key))
    assert isinstance(signer, RsaSigner)
    key.public_key().verify(base64.b64decode(signer.sign(b"a=1&b=2")), b"a=1&b=2", PKCS1v15(), SHA256())
    assert repr(signer) == "RsaSigner(***)"


def test_an_ed25519_key_signs_what_its_public_key_confirms_and_the_signature_is_encoded_and_last() -> None:
    key = Ed25519PrivateKey.generate()
    assert repr(signer_for(pem_of(key))) == "Ed25519Signer(***)"
    assert isinstance(signer_for(pem_of(key)), Ed25519Signer)
    clock = ServerClock(lambda: 0)
    for server_ms in range(1_700_000_000_000, 1_700_000_000_040):  # some signature has each of base64's letters + / =
        clock.forget()
        clock.observe(0, 0, server_ms)
        access = Access(MEMORY, Credentials(Secret("key"), Secret(pem_of(key))))
        rest = Rest(MemoryTransport({}), lambda access=access: access, clock)  # type: ignore[misc]
        body = rest.build(PLACE_ORDER, {"symbol": "BTCUSDT", "side": "BUY"}).body.decode()
        payload, _, signature = body.rpartition("&signature=")
        assert not set("+/=") & set(signature)
        assert dict(parse_qsl(body))["signature"] == unquote(signature)
        key.public_key().verify(base64.b64decode(unquote(signature)), payload.encode())
