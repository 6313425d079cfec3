"""Payloads about an account's orders: user-data events and the bodies of order requests.

Source: Binance Spot API, user-data-stream and rest-api (trading endpoints), 2026-07.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from venues.binance.twin.render import amount
from venues.binance.twin.trading.accounts import Account, AccountOrder, AccountTrade

ZERO = "0.00000000"
STP = "NONE"


def execution_report(
    order: AccountOrder,
    execution: str,
    now_ms: int,
    execution_id: int,
    trade: AccountTrade | None = None,
    cancel_id: str | None = None,
    expiry: str | None = None,
) -> dict[str, Any]:
    """An `executionReport` event in the venue's order of keys; conditional ones only when due.

    On CANCELED `c` is the cancel request's id and `C` the order's own.
    """
    symbol = order.symbol
    report: dict[str, Any] = {
        "e": "executionReport",
        "E": now_ms,
        "s": symbol.name,
        "c": cancel_id or order.client_order_id,
        "S": order.order.side,
        "o": order.type,
        "f": order.time_in_force,
        "q": symbol.size(order.order.size),
        "p": symbol.price(order.order.price),
        "P": ZERO,
        "F": ZERO,
        "g": order.order_list_id,
        "C": order.client_order_id if cancel_id else "",
        "x": execution,
        "X": order.status,
        "r": "NONE",
        "i": order.order_id,
        "l": symbol.size(trade.size) if trade else ZERO,
        "z": symbol.size(order.filled),
        "L": symbol.price(trade.price) if trade else ZERO,
        "n": amount(trade.fee) if trade else "0",
        "N": trade.fee_asset if trade else None,
        "T": order.update_ms,
        "t": trade.trade_id if trade else -1,
        "I": execution_id,
        "w": order.is_working and order.is_open and (trade is None or order.type != "MARKET"),
        "m": trade.is_maker if trade else False,
        "M": trade is not None,
        "O": order.time_ms,
        "Z": symbol.value(order.filled_quote),
        "Y": symbol.value(trade.size * trade.price) if trade else ZERO,
        "Q": amount(order.quote_order_qty),
    }
    if order.is_working:
        report["W"] = order.time_ms
    report["V"] = STP
    if order.strategy_id is not None:
        report["j"] = order.strategy_id
    if order.strategy_type is not None:
        report["J"] = order.strategy_type
    if expiry is not None:
        report["eR"] = expiry
    return report


def account_position(account: Account, assets: Iterable[str], now_ms: int) -> dict[str, Any]:
    """An `outboundAccountPosition` event for the assets that may have changed."""
    balances = [
        {"a": asset, "f": amount(account.balance(asset).free), "l": amount(account.balance(asset).locked)}
        for asset in assets
    ]
    return {"e": "outboundAccountPosition", "E": now_ms, "u": account.update_ms, "B": balances}


def placed(order: AccountOrder, response: str) -> dict[str, Any]:
    """The answer to a new order: ACK, RESULT or FULL."""
    body: dict[str, Any] = {
        "symbol": order.symbol.name,
        "orderId": order.order_id,
        "orderListId": order.order_list_id,
        "clientOrderId": order.client_order_id,
        "transactTime": order.update_ms,
    }
    if response == "ACK":
        return body
    body |= _amounts(order)
    body |= {"workingTime": order.time_ms if order.is_working else -1}
    if response == "FULL":
        body["fills"] = [
            {
                "price": trade.symbol.price(trade.price),
                "qty": trade.symbol.size(trade.size),
                "commission": amount(trade.fee),
                "commissionAsset": trade.fee_asset,
                "tradeId": trade.trade_id,
            }
            for trade in order.taken
        ]
    body |= _strategy(order)
    body["selfTradePreventionMode"] = STP
    return body


def canceled(order: AccountOrder, cancel_id: str) -> dict[str, Any]:
    """The answer to a cancel."""
    return (
        {
            "symbol": order.symbol.name,
            "origClientOrderId": order.client_order_id,
            "orderId": order.order_id,
            "orderListId": order.order_list_id,
            "clientOrderId": cancel_id,
            "transactTime": order.update_ms,
        }
        | _amounts(order)
        | _strategy(order)
        | {"selfTradePreventionMode": STP}
    )


def queried(order: AccountOrder) -> dict[str, Any]:
    """An order as GET order, openOrders and allOrders show it."""
    symbol = order.symbol
    return {
        "symbol": symbol.name,
        "orderId": order.order_id,
        "orderListId": order.order_list_id,
        "clientOrderId": order.client_order_id,
        "price": symbol.price(order.order.price),
        "origQty": symbol.size(order.order.size),
        "executedQty": symbol.size(order.filled),
        "cummulativeQuoteQty": symbol.value(order.filled_quote),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.order.side,
        "stopPrice": ZERO,
        "icebergQty": ZERO,
        "time": order.time_ms,
        "updateTime": order.update_ms,
        "isWorking": order.is_working,
        "workingTime": order.time_ms if order.is_working else -1,
        "origQuoteOrderQty": amount(order.quote_order_qty),
    } | _strategy(order) | {"selfTradePreventionMode": STP}  # fmt: skip


def traded(trade: AccountTrade) -> dict[str, Any]:
    """A fill as myTrades shows it."""
    symbol = trade.symbol
    return {
        "symbol": symbol.name,
        "id": trade.trade_id,
        "orderId": trade.order_id,
        "orderListId": trade.order_list_id,
        "price": symbol.price(trade.price),
        "qty": symbol.size(trade.size),
        "quoteQty": symbol.value(trade.price * trade.size),
        "commission": amount(trade.fee),
        "commissionAsset": trade.fee_asset,
        "time": trade.time_ms,
        "isBuyer": trade.is_buyer,
        "isMaker": trade.is_maker,
        "isBestMatch": True,
    }


def _amounts(order: AccountOrder) -> dict[str, Any]:
    symbol = order.symbol
    return {
        "price": symbol.price(order.order.price),
        "origQty": symbol.size(order.order.size),
        "executedQty": symbol.size(order.filled),
        "origQuoteOrderQty": amount(order.quote_order_qty),
        "cummulativeQuoteQty": symbol.value(order.filled_quote),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.order.side,
    }


def _strategy(order: AccountOrder) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if order.strategy_id is not None:
        fields["strategyId"] = order.strategy_id
    if order.strategy_type is not None:
        fields["strategyType"] = order.strategy_type
    return fields
