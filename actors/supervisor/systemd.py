"""What systemd is told, where it has started us: that we are up, how we are, that we live, that we go.

The protocol is a datagram of ``NAME=value`` lines to the socket that the environment names. Source: sd_notify(3),
sd_watchdog_enabled(3).
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping

__all__ = ["Notifier"]


class Notifier:
    """Tells systemd; without it, or once it does not listen, nothing happens."""

    def __init__(self, address: str = "", watchdog_s: float = 0.0) -> None:
        self.watchdog_s = watchdog_s
        """How long systemd waits for a sign of life; 0 where it does not."""
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._last_sign_s = 0.0
        self._status = ""

    @classmethod
    def from_environment(cls, environment: MutableMapping[str, str] = os.environ) -> Notifier:
        """Take what systemd left for us out of the environment: our children are not to speak for us."""
        address = environment.pop("NOTIFY_SOCKET", "")
        microseconds, pid = environment.pop("WATCHDOG_USEC", ""), environment.pop("WATCHDOG_PID", "")
        watched = microseconds.isdecimal() and pid in ("", str(os.getpid()))
        return cls(address, int(microseconds) / 1e6 if watched else 0.0)

    def ready(self) -> None:
        """Say that whoever waits for us may go on."""
        self._send("READY=1")

    def stopping(self) -> None:
        """Say that we are about to end."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """Say how we are, where that has changed."""
        if text != self._status:
            self._status = text
            self._send("STATUS=" + " ".join(text.split()))

    def alive(self, now_s: float) -> None:
        """Give a sign of life, three for each that systemd waits for. To be called by whatever must not hang."""
        if self.watchdog_s and now_s - self._last_sign_s >= self.watchdog_s / 3:
            self._last_sign_s = now_s
            self._send("WATCHDOG=1")

    def _send(self, line: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.setblocking(False)
            try:
                sender.sendto(line.encode(), self._address)
            except OSError:
                pass  # systemd restarts, or its queue is full: what matters is said again
