"""The network behind the client's two seams: HTTP requests and WebSockets by aiohttp, in one session.

Whether a request can have left this host is known exactly: aiohttp tells of the headers right before it writes the
first byte. It would also send GET, PUT and DELETE a second time by itself where a kept connection turns out to be cut;
that is stopped at the same moment, for a cancel or an amendment that was sent twice is not what was asked for.
"""

from __future__ import annotations

import asyncio
import ssl as ssl_module
from types import SimpleNamespace, TracebackType

import aiohttp
from yarl import URL

from venues.binance.client.aiohttp_socket import AiohttpSocket
from venues.binance.client.attempts import Attempts
from venues.binance.client.errors import NoAnswer, NotSent, api_error, retry_after_s
from venues.binance.client.socket import Socket
from venues.binance.client.transport import HttpAnswer, HttpRequest

__all__ = ["AiohttpTransport"]

CONNECT_S = 5.0
"""Name, TCP and TLS of a REST call."""
DIAL_S = 10.0
"""The same and the handshake of a WebSocket; the slowest seen from another continent are under 2 s."""
CLOSE_S = 0.5
"""How long a peer may take for the closing handshake before its socket is dropped."""
TURNS = 2
"""Of the event loop before a request, so that it first reads what kept connections have to tell: that they ended."""
BODY_LIMIT = 64 * 1024 * 1024
"""exchangeInfo without permission sets is under 10 MB; anything near this is an error or an attack."""
MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""The largest message of a stream or an answer is a depth answer of 5,000 levels at about 400 kB."""


class AiohttpTransport:
    """A `Transport`, and a `Dial` in `dial`. The session is made at the first use and ended by `close`.

    `proxy` is the URL of an HTTP proxy (with its user and password, where it asks for them), `ssl` a context with your
    own authorities or certificate. WebSockets are connected no more often than the venue lets an address.
    """

    def __init__(
        self,
        *,
        proxy: str | None = None,
        ssl: ssl_module.SSLContext | None = None,
        attempts: Attempts | None = None,
    ) -> None:
        self._proxy = proxy
        self._attempts = attempts or Attempts()
        self._ssl: ssl_module.SSLContext | bool = ssl if ssl is not None else True
        self._session: aiohttp.ClientSession | None = None
        self._is_closed = False

    async def __aenter__(self) -> AiohttpTransport:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End all connections; nothing can be sent any more."""
        self._is_closed = True
        if self._session is not None:
            await self._session.close()

    async def send(self, request: HttpRequest) -> HttpAnswer:
        for _ in range(TURNS):
            await asyncio.sleep(0)
        session, what = self._open(), request.name
        writing = SimpleNamespace(begun=False)
        try:
            async with session.request(
                request.method,
                URL(request.url, encoded=True),
                data=request.body or None,
                headers=request.headers,
                timeout=aiohttp.ClientTimeout(total=request.timeout_s, connect=CONNECT_S),
                allow_redirects=False,
                proxy=self._proxy,
                ssl=self._ssl,
                trace_request_ctx=writing,
            ) as answer:
                body = await _read(answer)
        except _SecondTime:
            raise NoAnswer(f"{what}: the connection was cut before the answer") from None
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            if not writing.begun:
                raise NotSent(f"{what}: cannot connect: {type(error).__name__}: {error}") from None
            raise NoAnswer(f"{what}: {type(error).__name__}: {error}") from None
        return HttpAnswer(answer.status, body, answer.headers)

    async def dial(self, url: str) -> Socket:
        """Connect a WebSocket. Raises NotSent; LimitReached or Banned where the venue refuses by that."""
        await self._attempts.turn()
        session = self._open()
        try:
            async with asyncio.timeout(DIAL_S):
                socket = await session.ws_connect(
                    url,
                    autoping=False,
                    autoclose=False,
                    compress=0,
                    max_msg_size=MAX_MESSAGE_BYTES,
                    decode_text=False,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
                    proxy=self._proxy,
                    ssl=self._ssl,
                )
        except aiohttp.WSServerHandshakeError as error:
            if error.status in (418, 429):
                wait_s = retry_after_s(error.headers.get("Retry-After", "")) if error.headers is not None else 0.0
                raise api_error(0, error.message, error.status, wait_s) from None
            raise NotSent(f"cannot connect to {url}: HTTP {error.status} {error.message}") from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise NotSent(f"cannot connect to {url}: {type(error).__name__}: {error}") from None
        return AiohttpSocket(socket)

    def _open(self) -> aiohttp.ClientSession:
        if self._is_closed:
            raise NotSent("the client is closed")
        if self._session is None:
            traces = aiohttp.TraceConfig()
            traces.on_request_headers_sent.append(_on_writing)
            self._session = aiohttp.ClientSession(trace_configs=[traces], cookie_jar=aiohttp.DummyCookieJar())
        return self._session


class _SecondTime(Exception):
    """The request was about to be written once more."""


async def _on_writing(
    session: aiohttp.ClientSession, context: SimpleNamespace, headers: aiohttp.TraceRequestHeadersSentParams
) -> None:
    writing = context.trace_request_ctx
    if writing is None:
        return  # a WebSocket's handshake
    if writing.begun:
        raise _SecondTime
    writing.begun = True


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    if (answer.content_length or 0) > BODY_LIMIT:
        raise aiohttp.ClientPayloadError(f"body of {answer.content_length} bytes")
    parts: list[bytes] = []
    size = 0
    async for part in answer.content.iter_any():
        size += len(part)
        if size > BODY_LIMIT:
            raise aiohttp.ClientPayloadError(f"body of over {BODY_LIMIT} bytes")
        parts.append(part)
    return b"".join(parts)
