"""Request and reply with an id, a deadline and a caller.

A late request is refused and never executed. A repeated id is answered with the first answer and never executed
twice. A request is handed to a connected peer or not sent at all: nothing queues for a dead server. An answer that
did not come leaves the outcome unknown, and the reply says which of the two it was (`Reply.definite`; `reply` has the
table of all ends). What is too long for one message is answered in parts (`Client.chunks`).
"""

from bus.requests.client import DEFAULT_TIMEOUT_S, Client
from bus.requests.reply import Reply, RequestFailed
from bus.requests.server import Answer, Server, allow_all

__all__ = ["DEFAULT_TIMEOUT_S", "Answer", "Client", "Reply", "RequestFailed", "Server", "allow_all"]
