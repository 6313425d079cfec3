"""User-data events about an account's orders and balances.

Source: Binance Spot API, user-data-stream, 2026-07.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from venues.binance.twin.render import amount
from venues.binance.twin.trading.account_orders import AccountOrder, AccountTrade, PreventedMatch
from venues.binance.twin.trading.accounts import NO_TRADE_GROUP, Account

ZERO = "0.00000000"


def execution_report(
    order: AccountOrder,
    execution: str,
    now_ms: int,
    execution_id: int,
    trade: AccountTrade | None = None,
    prevented: PreventedMatch | None = None,
    cancel_id: str | None = None,
    original_id: str | None = None,
) -> dict[str, Any]:
    """An `executionReport` event in the venue's order of keys; conditional ones only when due.

    On CANCELED `c` is the cancel request's id and `C` the order's own; on REPLACED `c` is the new id, `C` the old.
    """
    symbol, trigger = order.symbol, order.trigger
    report: dict[str, Any] = {
        "e": "executionReport",
        "E": now_ms,
        "s": symbol.name,
        "c": cancel_id or order.client_order_id,
        "S": order.order.side,
        "o": order.type,
        "f": order.time_in_force,
        "q": symbol.size(order.order.size),
        "p": symbol.price(order.price),
        "P": symbol.price(trigger.stop_price) if trigger is not None else ZERO,
    }
    if trigger is not None and trigger.trailing_delta:
        report["d"] = trigger.trailing_delta
        if trigger.tracking_ms >= 0:
            report["D"] = trigger.tracking_ms
    report |= {
        "F": symbol.size(order.iceberg or 0),
        "g": order.order_list_id,
        "C": original_id or (order.client_order_id if cancel_id else ""),
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
    }
    if prevented is not None:
        report["v"] = prevented.match_id
    report |= {
        "I": execution_id,
        "w": order.is_working and order.is_open and (trade is None or order.order.kind != "MARKET"),
        "m": trade.is_maker if trade else False,
        "M": trade is not None,
        "O": order.time_ms,
        "Z": symbol.value(order.filled_quote),
        "Y": symbol.value(trade.size * trade.price) if trade else ZERO,
        "Q": amount(order.quote_order_qty),
    }
    if order.is_working:
        report["W"] = order.working_ms
    report["V"] = order.prevention
    if order.strategy_id is not None:
        report["j"] = order.strategy_id
    if order.strategy_type is not None:
        report["J"] = order.strategy_type
    if order.prevented:
        report["A"] = symbol.size(order.prevented)
    if prevented is not None:
        report |= _prevention(order, prevented)
    if order.peg is not None:
        report |= _peg(order)
    if order.expiry is not None:
        report["eR"] = order.expiry
    return report


def _prevention(order: AccountOrder, match: PreventedMatch) -> dict[str, Any]:
    """What a TRADE_PREVENTION report tells of the trade that did not happen."""
    symbol, is_taker = order.symbol, order.order_id == match.taker_order_id
    return {
        "B": symbol.size(match.taker_prevented if is_taker else match.maker_prevented),
        "u": NO_TRADE_GROUP,
        "U": match.maker_order_id if is_taker else match.taker_order_id,
        "Cs": symbol.name,
        "pl": symbol.size(match.size),
        "pL": symbol.price(match.price),
        "pY": symbol.value(match.size * match.price),
    }


def _peg(order: AccountOrder) -> dict[str, Any]:
    peg = order.peg
    if peg is None:
        return {}
    fields: dict[str, Any] = {"gP": peg.price_type}
    if peg.offset is not None:
        fields |= {"gOT": "PRICE_LEVEL", "gOV": peg.offset}
    if order.is_pegged:
        fields["gp"] = order.symbol.price(order.order.price)
    return fields


def account_position(account: Account, assets: Iterable[str], now_ms: int) -> dict[str, Any]:
    """An `outboundAccountPosition` event for the assets that may have changed."""
    balances = [
        {"a": asset, "f": amount(account.balance(asset).free), "l": amount(account.balance(asset).locked)}
        for asset in assets
    ]
    return {"e": "outboundAccountPosition", "E": now_ms, "u": account.update_ms, "B": balances}


def balance_update(asset: str, atoms: int, now_ms: int) -> dict[str, Any]:
    """A `balanceUpdate` event: a deposit, a withdrawal, a transfer."""
    return {"e": "balanceUpdate", "E": now_ms, "a": asset, "d": amount(atoms), "T": now_ms}


def external_lock(asset: str, atoms: int, now_ms: int) -> dict[str, Any]:
    """An `externalLockUpdate` event: something other than orders locked atoms, or unlocked them when negative."""
    return {"e": "externalLockUpdate", "E": now_ms, "a": asset, "d": amount(atoms), "T": now_ms}
