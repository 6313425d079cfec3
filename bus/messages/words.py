"""The closed word lists of the vocabulary.

A word that this version does not know decodes to ``UNKNOWN``, never to an exception, so a newer peer or a venue's
new value costs a log line and not an actor. For the same reason a user's input is never read with the plain
constructor: `parse_word` refuses what is not in the list.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self, TypeVar

__all__ = [
    "AggressorSide",
    "BalanceReason",
    "Code",
    "ContingencyType",
    "ExitPolicy",
    "FillKind",
    "InstrumentStatusWord",
    "Liquidity",
    "MarginMode",
    "OrderEventKind",
    "OrderStatus",
    "OrderType",
    "Pending",
    "PositionSide",
    "Side",
    "Source",
    "TimeInForce",
    "TradingState",
    "TrailingOffsetType",
    "TriggerType",
    "WeightPurpose",
    "Word",
    "parse_word",
]

W = TypeVar("W", bound="Word")


class Word(StrEnum):
    """A word of a closed list; anything else reads as the list's ``UNKNOWN``."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return cls.__members__.get("UNKNOWN")


def parse_word(kind: type[W], text: str | W, name: str) -> W:
    """Return the member of `kind` that `text` names, in any case.

    Raises ValueError naming the argument and all words that would do.
    """
    word = kind.__members__.get(str(text).upper())
    if word is None or word.name == "UNKNOWN":
        known = ", ".join(choice.value for choice in kind if choice.name != "UNKNOWN")
        raise ValueError(f"{name} is {text!r}; expected one of {known}")
    return word


class Side(Word):
    UNKNOWN = "UNKNOWN"
    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """1 for BUY, -1 for SELL, 0 for UNKNOWN: a side that nobody knows moves no position."""
        return 1 if self is Side.BUY else -1 if self is Side.SELL else 0


class AggressorSide(Word):
    """Who crossed the spread in a public trade."""

    UNKNOWN = "UNKNOWN"
    BUYER = "BUYER"
    SELLER = "SELLER"
    NONE = "NONE"


class OrderType(Word):
    UNKNOWN = "UNKNOWN"
    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP_MARKET = "STOP_MARKET"
    STOP_LIMIT = "STOP_LIMIT"
    MARKET_IF_TOUCHED = "MARKET_IF_TOUCHED"
    LIMIT_IF_TOUCHED = "LIMIT_IF_TOUCHED"
    MARKET_TO_LIMIT = "MARKET_TO_LIMIT"
    TRAILING_STOP_MARKET = "TRAILING_STOP_MARKET"
    TRAILING_STOP_LIMIT = "TRAILING_STOP_LIMIT"


class TimeInForce(Word):
    UNKNOWN = "UNKNOWN"
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTD = "GTD"
    DAY = "DAY"
    AT_THE_OPEN = "AT_THE_OPEN"
    AT_THE_CLOSE = "AT_THE_CLOSE"


class TriggerType(Word):
    """Which price a trigger watches; DEFAULT is the venue's own choice."""

    UNKNOWN = "UNKNOWN"
    DEFAULT = "DEFAULT"
    LAST = "LAST"
    MARK = "MARK"
    INDEX = "INDEX"
    BID_ASK = "BID_ASK"


class TrailingOffsetType(Word):
    UNKNOWN = "UNKNOWN"
    PRICE = "PRICE"
    BASIS_POINTS = "BASIS_POINTS"
    TICKS = "TICKS"


class ContingencyType(Word):
    UNKNOWN = "UNKNOWN"
    NONE = "NONE"
    OCO = "OCO"
    OTO = "OTO"
    BRACKET = "BRACKET"


class PositionSide(Word):
    """NET where the account holds one position an instrument; LONG and SHORT in hedge mode."""

    UNKNOWN = "UNKNOWN"
    NET = "NET"
    LONG = "LONG"
    SHORT = "SHORT"


class OrderStatus(Word):
    """The venue's last definite word about an order."""

    UNKNOWN = "UNKNOWN"
    INITIALIZED = "INITIALIZED"
    DENIED = "DENIED"
    SUBMITTED = "SUBMITTED"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    TRIGGERED = "TRIGGERED"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    NEVER_ARRIVED = "NEVER_ARRIVED"

    @property
    def is_closed(self) -> bool:
        """True when the venue will do no more with the order (a late fill still counts)."""
        return self in _CLOSED


