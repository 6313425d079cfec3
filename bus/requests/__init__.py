"""Request and reply with an id, a deadline and a caller.

A late request is refused and never executed. A repeated id is answered with the first answer and never executed
twice. A request is handed to a connected peer or not sent at all: nothing queues for a dead server. An answer that
did not come leaves the outcome unknown, and the reply says which of the two it was (`Reply.definite`).
"""

from bus.requests.client import DEFAULT_TIMEOUT_S, Client
from bus.requests.reply import Reply
from bus.requests.server import Answer, Server

__all__ = ["DEFAULT_TIMEOUT_S", "Answer", "Client", "Reply", "Server"]
