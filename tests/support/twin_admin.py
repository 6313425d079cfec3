"""The admin of a running twin: faults, actions, the truth. Every call is done when it returns."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

ANSWER_S = 5.0


class Refused(Exception):
    """The admin said no; the text is its own."""


class Admin:
    """`url` is the greeting's `admin`."""

    def __init__(self, url: str) -> None:
        self.url = url

    def fault(self, kind: str, **options: Any) -> int:
        """Arm a fault; its number. `admin.fault("ack_lost", method="order.place", count=2)`."""
        return int(self.post("faults", kind=kind, **options)["id"])

    def end(self, number: int) -> None:
        """Take one fault away."""
        self.call("DELETE", f"faults/{number}")

    def clear(self) -> None:
        """Take all faults away, and forget bans and what was used up."""
        self.call("DELETE", "faults")
        self.post("pardon")

    def armed(self) -> list[dict[str, Any]]:
        """What is armed."""
        return list(self.call("GET", "faults"))

    def rules(self, **changes: Any) -> dict[str, Any]:
        """Change the venue's numbers; all of them as they are now."""
        return dict(self.post("rules", rules=changes))

    def state(self) -> dict[str, Any]:
        """The truth of now; the truth log is flushed."""
        return dict(self.call("GET", "state"))

    def post(self, action: str, **fields: Any) -> Any:
        """Do an action."""
        return self.call("POST", action, fields)

    def call(self, method: str, path: str, fields: dict[str, Any] | None = None) -> Any:
        """Any request; raises Refused with the admin's words."""
        body = json.dumps(fields).encode() if fields is not None else None
        request = urllib.request.Request(f"{self.url}/{path}", body, method=method)
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(json.load(error)["error"]) from None
