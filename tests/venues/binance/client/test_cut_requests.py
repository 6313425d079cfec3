"""A request that is cut at any moment: not sent where not a byte can have left, and otherwise nobody knows."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from binance_floor import TwinProcess

from venues.binance.client import AiohttpTransport, HttpRequest, NoAnswer, NotSent
from venues.binance.client import aiohttp_transport as module

Run = Callable[[Any], Any]
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
METHODS = ("GET", "POST", "PUT", "DELETE")


class Server:
    """A TCP server that answers `times - 1` requests of a connection well, says `said` to the last, and closes it."""

    def __init__(self, said: bytes, reads: bool = True, times: int = 1) -> None:
        self.said, self.reads, self.times = said, reads, times
        self.requests: list[bytes] = []
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Server]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        self.url = f"http://{host}:{port}"
        async with server:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in range(self.times):
            if self.reads:
                self.requests.append(await reader.read(65536))
            writer.write(ANSWER if number < self.times - 1 else self.said)
            await writer.drain()
        writer.close()


def request(method: str, url: str, timeout_s: float = 5.0) -> HttpRequest:
    body = b"symbol=BTCUSDT" if method in ("POST", "PUT") else b""
    return HttpRequest(method, f"{url}/api/v3/order", {}, body, timeout_s)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("said", "reads"),
    [
        (b"", False),
        (b"", True),
        (b"HTTP/1.1 200 O", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", True),
        (b"nothing of HTTP's\r\n\r\n", True),
    ],
    ids=["before-it-reads", "after-it-read", "in-the-headers", "in-the-body", "garbage"],
)
def test_a_connection_that_is_cut_after_it_stood_leaves_it_open_what_became(
    run: Run, method: str, said: bytes, reads: bool
) -> None:
    async def body() -> None:
        async with Server(said, reads).running() as server, AiohttpTransport() as network:
            with pytest.raises(NoAnswer) as failed:
                await network.send(request(method, server.url))
            assert not failed.value.definite

    run(body())


@pytest.mark.parametrize("method", METHODS)
def test_a_kept_connection_that_is_cut_by_the_next_request_sends_it_no_second_time(run: Run, method: str) -> None:
    async def body() -> None:
        async with Server(b"", times=2).running() as server, AiohttpTransport() as network:
            assert (await network.send(request("GET", server.url))).body == b"{}"
            with pytest.raises(NoAnswer):
                await network.send(request(method, server.url))
            assert len(server.requests) == 2

    run(body())


def test_an_answer_that_does_not_come_in_time_leaves_it_open(run: Run) -> None:
    async def body() -> None:
        silent = asyncio.Event()

        async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await silent.wait()
            writer.close()

        server = await asyncio.start_server(wait, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        async with server, AiohttpTransport() as network:
            with pytest.raises(NoAnswer):
                await network.send(request("POST", f"http://{host}:{port}", timeout_s=0.1))
            silent.set()

    run(body())


def test_nobody_who_listens_is_not_sent(run: Run) -> None:
    async def body() -> None:
        async with Server(b"").running() as server:
            url = server.url
        async with AiohttpTransport() as network:
            with pytest.raises(NotSent):
                await network.send(request("POST", url))

    run(body())


@pytest.mark.parametrize("url", ["http://no-such-host.invalid", "http://", "ftp://127.0.0.1"])
def test_an_address_that_is_none_is_not_sent(run: Run, url: str) -> None:
    async def body() -> None:
        async with AiohttpTransport() as network:
            with pytest.raises(NotSent):
                await network.send(request("POST", url))

    run(body())


def test_a_tls_handshake_that_fails_is_not_sent(run: Run) -> None:
    async def body() -> None:
        context = ssl.create_default_context()
        async with Server(b"no TLS here\r\n").running() as server, AiohttpTransport(ssl=context) as network:
            with pytest.raises(NotSent):
                await network.send(request("POST", server.url.replace("http:", "https:")))

    run(body())


def test_a_proxy_that_refuses_to_connect_is_not_sent_and_one_that_carries_it_answers(run: Run) -> None:
    async def body() -> None:
        refusing = Server(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        async with refusing.running(), AiohttpTransport(proxy=refusing.url) as network:
            with pytest.raises(NotSent):
                await network.send(request("POST", "https://api.binance.com"))
            assert refusing.requests[0].startswith(b"CONNECT api.binance.com:443 ")
        carrying = Server(ANSWER)
        async with carrying.running(), AiohttpTransport(proxy=carrying.url) as network:
            assert (await network.send(request("GET", "http://api.binance.com"))).status == 200
            assert carrying.requests[0].startswith(b"GET http://api.binance.com/api/v3/order ")

    run(body())


def test_an_answer_larger_than_anything_of_the_venues_is_not_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BODY_LIMIT", 1000)

    async def body() -> None:
        for head in (b"Content-Length: 2000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n7d0\r\n"):
            said = b"HTTP/1.1 200 OK\r\n" + head + b"x" * 2000
            async with Server(said).running() as server, AiohttpTransport() as network:
                with pytest.raises(NoAnswer):
                    await network.send(request("GET", server.url))

    run(body())


def test_a_closed_client_sends_nothing(run: Run) -> None:
    async def body() -> None:
        network = AiohttpTransport()
        await network.close()
        with pytest.raises(NotSent):
            await network.send(request("GET", "http://127.0.0.1:1"))
        with pytest.raises(NotSent):
            await network.dial("ws://127.0.0.1:1")

    run(body())


def test_no_redirect_is_followed_and_the_url_is_sent_byte_by_byte(run: Run) -> None:
    async def body() -> None:
        said = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
        async with Server(said).running() as server, AiohttpTransport() as network:
            answer = await network.send(HttpRequest("GET", f"{server.url}/a?x=%5B%22%26%2B%20~", {}))
            assert answer.status == 302
            assert server.requests[0].startswith(b"GET /a?x=%5B%22%26%2B%20~ HTTP/1.1\r\n")
            assert len(server.requests) == 1

    run(body())


def test_a_twin_that_is_stopped_and_frozen_meanwhile(make_twin: Callable[..., TwinProcess], run: Run) -> None:
    twin = make_twin()

    async def body() -> None:
        async with AiohttpTransport() as network:
            url = twin.greeting["rest"]
            assert (await network.send(HttpRequest("GET", f"{url}/api/v3/time", {}))).status == 200
            twin.freeze()
            with pytest.raises(NoAnswer):
                await network.send(HttpRequest("GET", f"{url}/api/v3/time", {}, timeout_s=0.2))
            twin.stop()
            with pytest.raises(NotSent):
                await network.send(HttpRequest("GET", f"{url}/api/v3/time", {}))

    run(body())
