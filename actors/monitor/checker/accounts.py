"""Do a venue's account and the journal agree? Fills, positions, balances, orders; one sentence for each difference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal
from typing import TypeAlias

from actors.monitor.checker.journal import BookedFill, Journal
from actors.monitor.checker.twin_log import TwinFill, TwinTruth
from bus.messages import Liquidity, OrderState

__all__ = ["compare"]

ZERO = Decimal(0)

FillKey: TypeAlias = tuple[str, str, str]
"""Symbol, trade id, side: a venue counts its trades by symbol, and an account may trade with itself."""


def compare(instance: str, twin: TwinTruth, journal: Journal) -> list[str]:
    """Return every difference between an instance's account at the venue and its rows in the journal."""
    booked = [fill for fill in journal.fills if fill.instance == instance]
    found = _fills(twin, booked)
    found += _positions(instance, twin, journal, booked)
    found += _balances(instance, twin, journal)
    found += _orders(instance, twin, journal)
    found += _sent_once(twin)
    return [f"{instance}: {text}" for text in found]


def _fills(twin: TwinTruth, booked: list[BookedFill]) -> list[str]:
    problems: list[str] = []
    ours: dict[FillKey, BookedFill] = {}
    for each in booked:
        key = _booked_key(each)
        if key in ours:
            problems.append(f"the journal counts fill {_name(key)} twice")
        ours[key] = each
    theirs: set[FillKey] = set()
    for fill in twin.fills:
        key = _key(fill)
        if key in theirs:
            problems.append(f"the twin says fill {_name(key)} twice")
        theirs.add(key)
        match = ours.get(key)
        if match is None:
            order = f"order {fill.client_order_id}"
            problems.append(f"the twin has fill {_name(key)} of {fill.size} at {fill.price}, {order}; the journal not")
        else:
            problems += _differences(key, fill, match)
    for key, each in ours.items():
        if key not in theirs:
            what = f"{each.fill.size} at {each.fill.price}, order {each.client_order_id}"
            problems.append(f"the journal has fill {_name(key)} of {what}; the twin not")
    return problems


def _differences(key: FillKey, theirs: TwinFill, booked: BookedFill) -> list[str]:
    ours = booked.fill
    pairs = {
        "price": (theirs.price, ours.price),
        "size": (theirs.size, ours.size),
        "fee": (theirs.fee, ours.fee),
        "fee asset": (theirs.fee_asset, ours.fee_currency),
        "liquidity": (str(Liquidity.MAKER if theirs.maker else Liquidity.TAKER), str(ours.liquidity)),
        "client order id": (theirs.client_order_id, booked.client_order_id),
    }
    return [
        f"fill {_name(key)}: {what} is {true} at the twin, {told} in the journal"
        for what, (true, told) in pairs.items()
        if true != told
    ]


def _positions(instance: str, twin: TwinTruth, journal: Journal, booked: list[BookedFill]) -> list[str]:
    """Each strategy's position from the venue's fills, by addition alone, against the last one published."""
    owners = {_booked_key(each): each.strategy for each in booked}
    sizes: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    problems: list[str] = []
    for fill in twin.fills:
        strategy = journal.strategies.get((instance, fill.client_order_id)) or owners.get(_key(fill))
        if strategy is None:
            problems.append(f"fill {_name(_key(fill))} is of order {fill.client_order_id}, which the journal lacks")
            continue
        where = (strategy, fill.symbol)
        sizes[where] += fill.size if fill.side == "BUY" else -fill.size
        if fill.fee_asset == _base(fill.symbol, twin.balances):
            sizes[where] -= fill.fee
    told = {
        (strategy, symbol): position.size
        for (strategy, where, symbol), position in journal.positions.items()
        if where == instance
    }
    for strategy, symbol in sorted(sizes.keys() | told.keys()):
        true, published = sizes.get((strategy, symbol), ZERO), told.get((strategy, symbol), ZERO)
        if true != published:
            problems.append(f"position of {strategy} in {symbol}: {true} by the twin's fills, {published} published")
    return problems


def _base(symbol: str, assets: Collection[str]) -> str:
    """The asset that a symbol trades: what its name begins with, where the rest names an asset too."""
    for asset in assets:
        if symbol.startswith(asset) and symbol[len(asset) :] in assets:
            return asset
    return ""


def _balances(instance: str, twin: TwinTruth, journal: Journal) -> list[str]:
    ours = {asset: balance for (where, asset), balance in journal.balances.items() if where == instance}
    problems: list[str] = []
    for asset in sorted(twin.balances.keys() | ours.keys()):
        free, locked = twin.balances.get(asset, (ZERO, ZERO))
        balance = ours.get(asset)
        if balance is None:
            if asset in twin.touched and (free or locked):
                problems.append(f"balance of {asset}: {free} free, {locked} locked at the twin, none in the journal")
        elif (balance.free, balance.locked) != (free, locked):
            true, told = f"{free} free, {locked} locked", f"{balance.free} free, {balance.locked} locked"
            problems.append(f"balance of {asset}: {true} at the twin, {told} in the journal")
    return problems


def _orders(instance: str, twin: TwinTruth, journal: Journal) -> list[str]:
    theirs = {
        (order.symbol, order.client_order_id): order.status
        for (life, _, _), order in twin.orders.items()
        if life == twin.life and order.is_open
    }
    ours: dict[tuple[str, str], OrderState] = {
        (_symbol(state.order.instrument), state.order.client_order_id): state
        for (where, _), state in journal.orders.items()
        if where == instance and not state.status.is_closed
    }
    known = {
        (_symbol(state.order.instrument), state.order.client_order_id): state.status
        for (where, _), state in journal.orders.items()
        if where == instance
    }
    last = {(order.symbol, order.client_order_id): order.status for order in twin.orders.values()}
    problems = [
        f"order {key[1]} on {key[0]} is {theirs[key]} at the twin, {known.get(key, 'unknown')} in the journal"
        for key in sorted(theirs.keys() - ours.keys())
    ]
    for key in sorted(ours.keys() - theirs.keys()):
        told = f"{ours[key].label} ({ours[key].status}) in the journal"
        problems.append(f"order {key[1]} on {key[0]} is {told}, {last.get(key, 'unknown')} at the twin")
    return problems


def _sent_once(twin: TwinTruth) -> list[str]:
    """One intent is one order at most: asked for once, accepted once."""
    accepted: dict[tuple[str, str], set[tuple[int, int]]] = defaultdict(set)
    for (life, symbol, order_id), order in twin.orders.items():
        accepted[(symbol, order.client_order_id)].add((life, order_id))
    problems = [
        f"order {client_id} on {symbol} was accepted {len(ids)} times, as {sorted(order_id for _, order_id in ids)}"
        for (symbol, client_id), ids in accepted.items()
        if len(ids) > 1
    ]
    resent = {client_id: count for client_id, count in twin.received.items() if count > 1}
    return problems + [f"order {client_id} was sent to the twin {count} times" for client_id, count in resent.items()]


def _key(fill: TwinFill) -> FillKey:
    return fill.symbol, str(fill.trade_id), fill.side


def _booked_key(booked: BookedFill) -> FillKey:
    return _symbol(booked.fill.instrument), booked.fill.trade_id, str(booked.fill.side)


def _name(key: FillKey) -> str:
    return f"{key[1]} ({key[2]} {key[0]})"


def _symbol(instrument: str) -> str:
    return instrument.rpartition(".")[0]
