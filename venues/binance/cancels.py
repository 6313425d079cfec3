"""Cancels: over the order connection, and where that is down over REST; and what answers to orders have in common."""

from __future__ import annotations

from functools import partial

import msgspec

from actors.runtime import Context
from bus.codec import RequestHeader
from bus.messages import (
    CancelAll,
    CancelOrder,
    Code,
    InstrumentId,
    OrderEvent,
    OrderEventKind,
    Refused,
    Source,
    is_of_floor,
    parse_order_id,
    strategy_code,
)
from bus.requests import Answer
from venues.binance.bans import banned_exit
from venues.binance.client.clock import ServerClock
from venues.binance.client.errors import (
    Banned,
    ClientError,
    ClockRefused,
    LimitReached,
    NoAnswer,
    NotSent,
    UnreadableAnswer,
)
from venues.binance.client.payloads import OrderBody
from venues.binance.client.ws_api import WsApi
from venues.binance.client.ws_connection import Connection
from venues.binance.mapping.errors import code_of, reason_of, refusal_of
from venues.binance.mapping.orders import order_report
from venues.binance.queries import Queries, order_names

__all__ = ["ANSWER_MARGIN_S", "Cancels"]

ANSWER_MARGIN_S = 1.0
"""An answer is waited for this long beyond the recvWindow."""
CANCEL_WINDOW_MS = 5000

_order = msgspec.json.Decoder(OrderBody)


