"""A running twin, a small client of the venue's protocol, and an environment for foreign clients."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from twin_admin import Admin

ROOT = Path(__file__).parents[2]
CLIENT_SCRIPTS = ROOT / "tests" / "venues" / "binance" / "twin" / "clients"
"""What foreign clients run, in environments of their own."""
ANSWER_S = 5.0


@dataclass
class Twin:
    """A running twin; `log` stops it first, so that every line is in the file."""

    process: subprocess.Popen[bytes]
    greeting: dict[str, Any]
    log_path: Path

    @property
    def admin(self) -> Admin:
        """Its admin."""
        return Admin(self.greeting["admin"])

    def peek(self, *kinds: str) -> list[dict[str, Any]]:
        """As `log`, while it runs on."""
        self.admin.state()
        lines = [json.loads(line) for line in self.log_path.read_text().splitlines()]
        return [line for line in lines if not kinds or line["kind"] in kinds]

    def stop(self) -> int:
        """SIGTERM and the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=ANSWER_S)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def log(self, *kinds: str) -> list[dict[str, Any]]:
        """The lines of those kinds, all without any."""
        self.stop()
        lines = [json.loads(line) for line in self.log_path.read_text().splitlines()]
        return [line for line in lines if not kinds or line["kind"] in kinds]

    def run(self, test: Callable[[Client], Any]) -> Any:
        """Run an async test against the twin with a client of its own."""

        async def body() -> Any:
            async with aiohttp.ClientSession() as session:
                return await asyncio.wait_for(test(Client(self.greeting, session)), 60)

        return asyncio.run(body())


class Client:
    """Speaks the venue's protocol from its documentation, and nothing more."""

    def __init__(self, greeting: dict[str, Any], session: aiohttp.ClientSession) -> None:
        self.greeting = greeting
        self.session = session

    def by(self, key: dict[str, Any]) -> Client:
        """The same client with another key, as the admin gave it."""
        return Client(self.greeting | {name: key[name] for name in ("api_key", "api_secret")}, self.session)

    def sign(self, payload: str) -> str:
        """A signature with the key's secret: HMAC-SHA256, or Ed25519 or RSA where it is a private key."""
        secret = self.greeting["api_secret"]
        if not secret.startswith("-----BEGIN"):
            return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
        private = serialization.load_pem_private_key(secret.encode(), password=None)
        if isinstance(private, ed25519.Ed25519PrivateKey):
            return base64.b64encode(private.sign(payload.encode())).decode()
        assert isinstance(private, rsa.RSAPrivateKey)
        signature = private.sign(payload.encode(), padding.PKCS1v15(), hashes.SHA256())
        return base64.b64encode(signature).decode()

    async def send(
        self,
        method: str,
        path: str,
        query: str = "",
        body: str | None = None,
        key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any, dict[str, str]]:
        """A request exactly as given: status, parsed body (text when not JSON), headers."""
        sent = {"X-MBX-APIKEY": key if key is not None else self.greeting["api_key"]} | (headers or {})
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        url = aiohttp.client.URL(f"{self.greeting['rest']}{path}" + (f"?{query}" if query else ""), encoded=True)
        async with self.session.request(method, url, data=body, headers=sent) as answer:
            text = await answer.text()
            parsed = json.loads(text) if "json" in answer.content_type else text
            return answer.status, parsed, dict(answer.headers)

    async def public(self, path: str, **params: Any) -> Any:
        """The body of a public GET that must succeed."""
        status, body, _ = await self.send("GET", path, urlencode(params))
        assert status == 200, f"GET {path} {params}: {status} {body}"
        return body

    async def signed(self, method: str, path: str, **params: Any) -> tuple[int, Any]:
        """Status and body of a signed request, parameters in the query string."""
        query = urlencode({"timestamp": now_ms()} | params)
        signature = urlencode({"signature": self.sign(query)})
        status, body, _ = await self.send(method, path, f"{query}&{signature}")
        return status, body

    async def order(self, **params: Any) -> Any:
        """The body of a new order that must be accepted."""
        status, body = await self.signed("POST", "/api/v3/order", **params)
        assert status == 200, f"order {params}: {status} {body}"
        return body

    def request(self, method: str, ident: Any = 1, signed: bool = True, **params: Any) -> str:
        """A WebSocket API request."""
        if signed:
            params = {"apiKey": self.greeting["api_key"], "timestamp": now_ms()} | params
            payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
            params["signature"] = self.sign(payload)
        return json.dumps({"id": ident, "method": method, "params": params})

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[Socket]:
        """A stream socket."""
        async with self.session.ws_connect(self.greeting["stream"] + path) as socket:
            yield Socket(socket)

    @asynccontextmanager
    async def api(self, query: str = "") -> AsyncIterator[Socket]:
        """A WebSocket API socket."""
        async with self.session.ws_connect(self.greeting["ws_api"] + query) as socket:
            yield Socket(socket)


class Socket:
    """A WebSocket that keeps all it read."""

    def __init__(self, raw: aiohttp.ClientWebSocketResponse) -> None:
        self.raw = raw
        self.seen: list[Any] = []

    async def next(self) -> Any:
        """The next message; fails when the socket closes or stays silent."""
        message = await asyncio.wait_for(self.raw.receive(), ANSWER_S)
        assert message.type == aiohttp.WSMsgType.TEXT, f"socket closed: {message}"
        parsed = json.loads(message.data)
        self.seen.append(parsed)
        return parsed

    async def until(self, wanted: Callable[[Any], bool]) -> Any:
        """The next message that fits, whatever comes before it."""
        while True:
            message = await self.next()
            if wanted(message):
                return message

    async def ask(self, request: str) -> Any:
        """Send a request and read up to the message that bears an id."""
        await self.raw.send_str(request)
        return await self.until(lambda message: isinstance(message, dict) and "id" in message)

    async def closed(self) -> int | None:
        """Read to the end; the close code."""
        while True:
            message = await asyncio.wait_for(self.raw.receive(), ANSWER_S)
            if message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING):
                return self.raw.close_code


def now_ms() -> int:
    """UNIX milliseconds."""
    return time.time_ns() // 1_000_000


@dataclass
class ForeignEnvironment:
    """A virtual environment with clients that nobody here wrote."""

    python: Path

    def run(self, script: Path, argument: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        """Run a script with one JSON argument; the JSON object that it prints last.

        The script may import its neighbours; nothing of this repository or of the caller's settings is on its path.
        """
        command = [str(self.python), "-E", "-s", str(script), json.dumps(argument)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
        assert done.returncode == 0, f"{script.name} ended with {done.returncode}:\n{done.stderr[-3000:]}"
        return dict(json.loads(done.stdout.strip().splitlines()[-1]))
