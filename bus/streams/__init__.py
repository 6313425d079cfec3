"""Sequenced streams: a publisher that numbers, a reader that believes only what it can prove.

Every topic has a number `seq` that grows by one with each CHANGE in one life (epoch) of its publisher. At each new
reader the publisher sends the topic's whole STATE once, at the end of the loop turn (fifty joins cost two), under
the last change's number: a state consumes none. One pipe is one order, so a reader needs no buffer and no merging:

- it starts STALE and ignores changes until a state;
- a state under the number that it already has is a duplicate and dropped;
- the change with the next number is applied; any other is a gap, or a new epoch: it goes STALE and subscribes again,
  which its publisher sees as one more join.

A publisher that itself lost something (its venue's socket went down) marks that in the stream with `StreamStale`; its
readers stay STALE until the state that follows the recovery. So no loss is ever silent, and none looks like data.

Rejected: state by request and reply (two orders to merge), libzmq's last-value socket (any other send between goes to
one reader alone), leases for demand (XPUB tells of a crashed reader within 2 ms).
"""

from bus.streams.position import Position, Verdict
from bus.streams.publisher import Publisher
from bus.streams.reader import Reader
from bus.streams.subscription import Handler, Subscription

__all__ = ["Handler", "Position", "Publisher", "Reader", "Subscription", "Verdict"]
