"""The market-data half of the venue contract: what every venue's market-data actor does, and what each venue brings.

The base follows the demand, opens and closes feeds, says what became of them, paces snapshots, marks what may be
missing, notices silence, and keeps instruments. A venue brings its protocol: names of streams, payload -> message, the
snapshot's call, and the rule by which snapshot and deltas are made one.
"""

from venues.market_data.books import BookFeed
from venues.market_data.feeds import BarFeed, DepthFeed, Feed, QuoteFeed, TickerFeed, TradeFeed, ValueFeed, Want
from venues.market_data.rule import BookRule, Step
from venues.market_data.trouble import Listed, VenueTrouble
from venues.market_data.venue import MarketDataVenue

__all__ = [
    "BarFeed",
    "BookFeed",
    "BookRule",
    "DepthFeed",
    "Feed",
    "Listed",
    "MarketDataVenue",
    "QuoteFeed",
    "Step",
    "TickerFeed",
    "TradeFeed",
    "ValueFeed",
    "VenueTrouble",
    "Want",
]
