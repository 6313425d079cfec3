"""Changes of working orders: amended where that keeps their place in the queue, else canceled and placed anew."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import partial

import msgspec

from bus.messages import Code, ModifyOrder, NewOrder, OrderEvent, OrderEventKind, Refused, exact
from venues.binance.client.errors import CancelReplaceFailed, ClientError
from venues.binance.client.payloads import CancelReplace, OrderAmended
from venues.binance.mapping.changes import AMEND, change_request, replace_reports
from venues.binance.mapping.orders import amend_report
from venues.binance.mapping.placing import Params, Request
from venues.binance.orders import Orders
from venues.execution import Change, Failure, Window

__all__ = ["Changes"]

Kind = OrderEventKind

_amended = msgspec.json.Decoder(OrderAmended).decode
_replaced = msgspec.json.Decoder(CancelReplace).decode


class Changes(Orders):
    """The part of the execution actor that changes orders."""

    def write_change(self, change: ModifyOrder, window: Window) -> Change | Refused:
        symbol = self.symbol_of(change.instrument)
        if isinstance(symbol, Refused):
            return symbol
        wanted = change_request(change, symbol)
        if isinstance(wanted, Refused):
            return wanted
        if wanted.order is None:
            outcome = self.send(wanted.request, partial(self._on_amended, change), window)
            tried = ""
        else:
            tried = change.new_client_order_id
            outcome = self.send(wanted.request, partial(self._on_replaced, change, wanted.order), window)
        return outcome if isinstance(outcome, Refused) else Change(tried, outcome, wanted.order)

    # answers

    def _on_amended(self, change: ModifyOrder, answer: bytes | ClientError) -> None:
        told = answer if isinstance(answer, ClientError) else self.read(partial(self._amended, change), answer)
        if isinstance(told, OrderEvent):
            self.updated(told)
        else:
            self.change_failed(change, "", self._closed(change, self.failure_of(told)))

    def _amended(self, change: ModifyOrder, raw: bytes) -> OrderEvent:
        told = _amended(raw)
        attempt = self.attempt_of(change.client_order_id, told.amended_order.order_list_id)
        return amend_report(
            told, self.instance, change.instrument, self.clock.time_ns(), change.order_id, change.strategy, *attempt[2:]
        )

    def _on_replaced(self, change: ModifyOrder, fresh: NewOrder, answer: bytes | ClientError) -> None:
        if isinstance(answer, CancelReplaceFailed):
            result, raw = answer.result, bytes(answer.result.cancel_response)
            told = self.read(lambda _: self._halves(change, result), raw)
        elif isinstance(answer, ClientError):
            told = self.failure_of(answer)
        else:
            told = self.read(lambda whole: self._halves(change, _replaced(whole)), answer)
        if isinstance(told, Failure):
            self.change_failed(change, change.new_client_order_id, self._closed(change, told))
        else:
            self._tell(change, fresh, *told)

    def _halves(self, change: ModifyOrder, result: CancelReplace) -> tuple[OrderEvent, OrderEvent]:
        return replace_reports(result, change, self.clock.time_ns(), (change.order_id, change.order_id))

    def _tell(self, change: ModifyOrder, fresh: NewOrder, old: OrderEvent, new: OrderEvent) -> None:
        """Tell what became of both halves as one."""
        tried = change.new_client_order_id
        if new.kind is Kind.ACCEPTED:
            self.names.note_venue_id(new.venue_order_id, tried)
            self.replaced(tried, new)
            if old.filled is not None:
                self._give_back(change, fresh, old)
        elif old.kind is Kind.CANCELED and new.kind is Kind.REJECTED:
            self.replacement_refused(
                tried, msgspec.structs.replace(old, code=new.code, reason=new.reason, venue_code=new.venue_code)
            )
        elif old.kind is Kind.CANCEL_REJECTED and new.kind is Kind.NOT_SENT:
            failure = Failure(True, old.code, old.reason, old.venue_code)
            self.change_failed(change, tried, self._closed(change, failure))
        else:
            reason = f"cancel: {old.kind} {old.reason}; new order: {new.kind} {new.reason}"
            self.change_failed(change, tried, Failure(False, Code.TIMED_OUT, reason, new.venue_code or old.venue_code))

    def _closed(self, change: ModifyOrder, failure: Failure) -> Failure:
        """An order that the venue does not know any more, and we do, has ended."""
        if failure.code is Code.NO_SUCH_ORDER and self.names.is_known(change.client_order_id):
            return msgspec.structs.replace(failure, code=Code.TOO_LATE)
        return failure

    # what was filled on the way

    def _give_back(self, change: ModifyOrder, fresh: NewOrder, old: OrderEvent) -> None:
        """The old attempt was filled further than was known: the new one is too large by that, and is made smaller."""
        excess = (old.filled or 0) - (change.filled - change.carried)
        if excess <= 0 or fresh.size is None:
            return
        symbol = self.symbol_of(change.instrument)
        left = fresh.size - excess
        self.log.warning("filled while it was replaced", order=fresh.client_order_id, excess=excess, left=left)
        if isinstance(symbol, Refused):
            return
        now = self.clock.monotonic_ns()
        window = Window(self.window_ms, now + self.window_ms * 1_000_000)
        own = ModifyOrder(
            change.order_id, fresh.client_order_id, "", change.instance, change.instrument, change.strategy, size=left
        )
        name = fresh.client_order_id
        if left > 0:
            params: Params = {
                "symbol": symbol, "origClientOrderId": name, "newQty": exact(left), "newClientOrderId": name
            }  # fmt: skip
            request, told = Request(AMEND, params), partial(self._on_amended, own)
        else:
            request = Request("order.cancel", {"symbol": symbol, "origClientOrderId": name})
            told = partial(self._on_given_back, own)
        outcome = self.send(request, told, window, takes_risk=False)
        if isinstance(outcome, Refused | Failure):
            self._stays_too_large(name, outcome.reason)
        elif outcome is not None:
            self.spawn(self._given_back(name, outcome))

    async def _given_back(self, name: str, going: Awaitable[Failure | None]) -> None:
        failure = await going
        if failure is not None:
            self._stays_too_large(name, failure.reason)

    def _on_given_back(self, change: ModifyOrder, answer: bytes | ClientError) -> None:
        if isinstance(answer, ClientError):
            self._stays_too_large(change.client_order_id, self.failure_of(answer).reason)

    def _stays_too_large(self, name: str, reason: str) -> None:
        self.log.error("an order is too large by what was filled while it was replaced", order=name, reason=reason)
