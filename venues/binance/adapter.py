"""What Binance Spot is to the floor. Cheap to import: the client's packages are imported by the actors alone."""

from bus.messages import ContingencyType, OrderType, TimeInForce
from venues.binance.intervals import INTERVALS
from venues.binance.settings import (
    ACCOUNT_TYPES,
    ADDRESSES,
    ENVIRONMENTS,
    OPTIONS,
    WEIGHT_LIMIT,
    Settings,
    budget_host,
)
from venues.capabilities import AdapterInfo, Cancel, Capabilities, Cell, History, Instruction, MarketData, Modify, Query

__all__ = ["ADAPTER", "SPOT"]

_N, _M, _S = Cell.NATIVE, Cell.MAPPED, Cell.PER_SYMBOL

SPOT = Capabilities(
    order_types={
        OrderType.MARKET: _N,
        OrderType.LIMIT: _N,
        OrderType.STOP_MARKET: _S,
        OrderType.STOP_LIMIT: _N,
        OrderType.MARKET_IF_TOUCHED: _S,
        OrderType.LIMIT_IF_TOUCHED: _N,
        OrderType.TRAILING_STOP_MARKET: _S,
        OrderType.TRAILING_STOP_LIMIT: _S,
    },
    time_in_force={TimeInForce.GTC: _N, TimeInForce.IOC: _N, TimeInForce.FOK: _N},
    instructions={
        Instruction.POST_ONLY: _N,
        Instruction.QUOTE_SIZE: _N,
        Instruction.DISPLAY_SIZE: _S,
        Instruction.SELF_TRADE_PREVENTION: _N,
    },
    modify={Modify.PRICE: _M, Modify.SIZE: _N},
    contingencies={ContingencyType.OCO: _N, ContingencyType.OTO: _N, ContingencyType.BRACKET: _N},
    cancel={Cancel.ONE: _N, Cancel.ALL_OWN: _N, Cancel.BATCH: _M, Cancel.BATCH_SUBMIT: _M},
    market_data={
        MarketData.QUOTE: _N,
        MarketData.TRADE: _N,
        MarketData.BAR: _N,
        MarketData.BOOK: _N,
        MarketData.DEPTH: _N,
        MarketData.TICKER: _N,
        MarketData.STATUS: _N,
        MarketData.INSTRUMENT: _N,
        MarketData.BOOK_SNAPSHOT: _N,
    },
    bar_intervals=INTERVALS,
    depth_levels=(5, 10, 20),
    history={History.BAR: _N, History.TRADE: _N, History.AGGREGATE_TRADE: _N},
    queries={
        Query.OPEN_ORDERS: _N,
        Query.ORDER_HISTORY: _N,
        Query.FILLS: _N,
        Query.POSITIONS: _M,
        Query.BALANCES: _N,
    },
)
"""What is done today; what is not named is denied with a code before anything is sent."""

ADAPTER = AdapterInfo(
    name="binance",
    account_types=ACCOUNT_TYPES,
    environments=ENVIRONMENTS,
    market_data="venues.binance.market_data:MarketData",
    execution="venues.binance.execution:Execution",
    settings=Settings,
    capabilities={"spot": SPOT},
    twin=("-m", "venues.binance.twin"),
    addresses=ADDRESSES,
    options=OPTIONS,
    history="venues.binance.past_alone:open_past",
    weight_limit=WEIGHT_LIMIT,
    budget_host=budget_host,
)
