"""Rendering: templates put into words per CPU-second, with every limit on, against python-liquid with none.

Three messages: a line of a push message; a mail with three products; and one that looks an item up, takes a code and
writes money and a date as the person does, which is rendered, fetched for, and rendered again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

from liquid import Environment

from bench.benchmark import Benchmark, Measured, Row
from bench.email_render import HTML, SUBJECT, person
from holdfast.decisions.medium import medium_called
from holdfast.events.event import Json
from holdfast.flows.delivery.filling import Filled
from holdfast.messages.content import parse_content
from holdfast.messages.liquid.template import parse_template
from holdfast.ports.catalogues import Catalogue, CatalogueItem
from holdfast.testing import FakeClock, MemoryState, a_send
from holdfast.testing.filling import a_filler

SHARE_LEAST = 0.5
"""What limits may cost: at least so many of the renders python-liquid makes without any."""
NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ASKING = (
    '{% catalogue "products" id: sku as p %}{{ p.name }} for {{ p.price | money: "EUR" }} until '
    '{{ "2026-02-01" | date_in_zone: "long" }}. {% coupon "WELCOME" as c %}Your code: {{ c }}'
)


def per_second(work: Callable[[int], object], least_seconds: float) -> float:
    """How often the work is done in a second of CPU."""
    work(0)
    done, begun = 0, time.process_time()
    while (spent := time.process_time() - begun) < least_seconds:
        for _ in range(50):
            done += 1
            work(done)
    return done / spent


def beside(source: str, *, html: bool, seconds: float) -> tuple[float, float]:
    """Renders per CPU-second: ours, and python-liquid's; in turns, so that a busy neighbour slows both."""
    ours, theirs = parse_template(source, html=html), Environment(autoescape=html).from_string(source)
    variables: list[dict[str, Json]] = [person(number) for number in range(50)]  # type: ignore[misc]  # It is JSON.
    rates = [0.0, 0.0]
    for _ in range(4):
        rates[0] += per_second(lambda n: ours.render(variables[n % 50], now=NOW), seconds / 4) / 4
        rates[1] += per_second(lambda n: theirs.render(variables[n % 50]), seconds / 4) / 4
    return rates[0], rates[1]


async def asking(count: int) -> float:
    """Messages per CPU-second that are fetched for, each with a code of its own."""
    state, clock = MemoryState(), FakeClock()
    async with state.begin() as transaction:
        edition = await transaction.begin_edition("products", 1)
        fields: dict[str, Json] = {"name": "Tea", "price": 590}
        await transaction.add_items(edition, [CatalogueItem(id="t1", fields=fields)], replace=True)
        await transaction.publish_catalogue(Catalogue(name="products", edition=edition, changed_ms=1))
        await transaction.add_coupons("WELCOME", [f"C{number}" for number in range(count)], 1)
    filler = a_filler(state, clock)
    content = parse_content(medium_called("sms", "$"), {"text": ASKING})
    begun = time.process_time()
    for start in range(0, count, 50):
        sends = (a_send(f"s{number}") for number in range(start, start + 50))
        said = await asyncio.gather(*(filler.fill(content, {"sku": "t1", "person": {}}, send) for send in sends))
        assert all(isinstance(each, Filled) for each in said)
    return count / (time.process_time() - begun)


def run(quick: bool) -> Measured:
    """Each message beside python-liquid, and the one that asks by itself."""
    seconds = 1.0 if quick else 6.0
    rows: list[Row] = []
    for what, source, html in (("a line", SUBJECT, False), ("a mail of three products", HTML, True)):
        ours, theirs = beside(source, html=html, seconds=seconds)
        share = ours / theirs
        rows.append(Row(what=f"{what}, python-liquid without limits", value=theirs, unit="per CPU-second", ratio=1.0))
        rows.append(
            Row(
                what=f"{what}, Holdfast",
                value=ours,
                unit="per CPU-second",
                ratio=share,
                limit=f"at least {SHARE_LEAST:g} times as many",
                met=share >= SHARE_LEAST,
            )
        )
    rate = asyncio.run(asking(500 if quick else 2_000))
    rows.append(Row(what="looked up, with a code and a date, Holdfast", value=rate, unit="per CPU-second", ratio=None))
    notes = (
        f"The mail: {len(HTML) / 1000:.1f} KB. The last row renders twice and gives codes out of a state in memory.",
    )
    return Measured(headline=rows[3].ratio or 0.0, rows=tuple(rows), notes=notes)


BENCHMARK = Benchmark(about="Templates rendered within limits, against python-liquid without any.", run=run)
