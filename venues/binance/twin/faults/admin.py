"""The admin's door: HTTP and JSON on a loopback port of its own, for tests and for curious people.

    GET /                what there is: every fault and action with a sentence, what is armed, counters, rules
    GET /state           the truth: accounts, open orders, markets, sockets, clock; the truth log is flushed
    GET /faults          what is armed
    POST /faults         arm a fault: {"kind": "ack_lost", "count": 1, "method": "order.place"}
    DELETE /faults       take all faults away
    DELETE /faults/N     take one away
    POST /<action>       do something, by the action's fields as JSON

A mistake is answered 400 with `{"error": "..."}`, which says what was expected.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from venues.binance.twin.faults.account_actions import ACCOUNT_ACTIONS
from venues.binance.twin.faults.action import Action, ActionError
from venues.binance.twin.faults.fault import COMMON, options, sentence, told
from venues.binance.twin.faults.registry import BY_KIND, FaultError, parse
from venues.binance.twin.faults.state import state
from venues.binance.twin.faults.venue_actions import VENUE_ACTIONS
from venues.binance.twin.render import encode
from venues.binance.twin.rules import RulesError
from venues.binance.twin.world import World

ACTIONS = (*ACCOUNT_ACTIONS, *VENUE_ACTIONS)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MAX_BODY_BYTES = 64 * 1024
"""Far more than any action needs."""


class Admin:
    """Serves the admin's requests on a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def app(self) -> web.Application:
        """The application to serve."""
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_explain])
        app.router.add_get("/", self._index)
        app.router.add_get("/state", self._state)
        app.router.add_get("/faults", self._armed)
        app.router.add_post("/faults", self._arm)
        app.router.add_delete("/faults", self._clear)
        app.router.add_delete("/faults/{number:[0-9]+}", self._disarm)
        for action in ACTIONS:
            app.router.add_post(action.route(), self._action(action))
        return app

    async def _index(self, request: web.Request) -> web.Response:
        faults = self._world.faults
        actions = {f"POST {action.route()}": {"is": sentence(action), "fields": options(action)} for action in ACTIONS}
        plan = faults.plan.spec if faults.plan is not None else None
        return _json(
            {
                "faults": {kind: told(of) for kind, of in BY_KIND.items()},
                "options of all faults": COMMON,
                "actions": actions,
                "armed": [armed.shown() for armed in faults.armed.values()],
                "plan": {"seed": plan.seed, "rate": plan.rate} if plan is not None else None,
                "hits": dict(faults.hits),
                "rules": self._world.rules,
            }
        )

    async def _state(self, request: web.Request) -> web.Response:
        self._world.log.flush()
        return _json(state(self._world))

    async def _armed(self, request: web.Request) -> web.Response:
        return _json([armed.shown() for armed in self._world.faults.armed.values()])

    async def _arm(self, request: web.Request) -> web.Response:
        return _json(self._world.faults.arm(parse(await request.read())).shown())

    async def _clear(self, request: web.Request) -> web.Response:
        return _json({"ended": self._world.faults.clear()})

    async def _disarm(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        if not self._world.faults.disarm(number):
            raise FaultError(f"fault {number} is not armed; GET /faults tells which are")
        return _json({"ended": 1})

    def _action(self, action: type[Action]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            body = await request.read() or b"{}"
            try:
                asked = msgspec.json.decode(body, type=action)
            except msgspec.DecodeError as error:
                raise ActionError(f"{error}; the fields are {', '.join(options(action)) or 'none'}") from None
            self._world.log.write("admin", action=action.route(), params=msgspec.Raw(encode(asked)))
            return _json(asked.do(self._world))

        return handle


@web.middleware
async def _explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every mistake as JSON that says what was expected."""
    try:
        return await handler(request)
    except (ActionError, FaultError, RulesError) as error:
        return _json({"error": str(error)}, 400)
    except web.HTTPException as error:
        return _json(
            {"error": f"{request.method} {request.path}: {error.reason}; GET / tells what there is"}, error.status
        )


def _json(body: object, status: int = 200) -> web.Response:
    return web.Response(status=status, body=encode(body), content_type="application/json")
