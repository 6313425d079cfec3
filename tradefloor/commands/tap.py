"""Print live traffic under some topic prefixes (all by default), decoded by plain msgpack and labelled by the schema.

The tap opens nothing at a venue: a prefix is no demand. An exact topic is, and starts with its state. Streams' own
heartbeats are shown where a prefix asks for them."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import Any

import msgpack
import msgspec

from actors.monitor.visitor import Visitor
from actors.runtime import ExitCode
from bus.directory import is_far
from bus.messages import GetSchema, Schema
from bus.schema import label
from bus.transport import Frames, ZmqTransport
from tradefloor.commands.common import add_floor, add_json, visit, where

__all__ = ["add_arguments", "run"]

KINDS = ("STATE", "CHANGE", "HEARTBEAT")
HEARTBEATS = "heartbeat/"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("prefix", metavar="PREFIX", nargs="*", help="such as market/BINANCE/ or execution/")
    parser.add_argument("--count", type=int, default=0, metavar="N", help="end after N messages")
    add_floor(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Read publishers directly, and print."""

    async def work(floor: Visitor) -> int:
        reply = await floor.request("supervisor", GetSchema())
        schema: Any = msgspec.json.decode(reply.body.json) if isinstance(reply.body, Schema) else {}
        beats = any(prefix.startswith(HEARTBEATS) for prefix in options.prefix)
        tap = _Tap(schema, options.count, options.json, beats)
        transport = ZmqTransport(asyncio.get_running_loop(), floor.identity)
        far = is_far(where(options))
        links: dict[tuple[str, str], Any] = {}

        def connect() -> None:
            for entry in floor.member.directory.entries.values():
                open_key = entry.key if far else ""
                for endpoint, key in ((entry.publishes_at, open_key), (entry.private_at, entry.key)):
                    if entry.live and endpoint and (endpoint, key) not in links:
                        link = links[(endpoint, key)] = transport.reader(endpoint, tap.on_message, key)
                        for prefix in options.prefix or [""]:
                            link.subscribe(prefix.encode())

        connect()
        floor.member.on_directory.append(lambda entry: connect())
        try:
            await tap.done.wait()
        finally:
            transport.close()
        return ExitCode.DONE

    return visit(options, work)


class _Tap:
    def __init__(self, schema: Any, count: int, json: bool, beats: bool) -> None:
        self.done = asyncio.Event()
        self._beats = beats
        self._schema, self._left, self._json = schema, count or -1, json

    def on_message(self, frames: Frames) -> None:
        if self.done.is_set() or len(frames) != 3:
            return
        topic = frames[0].decode(errors="replace")
        if topic.startswith(HEARTBEATS) and not self._beats:
            return
        try:
            header = msgpack.unpackb(frames[1], strict_map_key=False)
            body = msgpack.unpackb(frames[2], strict_map_key=False)
        except (ValueError, msgpack.exceptions.UnpackException):
            header, body = [0, -1, "?", 0, 0, 0], ["Unreadable", frames[2][:64].hex()]
        self._print(topic, header, body)
        self._left -= 1
        if self._left == 0:
            self.done.set()

    def _print(self, topic: str, header: list[Any], body: Any) -> None:
        _, kind, sender, epoch, seq, ts_sent = header
        word = KINDS[kind] if kind in range(len(KINDS)) else str(kind)
        labelled = label(body, self._schema)
        document = {
            "topic": topic,
            "kind": word,
            "sender": sender,
            "epoch": epoch,
            "seq": seq,
            "ts_sent": ts_sent,
            "message": body[0] if isinstance(body, list) and body else "",
            "body": labelled,
        }
        if self._json:
            line = msgspec.json.encode(document, enc_hook=repr).decode()
        else:
            text = msgspec.json.encode(labelled, enc_hook=repr).decode()
            line = f"{topic} {word} {seq} {document['message']} {text[:400]}{'...' if len(text) > 400 else ''}"
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
