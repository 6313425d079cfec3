"""The checker: an independent judge of a floor.

It reads the bus as any reader does, the venue's own log, the journal and the strategies' records, and says whether
they tell one story. It knows the bus and nothing else of ours: no adapter, no ledger, no order state machine, so that
a mistake of theirs cannot be its own. ``python -m actors.monitor.checker --help`` says how it is run.

    watch          what a reader of the bus held, in unbroken spans        (while the floor runs)
    twin_log       what the venue did: fills, orders, balances, and what it sent on which socket
    spans          is a span exactly what one socket was sent?
    journal        what the reconciler wrote down
    views          what each strategy wrote down
    accounts       do venue and journal agree?
    verdict        all of it in one document

Its verdict is a JSON object: `gaps_marked` (losses that readers were told of), `gaps_unmarked` (losses, repeats and
changes that nobody told them of; it must be 0), `agrees` (venue, journal and strategies tell the same fills, orders,
positions and balances), and in `problems` who says what where they do not.
"""
