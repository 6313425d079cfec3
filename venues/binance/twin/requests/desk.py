"""Where REST and the WebSocket API meet: weight, key, signature, time, parameters, answer, log.

The order of the checks is: ban and weight, names and presence of parameters, key and its permission, signature, time,
values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from venues.binance.twin.errors import VenueError, mandatory
from venues.binance.twin.requests.call import Call
from venues.binance.twin.requests.endpoint import Endpoint
from venues.binance.twin.requests.keys import Key, Keyring, Permission
from venues.binance.twin.requests.params import Params
from venues.binance.twin.requests.request import Outcome, Request
from venues.binance.twin.requests.signing import check_time
from venues.binance.twin.requests.trouble import NoTroubles, Trouble, Troubles
from venues.binance.twin.rules import Rules
from venues.binance.twin.trading.accounts import Account
from venues.binance.twin.trading.exchange import Exchange
from venues.twins.log import TruthLog


@dataclass(slots=True)
class Desk:
    """Answers requests for one exchange."""

    exchange: Exchange
    log: TruthLog
    rules: Rules
    keys: Keyring
    troubles: Troubles = field(default_factory=NoTroubles)

    def trouble(self, request: Request) -> Trouble | None:
        """What goes wrong with a request; asked once for each."""
        return self.troubles.on_request(request)

    def outcome(self, request: Request, work: Callable[[], Any]) -> Outcome:
        """Note a request, and what `work` gives for it or refuses it with."""
        self.log_received(request)
        try:
            return Outcome(body=work())
        except VenueError as refused:
            return Outcome(error=refused)

    def serve(self, request: Request, endpoint: Endpoint) -> Any:
        """The body of a successful answer. Raises VenueError with the refusal."""
        params, account, key, address = Params(request.sent), None, None, request.address
        try:
            weight = endpoint.cost(params)
        except VenueError:
            weight = 1
        address.spend(weight, self.exchange.now_ms)
        params.check_names(endpoint.names, endpoint.is_signed)
        if endpoint.is_signed:
            key = self.authenticate(request, endpoint.permission)
            account = key.account
        body = endpoint.answer(Call(self.exchange, params, account, self.rules.weight, self.rules.orders, key))
        if endpoint.is_free_on_success:
            address.refund(weight)
        return body

    def authenticate(self, request: Request, permission: Permission) -> Key:
        """The key of a signed request. Raises VenueError -1021, -1022, -1102, -2014 or -2015."""
        sent, ip = request.sent, request.address.ip
        if request.session is not None and "apiKey" not in sent and "signature" not in sent:
            key = request.session
            self._check_sent(sent, "timestamp")
            key.check_use(permission, ip)
        else:
            self._check_sent(sent, "timestamp", "signature")
            key = self.keys.of(request.key)
            key.check_use(permission, ip)
            key.check_signature(request.payload(), sent["signature"])
        check_time(sent["timestamp"], sent.get("recvWindow"), self.exchange.now_us())
        return key

    def account_of(self, request: Request) -> Account | None:
        """Whose order count an answer shows: the account of the key that was named, or of the session."""
        key = self.keys.known(request.key) if request.key else request.session
        return key.account if key is not None else None

    def log_received(self, request: Request) -> None:
        """Note a request, its signature left out."""
        shown = {name: _plain(value) for name, value in (request.shown or request.sent).items() if name != "signature"}
        self.log.write("received", via=request.via, socket=request.socket, method=request.name, params=shown)

    def log_answered(self, request: Request, outcome: Outcome, **more: Any) -> None:
        """Note an answer; `more` tells of a fault in it."""
        body, error = outcome.body, outcome.error
        fields: dict[str, Any] = {"status": outcome.status, "code": error.code if error else None}
        if isinstance(body, dict) and "clientOrderId" in body:
            fields["client_order_id"] = body["clientOrderId"]
        self.log.write("answered", via=request.via, socket=request.socket, method=request.name, **fields, **more)

    @staticmethod
    def _check_sent(sent: Mapping[str, str], *names: str) -> None:
        for name in names:
            if not sent.get(name):
                raise mandatory(name)


def _plain(value: Any) -> Any:
    """A parameter as the log can hold it: what is neither text nor a 64-bit number as its text."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    return str(value) if isinstance(value, list | dict) else value
