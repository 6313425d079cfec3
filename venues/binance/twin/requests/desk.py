"""Where REST and the WebSocket API meet: weight, key, signature, time, parameters, answer, log.

The order of the checks is: weight, names and presence of parameters, key, signature, time, values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from venues.binance.twin.errors import VenueError, bad_key_format, mandatory, unknown_key
from venues.binance.twin.limits import AddressLimit
from venues.binance.twin.requests.call import Call
from venues.binance.twin.requests.endpoint import Endpoint
from venues.binance.twin.requests.params import Params
from venues.binance.twin.requests.signing import check_signature, check_time
from venues.binance.twin.trading.accounts import Account
from venues.binance.twin.trading.exchange import Exchange
from venues.twins.log import TruthLog

MAX_KEY_LENGTH = 128


@dataclass(slots=True)
class Desk:
    """Answers requests for one exchange; every client comes from the one local address."""

    exchange: Exchange
    log: TruthLog
    address: AddressLimit
    orders_limit: int

    def serve(
        self,
        endpoint: Endpoint,
        sent: Mapping[str, str],
        key: str | None,
        payload: Callable[[], bytes],
        session: Account | None = None,
    ) -> Any:
        """The body of a successful answer. Raises VenueError with the refusal.

        `payload` gives the signed bytes; `session` is the account of a connection that has logged on.
        """
        params = Params(sent)
        try:
            weight = endpoint.cost(params)
        except VenueError:
            weight = 1
        self.address.spend(weight, self.exchange.now_ms)
        params.check_names(endpoint.names, endpoint.is_signed)
        account = session if session is not None and "signature" not in sent else None
        if endpoint.is_signed and account is None:
            account = self.authenticate(sent, key, payload)
        call = Call(self.exchange, params, account, self.address.limit, self.orders_limit)
        body = endpoint.answer(call)
        if endpoint.is_free_on_success:
            self.address.refund(weight)
        return body

    def authenticate(self, sent: Mapping[str, str], key: str | None, payload: Callable[[], bytes]) -> Account:
        """The account of a signed request. Raises VenueError -1021, -1022, -1102, -2014 or -2015."""
        for name in ("timestamp", "signature"):
            if not sent.get(name):
                raise mandatory(name)
        account = self.account_of(key)
        check_signature(account.api_secret, payload(), sent["signature"])
        check_time(sent["timestamp"], sent.get("recvWindow"), self.exchange.now_us())
        return account

    def account_of(self, key: str | None) -> Account:
        """The account of a key. Raises VenueError -2014 or -2015."""
        if not key or len(key) > MAX_KEY_LENGTH or not key.isascii() or not key.isalnum():
            raise bad_key_format()
        account = self.exchange.accounts.get(key)
        if account is None:
            raise unknown_key()
        return account

    def log_received(self, via: str, method: str, params: Mapping[str, Any], socket: int | None) -> None:
        """Note a request, its signature left out."""
        shown = {name: _plain(value) for name, value in params.items() if name != "signature"}
        self.log.write("received", via=via, socket=socket, method=method, params=shown)

    def log_answered(
        self, via: str, method: str, status: int, body: Any, error: VenueError | None, socket: int | None
    ) -> None:
        """Note an answer."""
        fields: dict[str, Any] = {"status": status, "code": error.code if error else None}
        if isinstance(body, dict) and "clientOrderId" in body:
            fields["client_order_id"] = body["clientOrderId"]
        self.log.write("answered", via=via, socket=socket, method=method, **fields)


def _plain(value: Any) -> Any:
    """A parameter as the log can hold it: what is neither text nor a 64-bit number as its text."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    return str(value) if isinstance(value, list | dict) else value
