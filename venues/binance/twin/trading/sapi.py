"""A few endpoints outside of Spot's own API, without which third-party clients do not start.

They are the venue's wallet and margin services under /sapi/v1, of which the twin has neither: it answers what an
account with spot trading alone is told, and offers nothing else of them. They cost no weight of Spot's API.
Source: Binance wallet and margin API documentation; what clients ask at their start.
"""

from __future__ import annotations

from typing import Any

from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.render import amount
from venues.binance.twin.requests.call import Call
from venues.binance.twin.requests.endpoint import Endpoint, names

ANY_SIGNED = names("timestamp recvWindow signature")
"""Clients sign these, though they need no signature."""


def trade_fees(call: Call) -> list[dict[str, Any]]:
    """GET /sapi/v1/asset/tradeFee."""
    symbols = [call.params.symbol(call.symbols)] if "symbol" in call.params else list(call.symbols.values())
    rates = call.owner.commission.standard
    return [
        {
            "symbol": symbol.name,
            "makerCommission": amount(rates.maker).rstrip("0"),
            "takerCommission": amount(rates.taker).rstrip("0"),
        }
        for symbol in symbols
    ]


def coins(call: Call) -> list[dict[str, Any]]:
    """GET /sapi/v1/capital/config/getall: every asset of the twin, on one network that moves nothing."""
    assets = dict.fromkeys(asset for symbol in call.symbols.values() for asset in (symbol.base, symbol.quote))
    assets |= dict.fromkeys(call.owner.balances)
    bodies = []
    for asset in sorted(assets):
        balance = call.owner.balance(asset)
        bodies.append(
            {
                "coin": asset,
                "depositAllEnable": False,
                "free": amount(balance.free),
                "freeze": "0",
                "ipoable": "0",
                "ipoing": "0",
                "isLegalMoney": False,
                "locked": amount(balance.locked),
                "name": asset,
                "networkList": [_network(asset)],
                "storage": "0",
                "trading": True,
                "withdrawAllEnable": False,
                "withdrawing": "0",
            }
        )
    return bodies


def _network(asset: str) -> dict[str, Any]:
    return {
        "addressRegex": "",
        "busy": False,
        "coin": asset,
        "contractAddress": "",
        "contractAddressUrl": "",
        "depositDesc": "Deposits are suspended.",
        "depositDust": "0.00000001",
        "depositEnable": False,
        "estimatedArrivalTime": 1,
        "isDefault": True,
        "memoRegex": "",
        "minConfirm": 1,
        "name": asset,
        "network": asset,
        "resetAddressStatus": False,
        "sameAddress": False,
        "specialTips": "",
        "unLockConfirm": 0,
        "withdrawDesc": "Withdrawals are suspended.",
        "withdrawEnable": False,
        "withdrawFee": "0",
        "withdrawIntegerMultiple": "0.00000001",
        "withdrawInternalMin": "0.00000001",
        "withdrawMax": "9999999999",
        "withdrawMin": "0.00000001",
        "withdrawTag": False,
    }


def margin_pairs(call: Call) -> list[dict[str, Any]]:
    """GET /sapi/v1/margin/allPairs and /sapi/v1/margin/isolated/allPairs: the symbols that margin accounts trade."""
    found = [symbol for symbol in call.symbols.values() if "MARGIN" in symbol.permissions]
    return [_pair(number, symbol) for number, symbol in enumerate(found, start=1)]


def _pair(number: int, symbol: Symbol) -> dict[str, Any]:
    return {
        "id": number,
        "symbol": symbol.name,
        "base": symbol.base,
        "quote": symbol.quote,
        "isMarginTrade": True,
        "isBuyAllowed": True,
        "isSellAllowed": True,
    }


def account_status(call: Call) -> dict[str, Any]:
    """GET /sapi/v1/account/status."""
    return {"data": "Normal"}


def trading_status(call: Call) -> dict[str, Any]:
    """GET /sapi/v1/account/apiTradingStatus."""
    return {
        "data": {
            "isLocked": not call.owner.can_trade,
            "plannedRecoverTime": 0,
            "triggerCondition": {"GCR": 150, "IFER": 150, "UFR": 300},
            "updateTime": call.owner.update_ms,
        }
    }


def restrictions(call: Call) -> dict[str, Any]:
    """GET /sapi/v1/account/apiRestrictions: what the key may do."""
    key = call.key
    assert key is not None, "a signed endpoint was called without a key"
    return {
        "ipRestrict": bool(key.addresses),
        "createTime": call.owner.update_ms,
        "enableReading": "USER_DATA" in key.permissions,
        "enableSpotAndMarginTrading": "TRADE" in key.permissions and call.owner.can_trade,
        "enableWithdrawals": key.may_withdraw,
        "enableInternalTransfer": False,
        "enableMargin": False,
        "enableFutures": False,
        "permitsUniversalTransfer": False,
        "enableVanillaOptions": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
        "enablePortfolioMarginTrading": False,
    }


SAPI_TABLE = (
    Endpoint("GET", "/sapi/v1/asset/tradeFee", None, 0, "SIGNED", names("symbol"), trade_fees),
    Endpoint("GET", "/sapi/v1/capital/config/getall", None, 0, "SIGNED", frozenset(), coins),
    Endpoint("GET", "/sapi/v1/margin/allPairs", None, 0, "NONE", ANY_SIGNED | names("symbol"), margin_pairs),
    Endpoint("GET", "/sapi/v1/margin/isolated/allPairs", None, 0, "NONE", ANY_SIGNED | names("symbol"), margin_pairs),
    Endpoint("GET", "/sapi/v1/account/status", None, 0, "SIGNED", frozenset(), account_status),
    Endpoint("GET", "/sapi/v1/account/apiTradingStatus", None, 0, "SIGNED", frozenset(), trading_status),
    Endpoint("GET", "/sapi/v1/account/apiRestrictions", None, 0, "SIGNED", frozenset(), restrictions),
)
