"""What an account pays on a trade. Rates are in 1e-8: 100,000 is 0.1 %.

Source: Binance Spot API, faqs/commission_faq, 2026-07.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from venues.binance.twin.render import ATOM, amount

DISCOUNT_ASSET = "BNB"


@dataclass(frozen=True, slots=True)
class Rates:
    """One kind of commission: an order pays for its role and for its side."""

    maker: int = 0
    taker: int = 0
    buyer: int = 0
    seller: int = 0

    def of(self, is_maker: bool, is_buyer: bool) -> int:
        """The rate of a trade in that role on that side."""
        return (self.maker if is_maker else self.taker) + (self.buyer if is_buyer else self.seller)

    def body(self) -> dict[str, str]:
        """As the account's queries show them."""
        return {
            "maker": amount(self.maker),
            "taker": amount(self.taker),
            "buyer": amount(self.buyer),
            "seller": amount(self.seller),
        }

    def for_order(self, is_buyer: bool) -> dict[str, str]:
        """As a test order shows them: the side is added already."""
        return {"maker": amount(self.of(True, is_buyer)), "taker": amount(self.of(False, is_buyer))}


@dataclass(frozen=True, slots=True)
class Commission:
    """An account's rates. With `pays_in_bnb` it pays in BNB while it holds enough, `discount` of the standard rate."""

    standard: Rates = Rates(maker=100_000, taker=100_000)
    special: Rates = Rates()
    tax: Rates = Rates()
    pays_in_bnb: bool = False
    discount: int = 75_000_000

    def fee(self, received: int, is_maker: bool, is_buyer: bool) -> int:
        """Atoms of the received asset that a trade costs, cut to eight decimals."""
        rate = sum(rates.of(is_maker, is_buyer) for rates in (self.standard, self.special, self.tax))
        return received * rate // ATOM

    def fee_in_bnb(self, value: int, bnb_price: int, is_maker: bool, is_buyer: bool) -> int:
        """Atoms of BNB that a trade costs, for its value and the price of one BNB, both in atoms of the quote asset."""
        standard = self.standard.of(is_maker, is_buyer) * self.discount
        rate = standard + (self.special.of(is_maker, is_buyer) + self.tax.of(is_maker, is_buyer)) * ATOM
        return value * rate // (ATOM * bnb_price)

    def discount_body(self) -> dict[str, Any]:
        """The `discount` of commission answers."""
        return {
            "enabledForAccount": self.pays_in_bnb,
            "enabledForSymbol": True,
            "discountAsset": DISCOUNT_ASSET,
            "discount": amount(self.discount),
        }
