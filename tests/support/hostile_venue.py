"""A venue that has gone mad, in front of one that has not: real traffic, and between it what nobody should ever send.

It passes on everything between a client and a twin, REST and sockets. While `rate` is above 0 it says more than the
twin did: copies of real messages with bytes changed, cut, with values of other kinds, nested a hundred thousand deep,
of four megabytes, of events that nobody has heard of; and it answers some requests with such things instead.
"""

from __future__ import annotations

import asyncio
import copy
import json
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

__all__ = ["HostileVenue"]

DEPTH = 100_000
HUGE_BYTES = 4 * 1024 * 1024
HUGE_SHARE = 0.004
"""Of what is said; more would only measure how fast four megabytes are sent."""
LEAVES: tuple[Any, ...] = (
    None, True, -1, 0, 2**31, 2**63, 2**64, -(2**70), 1e308, 0.1, "", "a", "NaN", "-Infinity", "1e999999999", "9" * 400,
    "1_0", "٣", "\x00", [], {}, [[]], {"e": "x"},
)  # fmt: skip
BINARY_SHARE = 0.05
"""Of what is said on sockets, which otherwise speak text."""
FATAL_SHARE = 0.05
"""Of what costs a client its socket, since nobody knows which stream it was; then it waits before it knocks again."""
ENVELOPES = ("data", "event", "result")
"""What a message lies in; an envelope that cannot be read is one that costs a socket."""
TIMES_MS = 10**12
"""Whole numbers of the venue from here on are times: this is 2001."""
STATUSES = (200, 200, 200, 400, 404, 500, 502, 503)
SPARED = ("/api/v3/exchangeInfo", "/api/v3/time")
"""What a client has to believe: a venue that lies well about its rules is obeyed."""
START_S = 10.0


