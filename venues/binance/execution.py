"""The execution actor of Binance Spot."""

from __future__ import annotations

import asyncio
from functools import partial

import msgspec

from actors.runtime import ActorExit, Context, ExitCode
from bus.codec import RequestHeader
from bus.messages import (
    Balance,
    Code,
    Fill,
    NewOrder,
    OrderEvent,
    OrderEventKind,
    OrderStatus,
    PrivateStream,
    Refused,
    Source,
    SubmitOrder,
)
from bus.requests import Answer
from venues.binance.adapter import SPOT
from venues.binance.bans import banned_exit
from venues.binance.cancels import ANSWER_MARGIN_S, Cancels
from venues.binance.client.aiohttp_transport import AiohttpTransport
from venues.binance.client.clock import ServerClock
from venues.binance.client.errors import (
    Banned,
    ClientError,
    KeyRefused,
    NoAnswer,
    NotSent,
    UnreadableAnswer,
)
from venues.binance.client.rest import Rest
from venues.binance.client.ws_connection import PROBE_S, Connection
from venues.binance.mapping.account import event_kind, execution_report, messages_of, own_client_id, position_of
from venues.binance.mapping.orders import order_report
from venues.binance.mapping.placing import order_params
from venues.binance.settings import locator, read_settings
from venues.denials import denial_of

__all__ = ["Execution"]

DRAIN_S = 0.5
"""How long a stopping actor waits for the answers to what it has written: longer than a healthy venue takes."""
_MS = 1_000_000


