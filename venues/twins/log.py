"""The truth log of a twin: what it did, as append-only JSON lines.

Whoever checks a client reads this file, and nothing of the client's own code. Every line has `ts_ns` (UNIX
nanoseconds of the host, whatever the venue's clock says) and `kind`; Decimals are strings.

    kind              fields                                   what it says
    start             symbols seed balances pid                the twin begins; balances by account and asset
    stop                                                       it ends by itself
    received          via socket method params                 a request came in and was dealt with; no signature
    answered          via socket method status code            what it was answered: `code` of a refusal;
                      client_order_id fault                    `fault` is the number of one that changed the answer
    order             account order_id client_order_id symbol  an order as it is after each change
                      side type price size filled status
    order_list        account order_list_id client_order_id    a list of orders as it is after each change
                      symbol list_kind status orders
    fill              account trade_id order_id symbol side    an account's part of a trade
                      client_order_id price size fee
                      fee_asset maker time_ms
    trade             trade_id symbol price size               a trade of anybody
    balance           account asset free locked                a balance as it is after a change
    deposit           account asset amount                     money came from outside, or left when negative
    replay_start      files speed                              a capture is told again from now on
    replay_end        frames sent                              it is over: frames in all, and those that had a reader
    socket_open       socket path                              a WebSocket was accepted
    socket_refused    path status code                         one was not: a ban, or too many attempts
    socket_cut        socket code reason                       the twin ends one: code of its close frame, none for RST
    socket_close      socket code unsent                       one is gone; frames that it was not sent
    subscribe         socket streams                           a socket reads market streams from now on
    unsubscribe       socket streams                           and no more
    sent              sockets stream data                      a market message, and who it was sent to
    user_subscribe    socket account                           a socket hears an account's events from now on
    user_unsubscribe  socket account                           and no more
    user_sent         sockets data                             an account's event, and who it was sent to
    fault_armed       id fault                                 a fault waits or holds from now on
    fault             id fault by hit                          it hit: a request, an event, a message, sockets; `by` is
                                                               admin or plan (id 0); a lost message is in `hit`
    fault_ended       id fault hits                            it is over, after so many hits
    admin             action params                            something was done by the admin's door

What a fault keeps from being received or sent has no line of its own but the fault's: a request that was lost is not
`received`, an answer that was lost is not `answered`, an event that was lost is not `user_sent`.

Lines are gathered and written with one system call by `flush`, which the server calls at least every `FLUSH_EVERY_S`
and at its stop, so that the file lacks nothing older than that whatever happens to any other process.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import msgspec

FLUSH_EVERY_S = 0.02
"""Longest time a line waits in memory: under the 50 ms that readers of the log may count on."""
MAX_BUFFERED_BYTES = 256 * 1024
"""A burst is written at once when it grows past this, so memory stays bounded."""

_encode = msgspec.json.Encoder().encode


class TruthLog:
    """Writes to `path`, or nowhere when it is None. Raises OSError when the file cannot be opened."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lines: list[bytes] = []
        self._buffered = 0
        self._file = -1
        if path is not None:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def write(self, kind: str, **fields: Any) -> None:
        """Add one line; values are anything that JSON holds, Decimals, or `msgspec.Raw` already encoded."""
        if self._file < 0:
            return
        line = _encode({"ts_ns": time.time_ns(), "kind": kind, **fields})
        self._lines.append(line)
        self._buffered += len(line)
        if self._buffered > MAX_BUFFERED_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the operating system."""
        if not self._lines:
            return
        data = memoryview(b"\n".join(self._lines) + b"\n")
        self._lines.clear()
        self._buffered = 0
        while data:
            data = data[os.write(self._file, data) :]

    def close(self) -> None:
        """Flush and close; later lines are dropped."""
        if self._file >= 0:
            self.flush()
            os.close(self._file)
            self._file = -1
