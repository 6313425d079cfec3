"""Who may speak: CURVE keys, the roles that they stand for, and what a role may ask.

Every process has a key pair of its own, made by the floor's first start. A connection to a server or to a private
publisher is encrypted by CURVE and let in by ZAP only where the client's public key is on the floor's list, which maps
it to a role::

    actor:<name>       one of the floor's own actors; may call itself by that name alone
    strategy:<name>    a strategy; orders, cancels and reads for itself alone
    monitor            reads, and changes nothing
    operator           reads, cancels, halts, restarts, stops; submits no orders

What the role may ask is judged for every request (`refusal_of`), and what it may read for every subscription to a
private topic (`may_read`), against the key that the connection proved, whatever the message says of its sender.

Three traps of libzmq are dealt with in `zap` and `bus.transport`: a CURVE server lets anybody in while no ZAP handler
is bound in its context, unless its domain is enforced; a handler that is bound but does not answer lets nobody in; and
the key is proved once for each connection, so a key that is taken off the list is looked for at each request.

On one host, processes of one user can read each other's key files: there the roles guard against mistakes and against
what a strategy's own libraries do, not against a hostile process of that user. Across hosts the keys are all there is.
"""

from bus.security.guard import Guard
from bus.security.keys import Identity, KeyFileError, KeyRing, Keys, KeyStore, read_keys, write_keys
from bus.security.roles import MONITOR, OPERATOR, SUPERVISOR_ROLE, may_read, refusal_of, role_of_actor

__all__ = [
    "MONITOR",
    "OPERATOR",
    "SUPERVISOR_ROLE",
    "Guard",
    "Identity",
    "KeyFileError",
    "KeyRing",
    "KeyStore",
    "Keys",
    "may_read",
    "read_keys",
    "refusal_of",
    "role_of_actor",
    "write_keys",
]
