"""The matching engine of the twins: orders and events, the book, the rules."""

from venues.twins.matching.engine import MatchingEngine
from venues.twins.matching.orders import *  # noqa: F403
from venues.twins.matching.orders import __all__ as _words

__all__ = ["MatchingEngine", *_words]
