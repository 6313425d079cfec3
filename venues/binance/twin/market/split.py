"""One candle split into shorter ones that make exactly it again.

History is made from above: a day is split into hours, an hour into minutes, a minute into seconds, each only when
somebody asks. So a year of daily candles costs no minutes, and minutes, hours and days always agree to the last
tick and step. Counts, volumes and quote amounts are shared out in whole numbers; the parts' prices are a random
bridge from the open to the close, and every part's average price lies between its own low and high.

The one hard part is the quote amount: parts whose average prices are free must together have the whole's. Volume
is moved between the parts above and those below the whole's average price until they do (`_tilted`), and what
rounding leaves is shared out inside of the parts' ranges. Where no such shares exist, which only candles of a few
steps know, one part takes everything and the others have no trade.
"""

from __future__ import annotations

from itertools import pairwise
from random import Random

from venues.binance.twin.market.candles import Candle, flat

MIN_TRADES = 4
"""Trades of a part that trades at all: its open, high, low and close may all differ."""
BRIDGE = 0.4
"""Standard deviation of the bridge at its middle, as a share of the whole's range."""
SPIKE = 0.35
"""Usual reach of a part's high and low over its open and close, as a share of a usual move of a part."""
EDGE = 0.1
MIN_WEIGHT = 0.15
"""The least volume of a part, where one is usual; trades vary half as much, so that most seconds have some."""
WEIGHT = 1 << 20
"""Weights are whole multiples of this fraction, so that shares are exact."""
Shares = tuple[list[int], list[int]]


def split(whole: Candle, count: int, length_ms: int, rng: Random) -> list[Candle]:
    """`count` candles of `length_ms` that together are `whole`; the same for the same state of `rng`."""
    trading = min(count, whole.count // MIN_TRADES)
    if trading < 2:
        return _alone(whole, count, length_ms, rng.randrange(count))
    places = range(count) if trading == count else sorted(rng.sample(range(count), trading))
    nodes = _bridge(whole, trading, rng)
    lows, highs = _ranges(whole, nodes, rng)
    weights = [MIN_WEIGHT + rng.expovariate(1.0) for _ in range(trading)]
    leans = [rng.uniform(0.6, 1.4) for _ in range(trading)]
    buys = _shares(whole.buy_volume, whole.buy_quote, [w * x for w, x in zip(weights, leans, strict=True)], lows, highs)
    sell_volume, sell_quote = whole.volume - whole.buy_volume, whole.quote - whole.buy_quote
    sells = _shares(sell_volume, sell_quote, [w * (2 - x) for w, x in zip(weights, leans, strict=True)], lows, highs)
    spare = [round((1 + weight) * WEIGHT) for weight in weights]
    counts = [MIN_TRADES + more for more in _portions(whole.count - MIN_TRADES * trading, spare)]
    if buys is None or sells is None or any(b + s < n for b, s, n in zip(buys[0], sells[0], counts, strict=True)):
        return _alone(whole, count, length_ms, rng.randrange(count))
    parts: list[Candle] = []
    next_id = whole.first_id
    for begin, (place, trades) in enumerate(zip(places, counts, strict=True)):
        parts += (flat(whole.start_ms + i * length_ms, nodes[begin]) for i in range(len(parts), place))
        parts.append(
            Candle(
                whole.start_ms + place * length_ms, nodes[begin], highs[begin], lows[begin], nodes[begin + 1],
                next_id, next_id + trades - 1, trades, buys[0][begin] + sells[0][begin],
                buys[1][begin] + sells[1][begin], buys[0][begin], buys[1][begin],
            )
        )  # fmt: skip
        next_id += trades
    parts += (flat(whole.start_ms + i * length_ms, nodes[-1]) for i in range(len(parts), count))
    return parts


def _alone(whole: Candle, count: int, length_ms: int, place: int) -> list[Candle]:
    """The whole in one part, none of the others traded in."""
    parts = [flat(whole.start_ms + i * length_ms, whole.open if i < place else whole.close) for i in range(count)]
    if whole.count:
        parts[place] = Candle(
            whole.start_ms + place * length_ms, whole.open, whole.high, whole.low, whole.close, whole.first_id,
            whole.last_id, whole.count, whole.volume, whole.quote, whole.buy_volume, whole.buy_quote,
        )  # fmt: skip
    return parts


def _bridge(whole: Candle, count: int, rng: Random) -> list[int]:
    """Prices between the parts, from the open to the close, inside of the range."""
    walk, at = [0.0], 0.0
    for _ in range(count):
        at += rng.gauss(0.0, 1.0)
        walk.append(at)
    scale = BRIDGE * (whole.high - whole.low) * 2 / count**0.5
    slope = (whole.close - whole.open - scale * at) / count
    wandered = (round(whole.open + slope * i + scale * w) for i, w in enumerate(walk))
    nodes = [min(whole.high, max(whole.low, price)) for price in wandered]
    nodes[0], nodes[-1] = whole.open, whole.close
    return nodes


def _ranges(whole: Candle, nodes: list[int], rng: Random) -> tuple[list[int], list[int]]:
    """Lows and highs of the parts; one of them has the whole's low, one its high."""
    reach = SPIKE * (whole.high - whole.low) / (len(nodes) - 1) ** 0.5
    lows, highs = [], []
    for before, after in pairwise(nodes):
        lows.append(max(whole.low, min(before, after) - round(rng.expovariate(1.0) * reach)))
        highs.append(min(whole.high, max(before, after) + round(rng.expovariate(1.0) * reach)))
    lows[lows.index(min(lows))] = whole.low
    highs[highs.index(max(highs))] = whole.high
    return lows, highs


def _shares(volume: int, quote: int, weights: list[float], lows: list[int], highs: list[int]) -> Shares | None:
    """Volumes and quote amounts of the parts; None when no volumes of these weights can have that amount."""
    if not volume:
        return [0] * len(lows), [0] * len(lows)
    volumes = _portions(volume, _tilted(quote / volume, weights, lows, highs))
    least = [v * low for v, low in zip(volumes, lows, strict=True)]
    room = [v * (high - low) for v, low, high in zip(volumes, lows, highs, strict=True)]
    rest = quote - sum(least)
    if not 0 <= rest <= sum(room):
        return None
    return volumes, [q + more for q, more in zip(least, _portions(rest, room), strict=True)]


def _tilted(average: float, weights: list[float], lows: list[int], highs: list[int]) -> list[int]:
    """The weights, those of the parts above the average price raised or lowered until all parts average it.

    A part counts with the middle of its range; where all middles lie on one side, with a price near its other end.
    """
    for place in (0.5, EDGE, 1 - EDGE):
        distances = [low + place * (high - low) - average for low, high in zip(lows, highs, strict=True)]
        above = sum(w * d for w, d in zip(weights, distances, strict=True) if d > 0)
        below = -sum(w * d for w, d in zip(weights, distances, strict=True) if d < 0)
        if above and below:
            break
    raised = below / above if above and below else 1.0
    return [1 + round((w * raised if d > 0 else w) * WEIGHT) for w, d in zip(weights, distances, strict=True)]


def _portions(total: int, weights: list[int]) -> list[int]:
    """Whole numbers in proportion to the weights that sum to the total; none over its weight if the total is not."""
    whole, reached, given = sum(weights), 0, 0
    portions = []
    for weight in weights:
        reached += weight
        upto = total * reached // whole if whole else 0
        portions.append(upto - given)
        given = upto
    return portions
