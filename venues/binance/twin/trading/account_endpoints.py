"""What an account is, pays and may. Each takes a `Call` and gives the body.

Source: Binance Spot API, rest-api (account endpoints), 2026-07.
"""

from __future__ import annotations

from typing import Any

from venues.binance.twin.render import amount
from venues.binance.twin.requests.call import Call
from venues.binance.twin.trading.filters import asset_filters

BASIS_POINT = 10_000
"""Rates are in 1e-8; the account's older fields have them in 0.01 %."""


def account(call: Call) -> dict[str, Any]:
    """GET /api/v3/account."""
    owner, omit = call.owner, call.params.flag("omitZeroBalances", False)
    rates = owner.commission.standard
    balances = [
        {"asset": asset, "free": amount(balance.free), "locked": amount(balance.locked)}
        for asset, balance in sorted(owner.balances.items())
        if not omit or balance.free or balance.locked
    ]
    return {
        "makerCommission": rates.maker // BASIS_POINT,
        "takerCommission": rates.taker // BASIS_POINT,
        "buyerCommission": rates.buyer // BASIS_POINT,
        "sellerCommission": rates.seller // BASIS_POINT,
        "commissionRates": rates.body(),
        "canTrade": owner.can_trade,
        "canWithdraw": owner.can_withdraw,
        "canDeposit": owner.can_deposit,
        "brokered": False,
        "requireSelfTradePrevention": owner.requires_prevention,
        "preventSor": owner.prevents_sor,
        "updateTime": owner.update_ms,
        "accountType": "SPOT",
        "balances": balances,
        "permissions": list(owner.permissions),
        "uid": owner.uid,
    }


def commission(call: Call) -> dict[str, Any]:
    """GET /api/v3/account/commission."""
    paid = call.owner.commission
    return {
        "symbol": call.params.symbol(call.symbols).name,
        "standardCommission": paid.standard.body(),
        "specialCommission": paid.special.body(),
        "taxCommission": paid.tax.body(),
        "discount": paid.discount_body(),
    }


def order_limits(call: Call) -> list[dict[str, Any]]:
    """GET /api/v3/rateLimit/order."""
    return call.owner.limit.report(call.exchange.now_ms)


def my_filters(call: Call) -> dict[str, Any]:
    """GET /api/v3/myFilters."""
    symbol = call.params.symbol(call.symbols)
    return {
        "exchangeFilters": call.exchange.bounds.filters(),
        "symbolFilters": symbol.filters(),
        "assetFilters": asset_filters(call.owner, symbol),
    }