class Cancels(Queries):
    """The part of the execution actor that ends orders."""

    server_clock: ServerClock
    _connection: Connection

    def __init__(self, context: Context, **arguments: object) -> None:
        super().__init__(context, **arguments)
        self.counts = {"orders_written": 0, "cancels_written": 0, "venue_events": 0, "unreadable_venue": 0}

    def on_cancel_order(self, message: CancelOrder, header: RequestHeader) -> object:
        """Write a cancel. OK means written; the order's end, or why it goes on, comes as an event.

        An order of this id that comes later, having been slower than its cancel, is refused.
        """
        refusal = self.check_cancel(message, header)
        if refusal is not None:
            return refusal
        self.note_cancel(message.client_order_id)
        symbol = self.symbol_of(message.instrument)
        if isinstance(symbol, Refused):
            return symbol
        if not message.client_order_id and not message.venue_order_id:
            return Refused(Code.NO_SUCH_ORDER, "a cancel needs a client order id or the venue's")
        if self._connection.api is None:
            return self._cancel_by_rest(message, symbol)
        try:
            self._write_cancel(message, symbol, self._connection.api)
        except NotSent as error:
            return Refused(Code.VENUE_NOT_CONNECTED, str(error))
        return None

    def _write_cancel(self, cancel: CancelOrder, symbol: str, api: WsApi) -> None:
        params: dict[str, str | int] = {"symbol": symbol}
        if cancel.client_order_id:
            params["origClientOrderId"] = cancel.client_order_id
        else:
            params["orderId"] = cancel.venue_order_id
        answered = partial(self._on_cancel_answer, cancel)
        failed: NoAnswer | None = None
        timeout_s = CANCEL_WINDOW_MS / 1000 + ANSWER_MARGIN_S
        try:
            api.call("order.cancel", params, answered, timeout_s, recv_window_ms=CANCEL_WINDOW_MS)
        except NoAnswer as error:
            failed = error
        self.counts["cancels_written"] += 1
        self._emit_pending(cancel)
        if failed is not None:
            self._on_cancel_answer(cancel, failed)

    async def _cancel_by_rest(self, cancel: CancelOrder, symbol: str) -> Answer:
        """The order connection is down: cancel over whatever still works, and answer when it is answered."""
        self._emit_pending(cancel)
        try:
            body = await self.rest.cancel_order(symbol, **order_names(cancel.client_order_id, cancel.venue_order_id))
        except Banned as error:
            raise banned_exit(self.instance, error, self.clock.time_ns()) from None
        except (NotSent, LimitReached) as error:  # it was not executed, so it can be tried again
            self._on_cancel_answer(cancel, error)
            return refusal_of(error)
        except ClientError as error:
            self._on_cancel_answer(cancel, error)
        else:
            self._on_canceled(cancel, body)
        return None

    def _emit_pending(self, cancel: CancelOrder) -> None:
        now = self.clock.time_ns()
        self.emit(
            OrderEvent(
                OrderEventKind.CANCEL_PENDING,
                self.instance,
                cancel.instrument,
                cancel.client_order_id,
                Source.ANSWER,
                now,
                now,
                order_id=cancel.order_id,
                venue_order_id=cancel.venue_order_id,
                strategy=cancel.strategy,
                ts_written=now,
            )
        )

    def _on_cancel_answer(self, cancel: CancelOrder, answer: bytes | ClientError) -> None:
        names = (cancel.client_order_id, cancel.instrument, cancel.order_id, cancel.strategy)
        if isinstance(answer, ClientError):
            kind = OrderEventKind.CANCEL_REJECTED if answer.definite else OrderEventKind.OUTCOME_UNKNOWN
            self._emit_failure(kind, answer, *names, cancel.venue_order_id)
            return
        body = self._order_body(answer, *names)
        if body is not None:
            self._on_canceled(cancel, body)

    def _on_canceled(self, cancel: CancelOrder, body: OrderBody) -> None:
        self.emit(
            order_report(
                body, OrderEventKind.CANCELED, Source.ANSWER, self.instance, cancel.instrument,
                self.clock.time_ns(), cancel.order_id, cancel.strategy,
            )
        )  # fmt: skip

    async def on_cancel_all(self, message: CancelAll, header: RequestHeader) -> Answer:
        """Write a cancel for each given order at once, then for each that the venue says is open and is meant.

        The venue is asked (weight 80) where no order is given or everybody's are meant, and for a single instrument's
        orders (weight 6). OK means that all are written. Where the venue cannot be asked, the given ones were written
        all the same, and the answer is a refusal that says so.
        """
        refusal = self.check_cancel(message, header)
        if refusal is not None:
            return refusal
        done: set[str] = set()
        failures: list[Refused] = []
        for _, client_order_id in message.client_order_ids:
            self.note_cancel(client_order_id)
        for instrument, client_order_id in message.client_order_ids:
            done.add(client_order_id)
            await self._cancel_one(CancelOrder(client_order_id, self.instance, instrument, message.strategy), failures)
        if message.client_order_ids and message.strategy and not message.instrument:
            return _refusal_of_all(failures)
        try:
            bodies = await self._open_bodies(message.instrument)
        except ClientError as error:
            refusal = refusal_of(error)
            reason = f"{len(done)} given orders were canceled; the venue's open ones cannot be read: {refusal.reason}"
            return Refused(refusal.code, reason, refusal.venue_code)
        for body in bodies:
            if body.client_order_id not in done and _is_meant(body.client_order_id, message, self.context.floor):
                cancel = CancelOrder(
                    body.client_order_id,
                    self.instance,
                    self.instrument_of(body.symbol),
                    message.strategy,
                    venue_order_id=str(body.order_id),
                )
                await self._cancel_one(cancel, failures)
        return _refusal_of_all(failures)

    async def _cancel_one(self, cancel: CancelOrder, failures: list[Refused]) -> None:
        symbol = self.symbol_of(cancel.instrument)
        if isinstance(symbol, Refused):
            failures.append(symbol)
            return
        if self._connection.api is not None:
            try:
                self._write_cancel(cancel, symbol, self._connection.api)
                return
            except NotSent:
                pass
        answer = await self._cancel_by_rest(cancel, symbol)
        if isinstance(answer, Refused):
            failures.append(answer)

    async def cancel_orders(self, cancels: list[CancelOrder]) -> None:
        failures: list[Refused] = []
        for cancel in cancels:
            await self._cancel_one(cancel, failures)
        if failures:
            self.log.error("orders may rest at the venue", failures=len(failures), first=failures[0].reason)

    # what answers have in common

    def on_unreadable(self, error: UnreadableAnswer) -> None:
        """What the venue said cannot be read."""
        self.counts["unreadable_venue"] += 1
        self.log.error("the venue said what cannot be read", reason=error)

    def _not_connected(self) -> Refused:
        return Refused(Code.VENUE_NOT_CONNECTED, f"{self.instance} is not connected: {self._connection.why_down}")

    def _order_body(
        self, raw: bytes, client_order_id: str, instrument: InstrumentId, order_id: str, strategy: str
    ) -> OrderBody | None:
        try:
            return _order.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            failure = UnreadableAnswer(raw, str(error), 200)
        self.on_unreadable(failure)
        self._emit_failure(OrderEventKind.OUTCOME_UNKNOWN, failure, client_order_id, instrument, order_id, strategy)
        return None

    def _emit_failure(
        self,
        kind: OrderEventKind,
        error: ClientError,
        client_order_id: str,
        instrument: InstrumentId,
        order_id: str,
        strategy: str,
        venue_order_id: str = "",
    ) -> None:
        if isinstance(error, ClockRefused):
            self.server_clock.forget()
            self._connection.probe()
        elif isinstance(error, LimitReached):
            self.rest.limits.heed(error)
        now = self.clock.time_ns()
        reason = reason_of(error)
        # a cancel that crosses a fill is refused every day; an order refused or unknown is not
        say = self.log.debug if kind is OrderEventKind.CANCEL_REJECTED else self.log.warning
        say("order answer", order=client_order_id or venue_order_id, outcome=kind, reason=reason)
        self.emit(
            OrderEvent(
                kind,
                self.instance,
                instrument,
                client_order_id,
                Source.ANSWER,
                now,
                now,
                order_id=order_id,
                venue_order_id=venue_order_id,
                strategy=strategy,
                code=code_of(error) if error.definite else Code.TIMED_OUT,
                reason=reason,
                venue_code=error.venue_code,
            )
        )


def _refusal_of_all(failures: list[Refused]) -> Refused | None:
    return Refused(failures[0].code, "; ".join(failure.reason for failure in failures[:3])) if failures else None


def _is_meant(client_order_id: str, message: CancelAll, floor: str) -> bool:
    if not message.strategy:
        return True
    parts = parse_order_id(client_order_id)
    if parts is None or not is_of_floor(parts, floor) or parts.strategy != strategy_code(message.strategy):
        return False
    return not message.until_epoch or parts.epoch <= message.until_epoch
