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

Numbers show a loss only when something follows it. So each second a publisher's heart beats, on the same socket and in
order with its changes: `StreamHeartbeat` names the last number of every topic that changed since the last beat, of all
topics every tenth time, and of none where nothing changed. A reader that stands lower has lost the last message. Beats
are lost like any message, so silence is judged too: without a beat for two periods and a little all that was read of
this publisher is STALE ("mute"), and nothing is believed until its heart beats again, or a newer life speaks; then
what is STALE is joined. A reader that was stopped itself counts only the time that it was awake, and reads what waits
before it accuses. A beat of a newer life ends the belief in everything of an older one.

Demand is what readers subscribe to. A while after the last of them left, the topic is closed: its stream ends with a
mark, its owner is told, and the publisher forgets it. A reader that wants it all the same (a peer that speaks ZMTP by
hand can take back what others asked for) sees the mark, or hears the number of the mark in three beats or else takes
the publisher for mute, and joins again. A topic that is opened again, and any new one, counts on from the highest
number that was ever forgotten, so numbers never run backwards in a life, and what was forgotten costs nothing. Numbers
that a journal gave (`set_seq`, `publish(..., seq=)`) are kept, and their streams are not marked: only the journal may
count them.

A slow reader may ask for the newest only (`Subscription(..., conflate=True)`), of topics whose every change is the
whole value. Each message is judged as it comes; one waits, undecoded, until the socket is drained, or 10,000 messages
were read. Marks and gaps do not wait, and what waited before them is dropped. All that is lost (`missed`), skipped
(`conflated`), marked or refused is counted.

Rejected: state by request and reply (two orders to merge), libzmq's last-value socket (any other send between goes to
one reader alone), leases for demand (XPUB tells of a crashed reader within 2 ms).
"""

from bus.streams.position import Position, Verdict
from bus.streams.publisher import Publisher
from bus.streams.reader import Reader
from bus.streams.subscription import Handler, Subscription

__all__ = ["Handler", "Position", "Publisher", "Reader", "Subscription", "Verdict"]
