"""What Binance Spot is to the floor. Cheap to import: the client's packages are imported by the actors alone."""

from bus.messages import OrderType, TimeInForce
from venues.binance.settings import ACCOUNT_TYPES, ADDRESSES, ENVIRONMENTS, Settings
from venues.capabilities import AdapterInfo, Cancel, Capabilities, Cell, History, Instruction, MarketData, Query

__all__ = ["ADAPTER", "SPOT"]

_N, _M = Cell.NATIVE, Cell.MAPPED

SPOT = Capabilities(
    order_types={OrderType.MARKET: _N, OrderType.LIMIT: _N},
    time_in_force={TimeInForce.GTC: _N, TimeInForce.IOC: _N, TimeInForce.FOK: _N},
    instructions={Instruction.POST_ONLY: _N, Instruction.QUOTE_SIZE: _N},
    cancel={Cancel.ONE: _N, Cancel.ALL_OWN: _N, Cancel.BATCH: _M},
    market_data={
        MarketData.QUOTE: _N,
        MarketData.TRADE: _N,
        MarketData.BOOK: _N,
        MarketData.INSTRUMENT: _N,
        MarketData.BOOK_SNAPSHOT: _N,
    },
    history={History.BAR: _N, History.TRADE: _N, History.AGGREGATE_TRADE: _N},
    queries={Query.OPEN_ORDERS: _N, Query.ORDER_HISTORY: _N, Query.FILLS: _N, Query.BALANCES: _N},
)
"""What is done today. The venue offers more (stops, icebergs, lists, amendments): each is denied until it is here."""

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
    history="venues.binance.past_alone:open_past",
)