class HostileVenue:
    """Stands before the twin whose greeting is in `announcement`; its own is in `self.announcement`."""

    def __init__(self, announcement: Path, seed: int) -> None:
        self.rate = 0.0
        self.only: Callable[[bytes], bytes] | None = None
        """One way to be hostile, of those below; otherwise all of them by turns."""
        self.said = 0
        """Hostile messages so far."""
        self._random = random.Random(seed)
        self._greeting = json.loads(announcement.read_bytes())
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._end = asyncio.Event()
        self.announcement = announcement.with_name("hostile.json")
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)
        self._thread.start()
        assert self._ready.wait(START_S), "the hostile venue does not start"

    def close(self) -> None:
        """End it."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(START_S)
        self._loop.close()

    # serving

    async def _serve(self) -> None:
        application = web.Application(client_max_size=HUGE_BYTES)
        application.router.add_route("*", "/{tail:.*}", self._on_request)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address = "{}:{}".format(*runner.addresses[0][:2])
        ours = {**self._greeting}
        for name in ("rest", "stream", "ws_api"):
            scheme, _, rest = self._greeting[name].partition("://")
            _, slash, path = rest.partition("/")
            ours[name] = f"{scheme}://{address}{slash}{path}"
        self.announcement.write_text(json.dumps(ours) + "\n")
        async with aiohttp.ClientSession(auto_decompress=False) as self._session:
            self._ready.set()
            await self._end.wait()
            await runner.cleanup()

    async def _on_request(self, request: web.Request) -> web.StreamResponse:
        base = self._greeting["rest"]
        if request.headers.get("upgrade", "").lower() == "websocket":
            return await self._on_socket(request, base.replace("http", "ws", 1) + request.rel_url.raw_path_qs)
        headers = {name: value for name, value in request.headers.items() if name.lower() == "x-mbx-apikey"}
        url = URL(base + request.rel_url.raw_path_qs, encoded=True)
        async with self._session.request(request.method, url, data=await request.read(), headers=headers) as answer:
            body, status = await answer.read(), answer.status
            told = {name: value for name, value in answer.headers.items() if name.lower().startswith("x-mbx")}
        if request.path not in SPARED and self._random.random() < self.rate:
            body, status = self._hostile(body), self._random.choice(STATUSES)
        return web.Response(body=body, status=status, headers=told, content_type="application/json")

    async def _on_socket(self, request: web.Request, url: str) -> web.WebSocketResponse:
        down = web.WebSocketResponse(autoping=False, max_msg_size=0)
        await down.prepare(request)
        async with self._session.ws_connect(url, autoping=False, max_msg_size=0) as up:
            ways = self._pass_on(down, up, False), self._pass_on(up, down, True)
            both = [asyncio.ensure_future(way) for way in ways]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in both:
                task.cancel()
            await down.close()
        return down

    async def _pass_on(self, source: Any, target: Any, from_venue: bool) -> None:
        async for message in source:
            if message.type is aiohttp.WSMsgType.TEXT:
                if from_venue:
                    await self._say_more(target, message.data)
                await target.send_str(message.data)
            elif message.type is aiohttp.WSMsgType.PING:
                await target.ping(message.data)
            elif message.type is aiohttp.WSMsgType.PONG:
                await target.pong(message.data)

    async def _say_more(self, target: Any, text: str) -> None:
        if self._random.random() < self.rate:
            body = self._hostile(text.encode())
            if self._random.random() < BINARY_SHARE:
                await target.send_bytes(body)
            else:
                await target.send_str(body.decode("utf-8", "replace"))

    # what it says

    def _hostile(self, real: bytes) -> bytes:
        self.said += 1
        if self.only is not None:
            return self.only(real)
        if self._random.random() < HUGE_SHARE:
            return b'{"e":"' + b"x" * HUGE_BYTES + b'"}'
        fatal = (self._noise, self._cut, self._changed, self.deep, self._unheard)
        ways = fatal if self._random.random() < FATAL_SHARE else (self._other_kind, self._no_object)
        return self._random.choice(ways)(real)

    def _noise(self, real: bytes) -> bytes:
        return self._random.randbytes(self._random.choice((0, 1, 7, 200)))

    def _cut(self, real: bytes) -> bytes:
        return real[: self._random.randrange(len(real) + 1)]

    def _changed(self, real: bytes) -> bytes:
        changed = bytearray(real)
        for _ in range(self._random.randint(1, 4)):
            if changed:
                changed[self._random.randrange(len(changed))] = self._random.randrange(256)
        return bytes(changed)

    def _other_kind(self, real: bytes) -> bytes:
        """The real message with one value of another kind, or one left out."""
        try:
            message = copy.deepcopy(json.loads(real))
        except ValueError:
            return b"null"
        inner = message
        for envelope in ENVELOPES:
            if isinstance(message, dict) and isinstance(message.get(envelope), (dict, list)):
                inner = message[envelope]
        while isinstance(inner, (dict, list)) and inner:
            key: Any = self._random.choice(list(inner if isinstance(inner, dict) else range(len(inner))))
            if not isinstance(inner[key], (dict, list)) or not inner[key] or self._random.random() < 0.2:
                if self._random.random() < 0.2:
                    del inner[key]
                else:
                    inner[key] = self._random.choice(LEAVES)
                break
            inner = inner[key]
        return json.dumps(message).encode()

    def _no_object(self, real: bytes) -> bytes:
        """The envelope as it should be with nothing fit in it."""
        try:
            message = json.loads(real)
        except ValueError:
            return b"null"
        for envelope in ENVELOPES:
            if isinstance(message, dict) and envelope in message:
                message[envelope] = self._random.choice(LEAVES)
        return json.dumps(message).encode()

    def deep(self, real: bytes) -> bytes:
        """Nested deeper than anybody reads, in the message's own envelope."""
        start = b""
        if real.startswith(b'{"stream":"'):
            start = real[: real.index(b'"data":') + 7] if b'"data":' in real else b""
        return start + self._random.choice((b"[", b'{"data":', b'{"result":[')) * DEPTH

    def great_numbers(self, real: bytes) -> bytes:
        """The real message with every whole number that is no time times 2**70."""
        return self._grown(real, range(TIMES_MS))

    def great_times(self, real: bytes) -> bytes:
        """The real message with every time times 2**70."""
        return self._grown(real, range(TIMES_MS, 2**63))

    def _grown(self, real: bytes, which: range) -> bytes:
        def grown(value: Any) -> Any:
            if isinstance(value, dict):
                return {key: grown(each) for key, each in value.items()}
            if isinstance(value, list):
                return [grown(each) for each in value]
            return value << 70 if type(value) is int and value in which else value

        message = json.loads(real)
        for envelope in ENVELOPES:
            if envelope in message:
                message[envelope] = grown(message[envelope])
        return json.dumps(message).encode()

    def _unheard(self, real: bytes) -> bytes:
        word = self._random.choice(("somethingNew", "listStatus", "", "executionReport2"))
        event = {"e": word, "E": 1}
        return json.dumps({"subscriptionId": 0, "event": event, "stream": "a@b", "data": event}).encode()
