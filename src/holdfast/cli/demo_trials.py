"""What the shop tries out: an experiment on its site, and a journey whose paths are learnt, both with a past.

The past of both is played out as it would have been: people are divided by the code that divides the living, messages
go through the gate, and paths are weighed again by what was known then. What is planted is how people respond.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.cli.demo_elsewhere import Aftermath, Beginning, Recipe
from holdfast.cli.demo_past import Progress, load_visits
from holdfast.decisions.assignment import drawn_variant
from holdfast.decisions.experiment import Experiment, decode_experiment
from holdfast.decisions.step import step_experiment
from holdfast.decisions.weights import Weights
from holdfast.events.event import Event, IdentityKey, Json, own_event
from holdfast.flows.adaptive.adapting import Adapter
from holdfast.flows.experiment.assign import VARIANT_SEEN
from holdfast.flows.experiment.publishing import save_experiment
from holdfast.flows.ingest.bulk import load_table
from holdfast.flows.journey.decide import publish
from holdfast.kernel.moments import from_millis
from holdfast.profiles.variants import VARIANT_ASSIGNED
from holdfast.sim import goods
from holdfast.sim.campaigns import AFTER_ORDER, after_order
from holdfast.sim.customer import Customer, Row, Shop
from holdfast.sim.ledger import Ledger
from holdfast.sim.outreach import OPEN_MS
from holdfast.sim.past import event_table
from holdfast.sim.reaction import draw_chances
from holdfast.sim.rhythm import DAY_MS, Array
from holdfast.sim.session import Script
from holdfast.sim.trail import EVENT_NAMES, ORDER, SHOP_SOURCE, VIEW
from holdfast.wiring import Application

EXPERIMENT: dict[str, Json] = {
    "id": "product-offer",
    "name": "An offer beside the product",
    "hypothesis": "Who is told that delivery is free buys sooner; a small gift does as well and costs less.",
    "state": "running",
    "variants": {"control": 0.4, "free-delivery": 0.3, "gift": 0.3},
    "values": {"free-delivery": {"banner": "Free delivery today"}, "gift": {"banner": "A candle with every order"}},
    "goals": [
        {"event": "Order Completed", "within_seconds": 604_800, "value": "revenue"},
        {"event": "Order Completed", "within_seconds": 2_419_200, "value": "revenue"},
    ],
}
LIFTS = {"free-delivery": 0.09, "gift": 0.01}
"""The planted truth: the chance that a variant makes somebody buy who would not have."""
EXPERIMENT_DAYS = 60
ADAPTIVE_DAYS = 48
BATCH_DAYS = 4
ORDERED, VIEWED = EVENT_NAMES[ORDER], EVENT_NAMES[VIEW]
STEP = "which"
_BY = "demo"
_GAP_MS = 40_000
_ORDERS_WITHIN_DAYS = 5


@dataclass(frozen=True, slots=True)
class _Then:
    """A clock that stands still in the past."""

    at: datetime

    def now(self) -> datetime:
        """That moment."""
        return self.at


async def try_out(app: Application, recipe: Recipe, beginning: Beginning, progress: Progress) -> None:
    """Begin both, and take in their past."""
    rng = np.random.default_rng([recipe.seed, 2])
    progress("Trying out an offer", 0, 0)
    started_ms = recipe.until_ms - EXPERIMENT_DAYS * DAY_MS
    await save_experiment(app.state, EXPERIMENT, by=_BY, now=from_millis(started_ms))
    await _load(app, await asyncio.to_thread(_tried, rng, recipe, beginning, started_ms))
    await _learn(app, rng, recipe, beginning, progress)


async def _load(app: Application, events: Sequence[Event]) -> None:
    if events:
        table = event_table(events)
        await load_table(table, state=app.state, history=app.history, received=app.clock.now(), as_it_happened=True)


# The experiment.


def _tried(rng: np.random.Generator, recipe: Recipe, beginning: Beginning, started_ms: int) -> list[Event]:
    """Who first looked at a product since then is assigned there; some buy who would not have."""
    experiment = decode_experiment(EXPERIMENT)
    events: list[Event] = []
    for row in first_rows(beginning, VIEWED, started_ms):
        events += _assigned(experiment, row)
        variant = drawn_variant(experiment, row.user_id or "")
        buys_ms = row.at_ms + int(rng.uniform(0.02, _ORDERS_WITHIN_DAYS) * DAY_MS)
        if rng.random() < LIFTS.get(variant, 0.0) and buys_ms < recipe.until_ms:
            events.append(_order(rng, row, buys_ms))
    return events


def _assigned(experiment: Experiment, row: Row) -> Iterator[Event]:
    user, at = IdentityKey(kind="user", value=row.user_id or ""), from_millis(row.at_ms)
    variant = drawn_variant(experiment, user.value)
    about: dict[str, Json] = {"experiment": experiment.id, "variant": variant}
    said = about | {"propensity": experiment.variants[variant]}
    key = (experiment.id, user.kind, user.value)
    yield own_event(VARIANT_ASSIGNED, user=user, at=at, properties=said, key=key)
    yield own_event(VARIANT_SEEN, user=user, at=at, properties=about, key=(*key, row.at_ms // DAY_MS))


def _order(rng: np.random.Generator, row: Row, at_ms: int) -> Event:
    """The order that takes up what they had looked at."""
    line: dict[str, Json] = msgspec.json.decode(row.properties)
    name = rng.bytes(16).hex()
    return Event(
        name=ORDERED,
        kind="track",
        user_id=row.user_id,
        anonymous_id=row.anonymous_id,
        timestamp=from_millis(at_ms),
        received_at=from_millis(at_ms),
        message_id=name,
        properties=goods.order_of(goods.checkout([line], goods.minor_of(line), name)),
        source=SHOP_SOURCE,
    )


# The journey that learns.


async def _learn(
    app: Application, rng: np.random.Generator, recipe: Recipe, beginning: Beginning, progress: Progress
) -> None:
    """Play it out a few days at a time, and weigh its paths again after each."""
    began_ms = recipe.until_ms - ADAPTIVE_DAYS * DAY_MS
    await publish(app.state, "journey", after_order().definition, now=from_millis(began_ms))
    orders = await asyncio.to_thread(first_rows, beginning, ORDERED, began_ms)
    chances = draw_chances(rng, len(beginning.population))
    ledger, batches = Ledger(), ADAPTIVE_DAYS // BATCH_DAYS
    for number in range(batches):
        progress("Learning which path works", number, batches)
        since_ms, until_ms = (began_ms + each * BATCH_DAYS * DAY_MS for each in (number, number + 1))
        batch = [row for row in orders if since_ms <= row.at_ms < until_ms]
        told = len(ledger.events)
        shop = Shop(
            population=beginning.population,
            plays=(after_order(),),
            effects=recipe.world.effects,
            rules=recipe.rules,
            until_ms=recipe.until_ms,
            open_ms=OPEN_MS,
            script=Script(rng, beginning.population, gap_ms=_GAP_MS),
            ledger=ledger,
            weights=await _weights(app),
        )
        await asyncio.to_thread(_play, shop, batch, chances, beginning)
        await _load(app, ledger.events[told:])
        # The last people have had no time yet: they are weighed by the server, as they come.
        if number < batches - 1:
            then = _Then(from_millis(until_ms))
            await Adapter(state=app.state, history=app.history, clock=then).adapt()
    await load_visits(
        app,
        beginning.population,
        Aftermath(
            table=pa.table({}),
            person=np.empty(0, dtype=np.int64),
            visits=ledger.visits,
            sends=ledger.sends,
            step_counts=ledger.step_counts(),
        ),
        progress,
    )


async def _weights(app: Application) -> dict[str, Weights]:
    experiment = step_experiment(AFTER_ORDER, STEP)
    async with app.state.view() as view:
        return {name: each.weights for name, each in (await view.last_weighings([experiment])).items()}


def _play(shop: Shop, batch: Sequence[Row], chances: Array, beginning: Beginning) -> None:
    numbers = {name: number for number, name in enumerate(beginning.population.user_ids) if name}
    for row in batch:
        person = numbers[row.user_id or ""]
        Customer(shop, person, chances[person].tolist(), {ORDERED: [row.at_ms]}).live([row])


def first_rows(beginning: Beginning, name: str, since_ms: int) -> list[Row]:
    """The first event of that name since then of everybody who is known by their own name, in order of time."""
    table = beginning.table
    at_ms = table["timestamp"].combine_chunks().cast(pa.int64())
    wanted = pc.and_(
        pc.equal(table["name"].combine_chunks(), pa.scalar(name)), pc.greater_equal(at_ms, pa.scalar(since_ms))
    )
    known = pa.array(sorted(filter(None, beginning.population.user_ids)))
    chosen = table.filter(pc.and_(wanted, pc.is_in(table["user_id"], value_set=known))).sort_by("timestamp")
    found: dict[str, Row] = {}
    for each in chosen.select(["timestamp", "user_id", "anonymous_id", "message_id", "properties"]).to_pylist():
        if each["user_id"] not in found:
            found[each["user_id"]] = Row(
                int(each["timestamp"].timestamp() * 1000),
                EVENT_NAMES.index(name),
                each["user_id"],
                each["anonymous_id"],
                each["message_id"],
                each["properties"],
            )
    return list(found.values())
