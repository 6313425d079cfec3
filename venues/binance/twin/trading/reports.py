"""Bodies with which order requests and order queries are answered.

Source: Binance Spot API, rest-api (trading endpoints), 2026-07.
"""

from __future__ import annotations

from typing import Any

from venues.binance.twin.render import amount
from venues.binance.twin.trading.account_orders import AccountOrder, AccountTrade, Amendment, PreventedMatch
from venues.binance.twin.trading.accounts import NO_TRADE_GROUP

ZERO = "0.00000000"
EXPIRES_TAKER = ("EXPIRE_TAKER", "EXPIRE_BOTH", "DECREMENT")
EXPIRES_MAKER = ("EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT")


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
    body |= _conditions(order)
    body |= {"workingTime": order.working_ms}
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
    matches = [match for match in order.prevented_matches if match.taker_order_id == order.order_id]
    if matches:
        body["preventedMatches"] = [_prevented(match) for match in matches]
    body |= _iceberg(order) | _strategy(order)
    body["selfTradePreventionMode"] = order.prevention
    if order.prevented:
        body["preventedQuantity"] = order.symbol.size(order.prevented)
    return body | _expiry(order)


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
        | _conditions(order)
        | _iceberg(order)
        | _strategy(order)
        | {"selfTradePreventionMode": order.prevention}
        | _stopped(order)
        | _expiry(order)
    )


def queried(order: AccountOrder) -> dict[str, Any]:
    """An order as GET order, openOrders and allOrders show it."""
    symbol = order.symbol
    return {
        "symbol": symbol.name,
        "orderId": order.order_id,
        "orderListId": order.order_list_id,
        "clientOrderId": order.client_order_id,
        "price": symbol.price(order.price),
        "origQty": symbol.size(order.order.size),
        "executedQty": symbol.size(order.filled),
        "cummulativeQuoteQty": symbol.value(order.filled_quote),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.order.side,
        "stopPrice": ZERO,
        "icebergQty": symbol.size(order.iceberg or 0),
        "time": order.time_ms,
        "updateTime": order.update_ms,
        "isWorking": order.is_working,
        "workingTime": order.working_ms,
        "origQuoteOrderQty": amount(order.quote_order_qty),
        **_conditions(order),
        **_peg(order),
        **_strategy(order),
        "selfTradePreventionMode": order.prevention,
        **_stopped(order),
        **_expiry(order),
    }


def amended(order: AccountOrder, amendment: Amendment, list_status: dict[str, Any] | None) -> dict[str, Any]:
    """The answer to an amended order; `list_status` when it belongs to a list."""
    symbol = order.symbol
    fields: dict[str, Any] = {
        "symbol": symbol.name,
        "orderId": order.order_id,
        "orderListId": order.order_list_id,
        "origClientOrderId": amendment.old_client_order_id,
        "clientOrderId": order.client_order_id,
        "price": symbol.price(order.price),
        "qty": symbol.size(order.order.size),
        "executedQty": symbol.size(order.filled),
        "preventedQty": symbol.size(order.prevented),
        "quoteOrderQty": amount(order.quote_order_qty),
        "cumulativeQuoteQty": symbol.value(order.filled_quote),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.order.side,
        **_conditions(order),
        **_peg(order),
        **_iceberg(order),
        **_strategy(order),
    }
    if order.is_working:
        fields["workingTime"] = order.working_ms
    fields["selfTradePreventionMode"] = order.prevention
    body = {"transactTime": amendment.time_ms, "executionId": amendment.execution_id, "amendedOrder": fields}
    return body if list_status is None else body | {"listStatus": list_status}


def amendment(order: AccountOrder, change: Amendment) -> dict[str, Any]:
    """One entry of order/amendments."""
    return {
        "symbol": order.symbol.name,
        "orderId": order.order_id,
        "executionId": change.execution_id,
        "origClientOrderId": change.old_client_order_id,
        "newClientOrderId": change.new_client_order_id,
        "origQty": order.symbol.size(change.old_size),
        "newQty": order.symbol.size(change.new_size),
        "time": change.time_ms,
    }


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


def prevented_match(match: PreventedMatch) -> dict[str, Any]:
    """A prevented match as myPreventedMatches shows it."""
    return {
        "symbol": match.symbol.name,
        "preventedMatchId": match.match_id,
        "takerOrderId": match.taker_order_id,
        "makerSymbol": match.symbol.name,
        "makerOrderId": match.maker_order_id,
        "tradeGroupId": NO_TRADE_GROUP,
        "selfTradePreventionMode": match.mode,
        "price": match.symbol.price(match.price),
        **_quantities(match),
        "transactTime": match.time_ms,
    }


def _prevented(match: PreventedMatch) -> dict[str, Any]:
    return {
        "preventedMatchId": match.match_id,
        "makerSymbol": match.symbol.name,
        "makerOrderId": match.maker_order_id,
        "price": match.symbol.price(match.price),
        **_quantities(match),
    }


def _quantities(match: PreventedMatch) -> dict[str, str]:
    quantities = {}
    if match.mode in EXPIRES_TAKER:
        quantities["takerPreventedQuantity"] = match.symbol.size(match.taker_prevented)
    if match.mode in EXPIRES_MAKER:
        quantities["makerPreventedQuantity"] = match.symbol.size(match.maker_prevented)
    return quantities


def _amounts(order: AccountOrder) -> dict[str, Any]:
    symbol = order.symbol
    return {
        "price": symbol.price(order.price),
        **_peg(order),
        "origQty": symbol.size(order.order.size),
        "executedQty": symbol.size(order.filled),
        "origQuoteOrderQty": amount(order.quote_order_qty),
        "cummulativeQuoteQty": symbol.value(order.filled_quote),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.order.side,
    }


def _conditions(order: AccountOrder) -> dict[str, Any]:
    """Stop price and trailing, of the types that wait for a price."""
    trigger = order.trigger
    if trigger is None:
        return {}
    fields: dict[str, Any] = {"stopPrice": order.symbol.price(trigger.stop_price)}
    if trigger.trailing_delta:
        fields |= {"trailingDelta": trigger.trailing_delta, "trailingTime": trigger.tracking_ms}
    return fields


def _iceberg(order: AccountOrder) -> dict[str, Any]:
    return {} if order.iceberg is None else {"icebergQty": order.symbol.size(order.iceberg)}


def _peg(order: AccountOrder) -> dict[str, Any]:
    peg = order.peg
    if peg is None:
        return {}
    fields: dict[str, Any] = {"pegPriceType": peg.price_type}
    if peg.offset is not None:
        fields |= {"pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": peg.offset}
    if order.is_pegged:
        fields["peggedPrice"] = order.symbol.price(order.order.price)
    return fields


def _strategy(order: AccountOrder) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if order.strategy_id is not None:
        fields["strategyId"] = order.strategy_id
    if order.strategy_type is not None:
        fields["strategyType"] = order.strategy_type
    return fields


def _stopped(order: AccountOrder) -> dict[str, Any]:
    """What self-trade prevention took off the order."""
    if not order.prevented:
        return {}
    return {
        "preventedMatchId": order.prevented_match_id,
        "preventedQuantity": order.symbol.size(order.prevented),
    }


def _expiry(order: AccountOrder) -> dict[str, Any]:
    return {} if order.expiry is None else {"expiryReason": order.expiry}
