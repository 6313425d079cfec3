"""Answers about the account. Exact decimals.

Source: Binance Spot API, rest-api (account endpoints, test order), 2026-07.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from venues.binance.client.payloads.numbers import Ms, Number

__all__ = [
    "Account",
    "AccountBalance",
    "AccountCommission",
    "AccountTrade",
    "Allocation",
    "CommissionDiscount",
    "CommissionRates",
    "OrderCommission",
    "PreventedMatch",
]


class AccountTrade(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """An entry of GET /api/v3/myTrades."""

    symbol: str
    id: Number
    order_id: Number
    price: Decimal
    qty: Decimal
    commission: Decimal
    commission_asset: str
    time: Ms
    is_buyer: bool
    is_maker: bool
    quote_qty: Decimal | None = None
    order_list_id: Number = -1


class AccountBalance(msgspec.Struct, frozen=True, gc=False):
    """A balance of GET /api/v3/account."""

    asset: str
    free: Decimal
    locked: Decimal


class CommissionRates(msgspec.Struct, frozen=True, gc=False):
    """Fractions of what is traded; `buyer` and `seller` come on top, and an order's test tells only the first two."""

    maker: Decimal
    taker: Decimal
    buyer: Decimal = Decimal(0)
    seller: Decimal = Decimal(0)


class CommissionDiscount(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """What paying in another asset saves of the standard commission."""

    enabled_for_account: bool
    enabled_for_symbol: bool
    discount_asset: str | None
    discount: Decimal


class Account(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """GET /api/v3/account."""

    balances: tuple[AccountBalance, ...]
    update_time: Ms = 0
    can_trade: bool = True
    can_withdraw: bool = True
    can_deposit: bool = True
    account_type: str = ""
    commission_rates: CommissionRates | None = None
    require_self_trade_prevention: bool = False
    prevent_sor: bool = False
    permissions: tuple[str, ...] = ()
    uid: Number = 0


class AccountCommission(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """GET /api/v3/account/commission; what a trade costs is the sum of all rates that are told."""

    symbol: str
    standard_commission: CommissionRates
    discount: CommissionDiscount
    special_commission: CommissionRates | None = None
    tax_commission: CommissionRates | None = None


class OrderCommission(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """POST /api/v3/order/test and sor/order/test with computeCommissionRates; all None without it."""

    standard_commission_for_order: CommissionRates | None = None
    special_commission_for_order: CommissionRates | None = None
    tax_commission_for_order: CommissionRates | None = None
    discount: CommissionDiscount | None = None


class PreventedMatch(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """An entry of GET /api/v3/myPreventedMatches; which quantities it has hangs on its mode."""

    symbol: str
    prevented_match_id: Number
    taker_order_id: Number
    maker_order_id: Number
    trade_group_id: Number
    self_trade_prevention_mode: str
    price: Decimal
    transact_time: Ms
    maker_symbol: str = ""
    taker_prevented_quantity: Decimal | None = None
    maker_prevented_quantity: Decimal | None = None


class Allocation(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """An entry of GET /api/v3/myAllocations: what the order router gave an order."""

    symbol: str
    allocation_id: Number
    allocation_type: str
    order_id: Number
    price: Decimal
    qty: Decimal
    quote_qty: Decimal
    commission: Decimal
    commission_asset: str
    time: Ms
    is_buyer: bool
    is_maker: bool
    is_allocator: bool
    order_list_id: Number = -1
