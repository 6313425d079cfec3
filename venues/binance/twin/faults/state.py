"""The truth about a twin at a moment, as the admin tells it."""

from __future__ import annotations

from typing import Any

from venues.binance.twin.market.markets import Market
from venues.binance.twin.render import amount
from venues.binance.twin.trading import reports
from venues.binance.twin.trading.accounts import Account
from venues.binance.twin.world import World


def state(world: World) -> dict[str, Any]:
    """Everything that a test may want to compare with what a client believes."""
    return {
        "clock": {"now_ms": world.clock.now_ms, "shift_ms": world.clock.shift_us / 1000},
        "is_stopped": world.is_stopped,
        "is_down": world.rest.is_down,
        "accounts": {name: _account(world, account) for name, account in world.exchange.accounts.items()},
        "markets": {name: _market(market) for name, market in world.exchange.markets.items()},
        "sockets": [
            {"number": socket.number, "door": socket.door, "is_mute": socket.is_mute, "path": socket.path}
            for socket in world.connections.sockets
        ],
        "addresses": {
            address.ip: {"used": address.used(world.clock.now_ms), "banned_until_ms": address.banned_until_ms}
            for address in world.addresses
        },
    }


def _account(world: World, account: Account) -> dict[str, Any]:
    return {
        "can_trade": account.can_trade,
        "keys": {
            key.name: {"type": key.type, "permissions": sorted(key.permissions), "is_revoked": key.is_revoked}
            for key in world.keys.of_account(account)
        },
        "balances": {
            asset: {"free": amount(balance.free), "locked": amount(balance.locked)}
            for asset, balance in account.balances.items()
        },
        "open_orders": [reports.queried(order) for order in account.open_orders.values()],
    }


def _market(market: Market) -> dict[str, Any]:
    symbol, last = market.symbol, market.tape.last
    bid, bid_size, ask, ask_size = market.book.best()
    return {
        "status": market.status,
        "update_id": market.book.update_id,
        "bid": symbol.price(bid),
        "bid_quantity": symbol.size(bid_size),
        "ask": symbol.price(ask),
        "ask_quantity": symbol.size(ask_size),
        "last": symbol.price(last.price) if last is not None else None,
    }
