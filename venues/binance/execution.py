"""The execution actor of Binance Spot."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from actors.runtime import ActorExit, Context
from bus.messages import Code, OrderEvent, WeightPurpose
from venues.binance.bans import banned_exit
from venues.binance.cancels import Cancels
from venues.binance.client.aiohttp_transport import AiohttpTransport
from venues.binance.client.clock import ServerClock
from venues.binance.client.errors import Banned, ClientError, KeyRefused, UnreadableAnswer
from venues.binance.client.payloads import (
    EventStreamTerminated,
    ExecutionReport,
    ListStatus,
    OutboundAccountPosition,
    ServerShutdown,
    UserEvent,
    user_event,
)
from venues.binance.client.rest import Rest
from venues.binance.client.ws_connection import PROBE_S, Connection
from venues.binance.keys import read_rights
from venues.binance.mapping.account import messages_of, own_client_id, position_of
from venues.binance.mapping.changes import is_replacements_cancel
from venues.binance.mapping.order_lists import contingency_of, list_names
from venues.binance.quota import Purse, quota_of, unless_banned
from venues.binance.settings import locator, read_settings
from venues.execution import Failure, KeyRights
from venues.unreadable import NOT_READABLE

__all__ = ["Execution"]

DRAIN_S = 0.5
"""How long a stopping actor waits for the answers to what it has written: longer than a healthy venue takes."""
KEY_ANSWER_S = 3.0
"""How long the venue is waited for at the start, before what the key may do counts as not known."""
QUOTA_S = 3.0
"""How long the first lease is waited for before connecting: without it nobody knows of a ban, but cancels must go."""
BAN_LOOK_S = 1.0
RAW_SHOWN = 500
"""Bytes of an unknown event in the log."""
BEGUN = frozenset(("NEW", "PARTIALLY_FILLED", "FILLED"))
"""Statuses that show an attempt at work: what it was to replace is replaced."""


class Execution(Cancels):
    """
    Owns: the connection for orders and account events; what it has written in this life; unacknowledged events.
    Listens: new orders, lists and changes from the gate, cancels from strategies and the supervisor, queries from the
        reconciler.
    Sends: everything that happens to orders, fills, balances and the private stream, to the reconciler, until taken.
    Fails when: settings or keys are wrong (exit 10), the address is banned (11), events pile up for ever (13).
    Restart means: nothing is sent again; the reconciler asks the venue what became of what was in flight.
    """

    _network: AiohttpTransport
    _connection: Connection

    def __init__(self, context: Context, **arguments: object) -> None:
        super().__init__(context, **arguments)
        self.settings = read_settings(context.settings)
        self.locate = locator(self.settings, trading=True)
        self.window_ms = self.settings.recv_window_ms
        self.allow_withdrawal_key = self.settings.allow_withdrawal_key
        self.server_clock = ServerClock(self.clock.monotonic_ns)
        self.counts["unknown_venue"] = 0
        self._life: asyncio.Task[None] | None = None

    # life

    async def setup(self) -> None:
        await super().setup()
        self._network = AiohttpTransport()
        self.rest = Rest(self._network, self.locate, self.server_clock)
        if self.settings.quota is not None:
            self.quota = quota_of(self, self.settings.quota, self.rest.limits)
            self.rest.budget = Purse(self.quota, WeightPurpose.RECONCILE)
        self._connection = Connection(
            unless_banned(self.locate, self.rest.limits), self._network.dial, self.server_clock, self, self.spawn,
            limits=self.rest.limits, hands_over=True, logs_on=True,
        )  # fmt: skip

    async def begin(self) -> None:
        await super().begin()
        self.ready("CONNECTING", self._connection.why_down)
        if self.quota is not None:
            self.quota.begin()
        self._life = self.spawn(self._stay_connected())
        self.every(PROBE_S, self.measure_clock)

    async def disconnect(self) -> None:
        if self._life is not None:
            self._life.cancel()
        if self._connection.api is not None:
            await self._connection.api.drain(DRAIN_S)
        await self._connection.close("the actor stops")
        await self._network.close()

    def counters(self) -> dict[str, int]:
        spent = self.quota.counts if self.quota is not None else {}
        return {**super().counters(), **spent, "reconnects": self._connection.reconnects}

    async def judge_key(self) -> None:
        try:
            await super().judge_key()
        except ActorExit as failure:
            await self._connection.close(failure.reason)
            await self._network.close()
            raise

    async def key_rights(self) -> KeyRights | Failure:
        try:
            async with asyncio.timeout(KEY_ANSWER_S):
                return await read_rights(self.rest, self.settings.environment)
        except (Banned, KeyRefused) as error:
            raise self._end_of(error) from None
        except (ClientError, *NOT_READABLE, TimeoutError) as error:
            return Failure(False, Code.TIMED_OUT, str(error) or f"no answer in {KEY_ANSWER_S:g} s")

    async def _stay_connected(self) -> None:
        if self.quota is not None and not await self.quota.joined(QUOTA_S):
            self.log.warning("connects without a lease of this host's weight; only cancels go", quota=self.quota.name)
        await self._wait_for_ban()
        await self.judge_key()
        try:
            await self._connection.run()
        except (Banned, KeyRefused) as error:
            failure = self._end_of(error)
        await self._network.close()
        raise failure

    async def _wait_for_ban(self) -> None:
        """An actor that begins while its address is banned knocks nowhere until that is over."""
        while (left_s := self.rest.limits.ban_left_s) > 0:
            self.ready("BANNED", f"the venue has banned this address, for {left_s:.0f} s more")
            await asyncio.sleep(min(left_s, BAN_LOOK_S))

    async def learn_order_limits(self) -> None:
        """Ask how many orders the account may send, and has sent: an earlier life's count too."""
        try:
            self.rest.limits.learn(await self.rest.rate_limit_order())
        except (ClientError, *NOT_READABLE) as error:
            self.log.warning("the account's order limits are not known yet; the least of the documents hold", why=error)

    def on_connected(self) -> None:
        super().on_connected()
        self.spawn(self.learn_order_limits())

    def _end_of(self, error: Banned | KeyRefused) -> ActorExit:
        if isinstance(error, Banned):
            return banned_exit(self.instance, error, self.clock.time_ns())
        return self.refuse_key(f"{self.instance}: the venue refuses the API key: {error}")

    # what the venue says

    def on_event(self, raw: bytes) -> None:
        """An event of the account."""
        self.counts["venue_events"] += 1
        try:
            self._take(user_event(raw), raw, self.clock.time_ns())
        except NOT_READABLE as error:
            self.on_unreadable(UnreadableAnswer(raw, str(error)))
            # an event of ours is lost: only a fresh stream and the reconciler's queries can make up for it
            self._connection.end_stream("an event of the account cannot be read")

    def _take(self, event: UserEvent | None, raw: bytes, now: int) -> None:
        match event:
            case ExecutionReport():
                self._on_report(event, raw, now)
            case OutboundAccountPosition():
                for balance in position_of(event, self.instance, now):
                    self.emit(balance)
            case ListStatus():
                self.note_list(event.list_id, event.list_client_id, contingency_of(event))
                for client_id, venue_id in list_names(event).items():
                    self.names.note_venue_id(venue_id, client_id)
            case EventStreamTerminated():
                self._connection.end_stream("the venue ended the private stream")
            case ServerShutdown():
                self.log.warning("the venue announces that it will close this connection")
            case None:
                self.counts["unknown_venue"] += 1
                self.log.warning("an event of a kind that this version does not know", raw=raw[:RAW_SHOWN])

    def _on_report(self, report: ExecutionReport, raw: bytes, now: int) -> None:
        client_id = own_client_id(report)
        self.note_venue_id(report.order_id, client_id)
        attempt = self.attempt_of(client_id, report.order_list_id)
        is_canceled = report.execution == "CANCELED"
        if is_canceled and is_replacements_cancel(report.client_id):
            return  # the word on that is the answer, or the new attempt's first report
        order_id, strategy, list_id, contingency = attempt
        instrument = self.instrument_of(report.symbol)
        *fills, order = messages_of(
            report, self.instance, instrument, now, order_id, strategy, raw, list_id, contingency
        )  # fmt: skip
        assert isinstance(order, OrderEvent)
        if client_id in self.names.changes and report.status in BEGUN:
            self.replaced(client_id, order)
        if is_canceled and report.order_list_id >= 0 and not self.names.was_asked_to_end(client_id):
            order = replace(order, code=Code.LINKED_ORDER)
        for fill in fills:
            self.emit(fill)
        self.emit(order)
