"""A year of a shop's events, made by the engine itself: millions of rows in seconds, the same ones every time.

Of ten people three do little, and a few do very much. Half of all events are page views; the steps from a product seen
to an order paid get rarer. Every twentieth identity was joined into the one before it.
"""

from __future__ import annotations

from holdfast.stores.clickhouse.engine import Handle

NOW_MS = 1_775_001_600_000
"""2026-04-01. Everything happened in the year before."""
DAY_MS = 86_400_000
DAYS = 365
STEPS = ("Product Viewed", "Cart Added", "Checkout Started", "Payment Entered", "Order Completed")
EVENTS_AT_ONCE = 5_000_000

_EVENTS = """INSERT INTO events
    (workspace, event, identity, ts, received_at, id, message_id, kind, source, user_id, text, number, revenue_minor,
        currency)
    SELECT 1,
        multiIf(r < 45, 'Page Viewed', r < 70, 'Product Viewed', r < 80, 'Cart Added', r < 85, 'Checkout Started',
            r < 89, 'Payment Entered', r < 92, 'Order Completed', r = 92 AND number % 4 = 0, 'App Uninstalled',
            'Event ' || toString(r)) AS event,
        toUInt32(1 + pow(cityHash64(number, 2) % 1000000 / 1000000, 2) * {people}) AS who,
        fromUnixTimestamp64Milli(toInt64({now}) - toInt64(cityHash64(number, 3) % {span}), 'UTC') AS at, at,
        cityHash64(number), toString(number), 'track', 'web', 'user-' || toString(who),
        map('category', 'c' || toString(number % 20), 'sku', 's' || toString(cityHash64(number, 5) % 2000)),
        if(event = 'Order Completed',
            map('price', cityHash64(number, 6) % 100, 'revenue', (cityHash64(number, 7) % 12000) / 100),
            map('price', cityHash64(number, 6) % 100)),
        if(event = 'Order Completed', toInt64(cityHash64(number, 7) % 12000), 0), 'USD'
    FROM (SELECT number, cityHash64(number, 1) % 100 AS r FROM numbers({first}, {count}))"""

_PEOPLE = (
    """INSERT INTO people
    (workspace, person, user_id, known, first_seen, last_seen, text, number, version, gone)
    SELECT 1, number + 1, 'user-' || toString(number + 1), 1, toDateTime64(0, 3), toDateTime64(0, 3),
        map('country', ['DE', 'AT', 'FR', 'GB'][1 + number % 4], 'plan', ['free', 'gold'][1 + number % 2],
            'email', 'user' || toString(number + 1) || '@example.com', 'first_name', 'Ann' || toString(number % 1000)),
        map('age', 18 + number % 60), 1, (number + 1) % 20 = 0
    FROM numbers({people})""",
    "INSERT INTO identity_map SELECT 1, number, number - 1, 1 FROM numbers(1, {people}) WHERE number % 20 = 0",
    "INSERT INTO identity_person SELECT workspace, identity, person FROM identity_map FINAL",
)


def fill(handle: Handle, *, events: int, people: int, now_ms: int = NOW_MS) -> None:
    """Fill an empty history, as workspace 1; everything happened in the year before `now_ms`."""
    for first in range(0, events, EVENTS_AT_ONCE):
        count = min(EVENTS_AT_ONCE, events - first)
        handle.command(_EVENTS.format(people=people, now=now_ms, span=DAYS * DAY_MS, first=first, count=count))
    for statement in _PEOPLE:
        handle.command(statement.format(people=people))