class Execution(Cancels):
    """
    Owns: the connection for orders and account events; what it has written in this life; unacknowledged events.
    Listens: new orders from the gate, cancels from strategies and the supervisor, queries from the reconciler.
    Sends: everything that happens to orders, fills, balances and the private stream, to the reconciler, until taken.
    Fails when: settings or keys are wrong (exit 10), the address is banned (11), events pile up for ever (13).
    Restart means: nothing is sent again; the reconciler asks the venue what became of what was in flight.
    """

    _network: AiohttpTransport
    _connection: Connection

    def __init__(self, context: Context, **arguments: object) -> None:
        super().__init__(context, **arguments)
        self.settings = read_settings(context.settings)
        self.locate = locator(self.settings, trading=True)
        self.server_clock = ServerClock(self.clock.monotonic_ns)
        self._life: asyncio.Task[None] | None = None

    # life

    async def setup(self) -> None:
        await super().setup()
        self._network = AiohttpTransport()
        self.rest = Rest(self._network, self.locate, self.server_clock)
        self._connection = Connection(self.locate, self._network.dial, self.server_clock, self, self.spawn)

    async def begin(self) -> None:
        await super().begin()
        self.ready("CONNECTING", self._connection.why_down)
        self._life = self.spawn(self._stay_connected())
        self.every(PROBE_S, self._connection.probe)

    async def disconnect(self) -> None:
        if self._life is not None:
            self._life.cancel()
        if self._connection.api is not None:
            await self._connection.api.drain(DRAIN_S)
        await self._connection.close("the actor stops")
        await self._network.close()

    def counters(self) -> dict[str, int]:
        return {**super().counters(), **self.counts, "reconnects": self._connection.reconnects}

    async def _stay_connected(self) -> None:
        try:
            await self._connection.run()
        except Banned as error:
            failure = banned_exit(self.instance, error, self.clock.time_ns())
        except KeyRefused as error:
            reason = f"{self.instance}: the venue refuses the API key: {error}"
            failure = ActorExit(ExitCode.CONFIGURATION, reason)
        await self._network.close()
        raise failure

    def on_connected(self) -> None:
        """Orders can be sent."""
        self.ready()
        self.log.info("connected", clock_bound_ms=self.server_clock.bound_ns / _MS)

    def on_disconnected(self, reason: str, wait_s: float) -> None:
        """The connection is down; it is made again."""
        self.ready("CONNECTING", reason)
        self.log.warning("not connected, trying again", reason=reason, in_s=round(wait_s, 2))

    def on_stream(self, up: bool, reason: str) -> None:
        """The account's events begin or end."""
        self.emit(PrivateStream(self.instance, up, reason, self.clock.time_ns()))

    # new orders

    def on_submit_order(self, message: SubmitOrder, header: RequestHeader) -> Answer:
        """Write an order to the venue's socket, once. OK means written; what becomes of it comes as events.

        Every refusal is definite: nothing was sent.
        """
        order = message.order
        if self.was_written(order.client_order_id):
            return None
        refusal = self.check_submit(order, header)
        if refusal is not None:
            return refusal
        symbol = self.symbol_of(order.instrument)
        if isinstance(symbol, Refused):
            return symbol
        params = denial_of(order, SPOT) or order_params(order, symbol)
        if isinstance(params, Refused):
            self.log.warning("order denied", order=order.client_order_id, code=params.code, reason=params.reason)
            return params
        api = self._connection.api
        if api is None:
            return self._not_connected()
        left_ms = (header.deadline_ns - self.clock.monotonic_ns()) // _MS
        window_ms = min(self.settings.recv_window_ms, left_ms)
        if window_ms < 1:
            return Refused(Code.DEADLINE_PASSED, "under a millisecond is left")
        answered = partial(self._on_place_answer, order)
        failed: NoAnswer | None = None
        try:
            api.call("order.place", params, answered, window_ms / 1000 + ANSWER_MARGIN_S, recv_window_ms=window_ms)
        except NotSent as error:
            return Refused(Code.VENUE_NOT_CONNECTED, str(error))
        except NoAnswer as error:
            failed = error
        written = self.clock.time_ns()
        self.note_written(order)
        self.counts["orders_written"] += 1
        self.emit(
            OrderEvent(
                kind=OrderEventKind.SUBMITTED,
                instance=self.instance,
                instrument=order.instrument,
                client_order_id=order.client_order_id,
                source=Source.ANSWER,
                ts_event=written,
                ts_init=written,
                order_id=order.order_id,
                strategy=order.strategy,
                status=OrderStatus.SUBMITTED,
                side=order.side,
                type=order.type,
                size=order.size,
                price=order.price,
                time_in_force=order.time_in_force,
                trigger_price=order.trigger_price,
                quote_size=order.quote_size,
                post_only=order.post_only,
                display_size=order.display_size,
                trailing_offset=order.trailing_offset,
                trailing_offset_type=order.trailing_offset_type,
                activation_price=order.activation_price,
                ts_written=written,
                expires_ns=written + window_ms * _MS + self.server_clock.bound_ns,
            )
        )
        if failed is not None:
            self._on_place_answer(order, failed)
        return None

    def _on_place_answer(self, order: NewOrder, answer: bytes | ClientError) -> None:
        names = (order.client_order_id, order.instrument, order.order_id, order.strategy)
        if isinstance(answer, ClientError):
            kind = OrderEventKind.REJECTED if answer.definite else OrderEventKind.OUTCOME_UNKNOWN
            self._emit_failure(kind, answer, *names)
            return
        body = self._order_body(answer, *names)
        if body is not None:
            self.note_venue_id(body.order_id, order.client_order_id)
            self.emit(
                order_report(
                    body, OrderEventKind.ACCEPTED, Source.ANSWER, self.instance, order.instrument,
                    self.clock.time_ns(), order.order_id, order.strategy,
                )
            )  # fmt: skip

    # what the venue says

    def on_event(self, raw: bytes) -> None:
        """An event of the account."""
        self.counts["venue_events"] += 1
        try:
            messages = self._messages_of(raw, self.clock.time_ns())
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            self.on_unreadable(UnreadableAnswer(raw, str(error)))
            # an event of ours is lost: only a fresh stream and the reconciler's queries can make up for it
            self._connection.end_stream("an event of the account cannot be read")
            return
        for message in messages:
            self.emit(message)

    def _messages_of(self, raw: bytes, now: int) -> tuple[Fill | OrderEvent | Balance, ...]:
        kind = event_kind(raw).type
        if kind == "executionReport":
            report = execution_report(raw)
            client_id = own_client_id(report)
            names = self.names_of(client_id)
            self.note_venue_id(report.order_id, client_id)
            return messages_of(report, self.instance, self.instrument_of(report.symbol), now, *names, raw)
        if kind == "outboundAccountPosition":
            return position_of(raw, self.instance, now)
        if kind == "eventStreamTerminated":
            self._connection.end_stream("the venue ended the private stream")
        elif kind == "serverShutdown":
            self.log.warning("the venue announces that it will close this connection")
        return ()
