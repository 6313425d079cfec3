"""The market, call by call. Source: Binance Spot API, rest-api (general and market data endpoints), 2026-07."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, overload

from venues.binance.client.calls.caller import Caller
from venues.binance.client.endpoints import market as endpoints
from venues.binance.client.payloads import (
    AggregateTrade,
    AveragePrice,
    BlockTrade,
    BookTop,
    Depth,
    ExchangeInfo,
    ExecutionRules,
    Kline,
    MarketTrade,
    PriceChange,
    PriceTicker,
    ReferenceCalculation,
    ReferencePrice,
    ServerTime,
)

__all__ = ["MarketCalls", "SymbolStatus", "TickerType"]

SymbolStatus: TypeAlias = Literal["TRADING", "HALT", "BREAK"]
TickerType: TypeAlias = Literal["FULL", "MINI"]


class MarketCalls(Caller):
    """Calls that need no key. A symbol that the venue does not have raises ApiError -1121."""

    async def ping(self) -> None:
        """Ask for nothing. Weight 1."""
        await self._ask(endpoints.PING)

    async def time(self) -> ServerTime:
        """Return the server's UNIX milliseconds. Weight 1."""
        return await self._ask(endpoints.TIME)

    async def exchange_info(
        self,
        symbol: str | None = None,
        *,
        symbols: Sequence[str] | None = None,
        permissions: Sequence[str] | str | None = None,
        show_permission_sets: bool | None = None,
        symbol_status: SymbolStatus | None = None,
    ) -> ExchangeInfo:
        """Return what may be traded and by which rules. Weight 20.

        Permission sets are most of the whole answer; without them it is under 10 MB.
        """
        return await self._ask(
            endpoints.EXCHANGE_INFO, symbol=symbol, symbols=symbols, permissions=permissions,
            show_permission_sets=show_permission_sets, symbol_status=symbol_status,
        )  # fmt: skip

    async def execution_rules(
        self,
        symbol: str | None = None,
        *,
        symbols: Sequence[str] | None = None,
        symbol_status: SymbolStatus | None = None,
    ) -> ExecutionRules:
        """Return the rules by which orders expire when they trade. Weight 2 a symbol, 40 at most and without."""
        return await self._ask(endpoints.EXECUTION_RULES, symbol=symbol, symbols=symbols, symbol_status=symbol_status)

    async def depth(self, symbol: str, limit: int | None = None, *, symbol_status: SymbolStatus | None = None) -> Depth:
        """Return the best levels of each side: 100 by default, 5000 at most.

        Weight 5, 25, 50, 250 up to 100, 500, 1000, 5000 levels.
        """
        return await self._ask(endpoints.DEPTH, symbol=symbol, limit=limit, symbol_status=symbol_status)

    async def trades(self, symbol: str, limit: int | None = None) -> list[MarketTrade]:
        """Return the newest trades, ascending: 500 by default, 1000 at most. Weight 25."""
        return await self._ask(endpoints.TRADES, symbol=symbol, limit=limit)

    async def historical_trades(
        self, symbol: str, limit: int | None = None, *, from_id: int | None = None
    ) -> list[MarketTrade]:
        """Return trades from an id on, else the newest: 500 by default, 1000 at most. Weight 25."""
        return await self._ask(endpoints.HISTORICAL_TRADES, symbol=symbol, limit=limit, from_id=from_id)

    async def historical_block_trades(self, symbol: str, from_id: int, limit: int | None = None) -> list[BlockTrade]:
        """Return block trades from an id on: 500 by default, 1000 at most. Weight 25."""
        return await self._ask(endpoints.HISTORICAL_BLOCK_TRADES, symbol=symbol, from_id=from_id, limit=limit)

    async def agg_trades(
        self,
        symbol: str,
        limit: int | None = None,
        *,
        from_id: int | None = None,
        start_time: int | None = None,
        end_time: int | None = None,
    ) -> list[AggregateTrade]:
        """Return what each taker order traded at each price: 500 by default, 1000 at most; times in ms. Weight 4."""
        return await self._ask(
            endpoints.AGG_TRADES, symbol=symbol, from_id=from_id, start_time=start_time, end_time=end_time, limit=limit
        )

    async def klines(
        self,
        symbol: str,
        interval: str,
        limit: int | None = None,
        *,
        start_time: int | None = None,
        end_time: int | None = None,
        time_zone: str | None = None,
    ) -> list[Kline]:
        """Return bars, ascending, the present one last: 500 by default, 1000 at most. Weight 2.

        `interval` is 1s, 1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 8h, 12h, 1d, 3d, 1w or 1M. Times are UTC ms, whatever
        `time_zone` (-12:00 to +14:00) the bars begin by. An interval of no such name raises ApiError -1120.
        """
        return await self._ask(
            endpoints.KLINES, symbol=symbol, interval=interval, start_time=start_time, end_time=end_time,
            time_zone=time_zone, limit=limit,
        )  # fmt: skip

    async def ui_klines(
        self,
        symbol: str,
        interval: str,
        limit: int | None = None,
        *,
        start_time: int | None = None,
        end_time: int | None = None,
        time_zone: str | None = None,
    ) -> list[Kline]:
        """Return bars as `klines` does, altered by the venue for charts. Weight 2."""
        return await self._ask(
            endpoints.UI_KLINES, symbol=symbol, interval=interval, start_time=start_time, end_time=end_time,
            time_zone=time_zone, limit=limit,
        )  # fmt: skip

    async def avg_price(self, symbol: str) -> AveragePrice:
        """Return the average price of the last minutes, which some filters go by. Weight 2."""
        return await self._ask(endpoints.AVG_PRICE, symbol=symbol)

    @overload
    async def ticker_24hr(
        self, symbol: str, *, type: TickerType | None = None, symbol_status: SymbolStatus | None = None
    ) -> PriceChange: ...
    @overload
    async def ticker_24hr(
        self,
        symbol: None = None,
        *,
        symbols: Sequence[str] | None = None,
        type: TickerType | None = None,
        symbol_status: SymbolStatus | None = None,
    ) -> list[PriceChange]: ...
    async def ticker_24hr(
        self,
        symbol: str | None = None,
        *,
        symbols: Sequence[str] | None = None,
        type: TickerType | None = None,
        symbol_status: SymbolStatus | None = None,
    ) -> PriceChange | list[PriceChange]:
        """Return the last 24 hours of one symbol, of several, or of all.

        Weight 2; 40 from 21 symbols on, 80 from 101 on and without.
        """
        return await self._ask_either(
            endpoints.TICKER_24HR, symbol=symbol, symbols=symbols, type=type, symbol_status=symbol_status
        )

    @overload
    async def ticker_trading_day(
        self,
        symbol: str,
        *,
        time_zone: str | None = None,
        type: TickerType | None = None,
        symbol_status: SymbolStatus | None = None,
    ) -> PriceChange: ...
    @overload
    async def ticker_trading_day(
        self,
        symbol: None = None,
        *,
        symbols: Sequence[str],
        time_zone: str | None = None,
        type: TickerType | None = None,
        symbol_status: SymbolStatus | None = None,
    ) -> list[PriceChange]: ...
    async def ticker_trading_day(
        self,
        symbol: str | None = None,
        *,
        symbols: Sequence[str] | None = None,
        time_zone: str | None = None,
        type: TickerType | None = None,
        symbol_status: SymbolStatus | None = None,
    ) -> PriceChange | list[PriceChange]:
        """Return the day of one symbol, or of several (100 at most). Weight 4 a symbol, 200 at most."""
        return await self._ask_either(
            endpoints.TICKER_TRADING_DAY, symbol=symbol, symbols=symbols, time_zone=time_zone, type=type,
            symbol_status=symbol_status,
        )  # fmt: skip

    @overload
    async def ticker_price(self, symbol: str, *, symbol_status: SymbolStatus | None = None) -> PriceTicker: ...
    @overload
    async def ticker_price(
        self,
        symbol: None = None,
        *,
        symbols: Sequence[str] | None = None,
        symbol_status: SymbolStatus | None = None,
    ) -> list[PriceTicker]: ...
    async def ticker_price(
        self,
        symbol: str | None = None,
        *,
        symbols: Sequence[str] | None = None,
        symbol_status: SymbolStatus | None = None,
    ) -> PriceTicker | list[PriceTicker]:
        """Return the last price of one symbol, of several, or of all. Weight 2; 4 for several or all symbols."""
        return await self._ask_either(
            endpoints.TICKER_PRICE, symbol=symbol, symbols=symbols, symbol_status=symbol_status
        )

    @overload
    async def ticker_book_ticker(self, symbol: str, *, symbol_status: SymbolStatus | None = None) -> BookTop: ...
    @overload
    async def ticker_book_ticker(
        self,
        symbol: None = None,
        *,
        symbols: Sequence[str] | None = None,
        symbol_status: SymbolStatus | None = None,
    ) -> list[BookTop]: ...
    async def ticker_book_ticker(
        self,
        symbol: str | None = None,
        *,
        symbols: Sequence[str] | None = None,
        symbol_status: SymbolStatus | None = None,
    ) -> BookTop | list[BookTop]:
        """Return the best bid and ask of one symbol, of several, or of all. Weight 2; 4 for several or all symbols."""
        return await self._ask_either(
            endpoints.TICKER_BOOK_TICKER, symbol=symbol, symbols=symbols, symbol_status=symbol_status
        )

    @overload
    async def ticker(
        self,
        symbol: str,
        *,
        window_size: str | None = None,
        type: TickerType | None = None,
        symbol_status: SymbolStatus | None = None,
    ) -> PriceChange: ...
    @overload
    async def ticker(
        self,
        symbol: None = None,
        *,
        symbols: Sequence[str],
        window_size: str | None = None,
        type: TickerType | None = None,
        symbol_status: SymbolStatus | None = None,
    ) -> list[PriceChange]: ...
    async def ticker(
        self,
        symbol: str | None = None,
        *,
        symbols: Sequence[str] | None = None,
        window_size: str | None = None,
        type: TickerType | None = None,
        symbol_status: SymbolStatus | None = None,
    ) -> PriceChange | list[PriceChange]:
        """Return a window of one symbol, or of several (100 at most). Weight 4 a symbol, 200 at most.

        `window_size` is 1m to 59m, 1h to 23h or 1d to 7d; it begins on a minute, so up to a minute more is in it.
        """
        return await self._ask_either(
            endpoints.TICKER, symbol=symbol, symbols=symbols, window_size=window_size, type=type,
            symbol_status=symbol_status,
        )  # fmt: skip

    async def reference_price(self, symbol: str) -> ReferencePrice:
        """Return the reference price. Raises ApiError -2043 where the symbol never had one. Weight 2."""
        return await self._ask(endpoints.REFERENCE_PRICE, symbol=symbol)

    async def reference_price_calculation(
        self, symbol: str, *, symbol_status: SymbolStatus | None = None
    ) -> ReferenceCalculation:
        """Return how the reference price is made. Raises ApiError -2043 where there is none. Weight 2."""
        return await self._ask(endpoints.REFERENCE_PRICE_CALCULATION, symbol=symbol, symbol_status=symbol_status)