_CLOSED = frozenset(
    {
        OrderStatus.DENIED,
        OrderStatus.REJECTED,
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.EXPIRED,
        OrderStatus.NEVER_ARRIVED,
    }
)


class Pending(Word):
    """What we asked of the venue and have no definite word about."""

    UNKNOWN = "UNKNOWN"
    NONE = "NONE"
    SUBMIT = "SUBMIT"
    MODIFY = "MODIFY"
    CANCEL = "CANCEL"


class OrderEventKind(Word):
    """What happened to an order; the state machine's input."""

    UNKNOWN = "UNKNOWN"
    DENIED = "DENIED"
    SUBMITTED = "SUBMITTED"
    NOT_SENT = "NOT_SENT"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    TRIGGERED = "TRIGGERED"
    UPDATED = "UPDATED"
    REPORT = "REPORT"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    CANCEL_PENDING = "CANCEL_PENDING"
    CANCEL_REJECTED = "CANCEL_REJECTED"
    MODIFY_PENDING = "MODIFY_PENDING"
    MODIFY_REJECTED = "MODIFY_REJECTED"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    NEVER_ARRIVED = "NEVER_ARRIVED"


class Source(Word):
    """How we came to know: the venue's stream, an answer to a command, or a query of ours."""

    UNKNOWN = "UNKNOWN"
    STREAM = "STREAM"
    ANSWER = "ANSWER"
    QUERY = "QUERY"
    GATE = "GATE"
    RECONCILER = "RECONCILER"
    OPERATOR = "OPERATOR"


class Liquidity(Word):
    UNKNOWN = "UNKNOWN"
    MAKER = "MAKER"
    TAKER = "TAKER"


class FillKind(Word):
    """What a fill came from; the words of `Fill.kind`.

    A venue's execution records that move no position (funding, fees) are no fills at all.
    """

    UNKNOWN = "UNKNOWN"
    TRADE = "TRADE"
    BLOCK = "BLOCK"
    LIQUIDATION = "LIQUIDATION"
    DELEVERAGING = "DELEVERAGING"
    SETTLEMENT = "SETTLEMENT"
    ADJUSTMENT = "ADJUSTMENT"


class MarginMode(Word):
    """Whether a position has margin of its own, shares the account's, or is margined with all others as one."""

    UNKNOWN = "UNKNOWN"
    CROSS = "CROSS"
    ISOLATED = "ISOLATED"
    PORTFOLIO = "PORTFOLIO"


class BalanceReason(Word):
    """Why a balance changed other than by a fill."""

    UNKNOWN = "UNKNOWN"
    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"
    TRANSFER = "TRANSFER"
    FUNDING = "FUNDING"
    INTEREST = "INTEREST"
    FEE = "FEE"
    REBATE = "REBATE"
    DIVIDEND = "DIVIDEND"
    SETTLEMENT = "SETTLEMENT"
    LIQUIDATION = "LIQUIDATION"
    CONVERSION = "CONVERSION"
    ADJUSTMENT = "ADJUSTMENT"


class InstrumentStatusWord(Word):
    UNKNOWN = "UNKNOWN"
    TRADING = "TRADING"
    PRE_OPEN = "PRE_OPEN"
    AUCTION = "AUCTION"
    CANCEL_ONLY = "CANCEL_ONLY"
    HALTED = "HALTED"
    SUSPENDED = "SUSPENDED"
    SETTLING = "SETTLING"
    CLOSED = "CLOSED"


class TradingState(Word):
    """ACTIVE; REDUCING: cancels and true reductions; HALTED: cancels only."""

    UNKNOWN = "UNKNOWN"
    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


class ExitPolicy(Word):
    """What becomes of a strategy's orders when it ends, dies or falls silent."""

    UNKNOWN = "UNKNOWN"
    CANCEL = "cancel"
    LEAVE = "leave"
    FLATTEN = "flatten"


