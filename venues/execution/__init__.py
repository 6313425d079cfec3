"""What every venue's execution actor has in common: a venue's own part adds its protocol alone.

    telling    events until the reconciler has them; the private stream; how the connection is
    checks     what is refused before a write, whatever the venue is
    orders     new orders and lists: judged, written once, told
    changes    changes of working orders, by amendment or by a new attempt
    cancels    of one order, of several, of all that are one's own
    venue      the key is judged at the start; an orphan's orders end with it

    names      which ids were written, which are known, which follow which (no I/O)
    outcomes   what a write returns
    keys, order_events   pure

A venue's actor gives `capabilities`, `write_order`, `write_change`, `write_cancel`, `open_orders`, `disconnect`, and
where it has them `write_order_list`, `offers`, `key_rights`, `clock_bound_ns`; it answers the queries, and hands what
its venue says to `emit`, `orders_failed`, `updated`, `replaced`, `replacement_refused`, `change_failed` and
`cancel_failed`.
"""

from venues.execution.checks import LEASE_S
from venues.execution.keys import ALLOW_WITHDRAWAL_KEY, KeyRights
from venues.execution.outcomes import Change, Failure, Outcome, Window
from venues.execution.venue import ExecutionVenue

__all__ = [
    "ALLOW_WITHDRAWAL_KEY",
    "LEASE_S",
    "Change",
    "ExecutionVenue",
    "Failure",
    "KeyRights",
    "Outcome",
    "Window",
]
