"""What the shop has to say on every channel: templates, blocks, a catalogue, codes; and the journeys that say it.

These journeys have no past: they begin when the demo does, since only the living have phones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import resources

import msgspec

from holdfast.events.event import Json
from holdfast.flows.content.catalogues import ImportWish, Rows, import_items
from holdfast.flows.content.coupons import add_codes
from holdfast.flows.content.templates import save_block, save_template
from holdfast.flows.journey.decide import publish
from holdfast.sim.shop import PRODUCTS
from holdfast.wiring import Application

CATALOGUE, POOL = "products", "HARBOUR10"
CODES = 2_000
JOURNEYS = ("order-news", "cart-on-screen")
_BY = "demo"
_CODE_STEP, _CODE_SPACE = 7_919_777, 36**5
"""Codes that look drawn: their numbers are steps of a size that meets none twice."""
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


async def save_content(app: Application) -> None:
    """Save what messages are made of."""
    now = app.clock.now()
    wish = ImportWish(catalogue=CATALOGUE, id_field="id", ranked_by="sold", by=_BY)
    await import_items(app.state, app.clock, wish, Rows(read=_products, is_text=False), _quietly)
    await add_codes(app.state, app.clock, POOL, codes(CODES), _quietly)
    for block_id, block in _read("content/blocks.json").items():
        await save_block(app.state, block_id, block, by=_BY, now=now)
    for saved_id, template in _read("content/templates.json").items():
        await save_template(app.state, saved_id, template, by=_BY, now=now)


async def begin_journeys(app: Application) -> None:
    """Publish the journeys that write on phones, in browsers and in the app; for what happens from now on."""
    for name in JOURNEYS:
        definition = resources.files("holdfast.sim").joinpath("decisions", f"{name}.json").read_bytes()
        await publish(app.state, "journey", definition, now=app.clock.now())


def codes(count: int) -> list[str]:
    """So many codes, no two the same: HB-4R9K2 and the like."""
    return [f"HB-{_letters(number * _CODE_STEP % _CODE_SPACE)}" for number in range(1, count + 1)]


def _letters(number: int) -> str:
    return "".join(_LETTERS[number // 36**place % 36] for place in range(5))


def _products() -> Iterator[tuple[int, Mapping[str, Json]]]:
    for place, each in enumerate(PRODUCTS):
        # The shelves stand in the order in which people take from them.
        sold = 10 * (len(PRODUCTS) - place)
        said: Mapping[str, Json] = {
            "id": each.id,
            "name": each.name,
            "category": each.category,
            "price": each.price_eur,
            "sold": sold,
        }
        yield place + 1, said


def _read(path: str) -> dict[str, dict[str, object]]:
    read = resources.files("holdfast.sim").joinpath(path).read_bytes()
    return msgspec.json.decode(read, type=dict[str, dict[str, object]])


def _quietly(done: int, total: int | None) -> None:
    """It takes a moment: nothing is shown."""