class Code(Word):
    """Why a request or an order was refused, or an order ended. One sentence each; the docs' table is made from it."""

    def __new__(cls, value: str, sentence: str = "") -> Self:
        word = str.__new__(cls, value)
        word._value_ = value
        word.sentence = sentence
        return word

    sentence: str

    UNKNOWN = "UNKNOWN", "A code that this version does not know."
    NONE = "NONE", "Nothing was refused."
    # the bus
    NOT_CONNECTED = "NOT_CONNECTED", "The actor asked is not on the floor, so nothing was sent."
    LOST = "LOST", "The actor asked went away before it answered; the outcome is unknown."
    TIMED_OUT = "TIMED_OUT", "No answer came before the deadline; the outcome is unknown."
    EXPIRED = "EXPIRED", "The request arrived after its deadline and was not executed."
    UNREADABLE = "UNREADABLE", "The request or its answer could not be decoded."
    UNSUPPORTED = "UNSUPPORTED", "The actor or the venue does not do this."
    HANDLER_FAILED = "HANDLER_FAILED", "The handler failed; the actor ends and is restarted."
    POISON = "POISON", "This very message ended the actor twice in a row, so it is quarantined and not handled again."
    NOT_ALLOWED = "NOT_ALLOWED", "The caller's role does not permit this."
    BAD_VERSION = "BAD_VERSION", "The two sides speak different major versions; nothing was executed."
    DUPLICATE_NAME = "DUPLICATE_NAME", "A live actor already has this name."
    NO_SUCH_ACTOR = "NO_SUCH_ACTOR", "No actor of this name is on the floor, so nothing was sent."
    NO_SUCH_ORDER = "NO_SUCH_ORDER", "No order of this id is known."
    NO_SUCH_SCOPE = "NO_SUCH_SCOPE", "No floor, instance or strategy of this name is known."
    NOT_READY = "NOT_READY", "The actor has started but cannot serve this yet."
    BUSY = "BUSY", "The actor has too many requests under way; this one was not executed."
    WITHDRAWN = "WITHDRAWN", "The caller withdrew its question before it was answered."
    CLOCK_UNKNOWN = "CLOCK_UNKNOWN", "The deadline is not known in the other host's clock, so nothing was executed."
    IN_PARTS = "IN_PARTS", "The answer comes in parts, and the caller asked for one message."
    PARTS_MISSING = "PARTS_MISSING", "A part of the answer did not arrive, so what came is not all of it."
    PARTS_NOT_TAKEN = (
        "PARTS_NOT_TAKEN",
        "The caller took no part of its answer for too long, so the answer ended early.",
    )
    BAD_VALUE = "BAD_VALUE", "A value in the question cannot be; the reason names it and says what was expected."
    # the gate
    HALTED = "HALTED", "Trading is halted for this scope; only cancels pass."
    REDUCING = "REDUCING", "Only true reductions pass for this scope."
    NOT_SYNCED = "NOT_SYNCED", "The instance is not reconciled with its venue."
    BOOK_NOT_SYNCED = "BOOK_NOT_SYNCED", "A book that is open for this instrument is not whole."
    NO_RECONCILER = "NO_RECONCILER", "The reconciler is not responsive, so no new risk is taken."
    NO_SUCH_INSTANCE = "NO_SUCH_INSTANCE", "No venue instance of this name is configured."
    NO_SUCH_INSTRUMENT = "NO_SUCH_INSTRUMENT", "The instrument's rules are not known."
    INSTRUMENT_NOT_TRADING = "INSTRUMENT_NOT_TRADING", "The venue does not trade this instrument now."
    DUPLICATE_ORDER_ID = "DUPLICATE_ORDER_ID", "An order of this id was gated before with other terms."
    UNKNOWN_ORDER_OPEN = "UNKNOWN_ORDER_OPEN", "An earlier order of this strategy on this instrument is UNKNOWN."
    CHANGE_IN_FLIGHT = "CHANGE_IN_FLIGHT", "An earlier change or a cancel of this order has no definite answer yet."
    NO_CHANGE = "NO_CHANGE", "The order has these terms already."
    PRICE_MISSING = "PRICE_MISSING", "This order type needs a price."
    PRICE_NOT_ALLOWED = "PRICE_NOT_ALLOWED", "This order type takes no price."
    PRICE_INCREMENT = "PRICE_INCREMENT", "The price is not on the instrument's price steps."
    PRICE_LIMIT = "PRICE_LIMIT", "The price is outside the instrument's limits."
    SIZE_MISSING = "SIZE_MISSING", "Give a size or a quote size, not both and not neither."
    SIZE_INCREMENT = "SIZE_INCREMENT", "The size is not on the instrument's size steps."
    SIZE_LIMIT = "SIZE_LIMIT", "The size is outside the instrument's limits."
    NOTIONAL_LIMIT = "NOTIONAL_LIMIT", "Price times size is outside the instrument's limits."
    MAX_ORDER_SIZE = "MAX_ORDER_SIZE", "The size is over the floor's limit."
    MAX_ORDER_NOTIONAL = "MAX_ORDER_NOTIONAL", "Price times size is over the floor's limit."
    NO_PRICE = "NO_PRICE", "No reference price is known, so the order cannot be valued."
    UNSUPPORTED_ORDER_TYPE = "UNSUPPORTED_ORDER_TYPE", "The venue or this version has no such order type."
    UNSUPPORTED_TIME_IN_FORCE = "UNSUPPORTED_TIME_IN_FORCE", "The venue or this version has no such time in force."
    UNSUPPORTED_INSTRUCTION = "UNSUPPORTED_INSTRUCTION", "The venue or this version lacks an instruction of the order."
    # execution
    DEADLINE_PASSED = "DEADLINE_PASSED", "The command was too old to be sent and was dropped."
    FENCED = "FENCED", "Another life of the caller has taken over, or this one was given up for dead."
    LEASE_LAPSED = (
        "LEASE_LAPSED",
        "Its lease had lapsed: another may have taken its place, so nothing was sent or done.",
    )
    VENUE_NOT_CONNECTED = "VENUE_NOT_CONNECTED", "The venue's order connection is down, so nothing was sent."
    VENUE_REJECTED = "VENUE_REJECTED", "The venue refused; its own code and text stand beside."
    SHUTTING_DOWN = "SHUTTING_DOWN", "The floor or the actor is stopping."
    # what venues refuse, in one word for all of them
    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS", "The account lacks the balance or the margin for this."
    POST_ONLY_WOULD_TAKE = "POST_ONLY_WOULD_TAKE", "A post-only order would have taken liquidity."
    WOULD_TRIGGER = "WOULD_TRIGGER", "The market had passed the trigger price when the order arrived."
    REDUCE_ONLY = "REDUCE_ONLY", "A reduce-only order found less to reduce than its size."
    TOO_MANY_ORDERS = "TOO_MANY_ORDERS", "The venue's limit of open or conditional orders is reached."
    RATE_LIMITED = "RATE_LIMITED", "A rate limit of the venue is spent, so nothing was executed."
    ACCOUNT_RESTRICTED = "ACCOUNT_RESTRICTED", "The venue does not allow this account or key to do this."
    TOO_LATE = "TOO_LATE", "The order had ended when the cancel or modify arrived."
    # why venues end orders by themselves
    UNFILLED = "UNFILLED", "The rest of an immediate or market order found nobody to trade with."
    SELF_TRADE = "SELF_TRADE", "The order would have traded with another of the same account."
    LINKED_ORDER = "LINKED_ORDER", "Another order of the same list was triggered, filled or ended."
    DEAD_MANS_SWITCH = "DEAD_MANS_SWITCH", "The venue ended the order because our connection fell silent."
    LIQUIDATION = "LIQUIDATION", "The venue liquidates or deleverages the position."
    SETTLEMENT = "SETTLEMENT", "The instrument expired or settled, or its market closed or turned in play."
    CANCELED_BY_VENUE = "CANCELED_BY_VENUE", "The venue ended the order for a reason of its own."


class WeightPurpose(Word):
    """What request weight is spent for: who is named first is served last to go without."""

    UNKNOWN = "UNKNOWN"
    CANCEL = "CANCEL"
    ORDER = "ORDER"
    RECONCILE = "RECONCILE"
    DATA = "DATA"
    HISTORY = "HISTORY"
