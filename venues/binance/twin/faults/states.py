"""Faults that hold for a while, and those that strike once: sockets, bans, the clock, the whole venue."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, Literal

from aiohttp import WSCloseCode

from venues.binance.twin.doors.sockets import Socket, SocketDoor
from venues.binance.twin.faults.fault import Fault, Place

if TYPE_CHECKING:
    from venues.binance.twin.world import World


class State(Fault, frozen=True):
    """Something that holds from `begin` to `end`, which comes after `for_s` seconds or when it is taken away."""

    place: ClassVar[Place] = "state"
    strikes: ClassVar[bool] = False
    """Whether it is over as soon as it began."""

    def begin(self, world: World) -> dict[str, object]:
        """Make it so; what the truth log tells of it."""
        raise NotImplementedError

    def end(self, world: World) -> None:
        """Make it as it was."""


class SocketState(State, frozen=True):
    """Something about WebSockets: all, those of one door, or the one of a number."""

    door: SocketDoor | None = None
    socket: int | None = None

    def fits(self, socket: Socket) -> bool:
        """Whether it is about that socket."""
        return self.door in (None, socket.door) and self.socket in (None, socket.number)


class Cut(SocketState, frozen=True):
    """WebSockets end: by RST without a word, or by a closing handshake with `code`."""

    strikes: ClassVar[bool] = True

    how: Literal["reset", "close"] = "reset"
    code: int = WSCloseCode.GOING_AWAY.value

    def begin(self, world: World) -> dict[str, object]:
        found = [socket for socket in world.connections.sockets if self.fits(socket)]
        for socket in found:
            if self.how == "reset":
                socket.reset("fault")
            else:
                socket.cut(self.code, "fault")
        return {"sockets": [socket.number for socket in found]}


class Mute(SocketState, frozen=True):
    """WebSockets stay open and send nothing, later ones too; with `pings` they still ping and pong."""

    pings: bool = True

    def begin(self, world: World) -> dict[str, object]:
        return {"sockets": world.connections.mute(self.fits, self.pings)}

    def end(self, world: World) -> None:
        world.connections.unmute(self.fits)


class StreamMute(State, frozen=True):
    """Messages of a market stream are never sent, while the sockets that it is on say all else."""

    stream: str

    def begin(self, world: World) -> dict[str, object]:
        return {"stream": self.stream}


class Banned(State, frozen=True):
    """An address is banned: every request of it is answered 418 until the end, by default of its next ban's length."""

    address: str = "127.0.0.1"

    def begin(self, world: World) -> dict[str, object]:
        address = world.addresses.of(self.address)
        address.ban(world.clock.now_ms, self.for_s)
        return {"address": self.address, "until_ms": address.banned_until_ms}

    def end(self, world: World) -> None:
        world.addresses.of(self.address).banned_until_ms = 0


class ClockSkew(State, frozen=True):
    """The venue's clock jumps by `ms`, and back at the end."""

    ms: float

    def begin(self, world: World) -> dict[str, object]:
        world.clock.move(self.ms)
        return {"shift_ms": world.clock.shift_us / 1000}

    def end(self, world: World) -> None:
        world.clock.move(-self.ms)


class Maintenance(State, frozen=True):
    """Every WebSocket is closed, everything is answered 503 in HTML, the market stands still; the status says so."""

    def begin(self, world: World) -> dict[str, object]:
        world.rest.is_down = True
        return {"sockets": world.connections.cut_all(WSCloseCode.GOING_AWAY, "maintenance")}

    def end(self, world: World) -> None:
        world.rest.is_down = False


class ServerShutdown(State, frozen=True):
    """Every open WebSocket is sent `serverShutdown`, and closed `after_s` later; new ones live on."""

    strikes: ClassVar[bool] = True

    after_s: float = 10.0

    def begin(self, world: World) -> dict[str, object]:
        told = world.connections.announce_shutdown(world.clock.now_ms)
        loop = asyncio.get_running_loop()
        for socket in told:
            loop.call_later(self.after_s, socket.cut, WSCloseCode.GOING_AWAY, "server shutdown")
        return {"sockets": [socket.number for socket in told]}


STATES = (Cut, Mute, StreamMute, Banned, ClockSkew, Maintenance, ServerShutdown)
